// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>Why a machine goes, or is away. How it goes is the same for all of them: <see cref="Termination"/>.</summary>
internal static class Closing
{
    /// <summary>The ScheduledMachine is being deleted: drained without a grace period, then gone.</summary>
    public static Plan Deleted(Observation seen, DateTimeOffset now, DecisionOptions options)
    {
        var scheduled = Scheduled.No("Deleted", "The ScheduledMachine is being deleted.");
        if (!seen.Machine.HasFinalizer)
        {
            return new StatusReport(seen, now, MachinePhase.ShuttingDown, "Waiting for other finalizers.", scheduled).Plan();
        }

        var deadline = Pause.NotBeforeItsEnd(seen.Machine.Metadata.DeletionTimestamp!.Value, seen, now) + Decision.CleanupTimeout;
        var late = now >= deadline;
        if (late && options.ForceFinalizerOnTimeout)
        {
            return new StatusReport(seen, now, MachinePhase.ShuttingDown, "Cleanup timed out; the finalizer is removed by force.", scheduled)
                .Late().Plan(new Step.RemoveFinalizer());
        }

        // Nobody needs to switch off what goes altogether; but its owner, or whoever pulls the switch, waits.
        var manner = seen.Machine.KillSwitch ? Manner.AtOnce : seen.ReclaimRequest is null ? Manner.WithoutGrace : Manner.Emergency;
        var takingAway = Termination.TakeAway(seen, now, manner);
        if (takingAway.IsDone)
        {
            return new StatusReport(seen, now, MachinePhase.ShuttingDown, "Its machine is gone.", scheduled)
                .Plan(new Step.RemoveFinalizer());
        }

        var report = new StatusReport(seen, now, MachinePhase.ShuttingDown, takingAway.Message, scheduled)
            .WakeAt(late ? null : deadline);
        return (late ? report.Late() : report).Plan(takingAway);
    }

    /// <summary>Gone at once, without grace or drain.</summary>
    public static Plan KillSwitch(Observation seen, DateTimeOffset now)
    {
        var takingAway = Termination.TakeAway(seen, now, Manner.AtOnce);
        var message = takingAway.IsDone
            ? $"Kill switch is on: the machine is gone and stays away.{takingAway.Message}"
            : $"Kill switch is on. {takingAway.Message}";
        var report = new StatusReport(seen, now, MachinePhase.Terminated, message, Scheduled.No(EventReasons.KillSwitchActivated, "spec.killSwitch is true."));
        return (takingAway.IsDone ? report.AtRest() : report).Plan(takingAway);
    }

    /// <summary>Its Cluster is being deleted: what there is goes with it, without grace. Null once nothing is left: then only
    /// that nothing is made remains to be said.</summary>
    public static Plan? ClusterGoes(Observation seen, DateTimeOffset now)
    {
        var trouble = ClusterTrouble.Of(seen)!;
        var takingAway = Termination.TakeAway(seen, now, Manner.WithoutGrace);
        return takingAway.IsDone ? null
            : new StatusReport(seen, now, MachinePhase.ShuttingDown, $"{trouble.Message} {takingAway.Message}", Scheduled.No(trouble.Reason, trouble.Message))
                .Plan(takingAway);
    }

    /// <summary>Switched off: shut down with grace, and away until it is switched on.</summary>
    public static Plan Disabled(Observation seen, DateTimeOffset now)
    {
        var field = seen.Machine.Spec!.Enabled ? "spec.schedule.enabled" : "spec.enabled";
        return NotWanted(
            seen,
            now,
            MachinePhase.Disabled,
            Scheduled.No(EventReasons.ScheduleDisabled, $"{field} is false."),
            done: $"Switched off: {field} is false.",
            because: "Switched off");
    }

    /// <summary>Its schedule has no window open: shut down with grace.</summary>
    public static Plan OutsideWindow(Observation seen, DateTimeOffset now)
    {
        var opens = Times.For(seen.Machine, now).OpensText;
        return NotWanted(
            seen,
            now,
            MachinePhase.Inactive,
            Scheduled.No(EventReasons.ScheduleInactive, $"Outside the window; {opens}."),
            done: $"Outside its window; {opens}.",
            because: "Window closed");
    }

    private static Plan NotWanted(
        Observation seen, DateTimeOffset now, string phaseWhenGone, Scheduled scheduled, string done, string because)
    {
        var takingAway = Termination.TakeAway(seen, now, Manner.WithGrace);
        return takingAway.IsDone
            ? new StatusReport(seen, now, phaseWhenGone, $"{done}{takingAway.Message}", scheduled).AtRest().Plan([.. Opening.Finalizer(seen), .. EmergencyReclaim.Forget(seen)])
            : new StatusReport(seen, now, MachinePhase.ShuttingDown, $"{because}. {takingAway.Message}", scheduled)
                .ShutdownBegan(takingAway.Began).Plan(takingAway);
    }
}
