// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>The owner wants the machine back, which then waits for nothing but what can be moved in a minute.</summary>
internal static class EmergencyReclaim
{
    /// <summary>Whether it is. Once the machine has been switched off for it, the Node may be gone with the request.</summary>
    public static bool IsAskedFor(Observation seen) =>
        seen.ReclaimRequest is not null || (seen.Machine.IsSwitchedOff && ReclaimNote.Of(seen.Machine).Reason is not null);

    /// <summary>It is switched off before anything is deleted; while that fails, it is
    /// drained all the same.</summary>
    public static Plan Eject(Observation seen, DateTimeOffset now)
    {
        var machine = seen.Machine;
        var request = seen.ReclaimRequest;
        var note = ReclaimNote.Of(machine);
        var isSwitchedOff = IsSwitchedOff(seen);
        var because = $"Its owner wants it back ({request?.Reason ?? note.Reason}).";
        var takingAway = Termination.TakeAway(seen, now, Manner.Emergency);
        var failure = seen.FailureOf(Step.SwitchOff.StepName);
        var refused = failure is { IsError: true } ? failure : null;
        if (!isSwitchedOff && refused is null)
        {
            return new StatusReport(seen, now, MachinePhase.EmergencyRemove, because, Scheduled.No(EventReasons.EmergencyReclaim, because))
                .Ready(EventReasons.EmergencyReclaim)
                .Plan(takingAway with
                {
                    Steps =
                    [
                        .. machine.Status.Phase == MachinePhase.EmergencyRemove || seen.ReclaimAnnounced ? Array.Empty<Step>() : [new Step.Announce()],
                        .. failure is null ? [] : takingAway.Steps.Where(step => step is Step.Cordon or Step.DeletePods),
                        new Step.SwitchOff(note.With(request!, now)),
                    ],
                });
        }

        if (!isSwitchedOff && !takingAway.IsDone)
        {
            // Whoever refused may yet be persuaded: nothing waits for that any more.
            takingAway = takingAway with { Steps = [.. takingAway.Steps, new Step.SwitchOff(note.With(request!, now)) { Importance = StepImportance.Optional }] };
        }

        var scheduled = isSwitchedOff
            ? Scheduled.No(EventReasons.EmergencyReclaimDisabledSchedule, $"{because} It stays switched off until somebody sets spec.schedule.enabled to true again.")
            : Scheduled.No(ConditionReasons.ScheduleStaysOn, $"{because} It could not be switched off, and will come back: {refused!.Message}");
        return takingAway.IsDone
            ? new StatusReport(seen, now, MachinePhase.Disabled, $"{scheduled.Message}{takingAway.Message}", scheduled).AtRest().Plan()
            : new StatusReport(seen, now, MachinePhase.EmergencyRemove, $"{because} {takingAway.Message}", scheduled)
                .Ready(note.IsRapid ? EventReasons.RapidReReclaim : EventReasons.EmergencyReclaim)
                .Plan(takingAway);
    }

    /// <summary>
    /// No grace period, no budgets: what can be moved in a minute is moved, and the owner waits for nothing else. Counted from
    /// the note that it was switched off; where that fails, from the first time that it did.
    /// </summary>
    public static TakingAway TakeAway(Observation seen, CapiMachine found, DateTimeOffset now)
    {
        var noted = IsSwitchedOff(seen) ? ReclaimNote.Of(seen.Machine).Began : seen.FailureOf(Step.SwitchOff.StepName)?.Since;
        var timeout = seen.Machine.DrainTimeout < Decision.EmergencyDrainTimeout ? seen.Machine.DrainTimeout : Decision.EmergencyDrainTimeout;

        // The note is an annotation, which people may write: one of a time that is to come must not keep the owner until then.
        var began = seen.Machine.Metadata.DeletionTimestamp ?? (noted - now > Decision.EmergencyDrainTimeout ? now - timeout : noted) ?? now;
        if (Termination.AwaitDrain(seen, found, now, began + timeout, Manner.Emergency) is { } staying)
        {
            return staying with { WatchesPods = NodeDrain.IsCordoned(seen) };
        }

        var result = NodeDrain.Result(seen);
        var deleting = Termination.DeleteMachine(seen, found, Manner.Emergency, result, (now - began, NodeDrain.IsEmpty(seen)));
        return deleting with { Message = $"{result.Message} {deleting.Message}" };
    }

    /// <summary>
    /// The agent goes first: it would write the request again. Where the machine could not be switched off, the request is all
    /// that keeps it from its owner's hands, should it be the same Node that comes back.
    /// </summary>
    public static IEnumerable<Step> ClearRequest(Observation seen, DateTimeOffset now, Manner manner) =>
        manner is Manner.Emergency && seen is { Node: { State: NodeState.Known, Node: { } node }, Machine: { IsBeingDeleted: false, IsSwitchedOff: true } } && ReclaimRequest.IsOn(node)
            && (AgentSetup.Of(seen, isLeaving: true) is not { IsDone: false } || seen.Agent.Trouble is not null)
            && seen.AgentConfig is not { IsKnown: false, Trouble: null }
            && seen.RequestCleared.MayStart(now)
            ? [new Step.ClearRequest(node)]
            : [];

    /// <summary>
    /// Switched on again: should somebody switch it off one day, it would not be for that.
    /// </summary>
    public static ImmutableArray<Step> Forget(Observation seen) =>
        ReclaimNote.Of(seen.Machine).Reason is null ? [] : [new Step.ForgetReclaim()];

    private static bool IsSwitchedOff(Observation seen) =>
        seen.Machine.IsSwitchedOff && (seen.ReclaimRequest is not { } request || ReclaimNote.Of(seen.Machine).Answers(request));
}
