// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Workload;

/// <summary>Where drains learn what Cluster API's rules say.</summary>
/// <param name="watch">The MachineDrainRules of the management cluster.</param>
/// <param name="clusters">Its Clusters.</param>
public sealed class DrainRuleSource(DrainRuleWatch watch, Clusters clusters)
{
    /// <summary>A drain begins.</summary>
    public void LookAgain() => watch.LookAgain();

    /// <summary>What the rules say about the Pods on a Machine's Node.</summary>
    public DrainRules For(CapiMachine machine)
    {
        var rules = watch.Find(machine.Key.Namespace, out var trouble);
        if (rules is null && trouble is null)
        {
            return DrainRules.Pending;
        }

        if (rules is { IsEmpty: true })
        {
            return DrainRules.None;
        }

        var cluster = machine.Metadata.Labels.TryGetValue(WellKnown.ClusterNameLabel, out var name) ? clusters.Find(machine.Key.Namespace, name) : null;

        // Of a Cluster without a control plane it drains no Node, so that nobody would do what is left to it.
        var drains = cluster is null or { HasControlPlane: true };
        return rules is { } found ? DrainRules.Of(found, machine, cluster?.Labels, drains)
            : drains ? DrainRules.Unreadable($"MachineDrainRules can't be read: {trouble}")
            : DrainRules.None;
    }
}
