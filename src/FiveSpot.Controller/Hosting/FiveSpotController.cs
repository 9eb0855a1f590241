// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Hosting;

/// <summary>
/// The controller: watches fill caches and put keys into the work queue, the clock does at boundaries, and workers
/// reconcile. At rest nothing of it runs.
/// </summary>
public sealed partial class FiveSpotController : IDisposable
{
    // Cluster API, or our own CRD, may be installed after us.
    private static readonly TimeSpan DiscoveryRetry = TimeSpan.FromSeconds(5);

    // Events are a courtesy: they must not keep a process from ending in time.
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(3);

    private readonly ApiClient _api;
    private readonly ControllerSettings _settings;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WorkQueue<ObjectKey> _queue;
    private Informer<ScheduledMachine>? _scheduledMachines;
    private WorkloadClusters? _clusters;

    /// <summary>A controller that does nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="settings">How it is to run.</param>
    /// <param name="loggers">Where it logs.</param>
    public FiveSpotController(ApiClient api, ControllerSettings settings, ILoggerFactory loggers)
    {
        _api = api;
        _settings = settings;
        _loggers = loggers;
        _logger = loggers.CreateLogger<FiveSpotController>();
        _queue = new WorkQueue<ObjectKey>(
            settings.Clock,
            key => _scheduledMachines?.Get(key)?.Priority ?? 0,
            logger: loggers.CreateLogger("FiveSpot.WorkQueue"));
    }

    /// <summary>Done when the caches are filled and machines are being worked on.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether nothing waits for a worker, none works, and no answer of a workload cluster is awaited.</summary>
    public bool IsIdle => (_clusters?.CallsUnderWay ?? 0) == 0 && _queue.Depth == 0 && _queue.Running == 0;

    /// <summary>Runs until told to stop; what is in flight then is finished.</summary>
    /// <param name="stop">Stops it.</param>
    /// <returns>A task that ends when it has stopped; it fails only for a reason that no retry can mend.</returns>
    public async Task RunAsync(CancellationToken stop)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var discovery = new Discovery(_api);
        var machineResource = await AwaitInstalledAsync(discovery, stop);
        if (machineResource is null)
        {
            return;
        }

        LogVersion(machineResource.Version);
        var scheduledMachineResource = new ResourceType(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);
        var scheduledMachines = _scheduledMachines = new Informer<ScheduledMachine>(
            _api, scheduledMachineResource, new InformerOptions(), ScheduledMachineReader.Read, _loggers.CreateLogger("FiveSpot.Informer.scheduledmachines"));
        var machines = new Informer<CapiMachine>(
            _api,
            machineResource,
            new InformerOptions { LabelSelector = WellKnown.ScheduledMachineLabel },
            json => MachineReader.Read(json, machineResource.ApiVersion),
            _loggers.CreateLogger("FiveSpot.Informer.machines"));
        var kinds = new ProviderKinds(_api, discovery, _queue.Enqueue, _loggers, watching.Token);
        using var permissions = new Permissions(_api, _queue.Enqueue, _loggers, watching.Token);
        var workload = _settings.Workload with { Clock = _settings.Clock };
        var clusters = _clusters = new WorkloadClusters(_api, workload, _queue.Enqueue, _loggers, watching.Token);
        var events = new EventRecorder(
            _api, _settings.Clock, "5spot-controller", _settings.Instance, _loggers.CreateLogger("FiveSpot.Events"));
        var reconciler = new Reconciler(
            scheduledMachines,
            new Observer(machines, new NodeClaims(machines, _queue.Enqueue), kinds, permissions, clusters, machineResource),
            new StepExecutor(_api, scheduledMachines, machines, machineResource, kinds, permissions, clusters, _settings.Clock),
            events,
            clusters,
            _settings.Decisions,
            _settings.Clock,
            _queue.WakeAt,
            _loggers.CreateLogger<Reconciler>());

        scheduledMachines.Changed += change =>
        {
            if (change.New is null)
            {
                _queue.ForgetWake(change.Key);
                clusters.Release(change.Key);
                return;
            }

            _queue.Enqueue(change.Key);
        };
        machines.Changed += change => _queue.Enqueue(change.Key);

        var watches = Task.WhenAll(scheduledMachines.RunAsync(watching.Token), machines.RunAsync(watching.Token));
        var recording = events.RunAsync(watching.Token);
        try
        {
            // Deciding from half-filled caches would make what is there already.
            await Task.WhenAll(scheduledMachines.WaitForSyncAsync(stop), machines.WaitForSyncAsync(stop));
            LogReady(scheduledMachines.Count);
            _ready.TrySetResult();
            await _queue.RunAsync(_settings.Workers, reconciler.ReconcileAsync, stop);
            using var hurry = new CancellationTokenSource(FlushTimeout, _api.NetworkTime);
            await events.FlushAsync(hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop before it was ready.
        }
        finally
        {
            await watching.CancelAsync();
            await Task.WhenAll(watches, recording).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    private async Task<ResourceType?> AwaitInstalledAsync(Discovery discovery, CancellationToken stop)
    {
        string? told = null;
        while (!stop.IsCancellationRequested)
        {
            string missing;
            try
            {
                if (await discovery.FindAsync($"{WellKnown.Group}/{WellKnown.Version}", WellKnown.Kind, stop) is null)
                {
                    missing = "The CustomResourceDefinition of ScheduledMachine is not installed: kubectl apply -f deploy/crds.";
                }
                else if (await MachineApi.FindAsync(discovery, stop) is { } resource)
                {
                    return resource;
                }
                else
                {
                    missing = $"Cluster API is not installed, or serves none of {string.Join(", ", MachineApi.KnownVersions)} of {MachineApi.Group}.";
                }
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
            {
                missing = exception.Message;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                break;
            }

            if (missing != told)
            {
                LogWaiting(missing, DiscoveryRetry.TotalSeconds);
                told = missing;
            }

            await Task.Delay(DiscoveryRetry, _api.NetworkTime, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting: {Reason} Asking again every {Seconds} s.")]
    private partial void LogWaiting(string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Using Cluster API at {Version}.")]
    private partial void LogVersion(string version);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready: {Count} ScheduledMachines.")]
    private partial void LogReady(int count);
}
