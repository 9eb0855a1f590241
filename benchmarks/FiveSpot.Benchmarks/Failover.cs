// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Benchmarks;

/// <summary>From the end of the native controller that leads to the other one's taking over, with the flags as they are.</summary>
internal static class Failover
{
    private const int Stops = 20;
    private const int Crashes = 4;
    private static readonly string Executable = Path.Combine("artifacts", "5spot", "5spot");
    private static readonly ObjectKey LeaseKey = new("5spot-system", "5spot-leader");
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
        var part = $"Taking over{(real is null ? "" : $", kube-apiserver {real.Version}")}";
        var directory = Directory.CreateTempSubdirectory("5spot-bench-").FullName;
        try
        {
            await using var cluster = await Cluster.StartAsync(real);
            var kubeconfig = Path.Combine(directory, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, cluster.Kubeconfig);
            await cluster.CreateAsync(Namespaces, JsonNode.Parse("""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"5spot-system"} }""")!.AsObject());
            await cluster.CreateAsync([Cluster.ScheduledMachine("pc-1", priority: 50, "mon-sun", "0-23")]);

            var (told, killed) = (new List<TimeSpan>(), new List<TimeSpan>());
            var leader = await StartAsync(kubeconfig);
            await HolderOtherThanAsync(cluster, "");
            for (var run = 0; run < Stops + Crashes; run++)
            {
                var standby = await StartAsync(kubeconfig);
                var before = await HolderOtherThanAsync(cluster, "");
                var began = Stopwatch.GetTimestamp();
                if (run < Stops)
                {
                    var stopping = leader.StopAsync();
                    await HolderOtherThanAsync(cluster, before);
                    told.Add(Stopwatch.GetElapsedTime(began));
                    await stopping;
                    await leader.DisposeAsync();
                }
                else
                {
                    // Killed, with no chance to say so.
                    await leader.DisposeAsync();
                    await HolderOtherThanAsync(cluster, before);
                    killed.Add(Stopwatch.GetElapsedTime(began));
                }

                leader = standby;
            }

            await leader.DisposeAsync();
            var (stops, crashes) = (new Lags(told), new Lags(killed));
            report.Limit(part, $"SIGTERM to the other's holding the Lease, {Stops} times", stops.ToString(), "at most 2 s", stops.Last <= TimeSpan.FromSeconds(2));
            report.Limit(part, $"SIGKILL to the other's holding the Lease, {Crashes} times", crashes.ToString(), "at most 17 s", crashes.Last <= TimeSpan.FromSeconds(17));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static Task<NativeProcess> StartAsync(string kubeconfig) => NativeProcess.StartAsync(
        Executable, "--health-port", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1", "--metrics-port", "0", "--enable-leader-election", "--allow-kubeconfig-own-addresses");

    private static async Task<string> HolderOtherThanAsync(Cluster cluster, string former)
    {
        var holder = "";
        await Wait.UntilAsync("another holds the Lease", async () =>
        {
            holder = (await cluster.Api.TryGetAsync(Lease.Resource, LeaseKey, Lease.Read, CancellationToken.None))?.Holder ?? "";
            return holder.Length > 0 && holder != former;
        });
        return holder;
    }
}
