// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>
/// The way out, the same for every reason; only the manner differs: grace period, drain, deletion, and what is left.
/// Each stage is over when the world shows it, and at its end at the latest: a cluster that can't be reached, or a Pod
/// that refuses to go, keeps no machine.
/// </summary>
internal static class Termination
{
    /// <summary>How far it is: what to do now, and what is awaited.</summary>
    public static TakingAway TakeAway(Observation seen, DateTimeOffset now, Manner manner)
    {
        if (seen.OurMachine is not { } found)
        {
            return DeleteRemains(seen, now);
        }

        if (found.IsBeingDeleted)
        {
            return AwaitMachineDeletion(seen, found, now, manner);
        }

        if (manner is Manner.AtOnce || seen.Node.State is NodeState.None)
        {
            return DeleteMachine(seen, found, manner, drained: null);
        }

        if (manner is Manner.Emergency)
        {
            return EmergencyReclaim.TakeAway(seen, found, now);
        }

        // The time of a deletion is the API server's, whose clock may be ahead of ours: no grace period comes of it.
        DateTimeOffset? began = manner is Manner.WithGrace ? Pause.NotBeforeItsEnd(ShutdownBegan(seen.Machine, now), seen, now) : null;
        var graceEnds = began + seen.Machine.GracePeriod;
        var deletion = seen.Machine.Metadata.DeletionTimestamp ?? seen.CapiCluster?.DeletionTimestamp ?? now;
        var drainEnds = (graceEnds ?? Pause.NotBeforeItsEnd(deletion, seen, now)) + seen.Machine.DrainTimeout;
        var staying = AwaitGracePeriod(seen, found, now, graceEnds) ?? AwaitDrain(seen, found, now, drainEnds, manner);
        return staying is null
            ? NodeDrain.IsLeftToClusterApi(seen) ? LeaveToClusterApi(seen, found, manner) : DeleteMachine(seen, found, manner, NodeDrain.Result(seen))
            : staying with { Began = began, WatchesPods = NodeDrain.IsCordoned(seen), Steps = [.. staying.Steps, .. AgentSetup.Keep(seen, now, isLeaving: false)] };
    }

    private static TakingAway? AwaitGracePeriod(
        Observation seen, CapiMachine found, DateTimeOffset now, DateTimeOffset? until)
    {
        if (until is not { } ends || now >= ends || NodeDrain.IsEmpty(seen))
        {
            return null;
        }

        var progress = seen.Pods is { } pods ? $"; {pods.Progress}" : "";
        return new TakingAway($"Running pods may finish until {Times.Text(ends)}{progress}.{NodeDrain.CordonTrouble(seen)}")
        {
            Steps = [.. KeepCapiDrain(seen, found), .. NodeDrain.Cordon(seen, now)],
            WakeAt = Times.Earliest(now, ends, seen.Cordon.NotBefore, seen.Pods?.LookAgainAt),
        };
    }

    /// <summary>Pods are moved; null once that is over.</summary>
    public static TakingAway? AwaitDrain(
        Observation seen, CapiMachine found, DateTimeOffset now, DateTimeOffset ends, Manner manner)
    {
        if (now >= ends || NodeDrain.IsEmpty(seen) || seen.Node.State is NodeState.Mismatch || (manner is not Manner.Emergency && NodeDrain.IsLeftToClusterApi(seen)))
        {
            return null;
        }

        var progress = seen.Pods is { } left ? left.Progress.ToString() : NodeDrain.WhyPodsAreUnknown(seen);
        return new TakingAway($"Draining: {progress.TrimEnd('.')}; until {Times.Text(ends)} at the latest.")
        {
            Steps = [.. KeepCapiDrain(seen, found), .. NodeDrain.Cordon(seen, now), .. NodeDrain.MovePods(seen, manner)],
            Drain = EventReasons.NodeDraining,
            WakeAt = Times.Earliest(now, ends, seen.Cordon.NotBefore, seen.Pods?.LookAgainAt),
        };
    }

    /// <summary>
    /// The Pods stay watched until the deletion is accepted: should it be refused, they still say how far the drain is.
    /// </summary>
    public static TakingAway DeleteMachine(
        Observation seen, CapiMachine found, Manner manner, DrainResult? drained, (TimeSpan Took, bool Succeeded)? emergencyDrain = null) =>
        new($"Deleting the Machine.{ClusterTrouble.LeftUndone(seen)}")
        {
            Steps =
            [
                .. ExcludeDrain(found, drained, WaitsForNothing(manner)),
                new Step.DeleteMachine(found.Uid) { EmergencyDrain = emergencyDrain },
            ],
            Drain = drained?.Reason,
            WatchesPods = manner is not Manner.AtOnce && NodeDrain.IsCordoned(seen),
        };

    // It drains when it deletes the Machine, unless it is told not to.
    private static TakingAway LeaveToClusterApi(Observation seen, CapiMachine found, Manner manner)
    {
        var deleting = DeleteMachine(seen, found, manner, drained: null);
        return deleting with { Message = $"{deleting.Message} {seen.Pods!.DescribeLeftToClusterApi()}", Steps = [.. KeepCapiDrain(seen, found), .. deleting.Steps] };
    }

    private static TakingAway AwaitMachineDeletion(Observation seen, CapiMachine found, DateTimeOffset now, Manner manner)
    {
        var drained = DrainResult.Of(found) ?? seen.DrainResult;
        var (late, wakeAt) = CapiIsLate(seen, found, now);
        return new TakingAway($"{(drained is null ? "" : $"{drained.Message} ")}Waiting for Cluster API to delete the Machine.{ClusterTrouble.LeftUndone(seen)}")
        {
            Steps =
            [
                .. ExcludeDrain(found, drained, late || WaitsForNothing(manner)),
                .. AgentSetup.Keep(seen, now, isLeaving: true),
                .. EmergencyReclaim.ClearRequest(seen, now, manner),
            ],
            Drain = drained?.Reason,
            WakeAt = Times.Earliest(now, seen.Agent.NotBefore, seen.RequestCleared.NotBefore, wakeAt),
        };
    }

    private static TakingAway DeleteRemains(Observation seen, DateTimeOffset now)
    {
        var ours = seen.Slots.Where(slot => slot.Ours(seen.Machine) is not null).ToList();
        var kept = seen.Machine.IsBeingDeleted ? [] : ours.Where(ProviderObjects.IsKept).ToList();
        var remains = ours.Except(kept).ToList();
        if (remains.Count == 0)
        {
            return seen.Slots.FirstOrDefault(slot => slot.Trouble is not null) is { Trouble: { } trouble }
                ? new TakingAway($"Whether all of it is gone can't be told: {trouble}") { RetryLater = true }
                : kept.Count == 0 ? TakingAway.Done
                : TakingAway.Done with { Message = $" {ProviderObjects.Names(kept)} stays for the next opening: its provider has put a finalizer on it, and would never let it go without a Machine." };
        }

        var steps = ImmutableArray.CreateBuilder<Step>();
        ProviderObjects.AddDeletions(steps, seen, now, remains);
        return new TakingAway($"Waiting for {ProviderObjects.Names(remains)} to go.{ProviderObjects.WhyNotGoing(remains)}") { Steps = steps.ToImmutable() };
    }

    /// <summary>
    /// Once our drain is over, or is not wanted, Cluster API is not to begin another. Nor is it to wait for volumes where Pods could
    /// not be moved, or where whoever waits for the machine waits for nothing.
    /// </summary>
    public static ImmutableArray<Step> ExcludeDrain(CapiMachine found, DrainResult? drained, bool waitsForNothing)
    {
        var andVolumes = waitsForNothing || drained?.Reason == EventReasons.NodeDrainFailed;
        var isTold = DrainExclusion.IsComplete(found, andVolumes) && (drained is null || drained == DrainResult.Of(found));
        return isTold || (drained is null && !waitsForNothing)
            ? []
            : [new Step.ExcludeDrain(andVolumes, drained == DrainResult.Of(found) ? null : drained)];
    }

    /// <summary>
    /// For as long as a Machine may yet stay, or be deleted by somebody else, Cluster API would drain it as we do.
    /// </summary>
    public static IEnumerable<Step> KeepCapiDrain(Observation seen, CapiMachine found)
    {
        var timeouts = DeletionTimeouts.Of(seen.Machine);
        if (found.DeletionTimeouts != timeouts)
        {
            yield return new Step.SetDeletionTimeouts(timeouts);
        }

        if (DrainExclusion.IsOurs(found))
        {
            yield return new Step.IncludeDrain();
        }
    }

    /// <summary>
    /// The timeouts that the Machine carries end Cluster API's drain, and its wait for volumes; but not while it can't reach the
    /// workload cluster. Then it is told to wait no longer.
    /// </summary>
    public static (bool IsLate, DateTimeOffset? WakeAt) CapiIsLate(Observation seen, CapiMachine found, DateTimeOffset now)
    {
        var timeouts = DeletionTimeouts.Of(seen.Machine);
        var until = found.Metadata.DeletionTimestamp + timeouts.Drain + timeouts.VolumeDetach;
        return (now >= until, DrainExclusion.IsComplete(found, andVolumes: true) ? null : until);
    }

    private static bool WaitsForNothing(Manner manner) => manner is Manner.AtOnce or Manner.Emergency;

    // The one thing that is taken from the status: when this shutdown began. A condition from before the Machine was
    // there speaks of an earlier shutdown.
    private static DateTimeOffset ShutdownBegan(ScheduledMachine machine, DateTimeOffset now) =>
        machine.Status.MachineRef is not null
        && machine.Status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Scheduled)
            is { Status: ConditionStatus.False } closed
        && closed.LastTransitionTime <= now
            ? closed.LastTransitionTime
            : now.TruncateToSecond();
}
