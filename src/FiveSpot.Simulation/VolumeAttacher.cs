// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Simulation;

/// <summary>
/// The volumes of Pods on simulated Nodes, one a claim: made when a Pod that uses the claim is put on a Node, attached to the
/// Node while one is there, and detached afterwards, where that works. The attachments of others are left alone.
/// </summary>
#pragma warning disable CA1001 // RunAsync disposes of the queue.
internal sealed class VolumeAttacher
#pragma warning restore CA1001
{
    /// <summary>The driver of these volumes.</summary>
    public const string Driver = "sandbox.5spot.finos.org";

    private const string Unused = "unused";

    private readonly ApiClient _api;
    private readonly Informer<ApiObject> _pods;
    private readonly Informer<ApiObject> _attachments;
    private readonly Func<string, bool> _isSimulated;
    private readonly Marks _marks;
    private readonly SimulationTimings _timings;
    private readonly Func<SimulationBehaviour> _behaviour;
    private readonly WorkQueue<string> _queue;

    /// <summary>Attaches nothing yet.</summary>
    /// <param name="api">The workload cluster.</param>
    /// <param name="pods">Its Pods.</param>
    /// <param name="isSimulated">Whether a Node of this name is simulated.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="timings">How long things take.</param>
    /// <param name="behaviour">Whether volumes detach.</param>
    /// <param name="loggers">For what fails.</param>
    public VolumeAttacher(
        ApiClient api,
        Informer<ApiObject> pods,
        Func<string, bool> isSimulated,
        TimeProvider clock,
        SimulationTimings timings,
        Func<SimulationBehaviour> behaviour,
        ILoggerFactory loggers)
    {
        _api = api;
        _pods = pods;
        _isSimulated = isSimulated;
        _marks = new Marks(clock);
        _timings = timings;
        _behaviour = behaviour;
        _queue = new(clock, static _ => 0, WorkQueueOptions.For(api), loggers.CreateLogger<VolumeAttacher>());
        _attachments = new(api, AttachedVolumes.Attachments, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.volumeattachments"));
        _attachments.Changed += change => Wake((change.New ?? change.Old)!.Json.Text("spec", "nodeName"));
        pods.Changed += change =>
        {
            var pod = (change.New ?? change.Old)!;
            if (AttachedVolumes.ClaimsOf(pod).Any())
            {
                Wake(pod.Json.Text("spec", "nodeName"));
            }
        };
    }

    public bool IsIdle => _queue.Depth == 0 && _queue.Running == 0;

    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _attachments.WaitForSyncAsync(cancellationToken);

    public async Task RunAsync(CancellationToken stop)
    {
        using (_queue)
        {
            await Task.WhenAll(_attachments.RunAsync(stop), _queue.RunAsync(2, ReconcileAsync, stop));
        }
    }

    /// <summary>Looks at all Nodes.</summary>
    public void WakeAll()
    {
        foreach (var attachment in _attachments.Snapshot())
        {
            Wake(attachment.Json.Text("spec", "nodeName"));
        }
    }

    private void Wake(string? node)
    {
        if (node is { Length: > 0 })
        {
            _queue.Enqueue(node);
        }
    }

    private async ValueTask<WorkResult> ReconcileAsync(WorkItem<string> item, CancellationToken cancellationToken)
    {
        var wanted = _pods.Snapshot()
            .Where(pod => pod.Json.Text("spec", "nodeName") == item.Key && pod.Json.Text("status", "phase") is not ("Succeeded" or "Failed"))
            .SelectMany(AttachedVolumes.ClaimsOf)
            .ToDictionary(NameOf, StringComparer.Ordinal);
        DateTimeOffset? wakeAt = null;
        foreach (var attachment in _attachments.Snapshot().Where(one => one.Json.Text("spec", "attacher") == Driver && one.Json.Text("spec", "nodeName") == item.Key))
        {
            if (wanted.Remove(attachment.Json.Text("spec", "source", "persistentVolumeName")!))
            {
                _marks.Forget(attachment.Uid);
            }
            else if (!_behaviour().VolumesDetach)
            {
                _marks.Forget(attachment.Uid);
            }
            else if (_marks.Due(attachment.Uid, Unused, _timings.VolumeDetaches) is { } due)
            {
                wakeAt = due < wakeAt || wakeAt is null ? due : wakeAt;
            }
            else
            {
                await _api.DeleteIfThereAsync(AttachedVolumes.Attachments, attachment.Key, new DeleteOptions { Uid = attachment.Uid }, cancellationToken);
            }
        }

        if (_isSimulated(item.Key))
        {
            foreach (var (volume, claim) in wanted)
            {
                await AttachAsync(volume, claim, item.Key, cancellationToken);
            }
        }

        return WorkResult.Done(wakeAt);
    }

    private static string NameOf(string claim) => $"pvc-{claim.Replace('/', '-')}";

    private async Task AttachAsync(string volume, string claim, string node, CancellationToken cancellationToken)
    {
        var parts = claim.Split('/');
        await CreateAsync(AttachedVolumes.Volumes, new()
        {
            ["metadata"] = new JsonObject { ["name"] = volume },
            ["spec"] = new JsonObject
            {
                ["capacity"] = new JsonObject { ["storage"] = "1Gi" },
                ["accessModes"] = new JsonArray("ReadWriteOnce"),
                ["persistentVolumeReclaimPolicy"] = "Retain",
                ["csi"] = new JsonObject { ["driver"] = Driver, ["volumeHandle"] = volume },
                ["claimRef"] = new JsonObject { ["apiVersion"] = "v1", ["kind"] = "PersistentVolumeClaim", ["namespace"] = parts[0], ["name"] = parts[1] },
            },
        });
        var name = $"sandbox-{volume}-{node}";
        await CreateAsync(AttachedVolumes.Attachments, new()
        {
            ["metadata"] = new JsonObject { ["name"] = name },
            ["spec"] = new JsonObject
            {
                ["attacher"] = Driver,
                ["nodeName"] = node,
                ["source"] = new JsonObject { ["persistentVolumeName"] = volume },
            },
        });
        _attachments.Observe(await _api.PatchStatusAsync(
            AttachedVolumes.Attachments, ObjectKey.ClusterScoped(name), new() { ["attached"] = true }, ApiObject.Decode, cancellationToken));

        async Task CreateAsync(ResourceType type, JsonObject obj)
        {
            obj["apiVersion"] = type.ApiVersion;
            obj["kind"] = type.Kind;
            try
            {
                await _api.CreateAsync(type, "", obj.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
            }
            catch (ApiException refused) when (refused.IsAlreadyExists)
            {
                // From an earlier time.
            }
        }
    }
}
