// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Hosting;

/// <summary>A controller as a process of its own: its clients, its lease, its ports, and the signals that end it.</summary>
/// <param name="settings">How the controller is to run.</param>
/// <param name="loggers">Where it logs.</param>
public sealed partial class ControllerProcess(ControllerSettings settings, ILoggerFactory loggers)
{
    private static readonly string UserAgent = $"5spot/{FiveSpotController.ProductVersion}";

    private readonly ILogger _logger = loggers.CreateLogger<ControllerProcess>();

    /// <summary>Namespace and common name of the Lease that it needs to work; null to work without one.</summary>
    public ObjectKey? Lease { get; init; }

    /// <summary>See <see cref="LeaderElectionOptions.Duration"/>.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>See <see cref="LeaderElectionOptions.RenewDeadline"/>.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>See <see cref="LeaderElectionOptions.RetryPeriod"/>.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Where <c>/metrics</c> is; with port 0 it is nowhere.</summary>
    public IPEndPoint Metrics { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>Where the probes are; with port 0 they are nowhere.</summary>
    public IPEndPoint Health { get; init; } = new(IPAddress.IPv6Any, 0);

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    /// <param name="connection">The management cluster.</param>
    /// <returns>A task that ends when all is in order: nothing is in flight, and the lease is given up.</returns>
    /// <exception cref="IOException">A port can't be had; the message says why, and with which flag to choose another.</exception>
    public async Task RunAsync(ClusterConnection connection)
    {
        using var stop = new CancellationTokenSource();
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }

        // Whatever it was that got no memory may be what everything else waits for: better begun anew at once than half alive.
        AppDomain.CurrentDomain.FirstChanceException += static (_, thrown) =>
        {
            if (thrown.Exception is OutOfMemoryException)
            {
                Environment.FailFast("There is no memory left: the process ends, to be started anew.");
            }
        };
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);

        // Of its own, so that a renewal waits for none of the controller's calls, nor as long as they may.
        using var leaseApi = new ApiClient(connection, new ApiClientOptions { UserAgent = UserAgent, RequestTimeout = RenewDeadline / 2 });
        using var elector = Lease is { } lease ? Elector(leaseApi, lease) : null;
        using var api = new ApiClient(connection, new ApiClientOptions
        {
            UserAgent = UserAgent,
            WritingAllowed = elector is null ? null : elector.WritingAllowed,
        });
        using var registry = new MetricRegistry(static meter => meter.Name is ControllerMetrics.MeterName or RuntimeMetrics.MeterName, "fivespot_");
        using var controller = new FiveSpotController(api, settings, loggers, elector);
        await using var metrics = Serve(Metrics, "--metrics-port", new DiagnosticsPages { Metrics = registry });
        await using var health = Serve(Health, "--health-port", new DiagnosticsPages { Dead = () => controller.Dead, Unready = () => controller.Unready });
        if (elector is null && settings.Instances.Count > 1)
        {
            LogUnguarded(settings.Instances.Count);
        }

        await controller.RunAsync(stop.Token);
    }

    private LeaderElector Elector(ApiClient api, ObjectKey lease) => new(
        api,
        new LeaderElectionOptions
        {
            Lease = lease with { Name = settings.Instances.LeaseName(lease.Name) },
            Identity = $"{settings.Instance}_{Guid.NewGuid()}",
            FieldManager = WellKnown.FieldManager,
            Duration = LeaseDuration,
            RenewDeadline = RenewDeadline,
            RetryPeriod = RetryPeriod,
            Annotations = OtherCounts.Annotations(settings.Instances),
            MayBegin = new OtherCounts(api, lease, settings.Instances).LookAsync,
        },
        loggers.CreateLogger<LeaderElector>());

    private DiagnosticsServer? Serve(IPEndPoint address, string flag, DiagnosticsPages pages)
    {
        try
        {
            return address.Port == 0 ? null : DiagnosticsServer.Start(address, pages, TimeProvider.System, loggers.CreateLogger<DiagnosticsServer>());
        }
        catch (IOException exception)
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{exception.Message}. Choose another port with {flag}."), exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The machines are divided among {Count} instances without --enable-leader-election: nothing keeps instances that run with different numbers off the same machine.")]
    private partial void LogUnguarded(int count);
}
