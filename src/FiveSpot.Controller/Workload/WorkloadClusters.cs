// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// The workload clusters in use, by where their kubeconfig comes from: each is opened when the first machine may have a Node in
/// it, shared by all that do, and closed when the last has none. One that does not answer delays nobody else.
/// </summary>
public sealed class WorkloadClusters
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ClusterPlace, WorkloadCluster> _clusters = [];
    private readonly Dictionary<ObjectKey, WorkloadCluster> _of = [];
    private readonly ApiClient _management;
    private readonly WorkloadSettings _settings;
    private readonly Action<ObjectKey> _wake;
    private readonly ILoggerFactory _loggers;
    private readonly CancellationToken _stop;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="management">The management cluster: where the Secrets are, and the cluster of machines without one.</param>
    /// <param name="settings">How clusters are spoken to.</param>
    /// <param name="wake">Called with the key of each machine of whose Node or cluster something else is known.</param>
    /// <param name="loggers">For the clusters.</param>
    /// <param name="stop">Closes all.</param>
    public WorkloadClusters(
        ApiClient management, WorkloadSettings settings, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        _management = management;
        _settings = settings with { Kubeconfigs = settings.Kubeconfigs with { OwnServer = management.Connection.Server } };
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
    /// What is known of a machine's Node, and of the cluster that it is in. It never waits: the machine is woken when more
    /// is known.
    /// </summary>
    /// <param name="machine">The ScheduledMachine.</param>
    /// <param name="found">Its Machine, or null when it has none.</param>
    public NodeView Find(ScheduledMachine machine, CapiMachine? found)
    {
        if (found is not { MayHaveNode: true })
        {
            Release(machine.Key);
            return NodeView.None;
        }

        WorkloadCluster cluster;
        lock (_lock)
        {
            var place = ClusterPlace.Of(machine, found);
            var isAnother = _of.TryGetValue(machine.Key, out var former) && former.Place != place;
            if (isAnother)
            {
                ReleaseLocked(machine.Key, former!);
            }

            if (!_clusters.TryGetValue(place, out var there))
            {
                _clusters[place] = there = new WorkloadCluster(place, isAnother, _management, _settings, _wake, _loggers, _stop);
            }

            _of[machine.Key] = cluster = there;
            cluster.Use(machine.Key, found, machine.Status.Phase);
        }

        return cluster.Find(found, AgentSetup.IsWanted(machine));
    }

    /// <summary>What is under way on a machine's Node, to start more; null while there is no client for its cluster.</summary>
    internal NodeWork? WorkOn(ObjectKey machine)
    {
        lock (_lock)
        {
            return _of.GetValueOrDefault(machine)?.Session?.WorkOf(machine);
        }
    }

    /// <summary>Cluster API's rules have changed: the machines that are drained are woken.</summary>
    /// <param name="ns">The namespace in which they have; null for all.</param>
    public void WakeDraining(string? ns)
    {
        ObjectKey[] draining;
        lock (_lock)
        {
            draining =
            [
                .. _of.Where(of => (ns is null || of.Key.Namespace == ns) && of.Value.Session?.WorkOf(of.Key).WatchesPods == true).Select(static of => of.Key),
            ];
        }

        Array.ForEach(draining, _wake);
    }

    /// <summary>How many calls to workload clusters are under way.</summary>
    public int CallsUnderWay
    {
        get
        {
            lock (_lock)
            {
                return _clusters.Values.Sum(cluster => cluster.Session?.CallsUnderWay ?? 0);
            }
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
