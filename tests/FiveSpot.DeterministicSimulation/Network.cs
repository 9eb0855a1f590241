// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using FiveSpot.ApiServer;

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// What lies between clients and servers: each request takes its time, and may be lost, doubled, answered by somebody else, or be
/// the last that its sender sees. What becomes of one depends on the seed, the link and how many there were on it before.
/// </summary>
internal sealed class Network(Seed seed, VirtualTime time, Trace trace, IReadOnlyDictionary<string, EmbeddedApiServer> servers, IReadOnlyList<Fault> faults, Counts counts)
{
    private readonly Dictionary<string, HttpMessageInvoker> _ways = servers.ToDictionary(
        static server => server.Key, static server => new HttpMessageInvoker(server.Value.CreateHandler()), StringComparer.Ordinal);

    private readonly List<Fault> _ofRequests = [.. faults.Where(static fault => fault.Kind <= FaultKind.StaleReads || fault.Kind == FaultKind.WebhookDown)];
    private readonly List<Link> _links = [];

    /// <summary>Raised for each request of a controller that has taken effect.</summary>
    public event Action<Life, string, HttpRequestMessage, HttpStatusCode>? Answered;

    /// <summary>Whether faults still happen.</summary>
    public bool IsDisturbed { get; set; } = true;

    /// <summary>A resourceVersion of some minutes ago, of a server by its name; null while there is none.</summary>
    public Func<string, long?>? Former { get; set; }

    /// <summary>How many requests there were.</summary>
    public long Requests { get; private set; }

    /// <summary>The way of one client to all servers.</summary>
    /// <param name="life">Whose.</param>
    /// <param name="isDisturbed">Whether faults concern it; else it only takes time.</param>
    public HttpMessageHandler From(Life life, bool isDisturbed) => new Way(this, life, isDisturbed);

    /// <summary>Breaks the watches that are open, of the links that a fault concerns.</summary>
    public void CutWatches(Fault fault)
    {
        foreach (var link in _links.Where(link => link.IsDisturbed && Concerns(fault, link)))
        {
            link.Cut();
        }
    }

    private bool Concerns(Fault fault, Link link) => link.IsDisturbed && (fault.Whom % 3 == 0 || fault.Whom % 5 == link.Number % 5);

    private Fault? Now(Link link, Random random, Func<FaultKind, bool> kinds)
    {
        if (!IsDisturbed || !link.IsDisturbed)
        {
            return null;
        }

        Fault? chosen = null;
        foreach (var fault in _ofRequests)
        {
            // Asked of each, also where it is not for now: a fault less elsewhere changes nothing here.
            if (fault.LastsAt(time.Elapsed) && kinds(fault.Kind) && Concerns(fault, link) && random.NextDouble() < fault.Rate)
            {
                chosen ??= fault;
            }
        }

        return chosen;
    }

    private static string Short(HttpRequestMessage request) => $"{request.Method.Method} {request.RequestUri!.PathAndQuery}";

    private sealed class Link(Life life, string server, int number, bool isDisturbed)
    {
        private readonly HashSet<LateStream> _watches = [];

        public Life Life => life;

        public string Server => server;

        public int Number => number;

        public bool IsDisturbed => isDisturbed;

        public long Requests { get; set; }

        public void Open(LateStream watch) => _watches.Add(watch);

        public void Close(LateStream watch) => _watches.Remove(watch);

        public void Cut()
        {
            foreach (var watch in _watches.ToList())
            {
                watch.Cut();
            }
        }
    }

    private sealed class Way(Network network, Life life, bool isDisturbed) : HttpMessageHandler
    {
        private readonly Dictionary<string, Link> _links = new(StringComparer.Ordinal);

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (life.IsDead)
            {
                await life.NeverAsync();
            }

            var server = request.RequestUri!.Host;
            if (!_links.TryGetValue(server, out var link))
            {
                _links[server] = link = new Link(life, server, new Seed(0).NumberOf($"{life.Name} {server}"), isDisturbed);
                network._links.Add(link);
            }

            return await network.SendAsync(link, request, cancellationToken);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(Link link, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests++;
        var (life, server) = (link.Life, link.Server);
        var random = new Seed(seed.Value ^ (ulong)((link.Number * 1_000_003L) + ++link.Requests)).For("request");
        var isWrite = request.Method != HttpMethod.Get && !request.RequestUri!.AbsolutePath.Contains("selfsubject", StringComparison.Ordinal);
        var isWatch = request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal);
        var what = link.IsDisturbed ? Short(request) : "";
        if (isWrite && life.EndsAtWrite == FaultKind.KilledBeforeWrite)
        {
            Die(life, FaultKind.KilledBeforeWrite, what);
            await life.NeverAsync();
        }

        if (request.Method == HttpMethod.Get && request.RequestUri!.Query.Contains("resourceVersion=0", StringComparison.Ordinal)
            && Now(link, random, static kind => kind == FaultKind.StaleReads) is { } stale && Former?.Invoke(server) is { } version)
        {
            // An API server that is behind answers from its cache, where that will do for the client.
            counts.Add(stale.Kind);
            trace.Add(life.Name, $"{stale.Kind}: {what} → {server}, as at {version}");
            request.RequestUri = new Uri(request.RequestUri.AbsoluteUri.Replace("resourceVersion=0", $"resourceVersion={version}&resourceVersionMatch=Exact", StringComparison.Ordinal));
        }

        await Task.Delay(Latency(random), time, cancellationToken);
        if (Now(link, random, static kind => kind is FaultKind.Partition or FaultKind.RequestLost or FaultKind.Conflict or FaultKind.TooManyRequests
            or FaultKind.ServerError or FaultKind.ForeignNotFound or FaultKind.WebhookDown) is { } early
            && (early.Kind != FaultKind.Conflict || request.Method == HttpMethod.Put || request.Method == HttpMethod.Patch)
            && (early.Kind != FaultKind.WebhookDown || (isWrite && request.RequestUri.AbsolutePath.Contains("/machines", StringComparison.Ordinal))))
        {
            counts.Add(early.Kind);
            trace.Add(life.Name, $"{early.Kind}: {what} → {server}");
            switch (early.Kind)
            {
                case FaultKind.Partition:
                    await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
                    break;
                case FaultKind.RequestLost:
                    throw new HttpRequestException(HttpRequestError.ConnectionError, "The connection was refused.");
                default:
                    return Answer(request, early);
            }
        }

        var twice = isWrite ? Now(link, random, static kind => kind is FaultKind.RequestTwice) : null;
        var answer = await _ways[server].SendAsync(request, cancellationToken);
        if (twice is not null)
        {
            counts.Add(twice.Kind);
            trace.Add(life.Name, $"{twice.Kind}: {what} → {server}");
            answer.Dispose();
            await Task.Delay(Latency(random), time, cancellationToken);
            answer = await _ways[server].SendAsync(request, cancellationToken);
        }

        if (life.IsDead)
        {
            await life.NeverAsync();
        }

        if (link.IsDisturbed)
        {
            trace.Add(life.Name, string.Create(CultureInfo.InvariantCulture, $"{what} → {server}: {(int)answer.StatusCode}"));
        }

        if (isWrite)
        {
            Answered?.Invoke(life, server, request, answer.StatusCode);
            if (life.EndsAtWrite == FaultKind.KilledDuringWrite)
            {
                Die(life, FaultKind.KilledDuringWrite, what);
                await life.NeverAsync();
            }
        }

        await Task.Delay(Latency(random), time, cancellationToken);
        if (Now(link, random, kind => kind is FaultKind.AnswerLost or FaultKind.GatewayTimeout or FaultKind.SlowAnswers) is { } late)
        {
            counts.Add(late.Kind);
            trace.Add(life.Name, $"{late.Kind}: {what} → {server}");
            switch (late.Kind)
            {
                case FaultKind.SlowAnswers:
                    await Task.Delay(TimeSpan.FromSeconds(1 + (45 * random.NextDouble())), time, cancellationToken);
                    break;
                case FaultKind.AnswerLost:
                    answer.Dispose();
                    throw new HttpRequestException(HttpRequestError.ResponseEnded, "The connection was closed.");
                default:
                    answer.Dispose();
                    return Answer(request, late);
            }
        }

        if (life.IsDead)
        {
            await life.NeverAsync();
        }

        if (isWrite && life.EndsAtWrite == FaultKind.KilledAfterWrite)
        {
            // Whoever waits for the answer goes on with it for as long as no time passes.
            time.CreateTimer(_ => Die(life, FaultKind.KilledAfterWrite, what), null, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }

        if (isWatch && answer.IsSuccessStatusCode)
        {
            var stream = new LateStream(await answer.Content.ReadAsStreamAsync(cancellationToken), time, life, () => Delay(link, random), link.Close);
            link.Open(stream);
            var content = new StreamContent(stream);
            content.Headers.ContentType = answer.Content.Headers.ContentType;
            answer.Content = content;
        }

        return answer;
    }

    private void Die(Life life, FaultKind how, string what)
    {
        if (!life.IsDead)
        {
            counts.Add(how);
            trace.Add(life.Name, $"{how}: {what}");
            life.Kill();
        }
    }

    // Mostly a millisecond or two, at times longer than the next request takes. Timers count no less.
    private static TimeSpan Latency(Random random) => TimeSpan.FromMilliseconds(random.Next(16) == 0 ? random.Next(2, 60) : random.Next(3));

    private TimeSpan Delay(Link link, Random random)
    {
        if (Now(link, random, static kind => kind == FaultKind.WatchesLate) is { } late)
        {
            counts.Add(late.Kind);
            return late.Ends - time.Elapsed;
        }

        return Latency(random);
    }

    private static HttpResponseMessage Answer(HttpRequestMessage request, Fault fault)
    {
        var (code, reason, message) = fault.Kind switch
        {
            FaultKind.Conflict => (409, "Conflict", "Operation cannot be fulfilled: the object has been modified; please apply your changes to the latest version and try again"),
            FaultKind.TooManyRequests => (429, "TooManyRequests", "too many requests, please try again later"),
            FaultKind.WebhookDown => (500, "InternalError", "Internal error occurred: failed calling webhook \"validation.machine.cluster.x-k8s.io\": connection refused"),
            FaultKind.GatewayTimeout => (504, "", ""),
            FaultKind.ForeignNotFound => (404, "", ""),
            _ => (500, "InternalError", "Internal error occurred: etcdserver: leader changed"),
        };
        var answer = new HttpResponseMessage((HttpStatusCode)code) { RequestMessage = request, Version = HttpVersion.Version20 };
        answer.Content = reason.Length == 0
            ? new StringContent("<html><body>No server is available to handle this request.</body></html>", System.Text.Encoding.UTF8, "text/html")
            : new StringContent(
                $$"""{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"{{message.Replace("\"", "\\\"", StringComparison.Ordinal)}}","reason":"{{reason}}","code":{{code}}}""",
                System.Text.Encoding.UTF8, "application/json");
        if (code == 429)
        {
            answer.Headers.TryAddWithoutValidation("Retry-After", (1 + (fault.Whom % 7)).ToString(CultureInfo.InvariantCulture));
        }

        return answer;
    }
}
