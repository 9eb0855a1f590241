// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.ApiServer;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Benchmarks;

/// <summary>
/// Many ScheduledMachines that open at one instant: the real controller, over HTTP, on the real clock with another date,
/// against the embedded API server in this process or a real one beside it. Client and server share the cores, so every
/// number is worse than with a server elsewhere.
/// </summary>
internal static class Openings
{
    private const string Together = "1,000 open at one instant";
    private const string Few = "10,000 known, 100 open at one instant";
    private const int Objects = 3;
    private static readonly TimeSpan AllowedLag = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    // A Sunday, and the boundary of mon-fri 9-17 on the day after.
    private static readonly DateTimeOffset Sunday = new(2026, 1, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Boundary = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);
    private static readonly string[] Created = [Cluster.Bootstraps.Plural, Cluster.Infrastructures.Plural, Cluster.Machines.Plural];

    public static async Task MeasureAsync(Report report)
    {
        // Once for the JIT, which the product doesn't have.
        _ = await OpenAsync(known: 200, due: 200, rest: TimeSpan.Zero, lead: TimeSpan.FromSeconds(5), compare: true);
        Describe(report, Together, await OpenAsync(known: 1_000, due: 1_000, Rest, lead: TimeSpan.FromSeconds(15), compare: true));

        var few = await OpenAsync(known: 10_000, due: 100, rest: TimeSpan.Zero, lead: TimeSpan.FromSeconds(10), compare: false);
        report.Goal(
            Few,
            "lag to the first call: first / p50 / p99 / last",
            few.Leaving.ToString(),
            "p99 within 100 ms",
            few.Leaving.Percentile(0.99) <= AllowedLag);
        report.Add(Few, "its arrival at the server", few.Arriving!.ToString());
        report.Add(Few, "all 300 objects exist after", Report.Milliseconds(few.AllExist));
    }

    /// <summary>The same thousand on a real kube-apiserver, if there is one here.</summary>
    public static async Task MeasureOnRealServerAsync(Report report)
    {
        if (KubeAssets.Found is not { } assets)
        {
            Console.Error.WriteLine($"Not measured on a real server: {KubeAssets.WhyNot}.");
            return;
        }

        _ = await OpenAsync(known: 200, due: 200, rest: TimeSpan.Zero, lead: TimeSpan.FromSeconds(5), compare: true);
        var all = await OpenAsync(known: 1_000, due: 1_000, Rest, lead: TimeSpan.FromSeconds(15), compare: true, assets);
        Describe(report, $"{Together}, kube-apiserver {assets.Version}", all);
    }

    private static void Describe(Report report, string together, Opening all)
    {
        report.Add(together, "lag to the first call: first / p50 / p99 / last", all.Leaving.ToString());
        report.Add(together, "of the first 100 by priority", all.LeavingFirst100.ToString());
        if (all.Arriving is { } arriving)
        {
            report.Add(together, "arrival at the server", arriving.ToString());
        }

        report.Add(together, "all 3,000 objects exist after", Report.Milliseconds(all.AllExist));
        report.Add(together, "all writes, with status and events, done after", Report.Milliseconds(all.AllWritten));
        report.Add(together, "writes", Report.Number(all.Writes));
        report.Add(together, "a bare loop of the same: objects", Report.Milliseconds(all.BareExist));
        report.Add(together, "a bare loop of the same: all writes", Report.Milliseconds(all.BareWritten));
        Ratio("ratio, objects", all.AllExist / all.BareExist);
        Ratio("ratio, all writes", all.AllWritten / all.BareWritten);
        report.Limit(together, "created more than once", Report.Number(all.Twice), "none", all.Twice == 0);
        report.Limit(together, "objects missing", Report.Number(all.Missing), "none", all.Missing == 0);
        report.Limit(together, $"out of order by more than {all.Workers} workers", Report.Number(all.OutOfOrder), "none", all.OutOfOrder == 0);
        report.Limit(together, "requests in 10 s at rest", Report.Number(all.RequestsAtRest), "none", all.RequestsAtRest == 0);
        report.Add(together, "CPU in 10 s at rest, with the server", Report.Milliseconds(all.CpuAtRest));

        void Ratio(string what, double ratio) => report.Goal(
            together, what, ratio.ToString("0.00", System.Globalization.CultureInfo.InvariantCulture), "at most 1.10", ratio <= 1.1);
    }

    private static async Task<Opening> OpenAsync(int known, int due, TimeSpan rest, TimeSpan lead, bool compare, KubeAssets? real = null)
    {
        await using var cluster = await Cluster.StartAsync(real);
        var priorities = Enumerable.Range(0, known).ToDictionary(i => $"pc-{i:00000}", i => i * 37 % 256);
        await cluster.CreateAsync(priorities.Select((machine, i) =>
            Cluster.ScheduledMachine(machine.Key, machine.Value, "mon-fri", i < due ? "9-17" : "20-22")));

        // On Sunday they get their first status.
        IReadOnlyList<Call> closed;
        await using (var controller = await RunningController.StartAsync(cluster, new ShiftedClock(Sunday)))
        {
            closed = controller.Recorder.Take();
        }

        var arrived = new ConcurrentQueue<DateTimeOffset>();
        var clock = new ShiftedClock(Boundary - lead);
        IReadOnlyList<Call> opened;
        int workers, requestsAtRest;
        TimeSpan cpu;
        await using (var controller = await RunningController.StartAsync(cluster, clock))
        {
            var (requests, before) = (controller.Recorder.Requests, Environment.CpuUsage.TotalTime);
            await Wait.PassAsync(rest);
            (requestsAtRest, cpu) = (controller.Recorder.Requests - requests, Environment.CpuUsage.TotalTime - before);
            if (clock.GetUtcNow() >= Boundary || controller.Recorder.Take().Count > 0)
            {
                throw new InvalidOperationException("The machine is too slow for this: the boundary came before the controller was at rest.");
            }

            if (cluster.Embedded is { } embedded)
            {
                embedded.RequestObserver = Observe;
            }

            await Wait.UntilAsync("the boundary", () => clock.GetUtcNow() >= Boundary);
            await Wait.UntilAsync("the first opening", () => controller.Recorder.HasWritten);
            await controller.SettleAsync(cluster);
            opened = controller.Recorder.Take();
            workers = controller.Workers;

            void Observe(ObservedRequest observed)
            {
                // The first thing that a machine needs is its bootstrap config.
                if (observed is { Stage: RequestStage.Before, Request.Verb: "create" }
                    && observed.Request.Path.EndsWith($"/{Cluster.Bootstraps.Plural}", StringComparison.Ordinal))
                {
                    arrived.Enqueue(TimeProvider.System.GetUtcNow());
                }
            }
        }

        if (cluster.Embedded is { } observing)
        {
            observing.RequestObserver = null;
        }

        var missing = 0;
        foreach (var type in (ResourceType[])[Cluster.Bootstraps, Cluster.Infrastructures, Cluster.Machines])
        {
            missing += due - (await cluster.ListAsync(type)).Count;
        }

        var at = clock.RealTimeOf(Boundary);
        var creates = opened.Where(call => Array.Exists(Created, call.IsCreate)).ToList();
        var firsts = opened.Where(call => !call.IsEvent).DistinctBy(call => call.Machine).ToList();
        var (bareExist, bareWritten) = compare ? await RepeatAsync(cluster, opened, closed, workers) : default;
        return new Opening
        {
            Workers = workers,
            Leaving = new Lags(firsts.Select(call => call.Left - at)),
            LeavingFirst100 = new Lags(firsts.OrderByDescending(call => priorities[call.Machine]).Take(100).Select(call => call.Left - at)),
            Arriving = arrived.IsEmpty ? null : new Lags(arrived.Select(arrival => arrival - at)),
            AllExist = creates.Max(call => call.Answered) - at,
            AllWritten = opened.Max(call => call.Answered) - at,
            Writes = opened.Count,
            BareExist = bareExist,
            BareWritten = bareWritten,
            Twice = creates.Count - (Objects * due),
            Missing = missing,
            OutOfOrder = OutOfOrder([.. firsts.Select(call => priorities[call.Machine])], workers),
            RequestsAtRest = requestsAtRest,
            CpuAtRest = cpu,
        };
    }

    /// <summary>How many began before one of a higher priority, by more places than there are workers.</summary>
    private static int OutOfOrder(int[] priorities, int workers)
    {
        var (count, highest) = (0, -1);
        for (var i = priorities.Length - 1 - workers - 1; i >= 0; i--)
        {
            highest = Math.Max(highest, priorities[i + workers + 1]);
            count += highest > priorities[i] ? 1 : 0;
        }

        return count;
    }

    /// <summary>
    /// The same bodies again, from the state before, with the same client and as many at a time, machine by machine in the
    /// same order, and events beside them: the least that it could have taken.
    /// </summary>
    private static async Task<(TimeSpan Exist, TimeSpan Written)> RepeatAsync(
        Cluster cluster, IReadOnlyList<Call> opened, IReadOnlyList<Call> closed, int workers)
    {
        foreach (var type in (ResourceType[])[Cluster.Machines, Cluster.Infrastructures, Cluster.Bootstraps, Cluster.Events])
        {
            await Cluster.EachAsync(
                await cluster.ListAsync(type),
                found => cluster.Api.DeleteAsync(
                    type, new ObjectKey("default", (string)found["metadata"]!["name"]!), options: null, CancellationToken.None));
        }

        foreach (var type in (ResourceType[])[Cluster.Machines, Cluster.Infrastructures, Cluster.Bootstraps])
        {
            while ((await cluster.ListAsync(type)).Count > 0)
            {
                await Wait.PassAsync(TimeSpan.FromMilliseconds(50));
            }
        }

        await Cluster.EachAsync(
            closed.Where(call => call.IsStatus).GroupBy(call => call.Machine), of => SendAsync(cluster.Api, of.Last()));

        CallRecorder recorder = null!;
        using var api = cluster.Connect("5spot", inner => recorder = new CallRecorder(inner));

        // Its connection stands, as the controller's did.
        await api.GetRawAsync("/version", static _ => 0, CancellationToken.None);
        var start = TimeProvider.System.GetUtcNow();
        var machines = Cluster.EachAsync(opened.Where(call => !call.IsEvent).GroupBy(call => call.Machine), async of =>
        {
            foreach (var call in of)
            {
                await SendAsync(api, call);
            }
        }, workers);
        await Task.WhenAll(machines, Cluster.EachAsync(opened.Where(call => call.IsEvent), call => SendAsync(api, call), sideBySide: 4));
        var repeated = recorder.Take();
        if (repeated.Count != opened.Count || repeated.Any(call => !call.Succeeded))
        {
            throw new InvalidOperationException("The bare loop did not do the same.");
        }

        return (
            repeated.Where(call => Array.Exists(Created, call.IsCreate)).Max(call => call.Answered) - start,
            repeated.Max(call => call.Answered) - start);
    }

    private static Task SendAsync(ApiClient api, Call call)
    {
        if (call.IsStatus)
        {
            return api.ApplyAsync(
                Cluster.ScheduledMachines, new ObjectKey("default", call.Machine), call.Body, "5spot-controller", force: true, "status",
                static _ => 0, CancellationToken.None);
        }

        var type = ((ResourceType[])[Cluster.Bootstraps, Cluster.Infrastructures, Cluster.Machines, Cluster.Events])
            .First(type => call.IsCreate(type.Plural));
        return api.CreateAsync(type, "default", call.Body, "5spot-controller", static _ => 0, CancellationToken.None);
    }

    /// <summary>What came of one opening.</summary>
    private sealed record Opening
    {
        public required int Workers { get; init; }

        public required Lags Leaving { get; init; }

        public required Lags LeavingFirst100 { get; init; }

        // What a server outside of this process can't be asked.
        public required Lags? Arriving { get; init; }

        public required TimeSpan AllExist { get; init; }

        public required TimeSpan AllWritten { get; init; }

        public required int Writes { get; init; }

        public required TimeSpan BareExist { get; init; }

        public required TimeSpan BareWritten { get; init; }

        public required int Twice { get; init; }

        public required int Missing { get; init; }

        public required int OutOfOrder { get; init; }

        public required int RequestsAtRest { get; init; }

        public required TimeSpan CpuAtRest { get; init; }
    }
}
