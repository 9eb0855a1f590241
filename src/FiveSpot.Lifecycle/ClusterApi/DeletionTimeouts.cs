// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>
/// How long Cluster API takes at most for each stage of a Machine's deletion. Null or zero is without end, so that a volume
/// that stays, or a cluster that can't be reached, would keep the machine.
/// </summary>
/// <param name="Drain">For its drain of the Node.</param>
/// <param name="VolumeDetach">For its wait for volumes after that.</param>
/// <param name="NodeDeletion">For the deletion of the Node, once the machine is gone.</param>
public readonly record struct DeletionTimeouts(TimeSpan? Drain, TimeSpan? VolumeDetach, TimeSpan? NodeDeletion)
{
    /// <summary>Cluster API's own default for the deletion of a Node.</summary>
    private static readonly TimeSpan UsualNodeDeletion = TimeSpan.FromSeconds(10);

    /// <summary>What the Machine of a ScheduledMachine carries: our drain timeout for the drain and for the volumes, at least a
    /// second.</summary>
    public static DeletionTimeouts Of(ScheduledMachine machine)
    {
        var drain = machine.DrainTimeout < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : machine.DrainTimeout;
        return new(drain, drain, UsualNodeDeletion);
    }
}
