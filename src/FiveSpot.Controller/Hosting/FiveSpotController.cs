// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
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

    // Together with the 2 s for giving up the lease, less than the 10 s in which a process that is told to ends: what is in
    // flight, first on the management cluster and then on the others, and then the events, which are a courtesy.
    private static readonly TimeSpan StopGrace = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan CallsGrace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan CallsLook = TimeSpan.FromMilliseconds(10);

    // A pass never waits for an effect, and each of its few calls ends within 30 s.
    private static readonly TimeSpan LongestTurn = TimeSpan.FromMinutes(5);

    // A watch that has nothing to tell ends after ten minutes at the latest, and is begun anew.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan LongestUnwatched = TimeSpan.FromMinutes(1);

    private readonly ApiClient _api;
    private readonly ControllerSettings _settings;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly LeaderElector? _elector;
    private readonly ControllerGauges _gauges;
    private Informer<ScheduledMachine>? _scheduledMachines;
    private Reconciler? _reconciler;
    private WorkloadClusters? _clusters;
    private IReadOnlyList<IInformer> _watches = [];
    private DryRuns? _dryRuns;
    private string? _waitingFor;

    /// <summary>A controller that does nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="settings">How it is to run.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <param name="elector">Says when it leads, and is what <paramref name="api"/> asks before it writes; run, and stopped last,
    /// by the controller. Null where it always leads.</param>
    public FiveSpotController(ApiClient api, ControllerSettings settings, ILoggerFactory loggers, LeaderElector? elector = null)
    {
        _api = api;
        _settings = settings;
        _loggers = loggers;
        _logger = loggers.CreateLogger<FiveSpotController>();
        _elector = elector;
        _queue = new WorkQueue<ObjectKey>(
            settings.Clock,
            key => _scheduledMachines?.Get(key)?.Priority ?? 0,
            WorkQueueOptions.For(api) with { StopGrace = StopGrace },
            loggers.CreateLogger("FiveSpot.WorkQueue"));
        _gauges = new ControllerGauges(this, settings, () => Leads, () => Leads ? OwnMachines() : [], _queue);
    }

    /// <summary>The version of this program, such as 0.1.0.</summary>
    public static string ProductVersion { get; } = typeof(FiveSpotController).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>Done when the caches are filled and machines are being worked on.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether nothing waits for a worker, none works, and no answer of a workload cluster or to a dry run is awaited.
    /// </summary>
    public bool IsIdle => (_clusters?.CallsUnderWay ?? 0) == 0 && _dryRuns is not { IsIdle: false } && _queue.Depth == 0 && _queue.Running == 0;

    /// <summary>Whether it works on its machines; else it only keeps what it needs for that in its caches.</summary>
    public bool Leads => _ready.Task.IsCompletedSuccessfully && (_elector is null || _elector.IsLeader);

    /// <summary>What is waited for before <see cref="Ready"/>, in one sentence; null when it is ready, whether it leads or not.
    /// </summary>
    public string? Unready => _ready.Task.IsCompletedSuccessfully
        ? _watches.Select(Unwatched).FirstOrDefault(static why => why is not null)
        : _waitingFor ?? _watches.Where(static watch => !watch.HasSynced).Select(Unlisted).FirstOrDefault() ?? "The caches are being filled.";

    /// <summary>Why the process can't go on, in one sentence; null while it can.</summary>
    public string? Dead => _queue.Stalled is var stalled && stalled > LongestTurn
        ? $"The work on machines has stood still for {stalled.TotalSeconds:0} s; no turn may take more than {LongestTurn.TotalSeconds:0} s."
        : _watches.Select(Silence).FirstOrDefault(static why => why is not null);

    /// <summary>Runs until told to stop; what is in flight then is finished.</summary>
    /// <param name="stop">Stops it.</param>
    /// <returns>A task that ends when it has stopped; it fails only for a reason that no retry can mend.</returns>
    public async Task RunAsync(CancellationToken stop)
    {
        // Not by the stop itself: what is in flight then needs all of it, and its events have yet to be written.
        using var watching = new CancellationTokenSource();
        var discovery = new Discovery(_api);
        if (await AwaitInstalledAsync(discovery, stop) is not { } resources)
        {
            return;
        }

        LogVersion(resources.Machine.Version);
        var scheduledMachineResource = new ResourceType(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);
        var scheduledMachines = _scheduledMachines = new Informer<ScheduledMachine>(
            _api, scheduledMachineResource, new InformerOptions(), ScheduledMachineReader.Read, _loggers.CreateLogger("FiveSpot.Informer.scheduledmachines"));
        Informer<CapiMachine>? machines = null;
        machines = new Informer<CapiMachine>(
            _api,
            resources.Machine,
            new InformerOptions
            {
                LabelSelector = WellKnown.ScheduledMachineLabel,
                Resolve = cancellationToken => MachineDiscovery.FindAnewAsync(discovery, MachineApi.Kind, cancellationToken),
            },
            json => MachineReader.Read(json, machines!.Type.ApiVersion),
            _loggers.CreateLogger("FiveSpot.Informer.machines"));
        var others = new Informer<MachineClaim>(
            _api,
            resources.Machine,
            new InformerOptions
            {
                LabelSelector = $"!{WellKnown.ScheduledMachineLabel}",
                Resolve = cancellationToken => MachineDiscovery.FindAnewAsync(discovery, MachineApi.Kind, cancellationToken),
            },
            MachineClaimReader.Read,
            _loggers.CreateLogger("FiveSpot.Informer.machines.others"));
        Informer<CapiCluster>? capiClusters = null;
        capiClusters = new Informer<CapiCluster>(
            _api,
            resources.Cluster,
            new InformerOptions { Resolve = cancellationToken => MachineDiscovery.FindAnewAsync(discovery, MachineApi.ClusterKind, cancellationToken) },
            json => ClusterReader.Read(json, capiClusters!.Type.ApiVersion),
            _loggers.CreateLogger("FiveSpot.Informer.clusters"));
        _watches = [scheduledMachines, machines, capiClusters, others];
        var kinds = new ProviderKinds(_api, discovery, EnqueueOwn, _loggers, watching.Token);
        using var permissions = new Permissions(_api, EnqueueOwn, _loggers, watching.Token);
        var capi = new Clusters(capiClusters, scheduledMachines, EnqueueOwn);
        using var dryRuns = _dryRuns = new DryRuns(
            _api, scheduledMachines, machines, capi, kinds, permissions, _settings.Clock, () => _queue.Depth > 0, EnqueueOwn, _loggers);
        var computers = new Computers(scheduledMachines, machines, kinds, EnqueueOwn);
        var drainRules = new DrainRuleWatch(_api, discovery, _loggers, watching.Token);
        var workload = _settings.Workload with { Clock = _settings.Clock, DrainRules = new DrainRuleSource(drainRules, capi) };
        var clusters = _clusters = new WorkloadClusters(_api, workload, EnqueueOwn, _loggers, watching.Token);
        var events = new EventRecorder(
            _api, _settings.Clock, "5spot-controller", _settings.Instance, _loggers.CreateLogger("FiveSpot.Events"));
        var failures = new StepFailures(_settings.Clock, _api.Jitter, _api.KeyComparer);
        var claims = new NodeClaims(machines, others, EnqueueOwn);
        _reconciler = new Reconciler(
            scheduledMachines,
            new Observer(machines, claims, capi, kinds, permissions, dryRuns, computers, scheduledMachines, clusters),
            new StepExecutor(_api, scheduledMachines, machines, kinds, permissions, computers, clusters, _settings.Clock),
            failures,
            events,
            clusters,
            dryRuns,
            computers,
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
                dryRuns.Forget(change.Key);
            }

            EnqueueOwn(change.Key);
        };
        machines.Changed += change => EnqueueOwn(change.Key);
        drainRules.Changed += clusters.WakeDraining;
        drainRules.LookAgain();

        // What failed at a version that is not served any more is tried again at the other.
        machines.VersionChanged += EndBackOffs;

        // What failed while nobody answered, or while nothing was served there, need not wait for as long again.
        EndBackOffsOnceBack(scheduledMachines);
        EndBackOffsOnceBack(machines);

        void EndBackOffsOnceBack<T>(Informer<T> informer)
            where T : class, IKubernetesObject
        {
            var wasAway = false;
            informer.StateChanged += () =>
            {
                if (informer is { State: InformerState.BackingOff, LastError: ApiUnreachableException or ApiException { IsNotServed: true } })
                {
                    wasAway = true;
                }
                else if (wasAway && informer.State == InformerState.Watching)
                {
                    wasAway = false;
                    EndBackOffs();
                }
            };
        }

        void EndBackOffs()
        {
            _queue.EndBackOffs();
            foreach (var key in failures.EndBackOffs())
            {
                EnqueueOwn(key);
            }
        }

        Task[] watches =
        [
            scheduledMachines.RunAsync(watching.Token), machines.RunAsync(watching.Token), capiClusters.RunAsync(watching.Token), others.RunAsync(watching.Token),
        ];
        var recording = events.RunAsync(watching.Token);
        using var electing = new CancellationTokenSource();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var guarding = EndWithAsync(watches, ending, watching.Token);
        var election = Task.CompletedTask;
        var asking = Task.CompletedTask;
        try
        {
            // Deciding from half-filled caches would make what is there already.
            await Task.WhenAll(scheduledMachines.WaitForSyncAsync(ending.Token), machines.WaitForSyncAsync(ending.Token), capiClusters.WaitForSyncAsync(ending.Token));

            // What others claim matters only to what is written on Nodes, of which nothing is until it is known.
            await claims.WaitForAnswerAsync(ending.Token);
            LogReady(scheduledMachines.Count);
            _ready.TrySetResult();
            if (_elector is not null)
            {
                _elector.LeadershipChanged += EnqueueAll;
                election = ElectAsync(_elector, ending, electing.Token);
            }

            asking = dryRuns.RunAsync(ending.Token);
            await _queue.RunAsync(_settings.Workers, WorkAsync, ending.Token);
            await FinishCallsAsync(clusters);
            using var hurry = new CancellationTokenSource(FlushTimeout, _api.NetworkTime);
            await events.FlushAsync(hurry.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // Told to stop before it was ready.
        }
        finally
        {
            // The next one begins as soon as the lease is given up: nothing may be under way by then.
            await asking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await electing.CancelAsync();
            await election.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await watching.CancelAsync();
            await Task.WhenAll([.. watches, recording, guarding]).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await election;
        await guarding;
    }

    // Who sees no change any more must not go on as if there were none.
    private async Task EndWithAsync(Task[] watches, CancellationTokenSource ending, CancellationToken stopped)
    {
        var ended = await Task.WhenAny(watches);
        if (!stopped.IsCancellationRequested)
        {
            LogBlind(ended.Exception?.InnerException);
            await ending.CancelAsync();
            await ended;
            throw new InvalidOperationException("The management cluster is not watched any more.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_elector is not null)
        {
            _elector.LeadershipChanged -= EnqueueAll;
        }

        _gauges.Dispose();
        _queue.Dispose();
    }

    private static string? Unlisted(IInformer watch) =>
        watch.LastError is { } error ? $"{watch.Type.QualifiedName} can't be listed: {error.Message}" : null;

    // A connection that breaks is no news; what is not there after a minute is not known any more.
    private string? Unwatched(IInformer watch) =>
        watch is { State: InformerState.BackingOff, LastError: { } error } && SilenceOf(watch) > LongestUnwatched
            ? $"{watch.Type.QualifiedName} can't be watched: {error.Message}"
            : null;

    private string? Silence(IInformer watch) =>
        watch.State == InformerState.Stopped ? $"The watch of {watch.Type.QualifiedName} has ended."
        : SilenceOf(watch) is var silence && silence > LongestSilence ? $"Nothing has been heard of {watch.Type.QualifiedName} for {silence.TotalMinutes:0} min."
        : null;

    private TimeSpan SilenceOf(IInformer watch) => watch.LastContact is { } heard ? _api.NetworkTime.GetUtcNow() - heard : TimeSpan.Zero;

    private async ValueTask<WorkResult> WorkAsync(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        try
        {
            if (Leads)
            {
                return await _reconciler!.ReconcileAsync(item, cancellationToken);
            }

            // Whatever is forgotten here, EnqueueAll brings back.
            _reconciler!.Prepare(item.Key);
            return WorkResult.Done();
        }
        finally
        {
            _dryRuns!.Resume();
        }
    }

    // Whatever is watched is that of all machines, also of those that other instances work on.
    private void EnqueueOwn(ObjectKey key)
    {
        if (_settings.Instances.Owns(key))
        {
            _queue.Enqueue(key);
        }
    }

    private void EnqueueAll()
    {
        foreach (var machine in OwnMachines())
        {
            _queue.Enqueue(machine.Key);
        }
    }

    private IEnumerable<ScheduledMachine> OwnMachines() =>
        _scheduledMachines?.Enumerate().Where(machine => _settings.Instances.Owns(machine.Key)) ?? [];

    private static async Task ElectAsync(LeaderElector elector, CancellationTokenSource ending, CancellationToken stop)
    {
        try
        {
            await elector.RunAsync(stop);
        }
        catch
        {
            // Without it nothing would ever be written again.
            await ending.CancelAsync();
            throw;
        }
    }

    private async Task FinishCallsAsync(WorkloadClusters clusters)
    {
        var time = _api.NetworkTime;
        var began = time.GetTimestamp();
        while (clusters.CallsUnderWay > 0 && time.GetElapsedTime(began) < CallsGrace)
        {
            await Task.Delay(CallsLook, time);
        }
    }

    private async Task<(ResourceType Machine, ResourceType Cluster)?> AwaitInstalledAsync(Discovery discovery, CancellationToken stop)
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
                else if (await MachineDiscovery.FindAsync(discovery, stop) is { } machine && await MachineDiscovery.FindAsync(discovery, MachineApi.ClusterKind, stop) is { } cluster)
                {
                    return (machine, cluster);
                }
                else
                {
                    missing = $"Cluster API is not installed, or serves Machines and Clusters at none of {string.Join(", ", MachineApi.KnownVersions)} of {MachineApi.Group}.";
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
                _waitingFor = told = missing;
            }

            await Task.Delay(DiscoveryRetry, _api.NetworkTime, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting: {Reason} Asking again every {Seconds} s.")]
    private partial void LogWaiting(string reason, double seconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The management cluster is not watched any more; the process ends, to be started anew.")]
    private partial void LogBlind(Exception? cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "Using Cluster API at {Version}.")]
    private partial void LogVersion(string version);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready: {Count} ScheduledMachines.")]
    private partial void LogReady(int count);
}
