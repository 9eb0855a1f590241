// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Simulation;

/// <summary>
/// The Nodes of one cluster, and what runs on those that are simulated: Pods are put on them, run, and end when they are
/// deleted. Other Nodes and their Pods are left alone. What fits nowhere waits for a Node to change.
/// </summary>
#pragma warning disable CA1001 // RunAsync disposes of the queue.
internal sealed partial class SimulatedNodes
#pragma warning restore CA1001
{
    /// <summary>
    /// How long the programs of a Pod take to start, before it is ready, and to stop, once they are told to: a number and
    /// <c>s</c>, <c>m</c> or <c>h</c>, such as <c>90s</c>.
    /// </summary>
    public const string StartsAfterAnnotation = "sandbox.5spot.finos.org/starts-after", StopsAfterAnnotation = "sandbox.5spot.finos.org/stops-after";

    private const string Starts = "starts", Ends = "ends";

    public static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);
    private static readonly string[] PodConditions = ["Initialized", "Ready", "ContainersReady", "PodScheduled"];
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", Namespaced: true);

    private readonly ApiClient _api;
    private readonly TimeProvider _clock;
    private readonly SimulationTimings _timings;
    private readonly Informer<ApiObject> _nodes;
    private readonly Informer<ApiObject> _pods;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _since = new();
    private readonly ConcurrentDictionary<string, bool> _left = new();
    private readonly Lock _scheduling = new();

    // Where Pods were put by uid, until the cache shows it: who comes next must count them.
    private readonly ConcurrentDictionary<string, string> _assumed = new();
    private readonly ReclaimAgents _agents;
    private readonly VolumeAttacher _volumes;
    private readonly Func<SimulationBehaviour> _behaviour;
    private readonly ILogger _logger;

    /// <summary>The Nodes of a cluster, none of them known before <see cref="RunAsync"/>.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="timings">How long things take.</param>
    /// <param name="machines">The machines that are these Nodes.</param>
    /// <param name="behaviour">What goes wrong.</param>
    /// <param name="wake">Called with each Node that changes, and with null when the cluster can't be reached any more, or can
    /// again.</param>
    /// <param name="loggers">For what fails.</param>
    public SimulatedNodes(
        ApiClient api,
        TimeProvider clock,
        SimulationTimings timings,
        PhysicalMachines machines,
        Func<SimulationBehaviour> behaviour,
        Action<ApiObject?> wake,
        ILoggerFactory loggers)
    {
        _api = api;
        _clock = clock;
        _timings = timings;
        _behaviour = behaviour;
        _nodes = new(api, Nodes, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.nodes"));
        _pods = new(api, Pods, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.pods"));
        _logger = loggers.CreateLogger<SimulatedNodes>();
        _queue = new(clock, static _ => 0, WorkQueueOptions.For(api), _logger);
        _agents = new(api, Get, machines, clock, loggers);
        _volumes = new(api, _pods, name => MachineOf(Get(name)) is not null, clock, timings, behaviour, loggers);
        _pods.Changed += OnPodChanged;
        _nodes.Changed += change => OnNodeChanged(change, wake);
        var wasConnected = true;
        _nodes.StateChanged += () =>
        {
            if (IsConnected != wasConnected)
            {
                wasConnected = IsConnected;
                wake(null);
            }
        };
    }

    /// <summary>The API server of the cluster.</summary>
    public ApiClient Api => _api;

    /// <summary>Whether the cluster can be reached, as far as is known.</summary>
    public bool IsConnected => _nodes.State != InformerState.BackingOff;

    /// <summary>Whether there is nothing to do before time passes or something changes.</summary>
    public bool IsIdle => _queue.Depth == 0 && _queue.Running == 0 && _volumes.IsIdle;

    public ApiObject? Get(string name) => _nodes.Get(ObjectKey.ClusterScoped(name));

    /// <summary>The Node with this id; null when there is none.</summary>
    public ApiObject? ByProviderId(string id) => _nodes.Enumerate().FirstOrDefault(node => node.Json.Text("spec", "providerID") == id);

    /// <summary>Puts the answer to a write into the cache.</summary>
    public void Observe(ApiObject node) => _nodes.Observe(node);

    public Task WaitForSyncAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_nodes.WaitForSyncAsync(cancellationToken), _pods.WaitForSyncAsync(cancellationToken), _volumes.WaitForSyncAsync(cancellationToken));

    public async Task RunAsync(CancellationToken stop)
    {
        using (_queue)
        {
            await Task.WhenAll(_nodes.RunAsync(stop), _pods.RunAsync(stop), _queue.RunAsync(4, ReconcilePodAsync, stop), _agents.RunAsync(stop), _volumes.RunAsync(stop));
        }
    }

    /// <summary>Looks at everything: something else has changed.</summary>
    public void WakeAll()
    {
        foreach (var pod in _pods.Snapshot())
        {
            _queue.Enqueue(pod.Key);
        }

        _volumes.WakeAll();
    }

    private void OnPodChanged(ObjectChange<ApiObject> change)
    {
        if (change.New?.Json.Text("spec", "nodeName") is not null)
        {
            _assumed.TryRemove(change.New.Uid, out _);
        }

        if (change.Old is { } old && old.Uid != change.New?.Uid)
        {
            _assumed.TryRemove(old.Uid, out _);
            foreach (var what in (ReadOnlySpan<string>)[Starts, Ends, StartsAfterAnnotation, StopsAfterAnnotation])
            {
                _since.TryRemove(Mark(old, what), out _);
            }
        }

        _queue.Enqueue(change.Key);
    }

    private void OnNodeChanged(ObjectChange<ApiObject> change, Action<ApiObject?> wake)
    {
        wake((change.New ?? change.Old)!);
        if (MachineOf(change.New ?? change.Old) is null)
        {
            return;
        }

        _agents.Wake(change.Key.Name);
        if (change.New is null)
        {
            _left[change.Key.Name] = true;
        }
        else
        {
            _left.TryRemove(change.Key.Name, out _);
        }

        foreach (var pod in _pods.Snapshot())
        {
            if (pod.Json.Text("spec", "nodeName") is not { } node || node == change.Key.Name)
            {
                _queue.Enqueue(pod.Key);
            }
        }
    }

    private async ValueTask<WorkResult> ReconcilePodAsync(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        if (_pods.Get(item.Key) is not { } pod)
        {
            return WorkResult.Done();
        }

        try
        {
            return pod.Json.Text("spec", "nodeName") is not { Length: > 0 } name
                ? await ScheduleAsync(pod, cancellationToken)
                : _left.ContainsKey(name)
                    ? await RemoveAsync(pod, cancellationToken)
                    : MachineOf(Get(name)) is { } machine && !_behaviour().SwitchedOff.Contains(machine)
                        ? await RunPodAsync(pod, machine, cancellationToken)
                        : WorkResult.Done();
        }
        catch (ApiException refused) when (refused.IsNotFound || refused.IsConflict)
        {
            return WorkResult.Retry(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<WorkResult> ScheduleAsync(ApiObject pod, CancellationToken cancellationToken)
    {
        if (pod.IsBeingDeleted || Choose(pod) is not { } node)
        {
            return WorkResult.Done();
        }

        var binding = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Binding",
            ["metadata"] = new JsonObject { ["name"] = pod.Metadata.Name, ["namespace"] = pod.Metadata.Namespace },
            ["target"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Node", ["name"] = node.Metadata.Name },
        };
        try
        {
            await _api.PostAsync(Pods, pod.Key, "binding", binding.ToUtf8(), cancellationToken);
        }
        catch
        {
            _assumed.TryRemove(pod.Uid, out _);
            throw;
        }

        return WorkResult.Done();
    }

    // One after another, so that Pods that come together are spread: first those of one owner, then all.
    private ApiObject? Choose(ApiObject pod)
    {
        lock (_scheduling)
        {
            var fitting = _nodes.Snapshot().Where(node => Fits(pod, node)).ToList();

            // A machine that is about to be ready is waited for: of those that join together, the first would get all.
            if (!fitting.TrueForAll(IsReady))
            {
                return null;
            }

            var owner = pod.Metadata.ControllerOwner?.Uid;
            var chosen = fitting
                .OrderBy(node => owner is null ? 0 : PodsOn(node).Count(other => other.Metadata.ControllerOwner?.Uid == owner))
                .ThenBy(node => PodsOn(node).Count())
                .ThenBy(node => node.Metadata.Name, StringComparer.Ordinal)
                .FirstOrDefault();
            if (chosen is not null)
            {
                _assumed[pod.Uid] = chosen.Metadata.Name;
            }

            return chosen;
        }
    }

    private IEnumerable<ApiObject> PodsOn(ApiObject node) =>
        _pods.Enumerate().Where(pod => (pod.Json.Text("spec", "nodeName") ?? _assumed.GetValueOrDefault(pod.Uid)) == node.Metadata.Name);

    private static bool Fits(ApiObject pod, ApiObject node) =>
        MachineOf(node) is not null
        && !node.IsBeingDeleted
        && node.Json.Flag("spec", "unschedulable") != true
        && node.Json.Objects("spec", "taints").All(taint => taint.Text("effect") == "PreferNoSchedule" || Tolerates(pod, taint))
        && (pod.Json.Map("spec", "nodeSelector") ?? []).All(label => node.Metadata.Labels.GetValueOrDefault(label.Key) == label.Value.Text());

    private static ObjectKey? MachineOf(ApiObject? node) => SimulatedHardware.MachineOf(node?.Json.Text("spec", "providerID"));

    private static bool IsReady(ApiObject node) =>
        node.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    private static bool Tolerates(ApiObject pod, JsonObject taint) => pod.Json.Objects("spec", "tolerations").Any(toleration =>
        (toleration.Text("effect") is not { Length: > 0 } effect || effect == taint.Text("effect"))
        && (toleration.Text("operator") == "Exists"
            ? toleration.Text("key") is not { Length: > 0 } key || key == taint.Text("key")
            : toleration.Text("key") == taint.Text("key") && (toleration.Text("value") ?? "") == (taint.Text("value") ?? "")));

    // What the kubelet does.
    private async Task<WorkResult> RunPodAsync(ApiObject pod, ObjectKey machine, CancellationToken cancellationToken)
    {
        if (pod.IsBeingDeleted)
        {
            var grace = TimeSpan.FromSeconds(pod.Json.Number("metadata", "deletionGracePeriodSeconds") ?? 0);
            var stops = TimeOf(pod, StopsAfterAnnotation, _timings.PodStops);
            var ends = _since.GetOrAdd(Mark(pod, Ends), _ => _clock.GetUtcNow()) + (grace < stops ? grace : stops);
            return ends <= _clock.GetUtcNow() ? await RemoveAsync(pod, cancellationToken) : WorkResult.Done(ends);
        }

        if (pod.Json.Text("status", "phase") is not (null or "Pending"))
        {
            return WorkResult.Done();
        }

        var runs = _since.GetOrAdd(Mark(pod, Starts), _ => _clock.GetUtcNow()) + TimeOf(pod, StartsAfterAnnotation, _timings.PodStarts);
        if (runs > _clock.GetUtcNow())
        {
            return WorkResult.Done(runs);
        }

        await _api.PatchStatusAsync(Pods, pod.Key, RunningStatus(pod, machine), PartialObject.Decode, cancellationToken);
        return WorkResult.Done();
    }

    private TimeSpan TimeOf(ApiObject pod, string annotation, TimeSpan usual)
    {
        if (!pod.Metadata.Annotations.TryGetValue(annotation, out var text))
        {
            return usual;
        }

        if (MachineTimeout.TryParse(text, out var time))
        {
            return time;
        }

        if (_since.TryAdd(Mark(pod, annotation), _clock.GetUtcNow()))
        {
            LogBadTime(pod.Key, annotation, text);
        }

        return usual;
    }

    private static string Mark(ApiObject pod, string what) => $"{pod.Uid} {what}";

    private JsonObject RunningStatus(ApiObject pod, ObjectKey machine)
    {
        var now = _clock.GetUtcNow().ToKubernetesTime();
        return new JsonObject
        {
            ["phase"] = "Running",
            ["startTime"] = now,
            ["hostIP"] = SimulatedHardware.AddressOf(machine),
            ["conditions"] = new JsonArray(
            [
                .. PodConditions.Select(type =>
                    new JsonObject { ["type"] = type, ["status"] = "True", ["lastTransitionTime"] = now }),
            ]),
            ["containerStatuses"] = new JsonArray(
            [
                .. pod.Json.Objects("spec", "containers").Select(container => new JsonObject
                {
                    ["name"] = container.Text("name"),
                    ["image"] = container.Text("image") ?? "",
                    ["imageID"] = "",
                    ["ready"] = true,
                    ["started"] = true,
                    ["restartCount"] = 0,
                    ["state"] = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = now } },
                }),
            ]),
        };
    }

    private async Task<WorkResult> RemoveAsync(ApiObject pod, CancellationToken cancellationToken)
    {
        await _api.DeleteIfThereAsync(Pods, pod.Key, new DeleteOptions { Uid = pod.Uid, GracePeriodSeconds = 0 }, cancellationToken);
        return WorkResult.Done();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pod {Pod}: annotation {Annotation} is ignored: \"{Text}\" is no time such as 90s, 5m or 1h, of at most 24h.")]
    private partial void LogBadTime(ObjectKey pod, string annotation, string text);
}
