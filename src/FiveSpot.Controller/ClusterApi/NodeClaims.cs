// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// Which Machines say that they became, or will become, which Node. Should two say so of one, it is the elder's: what the
/// younger's ScheduledMachine wants of it must not disturb what runs there for the other.
/// </summary>
public sealed class NodeClaims
{
    private readonly Lock _lock = new();

    // By providerID; of a Machine without one by the uid of its Node, which is no providerID.
    private readonly Dictionary<string, List<ObjectKey>> _claimants = new(StringComparer.Ordinal);
    private readonly Informer<CapiMachine> _machines;
    private readonly Action<ObjectKey> _wake;

    /// <summary>Follows the Machines of a cache from now on.</summary>
    /// <param name="machines">The cache; not running yet.</param>
    /// <param name="wake">Called with the key of each other Machine of a Node that is claimed anew, or no longer.</param>
    public NodeClaims(Informer<CapiMachine> machines, Action<ObjectKey> wake)
    {
        _machines = machines;
        _wake = wake;
        machines.Changed += OnChanged;
    }

    /// <summary>Another, elder Machine that claims the Node of a Machine; null when there is none.</summary>
    /// <param name="machine">The Machine.</param>
    /// <param name="node">Its Node.</param>
    public CapiMachine? EarlierThan(CapiMachine machine, Node node) =>
        (node.ProviderId is { } id ? EarlierThan(machine, node, id) : null) ?? EarlierThan(machine, node, node.Uid);

    private CapiMachine? EarlierThan(CapiMachine machine, Node node, string claim)
    {
        ObjectKey[] others;
        lock (_lock)
        {
            if (!_claimants.TryGetValue(claim, out var claimants) || (claimants.Count == 1 && claimants[0] == machine.Key))
            {
                return null;
            }

            others = [.. claimants];
        }

        foreach (var key in others)
        {
            if (key != machine.Key && _machines.Get(key) is { } other && IsSameNode(machine, other, node) && IsElder(other, machine))
            {
                return other;
            }
        }

        return null;
    }

    // A uid is one Node's in all clusters. A providerID may be an address, which machines of two networks may both have: there
    // it is the same Node where both name the same cluster, or Cluster API found one of this name for the other too.
    private static bool IsSameNode(CapiMachine one, CapiMachine other, Node node) =>
        other.ProviderId is null
        || (one.Key.Namespace == other.Key.Namespace && ClusterOf(one) == ClusterOf(other))
        || other.NodeName == node.Metadata.Name;

    private static bool IsElder(CapiMachine one, CapiMachine other) =>
        one.Metadata.CreationTimestamp != other.Metadata.CreationTimestamp
            ? one.Metadata.CreationTimestamp < other.Metadata.CreationTimestamp
            : string.CompareOrdinal(one.Key.ToString(), other.Key.ToString()) < 0;

    private static string? ClusterOf(CapiMachine machine) => machine.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel);

    private static string? ClaimOf(CapiMachine? machine) => machine is null ? null : machine.ProviderId ?? machine.NodeUid;

    private void OnChanged(ObjectChange<CapiMachine> change)
    {
        var (before, now) = (ClaimOf(change.Old), ClaimOf(change.New));
        if (before == now && change.Old?.NodeName == change.New?.NodeName)
        {
            return;
        }

        List<ObjectKey> concerned = [];
        lock (_lock)
        {
            if (before is not null && _claimants.TryGetValue(before, out var former))
            {
                former.Remove(change.Key);
                concerned.AddRange(former);
                if (former.Count == 0)
                {
                    _claimants.Remove(before);
                }
            }

            if (now is not null)
            {
                if (!_claimants.TryGetValue(now, out var claimants))
                {
                    _claimants[now] = claimants = new(capacity: 1);
                }

                concerned.AddRange(claimants);
                claimants.Add(change.Key);
            }
        }

        concerned.ForEach(_wake);
    }
}
