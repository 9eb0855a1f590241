// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Benchmarks;

/// <summary>
/// The native reclaim agent on a machine with 500 processes: one by the proc connector and one that polls, side by side, each
/// with a Node of its own, against an API server in another process, this one.
/// </summary>
internal static class Reclaims
{
    private const string Part = "5spot-reclaim-agent, native, 500 processes";
    private const int Idle = 500;
    private const int Runs = 200;
    private const int StartsASecond = 2_000;
    private const int Seconds = 10;
    private const int Floods = 2;
    private const int MatchEvery = 50;
    private const long MiB = 1 << 20;
    private const long MostResident = 24 * MiB;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(60);
    private static readonly ResourceType ConfigMaps = new("", "v1", "configmaps", "ConfigMap", Namespaced: true);
    private static readonly ResourceType Namespaces = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    private static readonly string Executable = Path.Combine("artifacts", "5spot-reclaim-agent", "5spot-reclaim-agent");

    public static async Task MeasureAsync(Report report)
    {
        var directory = Directory.CreateTempSubdirectory("5spot-bench-").FullName;
        using var crowd = new Crowd(Idle);
        try
        {
            await using var cluster = await Cluster.StartAsync(real: null, definitions: false);
            var kubeconfig = Path.Combine(directory, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, cluster.Kubeconfig);
            await cluster.CreateAsync(Namespaces, Object("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"5spot-system"} }"""));
            report.Add(Part, "size of the executable", Report.Number(new FileInfo(Executable).Length / 1024.0, "KiB"));

            // Programs whose names nothing else on this machine has.
            await using var netlink = await Subject.StartAsync(cluster, kubeconfig, directory, "netlink");
            await using var poll = await Subject.StartAsync(cluster, kubeconfig, directory, "poll");
            var arrivals = new Arrivals(cluster.Embedded!);

            await Wait.PassAsync(TimeSpan.FromSeconds(5));
            await MeasureRestAsync(report, netlink, poll);
            await MeasureRunsAsync(report, cluster, arrivals, netlink, poll);
            await MeasureFloodAsync(report, netlink);
            foreach (var subject in (Subject[])[netlink, poll])
            {
                Limit(report, $"resident at most, {subject.Detector}", subject.Process.PeakResident / (double)MiB, "MiB", MostResident / (double)MiB);
                report.Limit(Part, $"exit code after SIGTERM, {subject.Detector}", Report.Number(await subject.Process.StopAsync()), "0", subject.Process.ExitCode == 0);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureRestAsync(Report report, Subject netlink, Subject poll)
    {
        var (netlinkBefore, pollBefore, watch) = (netlink.Process.Cpu, poll.Process.Cpu, Stopwatch.StartNew());
        await Wait.PassAsync(Rest);
        var elapsed = watch.Elapsed;
        Limit(report, "CPU at rest for a minute, netlink", (netlink.Process.Cpu - netlinkBefore) / elapsed * 100, "% of a core", 0.3);
        Limit(report, "CPU at rest for a minute, polling at 250 ms", (poll.Process.Cpu - pollBefore) / elapsed * 100, "% of a core", 1);
        Limit(report, "resident at rest, netlink", netlink.Process.Resident / (double)MiB, "MiB", MostResident / (double)MiB);
        Limit(report, "resident at rest, polling", poll.Process.Resident / (double)MiB, "MiB", MostResident / (double)MiB);
    }

    /// <summary>From before the exec to the arrival of the PATCH; the GET before it and its answer are in that.</summary>
    private static async Task MeasureRunsAsync(Report report, Cluster cluster, Arrivals arrivals, Subject netlink, Subject poll)
    {
        var (byNetlink, byPoll) = (new List<TimeSpan>(), new List<TimeSpan>());
        for (var i = 0; i < Runs; i++)
        {
            await MeasureRunAsync(cluster, arrivals, netlink, byNetlink);

            // At any moment between two polls.
            await Wait.PassAsync(PollInterval * Random.Shared.NextDouble());
            await MeasureRunAsync(cluster, arrivals, poll, byPoll);

            // An agent that has just written looks again after a second at the earliest.
            await Wait.PassAsync(TimeSpan.FromMilliseconds(1_050));
        }

        var fast = new Lags(byNetlink);
        report.Add(Part, $"exec to PATCH, netlink, {Runs} runs: first / p50 / p99 / last", fast.ToString());
        Limit(report, "  p50", fast.Percentile(0.5).TotalMilliseconds, "ms", 5);
        Limit(report, "  p99", fast.Percentile(0.99).TotalMilliseconds, "ms", 20);
        var slow = new Lags(byPoll);
        report.Add(Part, $"exec to PATCH, polling, {Runs} runs: first / p50 / p99 / last", slow.ToString());
        Limit(report, "  p99", slow.Percentile(0.99).TotalMilliseconds, "ms", (PollInterval + TimeSpan.FromMilliseconds(20)).TotalMilliseconds);
    }

    private static async Task MeasureRunAsync(Cluster cluster, Arrivals arrivals, Subject subject, List<TimeSpan> lags)
    {
        // What the shell is told as an argument would match at once.
        using var program = Process.Start(new ProcessStartInfo("sh", ["-c", "read -r program; exec \"$program\" 0.6"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        })!;
        await Wait.PassAsync(TimeSpan.FromMilliseconds(5));
        var arrival = arrivals.Of(subject.Node);
        var started = Stopwatch.GetTimestamp();
        await program.StandardInput.WriteLineAsync(subject.Program);
        await program.StandardInput.FlushAsync();
        lags.Add(Stopwatch.GetElapsedTime(started, await arrival.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System)));
        await program.WaitForExitAsync();
        await cluster.PatchAsync(
            Cluster.Nodes, subject.Node, """{"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":null} } }""");
    }

    /// <summary>Many programs start and end at once; some of them, which live for a moment, are the owner's.</summary>
    private static async Task MeasureFloodAsync(Report report, Subject netlink)
    {
        using var http = new HttpClient();
        var (matchesBefore, lostBefore, cpuBefore) = (await netlink.MetricAsync(http, Subject.Matches), await netlink.MetricAsync(http, Subject.Lost), netlink.Process.Cpu);

        // One thread waits for each exec, and so is not enough.
        var floods = await Task.WhenAll(Enumerable.Range(0, Floods).Select(_ => Task.Factory.StartNew(
            () => Flood.Run(StartsASecond * 102 / 100 / Floods, TimeSpan.FromSeconds(Seconds), "/bin/true", netlink.Program, MatchEvery),
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        var flood = (Started: floods.Sum(one => one.Started), Matching: floods.Sum(one => one.Matching), Elapsed: floods.Max(one => one.Elapsed));
        var rate = flood.Started / flood.Elapsed.TotalSeconds;
        report.Goal(Part, $"starts a second for {Seconds} s", Report.Number(rate), $"at least {Report.Number(StartsASecond)}", rate >= StartsASecond);
        await Wait.PassAsync(TimeSpan.FromSeconds(1));
        var matches = await netlink.MetricAsync(http, Subject.Matches) - matchesBefore;
        report.Limit(
            Part, "  of which matched", Report.Number(matches), $"{Report.Number(flood.Matching)} that should", Math.Abs(matches - flood.Matching) < 0.5);
        report.Add(Part, "  times that the kernel had to drop events", Report.Number(await netlink.MetricAsync(http, Subject.Lost) - lostBefore));
        report.Add(Part, "  CPU meanwhile", string.Create(CultureInfo.InvariantCulture, $"{(netlink.Process.Cpu - cpuBefore) / flood.Elapsed * 100:0.0} % of a core"));
    }

    private static void Limit(Report report, string what, double value, string unit, double most) => report.Limit(
        Part,
        what,
        string.Create(CultureInfo.InvariantCulture, $"{value:0.00} {unit}"),
        string.Create(CultureInfo.InvariantCulture, $"at most {most:0.##} {unit}"),
        value <= most);

    private static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();

    /// <summary>An agent, its Node, and the program that it looks for.</summary>
    private sealed class Subject : IAsyncDisposable
    {
        public const string Matches = "fivespot_reclaim_matches_total{noticed_by=\"event\"}";
        public const string Lost = "fivespot_reclaim_events_lost_total";

        private Subject(string detector, string program, NativeProcess process) => (Detector, Program, Process) = (detector, program, process);

        public string Detector { get; }

        public string Node => $"pc-{Detector}";

        public string Program { get; }

        public NativeProcess Process { get; }

        public static async Task<Subject> StartAsync(Cluster cluster, string kubeconfig, string directory, string detector)
        {
            var machineId = Path.Combine(directory, $"machine-id-{detector}");
            await File.WriteAllTextAsync(machineId, $"machine-of-{detector}\n");
            await cluster.CreateAsync(Cluster.Nodes, Object($$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"pc-{{detector}}"} }"""));
            await cluster.PatchAsync(Cluster.Nodes, $"pc-{detector}", $$$"""{"status":{"nodeInfo":{"machineID":"machine-of-{{{detector}}}"} } }""", "status");
            var program = Path.Combine(directory, $"owners-{detector}");
            File.Copy("/bin/sleep", program);
            var toml = $"match_commands = [\"owners-{detector}\"]\nmatch_argv_substrings = [\"-Downer-{detector}\"]\npoll_interval_ms = {PollInterval.TotalMilliseconds}\n";
            await cluster.Api.CreateAsync(
                ConfigMaps,
                "5spot-system",
                Encoding.UTF8.GetBytes(new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "ConfigMap",
                    ["metadata"] = new JsonObject { ["name"] = $"reclaim-agent-pc-{detector}" },
                    ["data"] = new JsonObject { ["reclaim.toml"] = toml },
                }.ToJsonString()),
                "bench",
                static _ => 0,
                CancellationToken.None);
            return new Subject(detector, program, await NativeProcess.StartAsync(
                Executable, "--metrics-port", "--kubeconfig", kubeconfig, "--node-name", $"pc-{detector}", "--detector", detector, "--machine-id-path", machineId));
        }

        public async Task<double> MetricAsync(HttpClient http, string series)
        {
            var text = await http.GetStringAsync(new Uri($"http://127.0.0.1:{Process.Port}/metrics"));
            var line = text.Split('\n').Single(line => line.StartsWith(series + " ", StringComparison.Ordinal));
            return double.Parse(line.Split(' ')[^1], CultureInfo.InvariantCulture);
        }

        public ValueTask DisposeAsync() => Process.DisposeAsync();
    }

    /// <summary>When the PATCH of a Node arrives at the server.</summary>
    private sealed class Arrivals
    {
        private readonly Lock _lock = new();
        private readonly Dictionary<string, TaskCompletionSource<long>> _awaited = [];

        public Arrivals(EmbeddedApiServer server) => server.RequestObserver = observed =>
        {
            if (observed is { Stage: RequestStage.Before, Request.Verb: "patch" } && observed.Request.UserAgent.StartsWith("5spot-reclaim-agent", StringComparison.Ordinal))
            {
                var now = Stopwatch.GetTimestamp();
                lock (_lock)
                {
                    if (_awaited.Remove(observed.Request.Path.Split('/')[^1], out var awaited))
                    {
                        awaited.SetResult(now);
                    }
                }
            }
        };

        public Task<long> Of(string node)
        {
            lock (_lock)
            {
                return (_awaited[node] = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>Processes that do nothing.</summary>
    private sealed class Crowd : IDisposable
    {
        private readonly Process _shell;

        public Crowd(int count)
        {
            _shell = Process.Start(new ProcessStartInfo("sh", ["-c", $"i=0; while [ $i -lt {count} ]; do sleep 3600 & all=\"$all $!\"; i=$((i+1)); done; echo; read -r _; kill $all"])
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
            _shell.StandardOutput.ReadLine();
        }

        public void Dispose()
        {
            _shell.StandardInput.Close();
            _shell.WaitForExit();
            _shell.Dispose();
        }
    }
}
