// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using NodaTime;

namespace FiveSpot.Benchmarks;

/// <summary>
/// The native executable as people run it, with 1,000 ScheduledMachines on an API server in another process, this one: its
/// size, how soon it is ready, what it takes at rest.
/// </summary>
internal static class NativeExecutable
{
    private const string Part = "5spot, native, 1,000 ScheduledMachines";
    private const int Known = 1_000;
    private const int Open = 100;
    private const int Starts = 5;
    private const long MiB = 1 << 20;
    private const long MostResident = 48 * MiB;

    private static readonly string Executable = Path.Combine("artifacts", "5spot", "5spot");
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(10);

    private static readonly string[] Zones =
    [
        "UTC", "Europe/London", "Europe/Zurich", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney",
    ];

    public static async Task MeasureAsync(Report report)
    {
        var directory = Directory.CreateTempSubdirectory("5spot-bench-").FullName;
        try
        {
            await using var cluster = await Cluster.StartAsync(real: null);
            var server = cluster.Embedded!;
            var kubeconfig = Path.Combine(directory, "kubeconfig");
            await File.WriteAllTextAsync(kubeconfig, server.Kubeconfig());
            await cluster.CreateAsync(ScheduledMachines());
            var requests = 0;
            server.RequestObserver = observed =>
            {
                if (observed.Stage == RequestStage.Before && observed.Request.UserAgent.StartsWith("5spot", StringComparison.Ordinal))
                {
                    Interlocked.Increment(ref requests);
                }
            };

            report.Add(Part, "size of the executable", Report.Number(new FileInfo(Executable).Length / 1024.0, "KiB"));
            var ready = new List<TimeSpan>();
            long filled, rested, again, peak;
            TimeSpan cpu, cpuOfServer;
            int requestsAtRest;
            await using (var first = await NativeProcess.StartAsync(Executable, "--health-port", "--bind-address", "127.0.0.1", "--allow-kubeconfig-own-addresses", "--kubeconfig", kubeconfig))
            {
                // All of them get a status, and 100 of them their objects.
                ready.Add(first.TimeToReady);
                await SettleAsync();
                await CheckAsync(cluster);
                filled = first.Resident;
                await Wait.PassAsync(TimeSpan.FromSeconds(5));
                rested = first.Resident;
                var (cpuBefore, serverBefore, requestsBefore) = (first.Cpu, Environment.CpuUsage.TotalTime, Volatile.Read(ref requests));
                await Wait.PassAsync(Rest);
                (cpu, cpuOfServer) = (first.Cpu - cpuBefore, Environment.CpuUsage.TotalTime - serverBefore);
                requestsAtRest = Volatile.Read(ref requests) - requestsBefore;
                peak = first.PeakResident;
                report.Limit(Part, "exit code after SIGTERM", Report.Number(await first.StopAsync()), "0", first.ExitCode == 0);
            }

            again = 0;
            for (var i = 1; i < Starts; i++)
            {
                await using var next = await NativeProcess.StartAsync(Executable, "--health-port", "--bind-address", "127.0.0.1", "--allow-kubeconfig-own-addresses", "--kubeconfig", kubeconfig);
                ready.Add(next.TimeToReady);
                if (i == Starts - 1)
                {
                    await SettleAsync();
                    again = next.Resident;
                }

                await next.StopAsync();
            }

            var starts = new Lags(ready);
            report.Add(Part, "from exec to ready: first / p50 / p99 / last", starts.ToString());
            Memory("resident, all machines worked through", filled);
            Memory("resident, 5 s later", rested);
            Memory("resident at most, from its start", peak);
            Memory("resident, started again with nothing to do", again);
            report.Limit(Part, "requests in 10 s at rest", Report.Number(requestsAtRest), "none", requestsAtRest == 0);
            report.Add(Part, "CPU in 10 s at rest", Report.Milliseconds(cpu));
            report.Add(Part, "CPU of the embedded API server meanwhile", Report.Milliseconds(cpuOfServer));

            void Memory(string what, long bytes) => report.Limit(
                Part,
                what,
                string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / MiB:0.0} MiB"),
                "under 48 MiB",
                bytes < MostResident);

            Task SettleAsync() => Wait.UntilStillAsync(
                "5spot comes to rest", () => cluster.Embedded!.ResourceVersion + Volatile.Read(ref requests), () => Volatile.Read(ref requests) > 0);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>In many zones; every tenth is in its window now, and no boundary is near.</summary>
    private static IEnumerable<JsonObject> ScheduledMachines()
    {
        var now = Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow());
        for (var i = 0; i < Known; i++)
        {
            var zone = Zones[i % Zones.Length];
            var hour = now.InZone(DateTimeZoneProviders.Tzdb[zone]).Hour;
            var from = i % (Known / Open) == 0 ? hour - 3 : hour + 9 + (i % 3);
            yield return Cluster.ScheduledMachine($"pc-{i:0000}", i % 256, "mon-sun", $"{(from + 24) % 24}-{(from + 6) % 24}", zone);
        }
    }

    private static async Task CheckAsync(Cluster cluster)
    {
        var phases = (await cluster.ListAsync(Cluster.ScheduledMachines)).CountBy(machine => (string?)machine["status"]?["phase"] ?? "none").ToDictionary();
        var machines = (await cluster.ListAsync(Cluster.Machines)).Count;
        if (machines != Open || phases.GetValueOrDefault("Inactive") != Known - Open)
        {
            throw new InvalidOperationException(
                $"5spot did not do its work: {machines} Machines, {string.Join(", ", phases.Select(phase => $"{phase.Value} {phase.Key}"))}.");
        }
    }
}
