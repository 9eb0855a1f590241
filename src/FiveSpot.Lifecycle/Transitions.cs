// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>
/// The events between two reports. They come from what changed in the status and from nothing else, so that nothing is
/// told again while nothing changes, and what happened just before a crash is told by the next process.
/// </summary>
public static class Transitions
{
    /// <summary>What happened between the one report and the next, in the order in which it is told.</summary>
    public static IEnumerable<TransitionEvent> Between(ScheduledMachineStatus before, ScheduledMachineStatus after)
    {
        if (before.Phase != MachinePhase.EmergencyRemove && after.Phase == MachinePhase.EmergencyRemove)
        {
            yield return new TransitionEvent(EventReasons.EmergencyReclaim, after.Message ?? "", IsWarning: true);
        }

        var (wasReady, isReady) = (Condition(before, ConditionTypes.Ready)?.Reason, Condition(after, ConditionTypes.Ready)?.Reason);
        var scheduled = Condition(after, ConditionTypes.Scheduled);
        if (scheduled is not null
            && scheduled.Reason != Condition(before, ConditionTypes.Scheduled)?.Reason
            && scheduled.Reason is EventReasons.ScheduleActive or EventReasons.ScheduleInactive
                or EventReasons.ScheduleDisabled or EventReasons.KillSwitchActivated)
        {
            yield return new TransitionEvent(
                scheduled.Reason, scheduled.Message, IsWarning: scheduled.Reason == EventReasons.KillSwitchActivated);
        }

        if (scheduled is { Reason: EventReasons.EmergencyReclaimDisabledSchedule or ConditionReasons.ScheduleStaysOn }
            && scheduled.Reason != Condition(before, ConditionTypes.Scheduled)?.Reason)
        {
            var reason = scheduled.Reason == ConditionReasons.ScheduleStaysOn ? EventReasons.EmergencyReclaim : scheduled.Reason;
            yield return new TransitionEvent(reason, scheduled.Message, IsWarning: true);
        }

        if (isReady == EventReasons.RapidReReclaim && wasReady != isReady)
        {
            yield return new TransitionEvent(
                EventReasons.RapidReReclaim,
                $"Reclaimed {Reclaim.ReclaimNote.RapidCount} times within {Reclaim.ReclaimNote.RapidWithin.TotalMinutes:0} minutes: something switches it on again while its owner uses it.",
                IsWarning: true);
        }

        var references = Condition(after, ConditionTypes.ReferencesValid);
        if (references is { Status: ConditionStatus.False }
            && references.Reason != Condition(before, ConditionTypes.ReferencesValid)?.Reason)
        {
            var reason = references.Reason == EventReasons.NameConflict
                ? EventReasons.NameConflict
                : EventReasons.ReferencesInvalid;
            yield return new TransitionEvent(reason, references.Message, IsWarning: true);
        }

        if (before.MachineRef is null && after.MachineRef is { } made)
        {
            yield return new TransitionEvent(EventReasons.MachineCreated, $"Machine {made.Name} exists.");
        }

        if (Condition(before, ConditionTypes.MachineReady)?.Status != ConditionStatus.True
            && Condition(after, ConditionTypes.MachineReady) is { Status: ConditionStatus.True } ready)
        {
            yield return new TransitionEvent(EventReasons.MachineReady, ready.Message);
        }

        if (isReady == EventReasons.MachineRemediated && wasReady != isReady)
        {
            yield return new TransitionEvent(EventReasons.MachineRemediated, after.Message ?? "", IsWarning: true);
        }

        if (before.Phase != MachinePhase.ShuttingDown
            && after is { Phase: MachinePhase.ShuttingDown, NextCleanup: not null }
            && isReady == MachinePhase.ShuttingDown)
        {
            yield return new TransitionEvent(EventReasons.GracePeriodActive, after.Message ?? "");
        }

        if (isReady is EventReasons.NodeDraining or EventReasons.NodeDrained or EventReasons.NodeDrainFailed && isReady != wasReady)
        {
            yield return new TransitionEvent(isReady, after.Message ?? "", IsWarning: isReady == EventReasons.NodeDrainFailed);
        }

        if (before is { Phase: MachinePhase.ShuttingDown, MachineRef: not null } && after.Phase == MachinePhase.Active)
        {
            yield return new TransitionEvent(
                EventReasons.ShutdownCancelled, "The machine is wanted again before it was deleted, and stays.");
        }

        if (before.MachineRef is { } was && after.MachineRef is null)
        {
            yield return new TransitionEvent(EventReasons.MachineDeleted, $"Machine {was.Name} is gone.");
        }

        if (isReady == EventReasons.FinalizerCleanupTimedOut && wasReady != isReady)
        {
            yield return new TransitionEvent(
                EventReasons.FinalizerCleanupTimedOut,
                $"{after.Message} Still there {Decision.CleanupTimeout.TotalSeconds:0} s after the deletion.",
                IsWarning: true);
        }
    }

    private static Condition? Condition(ScheduledMachineStatus status, string type) =>
        status.Conditions.FirstOrDefault(condition => condition.Type == type);
}
