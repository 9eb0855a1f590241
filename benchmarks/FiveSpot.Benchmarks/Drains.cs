// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Controller.Workload;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Benchmarks;

/// <summary>
/// Machines of one workload cluster that close at one instant, each with Pods that take a while to end: the real controller
/// over HTTP, a management and a workload server of their own. All that takes place shares the cores.
/// </summary>
internal static class Drains
{
    private const int Many = 50;
    private const int PodsEach = 30;
    private const int PodsOfOne = 1_000;
    private const int OfDaemonSets = 2;
    private static readonly TimeSpan Quickest = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Slowest = TimeSpan.FromSeconds(2);

    // More than it takes to notice that the last Pod has gone, and far less than another round of Pods.
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Lead = TimeSpan.FromSeconds(5);

    // A Monday, in the window of 9-17 and at its end: its last hour belongs to it.
    private static readonly DateTimeOffset Noon = new(2026, 1, 5, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Boundary = new(2026, 1, 5, 18, 0, 0, TimeSpan.Zero);

    public static async Task MeasureAsync(Report report)
    {
        // Once for the JIT, which the product doesn't have.
        _ = await DrainAsync(Many, PodsEach, real: null);
        await CompareAsync(report, real: null);
        if (KubeAssets.Found is { } assets)
        {
            await CompareAsync(report, assets);
        }
        else
        {
            Console.Error.WriteLine($"Not measured on real servers: {KubeAssets.WhyNot}.");
        }
    }

    private static async Task CompareAsync(Report report, KubeAssets? real)
    {
        var server = real is null ? "" : $", kube-apiserver {real.Version}";
        var one = await DrainAsync(machines: 1, PodsEach, real);
        Describe(report, $"1 machine drains, {PodsEach} pods{server}", one, machines: 1, PodsEach);
        var part = $"{Many} machines of a cluster drain at one instant, {PodsEach} pods each{server}";
        var all = await DrainAsync(Many, PodsEach, real);
        Describe(report, part, all, Many, PodsEach);
        report.Add(part, "longer than 1 machine by", Report.Milliseconds(all.Deletions.Last - one.Deletions.Last));
        Describe(report, $"1 machine drains, {Report.Number(PodsOfOne)} pods{server}", await DrainAsync(machines: 1, PodsOfOne, real), machines: 1, PodsOfOne);
    }

    private static void Describe(Report report, string part, Drain drain, int machines, int podsEach)
    {
        report.Add(part, "Nodes cordoned, after: first / p50 / p99 / last", drain.Cordoned.ToString());
        report.Add(part, "pods of a Node listed, after", drain.Listed.ToString());
        report.Add(part, "evictions asked, after", drain.EvictionsAsked.ToString());
        report.Add(part, "evictions answered, after", drain.EvictionsAnswered.ToString());
        report.Goal(
            part,
            $"Machines' deletions asked, after; the slowest pod takes {Slowest.TotalSeconds:0} s",
            drain.Deletions.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"last within {(Slowest + Allowed).TotalSeconds:0} s"),
            drain.Deletions.Last <= Slowest + Allowed);
        report.Add(part, "a bare loop of as many evictions: last pod gone after", Report.Milliseconds(drain.Bare));
        report.Add(part, "a Machine's deletion asked, after its last pod had gone", drain.Noticing.ToString());
        report.Limit(part, "Nodes: lists, watches", $"{drain.NodeLists}, {drain.NodeWatches}", "1, 1", drain is { NodeLists: 1, NodeWatches: 1 });
        // A server that is short of time ends watches; they go on from where they were.
        report.Goal(part, "watches on pods", Report.Number(drain.PodWatches), "one a Node", drain.PodWatches == machines);
        var pods = machines * (podsEach - OfDaemonSets);
        report.Limit(part, "evictions: asked, refused", $"{Report.Number(drain.Evictions)}, {Report.Number(drain.Refused)}", "each once", drain.Evictions == pods && drain.Refused == 0);
        report.Limit(part, "pods of DaemonSets left in peace", Report.Number(drain.Untouched), "all", drain.Untouched == machines * OfDaemonSets);
        report.Add(part, "status writes a machine: mean, most", $"{drain.StatusWritesMean.ToString("0.0", CultureInfo.InvariantCulture)}, {drain.StatusWritesMost}");
        report.Add(part, "passes over a machine: mean", Report.Number((double)drain.Passes / machines));
        report.Add(part, "requests: management, workload", $"{Report.Number(drain.ManagementRequests)}, {Report.Number(drain.WorkloadRequests)}");
        report.Add(part, "CPU, with the kubelet and embedded servers", Report.Milliseconds(drain.Cpu));
    }

    private static async Task<Drain> DrainAsync(int machines, int podsEach, KubeAssets? real)
    {
        await using var management = await Cluster.StartAsync(real);
        await using var workload = await Cluster.StartAsync(real, definitions: false);
        string[] names = [.. Enumerable.Range(0, machines).Select(i => $"pc-{i:00}")];
        await JoinAsync(management, workload, names, podsEach);
        await using var kubelet = await Kubelet.StartAsync(workload, pod => TimeToEnd(pod, podsEach));
        var drain = await DrainAsync(management, workload, kubelet, machines);
        return drain with { Bare = await RepeatAsync(workload, kubelet, [.. drain.Evicted]) };
    }

    private static async Task<Drain> DrainAsync(Cluster management, Cluster workload, Kubelet kubelet, int machines)
    {
        var log = new RequestLog();
        var clock = new ShiftedClock(Boundary - Lead);
        await using var controller = await RunningController.StartAsync(management, clock, log.Wrap);
        await Wait.UntilAsync("the Nodes are watched", () => log.Entries.Any(entry => entry.IsWatch && entry.IsOn("nodes")));
        await SettleAsync();
        var before = log.Count;
        if (clock.GetUtcNow() >= Boundary || log.Entries.Any(entry => entry.IsEviction))
        {
            throw new InvalidOperationException("The machine is too slow for this: the boundary came before the controller was at rest.");
        }

        await Wait.UntilAsync("the boundary", () => clock.GetUtcNow() >= Boundary);
        var cpu = Environment.CpuUsage.TotalTime;
        using var passes = new PassCounter();
        await Wait.UntilAsync("the deletion of the last Machine", () => log.Count > before && log.Entries.Count(IsDeletion) >= machines);
        await SettleAsync();
        cpu = Environment.CpuUsage.TotalTime - cpu;

        var at = clock.RealTimeOf(Boundary);
        var entries = log.Entries;
        var during = entries.Where(entry => entry.Left >= at).ToList();
        var deletions = during.Where(IsDeletion).ToList();
        var evictions = during.Where(entry => entry.IsEviction).ToList();
        var lastGone = kubelet.Gone.GroupBy(gone => NodeOf(gone.Key)).ToDictionary(of => of.Key, of => of.Max(gone => gone.Value));
        var statusWrites = during
            .Where(entry => entry.Method != HttpMethod.Get && entry.Path.Contains("/scheduledmachines/", StringComparison.Ordinal) && entry.Path.Contains("/status", StringComparison.Ordinal))
            .CountBy(entry => entry.Path).Select(of => of.Value).ToList();
        return new Drain
        {
            Cordoned = new Lags(during.Where(entry => entry.Method == HttpMethod.Patch && entry.IsOn("nodes")).Select(entry => entry.Answered - at)),
            Listed = new Lags(during.Where(entry => entry.Method == HttpMethod.Get && entry.IsOn("pods") && !entry.IsWatch).Select(entry => entry.Answered - at)),
            EvictionsAsked = new Lags(evictions.Select(entry => entry.Left - at)),
            EvictionsAnswered = new Lags(evictions.Select(entry => entry.Answered - at)),
            Deletions = new Lags(deletions.Select(entry => entry.Left - at)),
            Noticing = new Lags(deletions.Select(entry => entry.Left - lastGone[entry.Path.Split('?')[0].Split('/')[^1]])),
            NodeLists = entries.Count(entry => entry.Method == HttpMethod.Get && entry.IsOn("nodes") && !entry.IsWatch),
            NodeWatches = entries.Count(entry => entry.IsOn("nodes") && entry.IsWatch),
            PodWatches = entries.Count(entry => entry.IsOn("pods") && entry.IsWatch),
            Evictions = evictions.Count,
            Evicted = [.. kubelet.Gone.Keys],
            Passes = passes.Count,
            Refused = evictions.Count(entry => !entry.Succeeded),
            Untouched = (await workload.ListAsync(Cluster.Pods)).Count(pod => pod["metadata"]!["deletionTimestamp"] is null),
            StatusWritesMean = (double)statusWrites.Sum() / machines,
            StatusWritesMost = statusWrites.Max(),
            ManagementRequests = during.Count(entry => entry.Server == management.Server),
            WorkloadRequests = during.Count(entry => entry.Server == workload.Server),
            Cpu = cpu,
        };

        Task SettleAsync() => Wait.UntilStillAsync("the controller comes to rest", () => log.Count, () => controller.IsIdle);

        static bool IsDeletion(RequestLog.Entry entry) => entry.Method == HttpMethod.Delete && entry.IsOn("machines");
    }

    /// <summary>
    /// Pods of the same names on the same Nodes, evicted in a bare loop, as many at a time: the least that it could have taken.
    /// </summary>
    private static async Task<TimeSpan> RepeatAsync(Cluster workload, Kubelet kubelet, IReadOnlyCollection<ObjectKey> pods)
    {
        await Cluster.EachAsync(pods, pod => RunPodAsync(workload, pod.Name, NodeOf(pod), owner: ""));
        using var api = workload.Connect("5spot");
        var eviction = await new Discovery(api).FindByNameAsync("v1", "pods/eviction", CancellationToken.None);
        var start = TimeProvider.System.GetUtcNow();
        await Cluster.EachAsync(
            pods,
            pod => api.PostAsync(
                Cluster.Pods,
                pod,
                "eviction",
                Encoding.UTF8.GetBytes($$"""
                    {"apiVersion":"{{eviction!.ApiVersion}}","kind":"Eviction","metadata":{"name":"{{pod.Name}}","namespace":"{{pod.Namespace}}"} }
                    """),
                CancellationToken.None),
            new WorkloadSettings().ConcurrentEvictions);
        await Wait.UntilAsync("all of them have gone", () => pods.All(pod => kubelet.Gone[pod] > start));
        return pods.Max(pod => kubelet.Gone[pod]) - start;
    }

    private static async Task RunPodAsync(Cluster workload, string name, string node, string owner)
    {
        await workload.CreateAsync(Cluster.Pods, JsonNode.Parse($$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","namespace":"default"{{owner}} },
             "spec":{"nodeName":"{{node}}","automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}],"tolerations":[{"operator":"Exists"}]} }
            """)!.AsObject());
        await workload.PatchAsync(Cluster.Pods, name, """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]} }""", "status");
    }

    /// <summary>They open, and what Cluster API, a scheduler and kubelets would do is done.</summary>
    private static async Task JoinAsync(Cluster management, Cluster workload, IReadOnlyList<string> names, int podsEach)
    {
        await management.CreateAsync(Cluster.Secrets, JsonNode.Parse($$"""
            {"apiVersion":"v1","kind":"Secret","metadata":{"name":"office-kubeconfig","namespace":"default"},
             "data":{"value":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes(workload.Kubeconfig))}}"} }
            """)!.AsObject());
        await management.CreateAsync(names.Select(name =>
        {
            var machine = Cluster.ScheduledMachine(name, priority: 50, "mon-fri", "9-17");
            machine["spec"]!["gracefulShutdownTimeout"] = "0s";
            return machine;
        }));

        // The garbage collector takes away what belongs to nothing.
        var agent = (string)(await workload.CreateAsync(Cluster.DaemonSets, JsonNode.Parse("""
            {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"agent","namespace":"default"},
             "spec":{"selector":{"matchLabels":{"app":"agent"} },
              "template":{"metadata":{"labels":{"app":"agent"} },"spec":{"containers":[{"name":"c","image":"i"}]} } } }
            """)!.AsObject()))["metadata"]!["uid"]!;

        await using var controller = await RunningController.StartAsync(management, new ShiftedClock(Noon));
        await Wait.UntilAsync("all have their Machines", async () => (await management.ListAsync(Cluster.Machines)).Count == names.Count);
        await Cluster.EachAsync(names, async name =>
        {
            await workload.CreateAsync(Cluster.Nodes, JsonNode.Parse($$"""
                {"apiVersion":"v1","kind":"Node","metadata":{"name":"{{name}}"},"spec":{"providerID":"remote://{{name}}"} }
                """)!.AsObject());
            await workload.PatchAsync(Cluster.Nodes, name, """{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ready"}]} }""", "status");
            for (var i = 0; i < podsEach; i++)
            {
                var owner = i >= podsEach - OfDaemonSets
                    ? $$""","ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"agent","uid":"{{agent}}","controller":true}]"""
                    : "";
                await RunPodAsync(workload, $"{name}.{i}", name, owner);
            }

            // With a finalizer, so that it is there until Cluster API has let it go, which here it never does.
            await management.PatchAsync(Cluster.Machines, name, $$"""{"metadata":{"finalizers":["machine.cluster.x-k8s.io"]},"spec":{"providerID":"remote://{{name}}"} }""");
            await management.PatchAsync(Cluster.Machines, name, $$"""
                {"status":{"phase":"Running","nodeRef":{"name":"{{name}}"},
                 "conditions":[{"type":"Ready","status":"True","reason":"Available","message":"","lastTransitionTime":"2026-01-05T09:01:00Z"}]} }
                """, "status");
        });
        await Wait.UntilAsync("all are in use", async () =>
            (await management.ListAsync(Cluster.ScheduledMachines)).All(machine => machine["status"]?["nodeRef"] is not null));
        await controller.SettleAsync(management);
    }

    /// <summary>How long a Pod takes to end once it is told to: the first of a Node is quick, the last is slow.</summary>
    private static TimeSpan TimeToEnd(ObjectKey pod, int podsEach)
    {
        var place = int.Parse(pod.Name.Split('.')[1], CultureInfo.InvariantCulture);
        return Quickest + ((Slowest - Quickest) * ((double)place / (podsEach - OfDaemonSets - 1)));
    }

    private static string NodeOf(ObjectKey pod) => pod.Name.Split('.')[0];

    /// <summary>Counts how often the controller takes a machine into its hands.</summary>
    private sealed class PassCounter : IDisposable
    {
        private readonly MeterListener _listener = new();
        private int _count;

        public PassCounter()
        {
            _listener.InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Name == "kubernetes.workqueue.wait")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Interlocked.Increment(ref _count));
            _listener.Start();
        }

        public int Count => Volatile.Read(ref _count);

        public void Dispose() => _listener.Dispose();
    }

    /// <summary>What came of one drain.</summary>
    private sealed record Drain
    {
        public required Lags Cordoned { get; init; }

        public required Lags Listed { get; init; }

        public required Lags EvictionsAsked { get; init; }

        public required Lags EvictionsAnswered { get; init; }

        public required Lags Deletions { get; init; }

        public required Lags Noticing { get; init; }

        public required int NodeLists { get; init; }

        public required int NodeWatches { get; init; }

        public required int PodWatches { get; init; }

        public required int Evictions { get; init; }

        public required IEnumerable<ObjectKey> Evicted { get; init; }

        public required int Passes { get; init; }

        /// <summary>How long as many Pods take without a controller.</summary>
        public TimeSpan Bare { get; init; }

        public required int Refused { get; init; }

        public required int Untouched { get; init; }

        public required double StatusWritesMean { get; init; }

        public required int StatusWritesMost { get; init; }

        public required int ManagementRequests { get; init; }

        public required int WorkloadRequests { get; init; }

        public required TimeSpan Cpu { get; init; }
    }
}
