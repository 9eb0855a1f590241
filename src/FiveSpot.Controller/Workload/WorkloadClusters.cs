// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// The workload clusters in use, by where their kubeconfig comes from: each is opened when the first machine has a Node in
/// it, shared by all that do, and closed when the last has none. One that does not answer delays nobody else.
/// </summary>
public sealed class WorkloadClusters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ClusterPlace, WorkloadCluster> _clusters = [];
    private readonly Dictionary<ObjectKey, WorkloadCluster> _of = [];
    private readonly ApiClient _management;
    private readonly KubeconfigPolicy _kubeconfigs;
    private readonly Action<ObjectKey> _wake;
    private readonly ILoggerFactory _loggers;
    private readonly CancellationToken _stop;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="management">The management cluster: where the Secrets are, and the cluster of machines without one.</param>
    /// <param name="kubeconfigs">What a kubeconfig from a Secret may ask for.</param>
    /// <param name="wake">Called with the key of each machine of whose Node or cluster something else is known.</param>
    /// <param name="loggers">For the clusters.</param>
    /// <param name="stop">Closes all.</param>
    public WorkloadClusters(
        ApiClient management, KubeconfigPolicy kubeconfigs, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        _management = management;
        _kubeconfigs = kubeconfigs;
        _wake = wake;
        _loggers = loggers;
        _stop = stop;
    }

    /// <summary>How many are open.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _clusters.Count;
            }
        }
    }

    /// <summary>
    /// What is known of a machine's Node, and of the cluster that it is in; null for a machine that needs no cluster, and
    /// until the first answer. It never waits: the machine is woken when more is known.
    /// </summary>
    /// <param name="machine">The ScheduledMachine.</param>
    /// <param name="found">Its Machine, or null when it has none.</param>
    public (NodeObservation Node, ClusterReachability? Cluster) Find(ScheduledMachine machine, CapiMachine? found)
    {
        if (found?.NodeName is null)
        {
            Release(machine.Key);
            return (NodeObservation.None, null);
        }

        WorkloadCluster cluster;
        lock (_lock)
        {
            var place = ClusterPlace.Of(machine, found);
            if (_of.TryGetValue(machine.Key, out var former) && former.Place != place)
            {
                ReleaseLocked(machine.Key, former);
            }

            if (!_clusters.TryGetValue(place, out var there))
            {
                _clusters[place] = there = new WorkloadCluster(place, _management, _kubeconfigs, _wake, _loggers, _stop);
            }

            _of[machine.Key] = cluster = there;
            return cluster.Find(found);
        }
    }

    /// <summary>
    /// The Nodes of the cluster that a machine is in, to write to; null while there is no client for it, and while it does
    /// not answer: with each write waiting its time out, the machines of one slow cluster would keep all workers from others.
    /// Its machines are woken when it answers again.
    /// </summary>
    public NodeWatch? NodesOf(ObjectKey machine)
    {
        lock (_lock)
        {
            return _of.GetValueOrDefault(machine)?.Nodes is { Trouble: null } nodes ? nodes : null;
        }
    }

    /// <summary>A machine needs its cluster no more.</summary>
    public void Release(ObjectKey machine)
    {
        lock (_lock)
        {
            if (_of.TryGetValue(machine, out var cluster))
            {
                ReleaseLocked(machine, cluster);
            }
        }
    }

    private void ReleaseLocked(ObjectKey machine, WorkloadCluster cluster)
    {
        _of.Remove(machine);
        if (cluster.Release(machine))
        {
            _clusters.Remove(cluster.Place);
            cluster.Close();
        }
    }
}
