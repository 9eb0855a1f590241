// SPDX-License-Identifier: Apache-2.0

using System.Net;
using FiveSpot.Api;
using FiveSpot.Controller.Hosting;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.Clock;
using FiveSpot.Sandbox.Display;
using FiveSpot.Simulation;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace FiveSpot.Sandbox.Hosting;

/// <summary>Puts the sandbox together and shows what happens in it.</summary>
public static class SandboxHost
{
    /// <summary>Runs until told to stop.</summary>
    /// <param name="options">What was asked for.</param>
    /// <param name="stop">Stops it.</param>
    /// <exception cref="BadInputException">It can't be had.</exception>
    public static async Task RunAsync(SandboxOptions options, CancellationToken stop)
    {
        List<Manifest> manifests = [.. options.Examples ? Manifest.Examples() : [], .. options.Apply.SelectMany(Manifest.Load)];
        var directory = CreateDirectory(options.Directory);
        using var logFile = OpenLog(Path.Combine(directory, "sandbox.log"));
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(logFile));
        // Time stands still until everything is in place: a start time just before a boundary must not be missed.
        var clock = new ScaledTimeProvider(TimeProvider.System, options.StartTime, options.Speed, held: true);
        await using var clusters = await SandboxClusters.OpenAsync(options, directory, clock, stop);

        using var api = new ApiClient(clusters.Management, new ApiClientOptions { UserAgent = "5spot-sandbox" });
        using var workloadApi = api.ConnectTo(clusters.Workload);
        await InstallAsync(api, workloadApi, clusters, stop);

        // An API server that is given may be anywhere, from where nobody would find them.
        await using var webhooks = clusters.AreEmbedded ? await SimulatedWebhooks.StartAsync(api, stop) : null;
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var machines = new PhysicalMachines();
        using var owners = new OwnerPrograms(api, machines, loggers);
        using var simulation = new SimulatedClusterApi(api, clock, timings: null, machines, loggers, clusters.SharedKubeconfig);
        using var workloads = clusters.AreEmbedded ? new SimulatedWorkloads(workloadApi, clock, loggers) : null;
        using var controllerApi = new ApiClient(clusters.Management, new ApiClientOptions { UserAgent = "5spot" });
        using var metrics = new MetricRegistry(static meter => meter.Name is ControllerMetrics.MeterName or RuntimeMetrics.MeterName, "fivespot_");
        await using var metricsServer = Serve(metrics, options.MetricsPort, loggers);
        using var controller = new FiveSpotController(controllerApi, new ControllerSettings { Clock = clock, Workload = new() { Kubeconfigs = new() { AllowOwnAddresses = true } } }, loggers);
        var monitor = new PhaseMonitor(api, owners, clock, loggers);
        var pods = new PodCounts(clusters.SharedKubeconfig is null ? api : workloadApi, loggers);
        ISandboxDisplay display = Console.IsOutputRedirected
            ? new TransitionLines(monitor, Console.Out)
            : new LiveTable(AnsiConsole.Console, monitor, pods, clock, TimeProvider.System);
        List<Task> parts =
        [
            simulation.RunAsync(running.Token), controller.RunAsync(running.Token), monitor.RunAsync(running.Token), pods.RunAsync(running.Token),
            owners.RunAsync(running.Token),
            .. workloads is null ? (Task[])[] : [workloads.RunAsync(running.Token)],
        ];
        try
        {
            await AwaitAsync(Task.WhenAll(simulation.Ready, controller.Ready, workloads?.Ready ?? Task.CompletedTask), parts, stop);
            await ApplyAsync(api, await InOrderAsync(api, manifests, clusters, stop), stop);
            // Given clusters run what their people run there.
            await ApplyAsync(workloadApi, options.Examples && clusters.AreEmbedded ? Manifest.WorkloadExamples() : [], stop);

            if (clusters.WhyNotShared is { } why)
            {
                Console.WriteLine($"Nodes join the management cluster. {why}");
            }

            Console.WriteLine($"""
                Management cluster: {clusters.ManagementKubeconfig}
                Workload cluster:   {clusters.WorkloadKubeconfig}
                Metrics:            http://{metricsServer.Address}/metrics
                Warnings:           {Path.Combine(directory, "sandbox.log")}
                Sandbox is ready: it is {clock.GetUtcNow().UtcDateTime:dddd, yyyy-MM-dd HH:mm:ss}Z, {options.Speed} times as fast.
                In another terminal:
                  export KUBECONFIG={clusters.ManagementKubeconfig}
                  kubectl get sm -w
                A machine joins a Cluster of its namespace: kubectl get clusters -A. To make one, do as examples/clusters.yaml does.
                Ctrl+C ends it.

                """);
            clock.Start();
            parts.Add(display.RunAsync(running.Token));
            await AwaitAsync(Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop), parts, stop);
        }
        finally
        {
            await running.CancelAsync();
            await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static DiagnosticsServer Serve(MetricRegistry metrics, int port, ILoggerFactory loggers)
    {
        try
        {
            return DiagnosticsServer.Start(
                new IPEndPoint(IPAddress.Loopback, port), new DiagnosticsPages { Metrics = metrics }, TimeProvider.System, loggers.CreateLogger<DiagnosticsServer>());
        }
        catch (IOException inUse)
        {
            throw new BadInputException($"Port {port} of 127.0.0.1 is in use: choose another with --metrics-port, or 0 for any free one.", inUse);
        }
    }

    private static async Task ApplyAsync(ApiClient api, IReadOnlyList<Manifest> manifests, CancellationToken stop)
    {
        var applier = new ManifestApplier(api);
        foreach (var manifest in manifests)
        {
            await applier.ApplyAsync(manifest, stop);
        }
    }

    // Machines come after what they need. A Cluster of somebody's is left as it is, where an example has the same name.
    private static async Task<IReadOnlyList<Manifest>> InOrderAsync(ApiClient api, IEnumerable<Manifest> manifests, SandboxClusters clusters, CancellationToken stop)
    {
        List<Manifest> ordered = [];
        var applier = new ManifestApplier(api);
        foreach (var manifest in manifests.OrderBy(manifest => manifest.Kind == WellKnown.Kind))
        {
            if (clusters.AreEmbedded || !manifest.IsExample || manifest.Kind != "Cluster" || !await applier.IsThereAsync(manifest, stop))
            {
                ordered.Add(manifest);
            }
        }

        return ordered;
    }

    // A part that fails ends the wait, and the sandbox.
    private static async Task AwaitAsync(Task awaited, List<Task> parts, CancellationToken stop)
    {
        var first = await Task.WhenAny([awaited, .. parts]);
        stop.ThrowIfCancellationRequested();
        await first;
        if (first != awaited)
        {
            throw new InvalidOperationException("A part of the sandbox ended by itself.");
        }
    }

    private static async Task InstallAsync(ApiClient api, ApiClient workloadApi, SandboxClusters clusters, CancellationToken stop)
    {
        try
        {
            var installed = await DefinitionInstaller.InstallMissingAsync(api, stop);
            if (!clusters.AreEmbedded && installed.Count > 0)
            {
                Console.WriteLine($"Installed CustomResourceDefinitions that were missing: {string.Join(", ", installed)}.");
            }
        }
        catch (Exception failed) when (failed is ApiException or ApiUnreachableException)
        {
            throw new BadInputException($"The management cluster of {clusters.ManagementKubeconfig} can't be used: {failed.Message}", failed);
        }

        // To a given one the simulation adds it when a machine joins.
        if (clusters.AreEmbedded)
        {
            await ReclaimAgents.InstallAsync(workloadApi, stop);
        }
    }

    private static string CreateDirectory(string directory)
    {
        try
        {
            return System.IO.Directory.CreateDirectory(directory).FullName;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new BadInputException($"--directory {directory}: it can't be made: {failed.Message}", failed);
        }
    }

    private static FileLoggerProvider OpenLog(string path)
    {
        try
        {
            return new FileLoggerProvider(path);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"{path} can't be written: {failed.Message}", failed);
        }
    }
}
