// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace FiveSpot.LyingServer;

/// <summary>An API server of a workload cluster, with one Node, that tells one lie without end.</summary>
public sealed class LyingApiServer : IAsyncDisposable
{
    private const int PageSize = 500;
    private readonly WebApplication _app;
    private readonly string _authority;
    private readonly Lie _lie;
    private readonly string _node;
    private readonly string _providerId;
    private readonly int _count;
    private readonly ConcurrentDictionary<string, bool> _gone = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changed = new(0);
    private int _version = 100;
    private int _cordoned;
    private int _evictions;
    private int _requests;

    private LyingApiServer(Lie lie, string node, string providerId, int count, int port)
    {
        (_lie, _node, _providerId, _count) = (lie, node, providerId, count);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        using var authority = Authority();
        _authority = authority.ExportCertificatePem();
        var own = Issue(authority);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxConcurrentConnections = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, port, endpoint =>
            {
                endpoint.Protocols = HttpProtocols.Http1AndHttp2;
                endpoint.UseHttps(own);
            });
        });
        _app = builder.Build();
        _app.Run(async context =>
        {
            Interlocked.Increment(ref _requests);
            try
            {
                await AnswerAsync(context);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // They have had enough.
            }
        });
    }

    /// <summary>Where it is, and what it says it is known by.</summary>
    public string Kubeconfig { get; private set; } = "";

    /// <summary>How many requests there were.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>How many evictions were asked for.</summary>
    public int Evictions => Volatile.Read(ref _evictions);

    /// <summary>Starts one on loopback.</summary>
    /// <param name="lie">What it says.</param>
    /// <param name="node">Name of its Node.</param>
    /// <param name="providerId">The Node's providerID.</param>
    /// <param name="count">How many Pods are on it, where they are the lie.</param>
    /// <param name="port">The port; 0 for any.</param>
    public static async Task<LyingApiServer> StartAsync(Lie lie, string node, string providerId, int count = 100_000, int port = 0)
    {
        var server = new LyingApiServer(lie, node, providerId, count, port);
        await server._app.StartAsync();
        var address = new Uri(server._app.Urls.First());
        server.Kubeconfig = $$"""
            {"apiVersion":"v1","kind":"Config","current-context":"liar",
             "clusters":[{"name":"liar","cluster":{"server":"https://127.0.0.1:{{address.Port}}","certificate-authority-data":"{{Convert.ToBase64String(Encoding.ASCII.GetBytes(server._authority))}}"} }],
             "users":[{"name":"liar","user":{"token":"liar"} }],
             "contexts":[{"name":"liar","context":{"cluster":"liar","user":"liar"} }]}
            """;
        return server;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero, TimeProvider.System);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _changed.Dispose();
    }

    private Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var isWatch = context.Request.Query.ContainsKey("watch");
        return path switch
        {
            "/api/v1" => JsonAsync(context, """
                {"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"nodes","kind":"Node","namespaced":false},
                 {"name":"pods","kind":"Pod","namespaced":true},{"name":"pods/eviction","kind":"Eviction","namespaced":true,"group":"policy","version":"v1"}]}
                """),
            "/api/v1/nodes" => isWatch ? WatchNodesAsync(context) : ListNodesAsync(context),
            "/api/v1/pods" => isWatch ? WatchPodsAsync(context) : ListPodsAsync(context),
            _ when path.StartsWith("/api/v1/nodes/", StringComparison.Ordinal) => NodeAsync(context),
            _ when path.EndsWith("/eviction", StringComparison.Ordinal) => EvictAsync(context, path.Split('/')[^2]),
            _ when path.StartsWith("/api/v1/namespaces/liars/pods/", StringComparison.Ordinal) => EvictAsync(context, path.Split('/')[^1]),
            _ when isWatch => HoldAsync(context),
            _ => JsonAsync(context, """{"kind":"List","metadata":{"resourceVersion":"100"},"items":[]}"""),
        };
    }

    private string Node(int version, string ready = "True") => $$"""
        {"kind":"Node","apiVersion":"v1","metadata":{"name":"{{_node}}","uid":"uid-of-{{_node}}","resourceVersion":"{{version}}"},"spec":{"providerID":"{{_providerId}}"{{(_cordoned > 0 ? ",\"unschedulable\":true" : "")}} },"status":{"conditions":[{"type":"Ready","status":"{{ready}}"}]} }
        """;

    private static string Stranger(long number, string labels = "") => $$"""
        {"kind":"Node","apiVersion":"v1","metadata":{"name":"stranger-{{number}}","uid":"7a6f2a52-0000-4000-8000-{{number:000000000000}}","resourceVersion":"{{number + 1}}","labels":{ {{labels}} } },"spec":{"providerID":"lie://{{number}}"},"status":{"conditions":[{"type":"Ready","status":"True"}]} }
        """;

    private string Pod(long number) => $$$"""
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"pod-{{{number}}}","namespace":"liars","uid":"pod-uid-{{{number}}}","resourceVersion":"{{{number + 1}}}","labels":{"app":"web"} },"spec":{"nodeName":"{{{_node}}}"},"status":{"phase":"Running"} }
        """;

    private async Task ListNodesAsync(HttpContext context)
    {
        var page = long.TryParse(context.Request.Query["continue"], out var next) ? next : 0;
        switch (_lie)
        {
            case Lie.EndlessPages:
                await ListAsync(context, $"{page + 1}", Enumerable.Range(0, PageSize).Select(i => Stranger((page * PageSize) + i)).Prepend(Node(1)));
                break;
            case Lie.EmptyPages:
                await ListAsync(context, $"{page + 1}", []);
                break;
            case Lie.OneLargeList:
                await ListAsync(context, "", Enumerable.Range(0, 60 << 5).Select(i => Stranger(i, $"\"x\":\"{new string('x', 32 << 10)}\"")));
                break;
            case Lie.OneProviderId:
                await ListAsync(context, "", Enumerable.Range(0, 19_990).Select(i => Stranger(i).Replace($"lie://{i}", _providerId, StringComparison.Ordinal)));
                break;
            case Lie.ManyNothings:
                await ListAsync(context, "", Enumerable.Repeat("{}", 2_000_000));
                break;
            case Lie.GzipBomb:
                context.Response.ContentType = "application/json";
                context.Response.Headers.ContentEncoding = "gzip";
                await using (var gzip = new GZipStream(context.Response.Body, CompressionLevel.Optimal))
                {
                    await gzip.WriteAsync("""{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a","labels":{"x":" """u8.ToArray());
                    var chunk = Encoding.ASCII.GetBytes(new string('x', 1 << 20));
                    for (var i = 0; i < 63; i++)
                    {
                        await gzip.WriteAsync(chunk);
                    }
                }

                break;
            case Lie.SlowDrip:
                await SendAsync(context, """{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":" """);
                while (!context.RequestAborted.IsCancellationRequested)
                {
                    await SendAsync(context, "x");
                    await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, context.RequestAborted);
                }

                break;
            default:
                await ListAsync(context, "", [Node(Volatile.Read(ref _version))]);
                break;
        }
    }

    private async Task WatchNodesAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        var labels = _lie is Lie.LargeEvents ? string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"label-{i}\":\"x\"")) : "";
        for (var i = 0L; !context.RequestAborted.IsCancellationRequested; i++)
        {
            switch (_lie)
            {
                case Lie.EndlessAdded:
                    await SendAsync(context, Batch(i, n => Event("ADDED", Stranger(n))));
                    break;
                case Lie.OneProviderId:
                    await SendAsync(context, Batch(i, n => Event(n % 2 == 0 ? "DELETED" : "ADDED", Stranger(n / 2).Replace($"lie://{n / 2}", _providerId, StringComparison.Ordinal))));
                    break;
                case Lie.EndlessModified:
                    await SendAsync(context, Batch(i, n => Event("MODIFIED", Node((int)(200 + n), n % 2 == 0 ? "True" : "False"))));
                    break;
                case Lie.HugeEvent:
                    await SendAsync(context, i == 0 ? "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"" : new string('x', 1 << 10));
                    break;
                case Lie.LargeEvents:
                    await SendAsync(context, Event("ADDED", Stranger(i, labels)));
                    break;
                case Lie.BrokenEvents:
                    await SendAsync(context, Batch(i, static _ => "{\"type\":\"ADDED\",\"object\":{\"metadata\":5}}\n"));
                    break;
                default:
                    await HoldAsync(context, i == 0 ? "" : Event("MODIFIED", Node(Volatile.Read(ref _version))));
                    break;
            }
        }

        static string Batch(long i, Func<long, string> one) => string.Concat(Enumerable.Range(0, 100).Select(n => one((i * 100) + n)));
    }

    private async Task ListPodsAsync(HttpContext context)
    {
        var (from, next) = (long.TryParse(context.Request.Query["continue"], out var after) ? after : 0, "");
        var pods = Enumerable.Empty<string>();
        if (_lie is Lie.Pods or Lie.RefusedEvictions or Lie.ManyReasons)
        {
            var size = int.TryParse(context.Request.Query["limit"], out var limit) ? limit : PageSize;
            pods = Enumerable.Range((int)from, (int)Math.Min(size, _count - from)).Where(i => !_gone.ContainsKey($"pod-{i}")).Select(i => Pod(i));
            next = from + size < _count ? $"{from + size}" : "";
        }

        await ListAsync(context, next, pods);
    }

    private async Task WatchPodsAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        await SendAsync(context, "");
        var told = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0L; !context.RequestAborted.IsCancellationRequested; i++)
        {
            if (_lie is Lie.EndlessPods)
            {
                var first = i * 100;
                await SendAsync(context, string.Concat(Enumerable.Range(0, 100).Select(n => Event("ADDED", Pod(first + n))))
                    + string.Concat(Enumerable.Range(0, 100).Select(n => Event("DELETED", Pod(first + n)))));
                continue;
            }

            foreach (var name in _gone.Keys.Where(told.Add))
            {
                await SendAsync(context, Event("DELETED", Pod(long.Parse(name.AsSpan(4), System.Globalization.CultureInfo.InvariantCulture))));
            }

            await _changed.WaitAsync(TimeSpan.FromMilliseconds(100), context.RequestAborted);
        }
    }

    private async Task NodeAsync(HttpContext context)
    {
        if (context.Request.Method == "PATCH")
        {
            using var body = new StreamReader(context.Request.Body);
            if ((await body.ReadToEndAsync(context.RequestAborted)).Contains("\"unschedulable\":true", StringComparison.Ordinal))
            {
                Interlocked.Exchange(ref _cordoned, 1);
            }

            Interlocked.Increment(ref _version);
        }

        await JsonAsync(context, Node(Volatile.Read(ref _version)));
    }

    private async Task EvictAsync(HttpContext context, string pod)
    {
        Interlocked.Increment(ref _evictions);
        if (_lie is Lie.RefusedEvictions)
        {
            await JsonAsync(context, """{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","code":429,"message":"Cannot evict pod as it would violate the pod's disruption budget."}""", 429);
            return;
        }

        if (_lie is Lie.ManyReasons)
        {
            var budget = $"{pod}-{new string('b', 900)}";
            await JsonAsync(context, $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","code":429,"message":"{{budget}}","details":{"retryAfterSeconds":2147483647,"causes":[{"reason":"DisruptionBudget","message":"The disruption budget {{budget}} needs all"}]} }""", 429);
            return;
        }

        _gone[pod] = true;
        _changed.Release();
        await JsonAsync(context, """{"kind":"Status","apiVersion":"v1","status":"Success","code":201}""", 201);
    }

    private async Task HoldAsync(HttpContext context, string first = "")
    {
        context.Response.ContentType = "application/json";
        await SendAsync(context, first);
        var version = Volatile.Read(ref _version);
        while (version == Volatile.Read(ref _version))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, context.RequestAborted);
        }
    }

    private static string Event(string type, string json) => $"{{\"type\":\"{type}\",\"object\":{json}}}\n";

    private static async Task ListAsync(HttpContext context, string next, IEnumerable<string> items)
    {
        context.Response.ContentType = "application/json";
        await SendAsync(context, $$"""{"kind":"List","apiVersion":"v1","metadata":{"resourceVersion":"100","continue":"{{next}}"},"items":[""");
        var text = new StringBuilder();
        var isFirst = true;
        foreach (var item in items)
        {
            text.Append(isFirst ? "" : ",").Append(item);
            isFirst = false;
            if (text.Length > 256 << 10)
            {
                await SendAsync(context, text.ToString());
                text.Clear();
            }
        }

        await SendAsync(context, text.Append("]}").ToString());
    }

    private static async Task SendAsync(HttpContext context, string text)
    {
        await context.Response.WriteAsync(text, context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
    }

    private static Task JsonAsync(HttpContext context, string json, int code = 200)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }

    private static X509Certificate2 Authority()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=liars", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=liar", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
