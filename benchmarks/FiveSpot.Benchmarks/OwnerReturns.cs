// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Benchmarks;

/// <summary>
/// From the start of a program on a machine to the deletion of its Machine: the native agent and the native controller, in
/// processes of their own, on an API server of either kind.
/// </summary>
internal static class OwnerReturns
{
    private const int Runs = 20;
    private const string Name = "pc-1";
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(250);
    private static readonly ResourceType Namespaces = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    public static async Task MeasureAsync(Report report)
    {
        await MeasureAsync(report, real: null);
        if (KubeAssets.Found is { } assets)
        {
            await MeasureAsync(report, assets);
        }
        else
        {
            Console.Error.WriteLine($"Not measured on a real server: {KubeAssets.WhyNot}.");
        }
    }

    private static async Task MeasureAsync(Report report, KubeAssets? real)
    {
        var part = $"An owner returns, no pods{(real is null ? "" : $", kube-apiserver {real.Version}")}";
        var directory = Directory.CreateTempSubdirectory("5spot-bench-").FullName;
        try
        {
            await using var cluster = await Cluster.StartAsync(real);
            var kubeconfig = Path.Combine(directory, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, cluster.Kubeconfig);
            var machineId = Path.Combine(directory, "machine-id");
            await File.WriteAllTextAsync(machineId, "this-machine\n");
            var program = Path.Combine(directory, "owners-ide");
            File.Copy("/bin/sleep", program);
            await cluster.CreateAsync(Namespaces, Object("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"5spot-system"} }"""));
            var scheduled = Cluster.ScheduledMachine(Name, priority: 50, "mon-sun", "0-23");
            scheduled["spec"]!["killIfCommands"] = new JsonArray("owners-ide");
            await cluster.CreateAsync([scheduled]);

            await using var controller = await NativeProcess.StartAsync(
                Path.Combine("artifacts", "5spot", "5spot"), "--health-port", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1", "--allow-kubeconfig-own-addresses");
            await using var agent = await NativeProcess.StartAsync(
                Path.Combine("artifacts", "5spot-reclaim-agent", "5spot-reclaim-agent"),
                "--metrics-port", "--kubeconfig", kubeconfig, "--node-name", Name, "--machine-id-path", machineId);
            var lags = new List<TimeSpan>();
            for (var run = 0; run < Runs; run++)
            {
                await LendAsync(cluster);
                lags.Add(await ReturnAsync(cluster, program));
                await LetGoAsync(cluster);
            }

            var sorted = new Lags(lags);
            report.Limit(
                part, $"exec to the Machine's deletion, as a watch shows it, {Runs} runs", sorted.ToString(), $"at most {Most.TotalMilliseconds:0} ms", sorted.Last <= Most);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>It opens, joins, and its agent is told what to look for.</summary>
    private static async Task LendAsync(Cluster cluster)
    {
        await cluster.PatchAsync(Cluster.ScheduledMachines, Name, """{"spec":{"schedule":{"enabled":true} } }""");
        await Wait.UntilAsync("it has its Machine", async () => (await cluster.ListAsync(Cluster.Machines)).Count == 1);
        await cluster.CreateAsync(Cluster.Nodes, Object($$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{Name}}"},"spec":{"providerID":"remote://{{Name}}"} }"""));
        await cluster.PatchAsync(Cluster.Nodes, Name, """
            {"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ready"}],
             "nodeInfo":{"machineID":"this-machine","systemUUID":"","bootID":"","kernelVersion":"","osImage":"","containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"","operatingSystem":"linux","architecture":"amd64"} } }
            """, "status");
        await cluster.PatchAsync(Cluster.Machines, Name, $$"""{"metadata":{"finalizers":["machine.cluster.x-k8s.io"]},"spec":{"providerID":"remote://{{Name}}"} }""");
        await cluster.PatchAsync(Cluster.Machines, Name, $$"""{"status":{"phase":"Running","nodeRef":{"name":"{{Name}}"} } }""", "status");
        await Wait.UntilAsync("the agent is told what to look for", async () => (await cluster.ListAsync(Cluster.ScheduledMachines))[0]["status"]!["conditions"]!.AsArray()
            .Any(condition => (string)condition!["type"]! == "ReclaimAgentReady" && (string)condition["status"]! == "True"));

        // By a watch, of which nothing else tells when it has come; and an agent that has just written rests for a second.
        await Wait.PassAsync(TimeSpan.FromMilliseconds(1_500));
    }

    private static async Task<TimeSpan> ReturnAsync(Cluster cluster, string program)
    {
        var from = (await cluster.Api.ListAsync(Cluster.Machines, new ListOptions(), static _ => 0, CancellationToken.None)).ResourceVersion;
        var deleted = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
        var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var watching = cluster.Api.WatchAsync(
            Cluster.Machines,
            new WatchOptions { ResourceVersion = from, Opened = () => opened.TrySetResult() },
            (_, json) =>
            {
                if (json.IndexOf("\"deletionTimestamp\""u8) >= 0)
                {
                    deleted.TrySetResult(Stopwatch.GetTimestamp());
                }
            },
            stop.Token);
        await opened.Task;
        var started = Stopwatch.GetTimestamp();
        using var running = Process.Start(new ProcessStartInfo(program, "600") { UseShellExecute = false })!;
        var lag = Stopwatch.GetElapsedTime(started, await deleted.Task.WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System));
        running.Kill();
        await running.WaitForExitAsync();
        await stop.CancelAsync();
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return lag;
    }

    /// <summary>Cluster API lets it go.</summary>
    private static async Task LetGoAsync(Cluster cluster)
    {
        await cluster.Api.DeleteAsync(Cluster.Nodes, ObjectKey.ClusterScoped(Name), options: null, CancellationToken.None);
        await cluster.PatchAsync(Cluster.Machines, Name, """{"metadata":{"finalizers":null} }""");
        await Wait.UntilAsync("it is off", async () => (string?)(await cluster.ListAsync(Cluster.ScheduledMachines))[0]["status"]!["phase"] == "Disabled");
    }

    private static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();
}
