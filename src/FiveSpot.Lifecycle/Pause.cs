// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Lifecycle;

/// <summary>
/// Section 2 of the contract: of what is paused nothing is made, changed or taken away, as of everything else that Cluster API
/// leaves alone then; but what would be done is told. An owner who wants the machine back is not asked to wait for it: it is
/// switched off, and its Pods go.
/// </summary>
internal static class Pause
{
    /// <summary>What pauses a machine; null when nothing does.</summary>
    public static string? By(Observation seen)
    {
        if (seen.CapiCluster is { IsPaused: true } cluster)
        {
            return $"Cluster {cluster.Key.Name}";
        }

        return By(seen.Machine) is { } by ? by
            : seen.OurMachine is { } machine && machine.Metadata.Annotations.ContainsKey(WellKnown.PausedAnnotation)
                ? $"annotation {WellKnown.PausedAnnotation} of the Machine"
                : null;
    }

    /// <summary>What pauses a ScheduledMachine that it says itself; null when nothing does.</summary>
    public static string? By(ScheduledMachine machine)
    {
        var annotations = machine.Metadata.Annotations;

        // Its Cluster may be gone before it: what has been made elsewhere is not to be made here again.
        return annotations.ContainsKey(WellKnown.PausedAnnotation) ? $"annotation {WellKnown.PausedAnnotation} of the ScheduledMachine"
            : annotations.ContainsKey(WellKnown.DeleteForMoveAnnotation) ? "clusterctl move, which has made it elsewhere"
            : null;
    }

    /// <summary>What is left to do of a plan while the machine is paused, and what there is to say of the rest.</summary>
    public static Plan Hold(Plan plan, Observation seen, string by)
    {
        var isReclaimed = IsReclaimed(seen);
        ImmutableArray<Step> steps = isReclaimed ? [.. plan.Steps.Where(IsForTheOwner)] : [];
        var status = plan.Status;
        if (seen.Failure is null && steps.IsEmpty)
        {
            var message = Would(plan, seen) is not { } would ? $"Paused by {by}. {status.Message}"
                : isReclaimed ? $"Paused by {by}: {would}. {Message(status, ConditionTypes.Scheduled)}"
                : $"Paused by {by}: {would}.";
            status = status with
            {
                Message = message,
                Conditions = [.. status.Conditions.Select(condition => condition.Type == ConditionTypes.Ready ? condition with { Message = message } : condition)],
            };
        }

        // What would be over by then is not begun: the boundaries of the schedule are all that there is to tell.
        return plan with
        {
            Steps = steps,
            Status = status,
            WatchesPods = plan.WatchesPods && isReclaimed,
            WakeAt = isReclaimed ? plan.WakeAt : status.NextTransitionTime,
            RetryLater = plan.RetryLater && seen.Failure is not null,
        };
    }

    /// <summary>A plan of a machine whose pause is over: where Cluster API is waited for, it is made to look at the Machine, which
    /// it may have passed over since.</summary>
    public static Plan Resume(Plan plan, Observation seen, DateTimeOffset now)
    {
        // Once its end is reported, only a touch that failed is left to do.
        var failure = seen.FailureOf(Step.TouchMachine.StepName);
        if (Condition(seen.Machine.Status) is not { } paused
            || (paused.Status != ConditionStatus.True && failure is null)
            || seen.OurMachine is not { } found
            || found is { Ready: true, IsBeingDeleted: false }
            || seen.Failure is not null)
        {
            return plan;
        }

        var which = Times.Text(paused.LastTransitionTime);
        return found.Metadata.Annotations.GetValueOrDefault(WellKnown.PauseEndedAnnotation) == which ? plan
            : failure?.NotBefore > now ? plan with { WakeAt = plan.WakeAt < failure.NotBefore ? plan.WakeAt : failure.NotBefore, HasFailed = true }
            : plan with { Steps = [new Step.TouchMachine(which), .. plan.Steps] };
    }

    /// <summary>An instant from which a time runs that does not run while the machine is paused: the end of the last pause, if that
    /// was later.</summary>
    public static DateTimeOffset NotBeforeItsEnd(DateTimeOffset at, Observation seen, DateTimeOffset now)
    {
        var ended = seen.PausedBy is not null ? now.TruncateToSecond()
            : Condition(seen.Machine.Status) is { } condition
                ? condition.Status == ConditionStatus.True || condition.LastTransitionTime > now ? now.TruncateToSecond() : condition.LastTransitionTime
                : at;
        return ended > at ? ended : at;
    }

    /// <summary>The condition <c>Paused</c> that was last reported; null if there never was a pause.</summary>
    public static Condition? Condition(ScheduledMachineStatus status) =>
        status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Paused);

    private static bool IsReclaimed(Observation seen) =>
        seen.ReclaimRequest is not null || (seen.Machine.IsSwitchedOff && ReclaimNote.Of(seen.Machine).Reason is not null);

    private static bool IsForTheOwner(Step step) => step is Step.Announce or Step.SwitchOff or Step.Cordon or Step.DeletePods;

    private static string? Would(Plan plan, Observation seen) => plan.Status.Phase switch
    {
        _ when plan.Steps.Any(step => step is Step.CreateProviderObject or Step.CreateMachine) => "would open now",
        _ when plan.Steps.Any(step => step is Step.DeleteMachine or Step.DeleteProviderObject) => "would be deleted now",
        _ when plan.Steps.Any(step => step is Step.RemoveFinalizer) => "would be let go now",
        MachinePhase.ShuttingDown when seen.OurMachine is { IsBeingDeleted: false } => "would close now",
        _ => plan.Steps.IsEmpty ? null : "would be brought up to date now",
    };

    private static string Message(ScheduledMachineStatus status, string type) =>
        status.Conditions.First(condition => condition.Type == type).Message;
}
