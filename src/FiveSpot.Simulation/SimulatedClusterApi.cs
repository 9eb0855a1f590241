// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Simulation;

/// <summary>
/// Plays Cluster API, its bootstrap and infrastructure providers, and the machines themselves, through the ordinary API: a
/// Machine gets bootstrap data and hardware and becomes a Node; a deleted one is drained and leaves. Every turn is taken from the
/// objects that are there; only the delays are remembered, and begin again with a new process.
/// </summary>
public sealed class SimulatedClusterApi : IDisposable
{
    private readonly ApiClient _api;
    private readonly TimeProvider _clock;
    private readonly SimulationTimings _timings;
    private readonly PhysicalMachines _hardware;
    private readonly byte[]? _workloadKubeconfig;
    private readonly ILoggerFactory _loggers;
    private readonly WorkQueue<SimulatedWork> _queue;
    private readonly Marks _marks;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SimulationBehaviour _behaviour;
    private ManagementCluster _management = null!;
    private ProviderWatches _providers = null!;
    private WorkloadClusters? _clusters;
    private MachineController _machineController = null!;
    private ClusterController _clusterController = null!;
    private HealthCheckController _healthChecks = null!;
    private SimulatedProviders _simulatedProviders = null!;
    private SimulatedKubelets _kubelets = null!;

    /// <summary>A simulation that does nothing yet.</summary>
    /// <param name="management">The management cluster.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="timings">How long things take; null for the defaults.</param>
    /// <param name="machines">The machines behind the Machines.</param>
    /// <param name="loggers">For what fails.</param>
    /// <param name="workloadKubeconfig">A kubeconfig, with no file or program in it, of the cluster that machines join whose
    /// Cluster has no Secret for it; null when that is the management cluster.</param>
    /// <param name="behaviour">How it behaves to begin with; null for as the real one does.</param>
    public SimulatedClusterApi(
        ApiClient management,
        TimeProvider clock,
        SimulationTimings? timings,
        PhysicalMachines machines,
        ILoggerFactory loggers,
        byte[]? workloadKubeconfig = null,
        SimulationBehaviour? behaviour = null)
    {
        _api = management;
        _clock = clock;
        _timings = timings ?? new SimulationTimings();
        _hardware = machines;
        _workloadKubeconfig = workloadKubeconfig;
        _loggers = loggers;
        _behaviour = behaviour ?? new SimulationBehaviour();
        _marks = new Marks(clock);
        _queue = new WorkQueue<SimulatedWork>(clock, static _ => 0, WorkQueueOptions.For(management), loggers.CreateLogger<SimulatedClusterApi>());
    }

    /// <summary>Done when Machines are being looked after.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether there is nothing to do before time passes or something changes.</summary>
    public bool IsIdle => _queue.Depth == 0 && _queue.Running == 0 && _clusters?.AreIdle != false;

    /// <summary>How it behaves, from now on.</summary>
    public SimulationBehaviour Behaviour
    {
        get => _behaviour;
        set
        {
            _behaviour = value;
            if (_ready.Task.IsCompletedSuccessfully)
            {
                WakeAll();
            }
        }
    }

    /// <summary>Looks after Machines until told to stop.</summary>
    /// <param name="stop">Stops it.</param>
    /// <returns>A task that ends when it has stopped.</returns>
    /// <exception cref="InvalidOperationException">The API server serves no Machines, or no Clusters.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var discovery = new Discovery(_api);
        _management = await ManagementCluster.OpenAsync(_api, discovery, _loggers, watching.Token);
        _providers = new ProviderWatches(_api, discovery, OnProviderObject, _loggers, watching.Token);
        await using var clusters = _clusters = new WorkloadClusters(
            _api, _workloadKubeconfig, _clock, _timings, _hardware, () => _behaviour, OnNode, _loggers, watching.Token);
        _machineController = new MachineController(_management, _providers, clusters, _marks, _timings, () => _behaviour);
        _clusterController = new ClusterController(_management, clusters, _marks, _timings, () => _behaviour);
        _healthChecks = new HealthCheckController(_management, clusters, _marks, () => _behaviour);
        _simulatedProviders = new SimulatedProviders(_management, _marks, _timings, () => _behaviour);
        _kubelets = new SimulatedKubelets(_management, _providers, clusters, _marks, _timings, () => _behaviour);
        Subscribe();
        try
        {
            await _management.RunAsync();
            await _providers.OpenAsync(stop);
            _ready.TrySetResult();
            await _queue.RunAsync(8, ReconcileAsync, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop before it was ready.
        }
        finally
        {
            await watching.CancelAsync();
            await _management.Stopped.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    // ---- who is to look when something changes

    private void Subscribe()
    {
        _management.Machines.Changed += OnMachine;
        _management.Clusters.Changed += OnCluster;
        if (_management.HealthChecks is { } checks)
        {
            checks.Changed += change => _queue.Enqueue(new(SimulatedRole.HealthCheck, change.Key));
        }
    }

    private void OnMachine(ObjectChange<MachineObject> change)
    {
        if (change.New is null)
        {
            _marks.Forget(change.Old!.Uid);
        }
        else if (change.Old is null)
        {
            // What leads to a Node is counted from here.
            _marks.Since(change.New.Uid, "seen");
        }

        Wake((change.New ?? change.Old)!);
    }

    private void Wake(MachineObject machine)
    {
        _queue.Enqueue(new(SimulatedRole.Machine, machine.Key));
        _queue.Enqueue(new(SimulatedRole.Kubelet, machine.Key));
        foreach (var reference in (ProviderReference?[])[machine.Bootstrap, machine.Infrastructure])
        {
            if (reference is not null)
            {
                _queue.Enqueue(new(SimulatedRole.Provider, new(machine.Key.Namespace, reference.Name), ProviderWatches.QualifiedKind(reference.Group, reference.Kind)));
            }
        }

        WakeHealthChecks(machine.Key.Namespace);
    }

    private void WakeHealthChecks(string ns)
    {
        foreach (var check in _management.HealthChecks?.Enumerate() ?? [])
        {
            if (check.Metadata.Namespace == ns)
            {
                _queue.Enqueue(new(SimulatedRole.HealthCheck, check.Key));
            }
        }
    }

    private void OnCluster(ObjectChange<ApiObject> change)
    {
        _queue.Enqueue(new(SimulatedRole.Cluster, change.Key));
        if (change is { Old: { } old, New: { } now } && Pause.IsOf(old) == Pause.IsOf(now) && old.IsBeingDeleted == now.IsBeingDeleted)
        {
            return;
        }

        var isUnnoticed = Pause.IsOf(change.Old) && change.New is not null && !Pause.IsOf(change.New) && !_behaviour.NoticesEndOfPause;
        foreach (var machine in _management.Machines.Snapshot().Where(machine => machine.Cluster == change.Key))
        {
            if (isUnnoticed)
            {
                _queue.WakeAt(new(SimulatedRole.Machine, machine.Key), _marks.Now + _timings.Resync);
            }
            else
            {
                Wake(machine);
            }
        }
    }

    private void OnProviderObject(ResourceType type, ObjectChange<ApiObject> change)
    {
        var obj = (change.New ?? change.Old)!;
        if (change.New is null)
        {
            _marks.Forget(obj.Uid);
        }

        _queue.Enqueue(new(SimulatedRole.Provider, obj.Key, ProviderWatches.QualifiedKind(type.Group, type.Kind)));
        var machine = new ObjectKey(obj.Metadata.Namespace, obj.Metadata.ControllerOwner is { Kind: MachineApi.Kind } owner ? owner.Name : obj.Metadata.Name);
        _queue.Enqueue(new(SimulatedRole.Machine, machine));
        _queue.Enqueue(new(SimulatedRole.Kubelet, machine));
    }

    private void OnNode(ApiObject? node)
    {
        foreach (var machine in _management.Machines.Snapshot())
        {
            if (node is null || machine.NodeName == node.Metadata.Name || machine.Key.Name == node.Metadata.Name
                || (machine.ProviderId is { } id && SameId(node, id)))
            {
                Wake(machine);
            }
        }

        static bool SameId(ApiObject node, string id) => node.Json.Text("spec", "providerID") == id;
    }

    private void WakeAll()
    {
        foreach (var cluster in _management.Clusters.Snapshot())
        {
            _queue.Enqueue(new(SimulatedRole.Cluster, cluster.Key));
        }

        foreach (var machine in _management.Machines.Snapshot())
        {
            Wake(machine);
        }

        _clusters?.WakeAll();
    }

    // ---- who looks

    private async ValueTask<WorkResult> ReconcileAsync(WorkItem<SimulatedWork> item, CancellationToken cancellationToken)
    {
        var (role, key, kind) = item.Key;
        if (!_behaviour.ControllersRun && role != SimulatedRole.Kubelet)
        {
            return WorkResult.Done();
        }

        try
        {
            var wakeAt = role switch
            {
                SimulatedRole.Cluster when _management.Clusters.Get(key) is { } cluster => _clusterController.ReconcileAsync(cluster, cancellationToken),
                SimulatedRole.Machine when _management.Machines.Get(key) is { } machine => _machineController.ReconcileAsync(machine, cancellationToken),
                SimulatedRole.HealthCheck when _management.HealthChecks?.Get(key) is { } check => _healthChecks.ReconcileAsync(check, cancellationToken),
                SimulatedRole.Provider when _providers.Opened(kind) is { } objects && objects.Get(key) is { } obj => _simulatedProviders.ReconcileAsync(objects, obj, cancellationToken),
                SimulatedRole.Kubelet when _management.Machines.Get(key) is { } machine => _kubelets.ReconcileAsync(machine, cancellationToken),
                _ => Task.FromResult<DateTimeOffset?>(null),
            };
            return WorkResult.Done(await wakeAt);
        }
        catch (ApiException refused) when (refused.IsConflict || refused.IsNotFound || refused.IsAlreadyExists)
        {
            // The cache was behind.
            return WorkResult.Retry(TimeSpan.FromSeconds(1));
        }
        catch (Exception failed) when (failed is ClusterConnectionException or ApiUnreachableException)
        {
            return WorkResult.Retry(_timings.Retry, failed);
        }
    }
}
