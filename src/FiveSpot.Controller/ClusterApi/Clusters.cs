// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// The Clusters of Cluster API, and which machines name each: a Cluster that is paused, deleted or made wakes those, and no
/// others are looked at.
/// </summary>
public sealed class Clusters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, HashSet<string>> _machines = [];
    private readonly Informer<CapiCluster> _clusters;
    private readonly Action<ObjectKey> _wake;

    /// <summary>Follows both caches from now on.</summary>
    /// <param name="clusters">The Clusters; not running yet.</param>
    /// <param name="machines">The ScheduledMachines; not running yet.</param>
    /// <param name="wake">Called with the key of each machine that names a Cluster of which something is another that matters to
    /// it.</param>
    public Clusters(Informer<CapiCluster> clusters, Informer<ScheduledMachine> machines, Action<ObjectKey> wake)
    {
        _clusters = clusters;
        _wake = wake;
        clusters.Changed += OnChanged;
        machines.Changed += OnChanged;
    }

    /// <summary>The Cluster of that name in a namespace; null when there is none.</summary>
    public CapiCluster? Find(string ns, string name) => _clusters.Get(new ObjectKey(ns, name));

    private void OnChanged(ObjectChange<ScheduledMachine> change)
    {
        var (was, now) = (ClusterOf(change.Old), ClusterOf(change.New));
        if (was == now)
        {
            return;
        }

        lock (_lock)
        {
            if (was is { } left && _machines.TryGetValue(left, out var former) && former.Remove(change.Key.Name) && former.Count == 0)
            {
                _machines.Remove(left);
            }

            if (now is { } named)
            {
                if (!_machines.TryGetValue(named, out var machines))
                {
                    _machines[named] = machines = new HashSet<string>(capacity: 1, StringComparer.Ordinal);
                }

                machines.Add(change.Key.Name);
            }
        }
    }

    private void OnChanged(ObjectChange<CapiCluster> change)
    {
        if (IsAllTheSame(change.Old, change.New))
        {
            return;
        }

        string[] names;
        lock (_lock)
        {
            names = _machines.TryGetValue(change.Key, out var machines) ? [.. machines] : [];
        }

        foreach (var name in names)
        {
            _wake(change.Key with { Name = name });
        }
    }

    // Its status changes all the time, and says nothing to its machines. The version does: they name it as their owner by that.
    private static bool IsAllTheSame(CapiCluster? one, CapiCluster? other) =>
        one?.Uid == other?.Uid
        && one?.ApiVersion == other?.ApiVersion
        && one?.IsPaused == other?.IsPaused
        && one?.DeletionTimestamp == other?.DeletionTimestamp
        && one?.HasControlPlane == other?.HasControlPlane;

    private static ObjectKey? ClusterOf(ScheduledMachine? machine) =>
        machine?.Spec?.ClusterName is { } name ? new ObjectKey(machine.Key.Namespace, name) : null;
}
