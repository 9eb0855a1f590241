// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;

namespace FiveSpot.Benchmarks;

/// <summary>Every request of a client and of the clients that come of it, whichever server it goes to.</summary>
internal sealed class RequestLog
{
    private readonly ConcurrentQueue<Entry> _entries = new();
    private int _count;

    /// <summary>How many requests there were so far.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>All of them, in no particular order.</summary>
    public IReadOnlyList<Entry> Entries => [.. _entries];

    public HttpMessageHandler Wrap(HttpMessageHandler inner) => new Handler(this, inner);

    /// <summary>One request.</summary>
    /// <param name="Server">Address and port that it went to.</param>
    /// <param name="Method">Its method.</param>
    /// <param name="Path">Path and query.</param>
    /// <param name="Left">When it left, real time.</param>
    internal sealed record Entry(string Server, HttpMethod Method, string Path, DateTimeOffset Left)
    {
        /// <summary>When its answer began; the end of time until then.</summary>
        public DateTimeOffset Answered { get; set; } = DateTimeOffset.MaxValue;

        /// <summary>Whether the server did as it was asked.</summary>
        public bool Succeeded { get; set; }

        public bool IsWatch => Path.Contains("watch=", StringComparison.Ordinal);

        public bool IsEviction => Method == HttpMethod.Post && Path.Contains("/eviction", StringComparison.Ordinal);

        /// <summary>Whether it is about objects of a resource, all of them or one.</summary>
        public bool IsOn(string plural) => Path.Split('?')[0].Split('/') is [.., var last] parts
            && (last == plural || parts[^2] == plural);
    }

    private sealed class Handler(RequestLog log, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var uri = request.RequestUri!;
            var entry = new Entry(uri.Authority, request.Method, uri.PathAndQuery, TimeProvider.System.GetUtcNow());
            log._entries.Enqueue(entry);
            Interlocked.Increment(ref log._count);
            var response = await base.SendAsync(request, cancellationToken);
            entry.Succeeded = response.IsSuccessStatusCode;
            entry.Answered = TimeProvider.System.GetUtcNow();
            return response;
        }
    }
}
