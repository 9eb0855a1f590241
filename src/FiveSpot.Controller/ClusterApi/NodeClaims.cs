// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// Which Machines say that they became which Node. Should two say so of one, it is the elder's: what the younger's
/// ScheduledMachine wants of it must not disturb what runs there for the other.
/// </summary>
public sealed class NodeClaims
{
    private readonly Lock _lock = new();
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

    /// <summary>Another, elder Machine that became the same Node; null when there is none.</summary>
    public CapiMachine? EarlierThan(CapiMachine machine)
    {
        if (machine.NodeName is not { } node)
        {
            return null;
        }

        ObjectKey[] others;
        lock (_lock)
        {
            if (!_claimants.TryGetValue(node, out var claimants) || claimants.Count < 2)
            {
                return null;
            }

            others = [.. claimants];
        }

        foreach (var key in others)
        {
            if (key != machine.Key && _machines.Get(key) is { } other && IsSameNode(machine, other) && IsElder(other, machine))
            {
                return other;
            }
        }

        return null;
    }

    // Nodes of one name in two clusters are two Nodes; the id at the provider tells, else the cluster that both name.
    private static bool IsSameNode(CapiMachine one, CapiMachine other) =>
        one.NodeName == other.NodeName
        && (one is { ProviderId: { } id } && other is { ProviderId: { } otherId }
            ? id == otherId
            : one.Key.Namespace == other.Key.Namespace && ClusterOf(one) == ClusterOf(other));

    private static bool IsElder(CapiMachine one, CapiMachine other) =>
        one.Metadata.CreationTimestamp != other.Metadata.CreationTimestamp
            ? one.Metadata.CreationTimestamp < other.Metadata.CreationTimestamp
            : string.CompareOrdinal(one.Key.ToString(), other.Key.ToString()) < 0;

    private static string? ClusterOf(CapiMachine machine) => machine.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel);

    private void OnChanged(ObjectChange<CapiMachine> change)
    {
        if (change.Old?.NodeName == change.New?.NodeName && change.Old?.ProviderId == change.New?.ProviderId)
        {
            return;
        }

        List<ObjectKey> concerned = [];
        lock (_lock)
        {
            if (change.Old?.NodeName is { } left && _claimants.TryGetValue(left, out var former))
            {
                former.Remove(change.Key);
                concerned.AddRange(former);
                if (former.Count == 0)
                {
                    _claimants.Remove(left);
                }
            }

            if (change.New?.NodeName is { } joined)
            {
                if (!_claimants.TryGetValue(joined, out var claimants))
                {
                    _claimants[joined] = claimants = new(capacity: 1);
                }

                concerned.AddRange(claimants);
                claimants.Add(change.Key);
            }
        }

        concerned.ForEach(_wake);
    }
}
