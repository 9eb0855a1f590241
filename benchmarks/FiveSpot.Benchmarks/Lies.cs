// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.LyingServer;

namespace FiveSpot.Benchmarks;

/// <summary>
/// Two native replicas, each in a control group of the memory that it is deployed with, while workload clusters tell all their
/// lies at once; and what others notice of it.
/// </summary>
internal static class Lies
{
    private const string Part = "Workload clusters that lie, all at once";
    private const long Memory = 256L << 20;
    private const int Others = 20;
    private static readonly string Executable = Path.Combine("artifacts", "5spot", "5spot");
    private static readonly TimeSpan Usual = TimeSpan.FromMinutes(2);

    public static async Task MeasureAsync(Report report)
    {
        var time = Environment.GetEnvironmentVariable("LIES_SECONDS") is { } seconds ? TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)) : Usual;
        var directory = Directory.CreateTempSubdirectory("5spot-bench-").FullName;
        var liars = new List<LyingApiServer>();
        using var groupA = MemoryGroup.Make("a", Memory);
        using var groupB = MemoryGroup.Make("b", Memory);
        try
        {
            await using var cluster = await Cluster.StartAsync(real: null);
            var kubeconfig = Path.Combine(directory, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, cluster.Kubeconfig);
            await cluster.CreateAsync(
                new FiveSpot.Kubernetes.ResourceType("", "v1", "namespaces", "Namespace", Namespaced: false),
                JsonNode.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"5spot-system"} }""")!.AsObject());
            var first = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
            cluster.Embedded!.RequestObserver = observed =>
            {
                // What it makes is not named in the path: then what counts is the status that follows.
                var path = observed.Request.Path;
                if (observed.Stage == RequestStage.Before && observed.Request.Verb is not ("get" or "list" or "watch") && observed.Request.UserAgent.StartsWith("5spot", StringComparison.Ordinal)
                    && path.IndexOf("/other-", StringComparison.Ordinal) is >= 0 and var at)
                {
                    first.TryAdd(path.Substring(at + 1, "other-00".Length), Stopwatch.GetTimestamp());
                }
            };
            await cluster.CreateAsync(Enumerable.Range(0, Others).Select(i => Cluster.ScheduledMachine($"other-{i:00}", 200, "mon-sun", "0-23")));
            var names = new List<string>();
            foreach (var lie in Enum.GetValues<Lie>().Where(static lie => lie is not Lie.None))
            {
                var name = $"liar-{names.Count:00}";
                var liar = await LyingApiServer.StartAsync(lie, name, $"remote://{name}", count: lie is Lie.RefusedEvictions or Lie.ManyReasons ? 15_000 : 100_000);
                liars.Add(liar);
                names.Add(name);
                await cluster.CreateAsync(Cluster.Secrets, new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Secret",
                    ["metadata"] = new JsonObject { ["name"] = name },
                    ["data"] = new JsonObject { ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(liar.Kubeconfig)) },
                });
                var machine = Cluster.ScheduledMachine(name, 50, "mon-sun", "0-23");
                machine["spec"]!["kubeconfigSecretRef"] = new JsonObject { ["name"] = name };
                machine["spec"]!["gracefulShutdownTimeout"] = "1s";
                machine["spec"]!["nodeDrainTimeout"] = "1h";
                await cluster.CreateAsync([machine]);
            }

            await using var a = await StartAsync(kubeconfig, groupA);
            await using var b = await StartAsync(kubeconfig, groupB);
            await Wait.UntilAsync("all Machines are made", async () => (await cluster.ListAsync(Cluster.Machines)).Count == Others + names.Count);
            foreach (var name in names)
            {
                await cluster.PatchAsync(Cluster.Machines, name, $$"""{"spec":{"providerID":"remote://{{name}}"} }""");
                await cluster.PatchAsync(Cluster.Machines, name, $$"""{"status":{"phase":"Running","nodeRef":{"name":"{{name}}"} } }""", "status");
            }

            // Their Nodes are drained, so that their Pods are looked at.
            await Wait.PassAsync(TimeSpan.FromSeconds(3));
            foreach (var (name, _) in names.Zip(Enum.GetValues<Lie>().Where(static lie => lie is not Lie.None)).Where(static one => one.Second is Lie.Pods or Lie.RefusedEvictions or Lie.ManyReasons or Lie.EndlessPods))
            {
                await cluster.PatchAsync(Cluster.ScheduledMachines, name, """{"spec":{"enabled":false} }""");
            }

            var lags = new List<TimeSpan>();
            var (most, early, late) = (0L, 0L, 0L);
            var isOn = true;
            var (alive, unhealthy) = (true, 0);
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
            var began = Stopwatch.GetTimestamp();
            while (alive && Stopwatch.GetElapsedTime(began) < time)
            {
                isOn = !isOn;
                for (var i = 0; i < Others && alive; i++)
                {
                    var name = $"other-{i:00}";
                    first.TryRemove(name, out _);
                    var asked = Stopwatch.GetTimestamp();
                    await cluster.PatchAsync(Cluster.ScheduledMachines, name, $$"""{"spec":{"enabled":{{(isOn ? "true" : "false")}}} }""");
                    var left = 0L;
                    while (!first.TryGetValue(name, out left) && Stopwatch.GetElapsedTime(asked) < TimeSpan.FromSeconds(10))
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
                    }

                    lags.Add(left == 0 ? TimeSpan.FromSeconds(10) : Stopwatch.GetElapsedTime(asked, left));
                    alive = !a.HasExited && !b.HasExited;
                    if (alive)
                    {
                        var resident = Math.Max(a.Resident, b.Resident);
                        most = Math.Max(most, resident);
                        early = Stopwatch.GetElapsedTime(began) < time / 2 ? Math.Max(early, resident) : early;
                        late = Stopwatch.GetElapsedTime(began) >= time / 2 ? Math.Max(late, resident) : late;
                    }

                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
                }

                unhealthy += alive && await IsHealthyAsync(http, a.Port) && await IsHealthyAsync(http, b.Port) ? 0 : 1;
            }

            var lived = Stopwatch.GetElapsedTime(began);
            if (lags.Count == 0)
            {
                lags.Add(TimeSpan.FromSeconds(10));
            }

            var all = new Lags(lags);
            report.Add(Part, "memory that each replica may have", groupA is null ? "no limit: no control group can be made here" : "256 MiB");
            report.Limit(Part, "both replicas lived", string.Create(CultureInfo.InvariantCulture, $"{lived.TotalSeconds:0} s"), string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s"), alive);
            report.Limit(Part, "rounds in which a replica did not answer /healthz with 200", Report.Number(unhealthy), "none", unhealthy == 0);
            report.Limit(Part, $"another tenant's switch to the first call for it, {lags.Count} times: first / p50 / p99 / last", all.ToString(), "p99 within 100 ms", all.Percentile(0.99) <= TimeSpan.FromMilliseconds(100));
            report.Limit(Part, "resident at most", Mebibytes(most), "under 200 MiB", most < 200L << 20);
            report.Limit(Part, "resident at most, first half / second half", $"{Mebibytes(early)} / {Mebibytes(late)}", "flat", late <= early + (24L << 20));
            var heard = liars.Count(static liar => liar.Requests > 0);
            report.Limit(Part, "lies that were told", Report.Number(heard), $"all {liars.Count}", heard == liars.Count);
            report.Add(Part, "CPU of both replicas", string.Create(CultureInfo.InvariantCulture, $"{(alive ? (a.Cpu + b.Cpu).TotalSeconds : 0):0} s"));
            foreach (var name in names.Where(_ => alive))
            {
                var machine = (await cluster.ListAsync(Cluster.ScheduledMachines)).First(one => (string?)one["metadata"]!["name"] == name);
                var told = machine["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => (string?)condition!["type"] == "WorkloadClusterReachable");
                var lie = Enum.GetValues<Lie>().Where(static lie => lie is not Lie.None).ElementAt(names.IndexOf(name));
                report.Add(Part, $"  {lie}", $"{told?["reason"]}: {Short((string?)told?["message"])}");
            }
        }
        finally
        {
            foreach (var liar in liars)
            {
                await liar.DisposeAsync();
            }

            Directory.Delete(directory, recursive: true);
        }
    }

    private static string Short(string? text) => text is { Length: > 70 } ? $"{text[..70]}..." : text ?? "";

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / (1 << 20):0.0} MiB");

    private static async Task<bool> IsHealthyAsync(HttpClient http, int port)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/healthz"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private static Task<NativeProcess> StartAsync(string kubeconfig, MemoryGroup? group) => NativeProcess.StartAsync(
        "/bin/sh", "--health-port", "-c", $"{group?.Enter}exec {Executable} \"$@\"", "sh", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1", "--metrics-port", "0", "--enable-leader-election",
        // The liars are on this machine.
        "--allow-kubeconfig-own-addresses");
}
