// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle;

/// <summary>Tells our objects from those that only have the same name.</summary>
public static class Ownership
{
    /// <summary>Whose a Machine is: by its controller ownerReference, and by our label where it has none.</summary>
    public static Owner Of(CapiMachine found, ScheduledMachine machine)
    {
        var controller = found.Metadata.ControllerOwner;
        if (controller is null)
        {
            return HasOurLabel(found.Metadata, machine) ? Owner.NobodyYet : Owner.SomebodyElse;
        }

        if (controller.Uid == machine.Uid)
        {
            return Owner.Us;
        }

        // A ScheduledMachine of this name that is gone: what it left is ours to take over.
        return IsScheduledMachine(controller, machine.Metadata.Name) && HasOurLabel(found.Metadata, machine)
            ? Owner.NobodyYet
            : Owner.SomebodyElse;
    }

    /// <summary>Whose a provider object is: ours by its label, unless another controller than a Machine of this name
    /// holds it.</summary>
    public static Owner Of(PartialObject found, ScheduledMachine machine)
    {
        if (!HasOurLabel(found.Metadata, machine))
        {
            return Owner.SomebodyElse;
        }

        var controller = found.Metadata.ControllerOwner;
        return controller is null || IsMachine(controller, machine.Metadata.Name) ? Owner.Us : Owner.SomebodyElse;
    }

    /// <summary>Whether a provider object has served a Machine already: Cluster API made that Machine its owner.</summary>
    public static bool HasServedAMachine(PartialObject found) =>
        found.Metadata.OwnerReferences.Any(owner => owner.Kind == MachineApi.Kind && IsOf(owner, MachineApi.Group));

    /// <summary>Whether a Machine's Cluster is not among its owners, so that it would not go, or be moved, with it. One at another
    /// version than the Cluster is read at counts for nothing: once that is served no more, Kubernetes takes the Cluster for gone.
    /// </summary>
    public static bool LacksItsCluster(CapiMachine found, CapiCluster? cluster)
    {
        if (cluster is null or { IsBeingDeleted: true })
        {
            return false;
        }

        foreach (var owner in found.Metadata.OwnerReferences)
        {
            if (owner.Uid == cluster.Uid && owner.ApiVersion == cluster.ApiVersion)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an owner is a Cluster of that name, be it this one or one that was there before it.</summary>
    public static bool IsCluster(OwnerReference owner, string name) =>
        owner.Kind == MachineApi.ClusterKind && owner.Name == name && IsOf(owner, MachineApi.Group);

    private static bool HasOurLabel(ObjectMetadata metadata, ScheduledMachine machine) =>
        metadata.Labels.TryGetValue(WellKnown.ScheduledMachineLabel, out var name) && name == machine.Metadata.Name;

    private static bool IsScheduledMachine(OwnerReference owner, string name) =>
        owner.Kind == WellKnown.Kind && owner.Name == name && IsOf(owner, WellKnown.Group);

    private static bool IsMachine(OwnerReference owner, string name) =>
        owner.Kind == MachineApi.Kind && owner.Name == name && IsOf(owner, MachineApi.Group);

    private static bool IsOf(OwnerReference owner, string group) =>
        owner.ApiVersion.StartsWith(group, StringComparison.Ordinal)
        && owner.ApiVersion.Length > group.Length
        && owner.ApiVersion[group.Length] == '/';
}
