// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>An API server with one Node and perhaps one ConfigMap, that answers as the test says.</summary>
internal sealed class ScriptedApi : IDisposable
{
    private readonly ConcurrentQueue<(string Method, string Path, string Body)> _requests = new();
    private readonly ConcurrentQueue<Func<CancellationToken, Task<HttpResponseMessage>>> _script = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private string? _toml;
    private int _version = 1;

    public ScriptedApi(TimeProvider? time = null) => Client = new ApiClient(
        ClusterConnection.ForServer(new Uri("https://127.0.0.1:1")),
        new ApiClientOptions { WrapHandler = _ => new Handler(this), NetworkTime = time ?? TimeProvider.System });

    public ApiClient Client { get; }

    public JsonObject Node { get; } = JsonNode.Parse("""
        {"metadata":{"name":"pc-1","uid":"u1","resourceVersion":"7","annotations":{"other":"x"} },"status":{"conditions":[],"nodeInfo":{"machineID":"m1","bootID":"b"} } }
        """)!.AsObject();

    /// <summary>Requests for the Node, in order.</summary>
    public IReadOnlyList<(string Method, string Path, string Body)> Requests => [.. _requests];

    public IReadOnlyList<string> Methods => [.. _requests.Select(request => request.Method)];

    /// <summary>How often the reclaim was requested.</summary>
    public int Reclaims => _requests.Count(request => request.Body.Contains("reclaim-requested", StringComparison.Ordinal));

    /// <summary>By which configuration the Node says that the agent watches.</summary>
    public string? Watching
    {
        get
        {
            lock (_lock)
            {
                return (string?)Node["metadata"]!["annotations"]?["5spot.finos.org/reclaim-agent-watching"];
            }
        }
    }

    /// <summary>Forgets the requests that there were.</summary>
    public void Forget() => _requests.Clear();

    /// <summary>The ConfigMap's <c>reclaim.toml</c>; null for no ConfigMap.</summary>
    public string? Toml
    {
        set
        {
            lock (_lock)
            {
                _toml = value;
                _version++;
                _changed.TrySetResult();
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>The next request for the Node is answered so.</summary>
    public void Next(HttpStatusCode status, string reason, string message = "no") => _script.Enqueue(_ => Task.FromResult(Answer(status, new JsonObject
    {
        ["kind"] = "Status",
        ["apiVersion"] = "v1",
        ["status"] = "Failure",
        ["reason"] = reason,
        ["message"] = message,
        ["code"] = (int)status,
    }.ToJsonString())));

    /// <summary>The next request for the Node finds nobody, or nobody who answers.</summary>
    public void NextFails(bool hangs)
    {
        _script.Enqueue(async cancellationToken =>
        {
            if (hangs)
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            }

            throw new HttpRequestException("refused", new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.ConnectionRefused));
        });
    }

    /// <summary>The next request for the Node is served, after something else happened.</summary>
    public void NextAfter(Action happens) => _script.Enqueue(_ =>
    {
        happens();
        return Task.FromResult<HttpResponseMessage>(null!);
    });

    public void Dispose() => Client.Dispose();

    private static HttpResponseMessage Answer(HttpStatusCode status, string json) =>
        new(status) { Content = new StringContent(json, Encoding.UTF8, "application/json") };

    private async Task<HttpResponseMessage> NodeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        _requests.Enqueue((request.Method.Method, request.RequestUri!.PathAndQuery, body));
        if (_script.TryDequeue(out var next) && await next(cancellationToken) is { } scripted)
        {
            return scripted;
        }

        lock (_lock)
        {
            if (request.Method == HttpMethod.Patch)
            {
                Annotate(JsonNode.Parse(body)!["metadata"]!["annotations"]!.AsObject());
            }

            return Answer(HttpStatusCode.OK, Node.ToJsonString());
        }
    }

    private void Annotate(JsonObject patch)
    {
        var annotations = Node["metadata"]!["annotations"]!.AsObject();
        foreach (var (key, value) in patch)
        {
            if (value is null)
            {
                annotations.Remove(key);
            }
            else
            {
                annotations[key] = value.DeepClone();
            }
        }
    }

    private async Task<HttpResponseMessage> ConfigMapsAsync(string query, CancellationToken cancellationToken)
    {
        while (true)
        {
            string? toml;
            int version;
            Task changed;
            lock (_lock)
            {
                (toml, version, changed) = (_toml, _version, _changed.Task);
            }

            if (!query.Contains("watch=true", StringComparison.Ordinal))
            {
                return Answer(HttpStatusCode.OK, $$"""{"metadata":{"resourceVersion":"{{version}}"},"items":[{{(toml is null ? "" : ConfigMap(toml, version))}}]}""");
            }

            if (!query.Contains($"resourceVersion={version}&", StringComparison.Ordinal))
            {
                // One event, and the end of the watch: the informer asks again.
                return Answer(HttpStatusCode.OK, $$"""{"type":"{{(toml is null ? "DELETED" : "MODIFIED")}}","object":{{ConfigMap(toml ?? "", version)}}}""" + "\n");
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private static string ConfigMap(string toml, int version) => new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = "reclaim-agent-pc-1", ["namespace"] = "5spot-system", ["uid"] = "c", ["resourceVersion"] = $"{version}" },
        ["data"] = toml == "none" ? null : new JsonObject { ["other"] = "x", ["reclaim.toml"] = toml },
    }.ToJsonString();

    private sealed class Handler(ScriptedApi api) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.RequestUri!.AbsolutePath == "/api/v1/nodes/pc-1"
                ? api.NodeAsync(request, cancellationToken)
                : request.RequestUri.AbsolutePath == "/api/v1/namespaces/5spot-system/configmaps"
                    && request.RequestUri.Query.Contains("fieldSelector=metadata.name%3Dreclaim-agent-pc-1", StringComparison.Ordinal)
                    ? api.ConfigMapsAsync(request.RequestUri.Query, cancellationToken)
                    : Task.FromResult(Answer(HttpStatusCode.NotFound, "{}"));
    }
}
