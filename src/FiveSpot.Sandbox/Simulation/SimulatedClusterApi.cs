// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.ApiServer;
using Microsoft.Extensions.Logging;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>
/// Plays Cluster API, its bootstrap and infrastructure providers, and the machines themselves, through the ordinary API:
/// a Machine gets bootstrap data and hardware and becomes a Node; a deleted one is drained and leaves. Every turn is
/// taken from the objects that are there; only the delays are remembered, and begin again with a new process.
/// </summary>
public sealed class SimulatedClusterApi : IDisposable
{
    /// <summary>Cluster API's finalizer on Machines.</summary>
    public const string MachineFinalizer = "machine.cluster.x-k8s.io";

    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    private readonly ApiClient _api;
    private readonly TimeProvider _clock;
    private readonly SimulationTimings _timings;
    private readonly PhysicalMachines _hardware;
    private readonly byte[]? _workloadKubeconfig;
    private readonly ILoggerFactory _loggers;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<string, DateTimeOffset> _since = new();
    private ResourceType _type = null!;
    private Informer<MachineObject> _machines = null!;
    private ProviderWatches _providers = null!;
    private WorkloadClusters _clusters = null!;

    /// <summary>A simulation that does nothing yet.</summary>
    /// <param name="management">The management cluster.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="timings">How long things take; null for the defaults.</param>
    /// <param name="machines">The machines behind the Machines.</param>
    /// <param name="loggers">For what fails.</param>
    /// <param name="workloadKubeconfig">A kubeconfig, with no file or program in it, of the cluster that machines join whose
    /// namespace has no Secret for it; null when that is the management cluster.</param>
    public SimulatedClusterApi(
        ApiClient management,
        TimeProvider clock,
        SimulationTimings? timings,
        PhysicalMachines machines,
        ILoggerFactory loggers,
        byte[]? workloadKubeconfig = null)
    {
        _api = management;
        _clock = clock;
        _timings = timings ?? new SimulationTimings();
        _hardware = machines;
        _workloadKubeconfig = workloadKubeconfig;
        _loggers = loggers;
        _queue = new WorkQueue<ObjectKey>(clock, static _ => 0, logger: loggers.CreateLogger<SimulatedClusterApi>());
    }

    /// <summary>Done when Machines are being looked after.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Whether there is nothing to do before time passes or something changes.</summary>
    public bool IsIdle => _queue.Depth == 0 && _queue.Running == 0;

    /// <summary>Looks after Machines until told to stop.</summary>
    /// <param name="stop">Stops it.</param>
    /// <returns>A task that ends when it has stopped.</returns>
    /// <exception cref="InvalidOperationException">The API server serves no Machines.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var discovery = new Discovery(_api);
        _type = await MachineApi.FindAsync(discovery, stop)
            ?? throw new InvalidOperationException(
                $"The API server serves no Machines of {MachineApi.Group} at {string.Join(" or ", MachineApi.KnownVersions)}.");
        _machines = new Informer<MachineObject>(
            _api, _type, new InformerOptions(), MachineObject.Decoder(_type.ApiVersion), _loggers.CreateLogger("FiveSpot.Sandbox.machines"));
        _machines.Changed += change => _queue.Enqueue(change.Key);
        _providers = new ProviderWatches(_api, discovery, _queue.Enqueue, _loggers, watching.Token);
        await using var clusters = _clusters = new WorkloadClusters(
            _api, _workloadKubeconfig, _clock, _timings, _hardware, _queue.Enqueue, _loggers, watching.Token);
        var watch = _machines.RunAsync(watching.Token);
        try
        {
            await _machines.WaitForSyncAsync(stop);
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
            await watch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    private async ValueTask<WorkResult> ReconcileAsync(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        if (_machines.Get(item.Key) is not { } machine)
        {
            return WorkResult.Done();
        }

        try
        {
            return machine.Machine.IsBeingDeleted
                ? await LeaveAsync(machine, cancellationToken)
                : await JoinAsync(machine, cancellationToken);
        }
        catch (ApiException refused) when (refused.IsConflict || refused.IsNotFound || refused.IsAlreadyExists)
        {
            // The cache was behind.
            return WorkResult.Retry(TimeSpan.FromSeconds(1));
        }
        catch (ClusterConnectionException unusable)
        {
            return WorkResult.Retry(_timings.Retry, unusable);
        }
    }

    // ---- joining

    private async Task<WorkResult> JoinAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        if (!machine.Machine.Metadata.Finalizers.Contains(MachineFinalizer))
        {
            machine = await PatchMachineAsync(
                machine,
                ClusterWriter.FinalizersPatch(machine.Machine.Metadata, [.. machine.Machine.Metadata.Finalizers, MachineFinalizer]),
                cancellationToken);
        }

        var progress = new MachineProgress();
        DateTimeOffset? wakeAt = null;
        foreach (var step in (Func<Task<DateTimeOffset?>>[])[Bootstrap, Infrastructure, Node])
        {
            wakeAt = await step();
            if (wakeAt is not null)
            {
                break;
            }
        }

        await ReportAsync(machine, progress, cancellationToken);
        return WorkResult.Done(wakeAt);

        async Task<DateTimeOffset?> Bootstrap()
        {
            if (machine.Machine.Bootstrap is { } reference)
            {
                if (await AdoptAsync(machine, reference, cancellationToken) is not { } adopted)
                {
                    progress.Waiting = $"Waiting for {reference.Kind} {reference.Name} to exist.";
                    return Later();
                }

                if (!IsBootstrapped(adopted.Object) && After(machine, _timings.BootstrapData) is { } due)
                {
                    return due;
                }

                await GiveBootstrapDataAsync(machine, adopted, cancellationToken);
                if (machine.Json.Text("spec", "bootstrap", "dataSecretName") is null)
                {
                    machine = await PatchMachineAsync(
                        machine,
                        new() { ["spec"] = new JsonObject { ["bootstrap"] = new JsonObject { ["dataSecretName"] = reference.Name } } },
                        cancellationToken);
                }
            }
            else if (machine.Json.Text("spec", "bootstrap", "dataSecretName") is null)
            {
                progress.Waiting = "Waiting for spec.bootstrap to name a config or a Secret.";
                return Later();
            }

            progress.Bootstrapped = true;
            return null;
        }

        async Task<DateTimeOffset?> Infrastructure()
        {
            if (machine.Machine.Infrastructure is not { } reference || await AdoptAsync(machine, reference, cancellationToken) is not { } adopted)
            {
                progress.Waiting = $"Waiting for {machine.Machine.Infrastructure?.Kind} {machine.Machine.Infrastructure?.Name} to exist.";
                return Later();
            }

            if (!IsProvisioned(adopted.Object) && After(machine, _timings.Infrastructure) is { } due)
            {
                return due;
            }

            await ProvisionAsync(machine, adopted, cancellationToken);
            if (machine.Machine.ProviderId is null)
            {
                machine = await PatchMachineAsync(
                    machine, new() { ["spec"] = new JsonObject { ["providerID"] = machine.ProviderId } }, cancellationToken);
            }

            progress.Provisioned = true;
            return null;
        }

        async Task<DateTimeOffset?> Node()
        {
            var cluster = await _clusters.OfAsync(machine, cancellationToken);
            var node = cluster.Get(machine.Key.Name);
            if (node is not null && node.Json.Text("spec", "providerID") != machine.ProviderId)
            {
                progress.Waiting = $"Node {machine.Key.Name} is another machine's.";
                return Later();
            }

            if (node is null)
            {
                if (After(machine, _timings.NodeJoins) is { } due)
                {
                    return due;
                }

                node = await cluster.Api.CreateAsync(
                    SimulatedNodes.Nodes, "", NodeWriter.Node(machine).ToUtf8(), NodeWriter.Kubelet, ApiObject.Decode, cancellationToken);
                cluster.Observe(node);
            }

            var readyAt = After(machine, _timings.NodeReady);
            progress.NodeReady = readyAt is null;
            if (NodeWriter.Status(machine, node, progress.NodeReady, _clock.GetUtcNow()) is { } status)
            {
                node = await cluster.Api.PatchStatusAsync(SimulatedNodes.Nodes, node.Key, status, ApiObject.Decode, cancellationToken);
                cluster.Observe(node);
            }

            progress.Node = node;
            return readyAt;
        }
    }

    private async Task ReportAsync(MachineObject machine, MachineProgress progress, CancellationToken cancellationToken)
    {
        if (MachineStatusWriter.Status(machine, _type.Version, progress, _clock.GetUtcNow()) is { } status)
        {
            _machines.Observe(await _api.PatchStatusAsync(
                _type, machine.Key, status, MachineObject.Decoder(_type.ApiVersion), cancellationToken));
        }
    }

    private async Task<(Informer<ApiObject> Objects, ApiObject Object)?> AdoptAsync(
        MachineObject machine, ProviderReference reference, CancellationToken cancellationToken)
    {
        if (await _providers.OfAsync(reference, cancellationToken) is not { } objects
            || objects.Get(new(machine.Key.Namespace, reference.Name)) is not { } obj)
        {
            return null;
        }

        if (obj.IsBeingDeleted)
        {
            await RemoveAsync(machine, reference, cancellationToken);
            return null;
        }

        var finalizer = FinalizerOf(objects.Type);
        if (obj.Metadata.ControllerOwner?.Uid != machine.Uid || !obj.Metadata.Finalizers.Contains(finalizer))
        {
            // Its labels stay: Cluster API sets the cluster's name where it is missing.
            var patch = ClusterWriter.FinalizersPatch(obj.Metadata, obj.Metadata.Finalizers.Union([finalizer]));
            var owners = new JsonArray([.. obj.Json.Objects("metadata", "ownerReferences").Where(owner => owner.Flag("controller") != true).Select(owner => owner.DeepClone())]);
            owners.Add((JsonNode)ClusterWriter.OwnerReference(_type.ApiVersion, MachineApi.Kind, machine.Machine.Metadata));
            patch.Metadata()["ownerReferences"] = owners;
            patch.Metadata()["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = machine.ClusterName };
            obj = await _api.PatchAsync(objects.Type, obj.Key, patch, ApiObject.Decode, cancellationToken);
            objects.Observe(obj);
        }

        return (objects, obj);
    }

    private async Task GiveBootstrapDataAsync(
        MachineObject machine, (Informer<ApiObject> Objects, ApiObject Object) config, CancellationToken cancellationToken)
    {
        if (IsBootstrapped(config.Object))
        {
            return;
        }

        var secret = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["type"] = "cluster.x-k8s.io/secret",
            ["metadata"] = new JsonObject
            {
                ["name"] = config.Object.Metadata.Name,
                ["namespace"] = config.Object.Metadata.Namespace,
                ["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = machine.ClusterName },
                ["ownerReferences"] = new JsonArray(
                    ClusterWriter.OwnerReference(config.Objects.Type.ApiVersion, config.Objects.Type.Kind, config.Object.Metadata)),
            },
            ["data"] = new JsonObject
            {
                ["format"] = Convert.ToBase64String("cloud-config"u8),
                ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"#cloud-config\n# {machine.Key} joins {machine.ClusterName}\n")),
            },
        };
        try
        {
            await _api.CreateAsync(
                Secrets, machine.Key.Namespace, secret.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
        }
        catch (ApiException refused) when (refused.IsAlreadyExists)
        {
            // From an earlier turn.
        }

        // Old and new contracts put it in different places; what a schema doesn't have is dropped.
        config.Objects.Observe(await _api.PatchStatusAsync(
            config.Objects.Type,
            config.Object.Key,
            new()
            {
                ["ready"] = true,
                ["dataSecretName"] = config.Object.Metadata.Name,
                ["initialization"] = new JsonObject { ["dataSecretCreated"] = true },
            },
            ApiObject.Decode,
            cancellationToken));
    }

    private async Task ProvisionAsync(
        MachineObject machine, (Informer<ApiObject> Objects, ApiObject Object) hardware, CancellationToken cancellationToken)
    {
        if (hardware.Object.Json.Text("spec", "providerID") is null)
        {
            hardware.Objects.Observe(await _api.PatchAsync(
                hardware.Objects.Type,
                hardware.Object.Key,
                new() { ["spec"] = new JsonObject { ["providerID"] = machine.ProviderId } },
                ApiObject.Decode,
                cancellationToken));
        }

        if (!IsProvisioned(hardware.Object))
        {
            hardware.Objects.Observe(await _api.PatchStatusAsync(
                hardware.Objects.Type,
                hardware.Object.Key,
                new()
                {
                    ["ready"] = true,
                    ["initialization"] = new JsonObject { ["provisioned"] = true },
                    ["addresses"] = new JsonArray(NodeWriter.Address(machine, "InternalIP")),
                },
                ApiObject.Decode,
                cancellationToken));
        }
    }

    private static bool IsBootstrapped(ApiObject config) =>
        (config.Json.Flag("status", "ready") == true || config.Json.Flag("status", "initialization", "dataSecretCreated") == true)
        && config.Json.Text("status", "dataSecretName") is not null;

    private static bool IsProvisioned(ApiObject hardware) =>
        hardware.Json.Flag("status", "ready") == true || hardware.Json.Flag("status", "initialization", "provisioned") == true;

    // ---- leaving

    private async Task<WorkResult> LeaveAsync(MachineObject machine, CancellationToken cancellationToken)
    {
        if (!machine.Machine.Metadata.Finalizers.Contains(MachineFinalizer))
        {
            return WorkResult.Done();
        }

        await ReportAsync(machine, new MachineProgress { Waiting = "The Machine is being deleted." }, cancellationToken);
        var cluster = await _clusters.OfAsync(machine, cancellationToken);
        var node = cluster.Get(machine.Machine.NodeName ?? machine.Key.Name) is { } found
            && found.Json.Text("spec", "providerID") == machine.ProviderId ? found : null;
        if (node is not null && await DrainAsync(machine, cluster, node, cancellationToken) is { } drainsUntil)
        {
            return WorkResult.Done(drainsUntil);
        }

        foreach (var reference in (ProviderReference?[])[machine.Machine.Infrastructure, machine.Machine.Bootstrap])
        {
            if (reference is not null && await RemoveAsync(machine, reference, cancellationToken) is { } goneAt)
            {
                return WorkResult.Done(goneAt);
            }
        }

        if (node is not null)
        {
            await cluster.Api.DeleteIfThereAsync(SimulatedNodes.Nodes, node.Key, new DeleteOptions { Uid = node.Uid }, cancellationToken);
        }

        await PatchMachineAsync(
            machine,
            ClusterWriter.FinalizersPatch(machine.Machine.Metadata, machine.Machine.Metadata.Finalizers.Where(finalizer => finalizer != MachineFinalizer)),
            cancellationToken);
        foreach (var mark in _since.Keys.Where(mark => mark.StartsWith(machine.Uid, StringComparison.Ordinal)))
        {
            _since.TryRemove(mark, out _);
        }

        return WorkResult.Done();
    }

    private async Task<DateTimeOffset?> DrainAsync(
        MachineObject machine, SimulatedNodes cluster, ApiObject node, CancellationToken cancellationToken)
    {
        if (machine.Machine.Metadata.Annotations.ContainsKey(WellKnown.ExcludeNodeDrainingAnnotation))
        {
            return null;
        }

        if (node.Json.Flag("spec", "unschedulable") != true)
        {
            cluster.Observe(await cluster.Api.PatchAsync(
                SimulatedNodes.Nodes, node.Key, new() { ["spec"] = new JsonObject { ["unschedulable"] = true } }, ApiObject.Decode, cancellationToken));
        }

        var ends = machine.Machine.DeletionTimeouts.Drain is { Ticks: > 0 } timeout ? Mark(machine, "drain") + timeout : DateTimeOffset.MaxValue;
        var now = _clock.GetUtcNow();
        if (ends <= now || await cluster.DrainAsync(node.Metadata.Name, cancellationToken) == 0)
        {
            return null;
        }

        return ends < now + _timings.Retry ? ends : now + _timings.Retry;
    }

    // Null when it is gone; otherwise when to look again.
    private async Task<DateTimeOffset?> RemoveAsync(MachineObject machine, ProviderReference reference, CancellationToken cancellationToken)
    {
        if (await _providers.OfAsync(reference, cancellationToken) is not { } objects
            || objects.Get(new(machine.Key.Namespace, reference.Name)) is not { } obj
            || obj.Metadata.ControllerOwner?.Uid != machine.Uid)
        {
            return null;
        }

        if (!obj.IsBeingDeleted)
        {
            await _api.DeleteIfThereAsync(objects.Type, obj.Key, new DeleteOptions { Uid = obj.Uid }, cancellationToken);
            return Later();
        }

        var finalizer = FinalizerOf(objects.Type);
        if (!obj.Metadata.Finalizers.Contains(finalizer))
        {
            // Somebody else's finalizer keeps it.
            return Later();
        }

        // Hardware that never came up has nothing to shut down.
        if (reference == machine.Machine.Infrastructure && IsProvisioned(obj) && Mark(machine, "shutdown") + _timings.Shutdown is var off && off > _clock.GetUtcNow())
        {
            return off;
        }

        if (reference == machine.Machine.Bootstrap)
        {
            await _api.DeleteIfThereAsync(Secrets, obj.Key, null, cancellationToken);
        }

        await _api.PatchAsync(
            objects.Type, obj.Key, ClusterWriter.FinalizersPatch(obj.Metadata, obj.Metadata.Finalizers.Where(name => name != finalizer)), ApiObject.Decode, cancellationToken);
        return Later();
    }

    // ----

    private static string FinalizerOf(ResourceType type) => $"{type.Kind.ToLowerInvariant()}.{type.Group}/finalizer";

    private async Task<MachineObject> PatchMachineAsync(MachineObject machine, JsonObject patch, CancellationToken cancellationToken)
    {
        var written = await _api.PatchAsync(_type, machine.Key, patch, MachineObject.Decoder(_type.ApiVersion), cancellationToken);
        if (!written.Machine.IsBeingDeleted || written.Machine.Metadata.Finalizers.Count > 0)
        {
            _machines.Observe(written);
        }

        return written;
    }

    private DateTimeOffset Mark(MachineObject machine, string what) => _since.GetOrAdd($"{machine.Uid} {what}", _ => _clock.GetUtcNow());

    private DateTimeOffset? After(MachineObject machine, TimeSpan delay) =>
        Mark(machine, "seen") + delay is var due && due > _clock.GetUtcNow() ? due : null;

    private DateTimeOffset Later() => _clock.GetUtcNow() + _timings.Retry;
}
