// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json;

namespace FiveSpot.Benchmarks;

/// <summary>Keeps every write that passes through a client, and counts all else.</summary>
internal sealed class CallRecorder : DelegatingHandler
{
    private readonly ConcurrentQueue<Call> _calls = new();
    private int _inFlight;
    private int _requests;

    public CallRecorder(HttpMessageHandler inner)
        : base(inner)
    {
    }

    /// <summary>All requests so far, reads and watches too.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>Whether there are writes that nobody has taken.</summary>
    public bool HasWritten => !_calls.IsEmpty;

    /// <summary>Writes that have no answer yet.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>The writes so far, in the order in which they left; forgets them. None may be in flight.</summary>
    public IReadOnlyList<Call> Take()
    {
        List<Call> calls = [];
        while (_calls.TryDequeue(out var next))
        {
            calls.Add(next with { Machine = MachineOf(next) });
        }

        return [.. calls.OrderBy(call => call.Left)];
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _requests);
        // Asking what one may do changes nothing either.
        if (request.Method == HttpMethod.Get || request.RequestUri!.AbsolutePath.Contains("/authorization.k8s.io/", StringComparison.Ordinal))
        {
            return await base.SendAsync(request, cancellationToken);
        }

        Interlocked.Increment(ref _inFlight);
        try
        {
            var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
            var call = new Call(request.RequestUri!.PathAndQuery, "", body, TimeProvider.System.GetUtcNow());
            _calls.Enqueue(call);
            var response = await base.SendAsync(request, cancellationToken);
            call.Answered = TimeProvider.System.GetUtcNow();
            call.Succeeded = response.IsSuccessStatusCode;
            return response;
        }
        finally
        {
            Interlocked.Decrement(ref _inFlight);
        }
    }

    private static string MachineOf(Call call)
    {
        using var json = JsonDocument.Parse(call.Body.Length == 0 ? "{}"u8.ToArray() : call.Body);
        if (json.RootElement.TryGetProperty("regarding", out var regarding))
        {
            return regarding.GetProperty("name").GetString()!;
        }

        if (json.RootElement.TryGetProperty("metadata", out var metadata) && metadata.TryGetProperty("name", out var name))
        {
            return name.GetString()!;
        }

        return call.Path.Split('?')[0].Split('/')[^1];
    }
}
