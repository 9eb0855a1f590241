// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>
/// Sections 3, 4 and 9 of the contract as one function: what to do with a machine, from what is observed and the time.
/// It does no I/O and remembers nothing, so whoever asks twice gets the same answer.
/// </summary>
public static class Decision
{
    /// <summary>How long a deleted ScheduledMachine's machine may take to go before somebody is told.</summary>
    public static readonly TimeSpan CleanupTimeout = TimeSpan.FromSeconds(600);

    /// <summary>How long the owner waits for a drain at most (contract, section 9).</summary>
    public static readonly TimeSpan EmergencyDrainTimeout = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan AbsenceKnownFor = TimeSpan.FromMinutes(1);

    /// <summary>What to do with the machine. The first that applies decides; a pause comes before all.</summary>
    public static Plan Decide(Observation seen, DateTimeOffset now, DecisionOptions options)
    {
        var plan = DecideUnpaused(seen, now, options);
        return seen.PausedBy is { } by ? Pause.Hold(plan, seen, by) : Pause.Resume(plan, seen, now);
    }

    private static Plan DecideUnpaused(Observation seen, DateTimeOffset now, DecisionOptions options)
    {
        var machine = seen.Machine;
        if (machine.IsBeingDeleted)
        {
            return Deleted(seen, now, options);
        }

        if (machine.KillSwitch)
        {
            return KillSwitch(seen, now);
        }

        // Before everything that a spec may want. Once it has been switched off for it, the Node may be gone with the request.
        if (seen.ReclaimRequest is not null || (machine.IsSwitchedOff && ReclaimNote.Of(machine).Reason is not null))
        {
            return Reclaimed(seen, now);
        }

        if (seen.CapiCluster is { IsBeingDeleted: true } && ClusterGoes(seen, now) is { } going)
        {
            return going;
        }

        // An invalid spec says nothing of when the machine is wanted: it stays as it is until the spec is mended.
        if (machine.Problems.Count > 0 || machine.Spec is null || machine.Schedule is null)
        {
            return Invalid(seen, now);
        }

        if (!machine.Spec.IsEnabled)
        {
            return Disabled(seen, now);
        }

        return machine.Schedule.IsActive(now.ToInstant()) ? Open(seen, now) : Closed(seen, now);
    }

    private static Plan Deleted(Observation seen, DateTimeOffset now, DecisionOptions options)
    {
        var scheduled = Scheduled.No("Deleted", "The ScheduledMachine is being deleted.");
        if (!seen.Machine.HasFinalizer)
        {
            return Report(seen, now, MachinePhase.ShuttingDown, "Waiting for other finalizers.", scheduled).Plan();
        }

        var deadline = Pause.NotBeforeItsEnd(seen.Machine.Metadata.DeletionTimestamp!.Value, seen, now) + CleanupTimeout;
        var late = now >= deadline;
        if (late && options.ForceFinalizerOnTimeout)
        {
            return Report(seen, now, MachinePhase.ShuttingDown, "Cleanup timed out; the finalizer is removed by force.", scheduled)
                .Late().Plan(new Step.RemoveFinalizer());
        }

        // Nobody needs to switch off what goes altogether; but its owner, or whoever pulls the switch, waits.
        var manner = seen.Machine.KillSwitch ? Manner.AtOnce : seen.ReclaimRequest is null ? Manner.WithoutGrace : Manner.Emergency;
        var takingAway = TakeAway(seen, now, manner);
        if (takingAway.IsDone)
        {
            return Report(seen, now, MachinePhase.ShuttingDown, "Its machine is gone.", scheduled)
                .Plan(new Step.RemoveFinalizer());
        }

        var report = Report(seen, now, MachinePhase.ShuttingDown, takingAway.Message, scheduled)
            .WakeAt(late ? null : deadline);
        return (late ? report.Late() : report).Plan(takingAway);
    }

    private static Plan KillSwitch(Observation seen, DateTimeOffset now)
    {
        var takingAway = TakeAway(seen, now, Manner.AtOnce);
        var message = takingAway.IsDone
            ? $"Kill switch is on: the machine is gone and stays away.{takingAway.Message}"
            : $"Kill switch is on. {takingAway.Message}";
        var report = Report(seen, now, MachinePhase.Terminated, message, Scheduled.No(EventReasons.KillSwitchActivated, "spec.killSwitch is true."));
        return (takingAway.IsDone ? report.AtRest() : report).Plan(takingAway);
    }

    /// <summary>Section 9: the owner wants the machine back. It is switched off before anything is deleted; while that fails, it is
    /// drained all the same.</summary>
    private static Plan Reclaimed(Observation seen, DateTimeOffset now)
    {
        var machine = seen.Machine;
        var request = seen.ReclaimRequest;
        var note = ReclaimNote.Of(machine);
        var isSwitchedOff = IsSwitchedOffForReclaim(seen);
        var because = $"Its owner wants it back ({request?.Reason ?? note.Reason}).";
        var takingAway = TakeAway(seen, now, Manner.Emergency);
        var failure = seen.FailureOf(Step.SwitchOff.StepName);
        var refused = failure is { IsError: true } ? failure : null;
        if (!isSwitchedOff && refused is null)
        {
            return Report(seen, now, MachinePhase.EmergencyRemove, because, Scheduled.No(EventReasons.EmergencyReclaim, because))
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
            ? Report(seen, now, MachinePhase.Disabled, $"{scheduled.Message}{takingAway.Message}", scheduled).AtRest().Plan()
            : Report(seen, now, MachinePhase.EmergencyRemove, $"{because} {takingAway.Message}", scheduled)
                .Ready(note.IsRapid ? EventReasons.RapidReReclaim : EventReasons.EmergencyReclaim)
                .Plan(takingAway);
    }

    /// <summary>Its Cluster is being deleted: what there is goes with it, without grace. Null once nothing is left: then only
    /// that nothing is made remains to be said.</summary>
    private static Plan? ClusterGoes(Observation seen, DateTimeOffset now)
    {
        var trouble = ClusterTrouble.Of(seen)!;
        var takingAway = TakeAway(seen, now, Manner.WithoutGrace);
        return takingAway.IsDone ? null
            : Report(seen, now, MachinePhase.ShuttingDown, $"{trouble.Message} {takingAway.Message}", Scheduled.No(trouble.Reason, trouble.Message))
                .Plan(takingAway);
    }

    private static Plan Invalid(Observation seen, DateTimeOffset now)
    {
        var message = string.Join(" ", seen.Machine.Problems.Take(5).Select(problem => problem.ToString()));
        return Report(seen, now, MachinePhase.Error, message, Scheduled.Unknown(EventReasons.ReferencesInvalid, "The spec breaks a rule."))
            .References(EventReasons.ReferencesInvalid, message).Plan();
    }

    private static Plan Disabled(Observation seen, DateTimeOffset now)
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

    private static Plan Closed(Observation seen, DateTimeOffset now)
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
        var takingAway = TakeAway(seen, now, Manner.WithGrace);
        return takingAway.IsDone
            ? Report(seen, now, phaseWhenGone, $"{done}{takingAway.Message}", scheduled).AtRest().Plan([.. Finalizer(seen), .. ForgetReclaim(seen)])
            : Report(seen, now, MachinePhase.ShuttingDown, $"{because}. {takingAway.Message}", scheduled)
                .ShutdownBegan(takingAway.Began).Plan(takingAway);
    }

    private static Plan Open(Observation seen, DateTimeOffset now)
    {
        var times = Times.For(seen.Machine, now);
        var scheduled = Scheduled.Yes($"In its window; {times.ClosesText}.");
        if (ForeignObject(seen) is { } foreign)
        {
            return Report(seen, now, MachinePhase.Error, foreign, scheduled)
                .References(EventReasons.NameConflict, foreign).RetryLater().Plan();
        }

        if (seen.OurMachine is { } found)
        {
            if (!found.IsBeingDeleted)
            {
                return Active(seen, found, now, times, scheduled);
            }

            var (late, wakeAt) = CapiIsLate(seen, found, now);
            var former = Report(
                seen, now, MachinePhase.Pending, $"In its window; {Remediation.Former(found)} is still being deleted, and is made again once it is gone.", scheduled);
            return Remediation.Told(former, found).WakeAt(late ? null : wakeAt).Plan(ExcludeDrain(found, DrainResult.Of(found), late));
        }

        if (ClusterTrouble.Of(seen) is { } cluster)
        {
            return Report(
                seen, now, MachinePhase.Error, cluster.Message, seen.CapiCluster is null ? scheduled : Scheduled.No(cluster.Reason, cluster.Message)).Plan();
        }

        if (seen.Slots.FirstOrDefault(slot => slot.Trouble is not null) is { Trouble: { } trouble })
        {
            return Report(seen, now, MachinePhase.Error, trouble, scheduled)
                .References(ConditionReasons.ProviderUnavailable, trouble).RetryLater().Plan();
        }

        var spent = seen.Slots.Where(slot => IsSpent(seen, slot)).ToList();
        if (spent.Count == 0 && ComputerUse.Of(seen, now) is { } use)
        {
            return AwaitComputer(seen, now, use, scheduled);
        }

        if (MissingKind(seen) is { } missing)
        {
            return Report(seen, now, MachinePhase.Error, missing, scheduled)
                .References(ConditionReasons.KindNotFound, missing).RetryLater().Plan();
        }

        if (seen.Forbidden is { } forbidden)
        {
            return Report(seen, now, MachinePhase.Error, forbidden, scheduled)
                .References(ConditionReasons.Forbidden, forbidden).RetryLater().Plan();
        }

        var steps = ImmutableArray.CreateBuilder<Step>();
        if (spent.Count > 0)
        {
            // What served an earlier Machine goes with it; another one gets fresh objects.
            AddDeletions(steps, seen, now, spent);
            return Report(seen, now, MachinePhase.Pending, $"In its window; waiting for {Names(spent)} of the former Machine to go.{WhyNotGoing(spent)}", scheduled)
                .Plan(steps.ToImmutable());
        }

        steps.AddRange(Finalizer(seen));
        steps.AddRange(ForgetReclaim(seen));
        foreach (var role in (ReadOnlySpan<ProviderRole>)[ProviderRole.Bootstrap, ProviderRole.Infrastructure])
        {
            var slot = seen.Slot(role)!;
            if (slot.Object is not { } there)
            {
                steps.Add(new Step.CreateProviderObject(role));
            }
            else if (!IsUpToDate(seen, role, there))
            {
                steps.Add(new Step.UpdateProviderObject(role));
            }

            // Others of its computer see the bootstrap config from here on: nobody gets past it without looking for it.
            if (role is ProviderRole.Bootstrap && seen.Computer is { IsConfirmed: false })
            {
                steps.Add(new Step.ConfirmComputerFree());
            }
        }

        steps.Add(new Step.CreateMachine());
        return Report(seen, now, MachinePhase.Pending, "In its window; its objects are being created.", scheduled)
            .Plan(steps.ToImmutable());
    }

    private static Plan AwaitComputer(Observation seen, DateTimeOffset now, ComputerUse use, Scheduled scheduled)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();
        if (use.IsToLeave && seen.Bootstrap is { } slot && slot.Ours(seen.Machine) is not null && !IsKept(slot))
        {
            AddDeletions(steps, seen, now, [slot]);
        }

        return Report(seen, now, MachinePhase.Pending, $"In its window. {use.Message}", scheduled)
            .Ready(ConditionReasons.MachineInUse).WakeAt(use.Until).Plan(steps.ToImmutable());
    }

    // Put there before anything is made, and, so that the opening has one call less to make, long before its boundary.
    private static ImmutableArray<Step> Finalizer(Observation seen) =>
        seen.Machine.HasFinalizer ? [] : [new Step.AddFinalizer()];

    // Switched on again: should somebody switch it off one day, it would not be for that.
    private static ImmutableArray<Step> ForgetReclaim(Observation seen) =>
        ReclaimNote.Of(seen.Machine).Reason is null ? [] : [new Step.ForgetReclaim()];

    private static Plan Active(
        Observation seen, CapiMachine found, DateTimeOffset now, Times times, Scheduled scheduled)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();

        // What is there goes on, whatever becomes of the finalizer.
        steps.AddRange(Finalizer(seen).Select(static step => step with { Importance = StepImportance.Independent }));
        steps.AddRange(ForgetReclaim(seen));
        if (Remediation.Of(seen, found, now) is { IsDue: true } remediation)
        {
            return Remediation.Told(Report(seen, now, MachinePhase.Pending, $"In its window; {Remediation.Former(found)} is deleted, and made again once it is gone.", scheduled), found)
                .Plan([.. steps, .. remediation.Steps]);
        }

        if (Ownership.Of(found, seen.Machine) is Owner.NobodyYet || Ownership.LacksItsCluster(found, seen.CapiCluster))
        {
            steps.Add(new Step.AdoptMachine());
        }

        steps.AddRange(KeepCapiDrain(seen, found));
        steps.AddRange(KeepAgent(seen, now, isLeaving: false));
        var isCordoned = seen.Node is { State: NodeState.Known, Node: { } node } && Cordoning.IsOurs(node);
        if (isCordoned && seen.Cordon.MayStart(now))
        {
            steps.Add(new Step.Uncordon(seen.Node.Node!));
        }

        var taints = seen.Node is { State: NodeState.Known, Node: { Ready: true } ready } ? Tainting.Of(ready, seen.Machine) : null;
        if (taints is { IsDone: false } && seen.Taints.MayStart(now))
        {
            steps.Add(new Step.SetTaints(seen.Node.Node!, taints));
        }

        var changed = found.Metadata.Annotations.TryGetValue(WellKnown.TemplateHashAnnotation, out var hash)
            && hash != seen.Machine.TemplateHash;
        var state = found.Failure is { } failure ? $"Cluster API says that it failed: {failure.TrimEnd('.')}"
            : seen.Node is { State: NodeState.Missing or NodeState.Deleted or NodeState.Mismatch, Detail: { } detail } ? detail.TrimEnd('.')
            : seen.Node is { ClaimsAreUnknown: true, Detail: { } unknown } ? unknown.TrimEnd('.')
            : seen.Node.Name is { } name ? found.Ready ? $"Node {name} is ready" : $"Node {name} has joined, but the Machine is not ready"
            : "waiting for the machine to join";
        var message = $"In its window; {times.ClosesText}; {state}."
            + (isCordoned && seen.Cordon.Trouble is { } trouble ? $" The Node can't be uncordoned: {trouble}" : "")
            + (changed ? " Changes of the templates take effect at its next opening." : "")
            + Remediation.WaitingText(seen, found, now);
        return Report(seen, now, MachinePhase.Active, message, scheduled)
            .WakeAt(Remediation.Of(seen, found, now)?.At)
            .WakeAt(isCordoned ? seen.Cordon.NotBefore : null)
            .WakeAt(taints is { IsDone: false } ? seen.Taints.NotBefore : null)
            .WakeAt(AgentSetupOf(seen, isLeaving: false) is { IsDone: false } ? seen.Agent.NotBefore : null)
            .Plan(steps.ToImmutable());
    }

    /// <summary>
    /// The way out, the same for every reason; only the manner differs. Each stage is over when the world shows it, and at
    /// its end at the latest: a cluster that can't be reached, or a Pod that refuses to go, keeps no machine.
    /// </summary>
    private static TakingAway TakeAway(Observation seen, DateTimeOffset now, Manner manner)
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
            return TakeAwayAtOnce(seen, found, now);
        }

        // The time of a deletion is the API server's, whose clock may be ahead of ours: no grace period comes of it.
        DateTimeOffset? began = manner is Manner.WithGrace ? Pause.NotBeforeItsEnd(ShutdownBegan(seen.Machine, now), seen, now) : null;
        var graceEnds = began + seen.Machine.GracePeriod;
        var deletion = seen.Machine.Metadata.DeletionTimestamp ?? seen.CapiCluster?.DeletionTimestamp ?? now;
        var drainEnds = (graceEnds ?? Pause.NotBeforeItsEnd(deletion, seen, now)) + seen.Machine.DrainTimeout;
        var staying = AwaitGracePeriod(seen, found, now, graceEnds) ?? AwaitDrain(seen, found, now, drainEnds, manner);
        return staying is null
            ? IsLeftToClusterApi(seen) ? LeaveToClusterApi(seen, found, manner) : DeleteMachine(seen, found, manner, ResultOfDrain(seen))
            : staying with { Began = began, WatchesPods = IsCordoned(seen), Steps = [.. staying.Steps, .. KeepAgent(seen, now, isLeaving: false)] };
    }

    // No grace period, no budgets: what can be moved in a minute is moved, and the owner waits for nothing else. Counted from
    // the note that it was switched off; where that fails, from the first time that it did.
    private static TakingAway TakeAwayAtOnce(Observation seen, CapiMachine found, DateTimeOffset now)
    {
        var noted = IsSwitchedOffForReclaim(seen) ? ReclaimNote.Of(seen.Machine).Began : seen.FailureOf(Step.SwitchOff.StepName)?.Since;
        var timeout = seen.Machine.DrainTimeout < EmergencyDrainTimeout ? seen.Machine.DrainTimeout : EmergencyDrainTimeout;

        // The note is an annotation, which people may write: one of a time that is to come must not keep the owner until then.
        var began = seen.Machine.Metadata.DeletionTimestamp ?? (noted - now > EmergencyDrainTimeout ? now - timeout : noted) ?? now;
        if (AwaitDrain(seen, found, now, began + timeout, Manner.Emergency) is { } staying)
        {
            return staying with { WatchesPods = IsCordoned(seen) };
        }

        var result = ResultOfDrain(seen);
        var deleting = DeleteMachine(seen, found, Manner.Emergency, result, (now - began, IsEmpty(seen)));
        return deleting with { Message = $"{result.Message} {deleting.Message}" };
    }

    private static bool IsSwitchedOffForReclaim(Observation seen) =>
        seen.Machine.IsSwitchedOff && (seen.ReclaimRequest is not { } request || ReclaimNote.Of(seen.Machine).Answers(request));

    private static TakingAway? AwaitGracePeriod(
        Observation seen, CapiMachine found, DateTimeOffset now, DateTimeOffset? until)
    {
        if (until is not { } ends || now >= ends || IsEmpty(seen))
        {
            return null;
        }

        var progress = seen.Pods is { } pods ? $"; {pods.Progress}" : "";
        return new TakingAway($"Running pods may finish until {Times.Text(ends)}{progress}.{CordonTrouble(seen)}")
        {
            Steps = [.. KeepCapiDrain(seen, found), .. Cordon(seen, now)],
            WakeAt = Earliest(now, ends, seen.Cordon.NotBefore, seen.Pods?.LookAgainAt),
        };
    }

    private static TakingAway? AwaitDrain(
        Observation seen, CapiMachine found, DateTimeOffset now, DateTimeOffset ends, Manner manner)
    {
        if (now >= ends || IsEmpty(seen) || seen.Node.State is NodeState.Mismatch || (manner is not Manner.Emergency && IsLeftToClusterApi(seen)))
        {
            return null;
        }

        var progress = seen.Pods is { } left ? left.Progress.ToString() : WhyPodsAreUnknown(seen);
        return new TakingAway($"Draining: {progress.TrimEnd('.')}; until {Times.Text(ends)} at the latest.")
        {
            Steps = [.. KeepCapiDrain(seen, found), .. Cordon(seen, now), .. MovePods(seen, manner)],
            Drain = EventReasons.NodeDraining,
            WakeAt = Earliest(now, ends, seen.Cordon.NotBefore, seen.Pods?.LookAgainAt),
        };
    }

    private static IEnumerable<Step> MovePods(Observation seen, Manner manner) => (manner, IsCordoned(seen) ? seen.Pods : null) switch
    {
        (Manner.Emergency, { DueForDeletion: { Length: > 0 } pods }) => [new Step.DeletePods(pods)],
        (Manner.Emergency, _) => [],
        (_, { Due: { Length: > 0 } pods }) => [new Step.Evict(pods)],
        _ => [],
    };

    private static DrainResult ResultOfDrain(Observation seen) =>
        seen.Node.State is NodeState.Deleted
            ? DrainResult.Drained($"{NodeOf(seen)} was deleted: nothing runs there any more.")
        : IsEmpty(seen) ? DrainResult.Drained($"{NodeOf(seen)} is drained: {seen.Pods!.DescribeEmpty()}")
        : seen.Pods is { } pods ? DrainResult.Failed($"{NodeOf(seen)} could not be drained in time. {pods.Describe()}")
        : DrainResult.Failed($"{NodeOf(seen)} could not be drained: {WhyPodsAreUnknown(seen)}{ClusterTrouble.MayLeaveNode(seen)}");

    // The Pods stay watched until the deletion is accepted: should it be refused, they still say how far the drain is.
    private static TakingAway DeleteMachine(
        Observation seen, CapiMachine found, Manner manner, DrainResult? drained, (TimeSpan Took, bool Succeeded)? emergencyDrain = null) =>
        new($"Deleting the Machine.{ClusterTrouble.LeftUndone(seen)}")
        {
            Steps =
            [
                .. ExcludeDrain(found, drained, WaitsForNothing(manner)),
                new Step.DeleteMachine(found.Uid) { EmergencyDrain = emergencyDrain },
            ],
            Drain = drained?.Reason,
            WatchesPods = manner is not Manner.AtOnce && IsCordoned(seen),
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
                .. KeepAgent(seen, now, isLeaving: true),
                .. ClearRequest(seen, now, manner),
            ],
            Drain = drained?.Reason,
            WakeAt = Earliest(now, seen.Agent.NotBefore, seen.RequestCleared.NotBefore, wakeAt),
        };
    }

    // Once our drain is over, or is not wanted, Cluster API is not to begin another. Nor is it to wait for volumes where Pods could
    // not be moved, or where whoever waits for the machine waits for nothing.
    private static ImmutableArray<Step> ExcludeDrain(CapiMachine found, DrainResult? drained, bool waitsForNothing)
    {
        var andVolumes = waitsForNothing || drained?.Reason == EventReasons.NodeDrainFailed;
        var isTold = DrainExclusion.IsComplete(found, andVolumes) && (drained is null || drained == DrainResult.Of(found));
        return isTold || (drained is null && !waitsForNothing)
            ? []
            : [new Step.ExcludeDrain(andVolumes, drained == DrainResult.Of(found) ? null : drained)];
    }

    // The timeouts that the Machine carries end Cluster API's drain, and its wait for volumes; but not while it can't reach the
    // workload cluster. Then it is told to wait no longer.
    private static (bool IsLate, DateTimeOffset? WakeAt) CapiIsLate(Observation seen, CapiMachine found, DateTimeOffset now)
    {
        var timeouts = DeletionTimeouts.Of(seen.Machine);
        var until = found.Metadata.DeletionTimestamp + timeouts.Drain + timeouts.VolumeDetach;
        return (now >= until, DrainExclusion.IsComplete(found, andVolumes: true) ? null : until);
    }

    private static bool WaitsForNothing(Manner manner) => manner is Manner.AtOnce or Manner.Emergency;

    // The agent goes first: it would write the request again. Where the machine could not be switched off, the request is all
    // that keeps it from its owner's hands, should it be the same Node that comes back.
    private static IEnumerable<Step> ClearRequest(Observation seen, DateTimeOffset now, Manner manner) =>
        manner is Manner.Emergency && seen is { Node: { State: NodeState.Known, Node: { } node }, Machine: { IsBeingDeleted: false, IsSwitchedOff: true } } && ReclaimRequest.IsOn(node)
            && (AgentSetupOf(seen, isLeaving: true) is not { IsDone: false } || seen.Agent.Trouble is not null)
            && seen.AgentConfig is not { IsKnown: false, Trouble: null }
            && seen.RequestCleared.MayStart(now)
            ? [new Step.ClearRequest(node)]
            : [];

    // As long as the machine is here its owner may want it back, also while its window closes.
    private static IEnumerable<Step> KeepAgent(Observation seen, DateTimeOffset now, bool isLeaving) =>
        AgentSetupOf(seen, isLeaving) is { IsDone: false } setup && seen.Agent.MayStart(now)
            ? [new Step.SetUpAgent(seen.Node.Node!, seen.AgentConfig!.Config, setup)]
            : [];

    /// <summary>What is to be done about the reclaim agent; null where there is none to think of, or that is not known yet.</summary>
    internal static AgentSetup? AgentSetupOf(Observation seen, bool isLeaving) =>
        seen is { Node: { State: NodeState.Known, Node: { } node }, AgentConfig: { IsKnown: true } config }
            ? AgentSetup.Of(node, config.Config, seen.Machine, isLeaving)
            : null;

    // A Node that is not cordoned may get another Pod at any moment, so that looking at its Pods would tell nothing.
    private static bool IsCordoned(Observation seen) => seen.Node is { State: NodeState.Known, Node.Unschedulable: true };

    private static bool IsLeftToClusterApi(Observation seen) => IsCordoned(seen) && seen.Pods is { WhyClusterApiDrains: not null };

    private static bool IsEmpty(Observation seen) =>
        seen.Node.State is NodeState.Deleted || (IsCordoned(seen) && seen.Pods is { Left: 0 });

    private static IEnumerable<Step> Cordon(Observation seen, DateTimeOffset now) =>
        seen.Node is { State: NodeState.Known, Node: { Unschedulable: false } node } && seen.Cordon.MayStart(now)
            ? [new Step.Cordon(node)]
            : [];

    private static string CordonTrouble(Observation seen) =>
        seen.Node is { State: NodeState.Known, Node.Unschedulable: false } && seen.Cordon.Trouble is { } trouble
            ? $" The Node can't be cordoned: {trouble}"
            : "";

    private static string NodeOf(Observation seen) => seen.Node.Name is { } name ? $"Node {name}" : "The Node";

    private static string WhyPodsAreUnknown(Observation seen) => seen.Node.State switch
    {
        NodeState.Mismatch or NodeState.Missing => seen.Node.Detail ?? "",
        NodeState.Unknown => seen.Cluster is { Status: not ConditionStatus.True } cluster ? cluster.Message : seen.Node.Detail ?? "its cluster has not answered yet.",
        _ when !IsCordoned(seen) => seen.Cordon.Trouble is { } trouble ? $"the Node can't be cordoned: {trouble}" : "cordoning the Node.",
        _ => seen.PodTrouble is { } trouble ? $"its pods can't be listed: {trouble}" : "looking for its pods.",
    };

    // For as long as a Machine may yet stay, or be deleted by somebody else, Cluster API would drain it as we do.
    private static IEnumerable<Step> KeepCapiDrain(Observation seen, CapiMachine found)
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

    private static TakingAway DeleteRemains(Observation seen, DateTimeOffset now)
    {
        var ours = seen.Slots.Where(slot => slot.Ours(seen.Machine) is not null).ToList();
        var kept = seen.Machine.IsBeingDeleted ? [] : ours.Where(IsKept).ToList();
        var remains = ours.Except(kept).ToList();
        if (remains.Count == 0)
        {
            return seen.Slots.FirstOrDefault(slot => slot.Trouble is not null) is { Trouble: { } trouble }
                ? new TakingAway($"Whether all of it is gone can't be told: {trouble}") { RetryLater = true }
                : kept.Count == 0 ? TakingAway.Done
                : TakingAway.Done with { Message = $" {Names(kept)} stays for the next opening: its provider has put a finalizer on it, and would never let it go without a Machine." };
        }

        var steps = ImmutableArray.CreateBuilder<Step>();
        AddDeletions(steps, seen, now, remains);
        return new TakingAway($"Waiting for {Names(remains)} to go.{WhyNotGoing(remains)}") { Steps = steps.ToImmutable() };
    }

    // Deleting what a Machine points at is safe only once there is no Machine, and a cache alone can't say that. For a minute the
    // answer will do for the attempts that follow a failure.
    private static void AddDeletions(
        ImmutableArray<Step>.Builder steps, Observation seen, DateTimeOffset now, IReadOnlyList<ProviderSlot> slots)
    {
        var deletions = slots.Where(slot => slot.Object!.Metadata.DeletionTimestamp is null).Select(slot => new Step.DeleteProviderObject(slot)).ToList();
        if (!seen.MachineAbsenceConfirmed && deletions.Exists(deletion => seen.FailureOf(deletion.Name) is not { } failure || now - failure.Since > AbsenceKnownFor))
        {
            steps.Add(new Step.ConfirmMachineAbsent());
        }

        steps.AddRange(deletions);
    }

    // The one thing that is taken from the status: when this shutdown began. A condition from before the Machine was
    // there speaks of an earlier shutdown.
    private static DateTimeOffset ShutdownBegan(ScheduledMachine machine, DateTimeOffset now) =>
        machine.Status.MachineRef is not null
        && machine.Status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Scheduled)
            is { Status: ConditionStatus.False } closed
        && closed.LastTransitionTime <= now
            ? closed.LastTransitionTime
            : now.TruncateToSecond();

    // One that no Machine ever took is used again, unless it is of a kind that is no longer asked for, or is to be brought up to
    // the template and the server won't have that.
    private static bool IsSpent(Observation seen, ProviderSlot slot) =>
        slot.Ours(seen.Machine) is { } found
        && (found.Metadata.DeletionTimestamp is not null
            || Ownership.HasServedAMachine(found)
            || RoleOf(seen, slot) is not { } role
            || (!IsUpToDate(seen, role, found) && seen.FailureOf(Step.UpdateProviderObject.NameOf(role)) is { NeedsChange: true } && found.Metadata.Finalizers.Count == 0));

    private static ProviderRole? RoleOf(Observation seen, ProviderSlot slot) =>
        ReferenceEquals(slot, seen.Bootstrap) ? ProviderRole.Bootstrap
        : ReferenceEquals(slot, seen.Infrastructure) ? ProviderRole.Infrastructure
        : null;

    private static bool IsUpToDate(Observation seen, ProviderRole role, FiveSpot.Kubernetes.PartialObject found) =>
        found.Metadata.Annotations.GetValueOrDefault(WellKnown.TemplateHashAnnotation) == seen.Machine.HashOf(role)
        && (seen.Machine.Computer is not { } computer || found.Metadata.Annotations.GetValueOrDefault(WellKnown.ComputerAnnotation) == computer);

    // A provider that puts its finalizer on an object before a Machine takes it waits for that Machine also when the object is
    // deleted: one that no Machine ever took would never go.
    private static bool IsKept(ProviderSlot slot) =>
        slot.Object is { Metadata: { DeletionTimestamp: null, Finalizers.Count: > 0 } } found && !Ownership.HasServedAMachine(found);

    private static string WhyNotGoing(IEnumerable<ProviderSlot> slots) =>
        slots.FirstOrDefault(slot => slot.Object is { Metadata: { DeletionTimestamp: not null, Finalizers.Count: > 0 } } found && !Ownership.HasServedAMachine(found)) is { Object: { } stuck } held
            ? $" {held.Kind} {stuck.Metadata.Name} is held by finalizer {stuck.Metadata.Finalizers[0]}, and no Machine ever took it: should its provider wait for one, take the finalizer off by hand."
            : "";

    private static string? ForeignObject(Observation seen)
    {
        if (seen.CapiMachine is not null && seen.OurMachine is null)
        {
            return NameConflict(MachineApi.Kind, seen);
        }

        // Once there is a Machine of ours, what it points at is between it and Cluster API.
        return seen.OurMachine is null
            && seen.Slots.FirstOrDefault(slot => slot.Object is not null && slot.Ours(seen.Machine) is null) is { } slot
            ? NameConflict(slot.Kind, seen)
            : null;
    }

    /// <summary>What to say of an object that has the name that is needed, and is not ours.</summary>
    public static string NameConflict(string kind, Observation seen) =>
        $"A {kind} named {seen.Machine.Metadata.Name} is there already and is not this ScheduledMachine's: it is left alone. Delete or rename it, or give the ScheduledMachine another name.";

    /// <summary>What to say of a kind of the templates that the API server does not serve; null when it serves both.</summary>
    internal static string? MissingKind(Observation seen)
    {
        foreach (var role in (ReadOnlySpan<ProviderRole>)[ProviderRole.Bootstrap, ProviderRole.Infrastructure])
        {
            if (seen.Slot(role) is { Resource: null } slot)
            {
                return KindNotServed(role, slot);
            }
        }

        return null;
    }

    /// <summary>What to say of a kind that the API server does not serve.</summary>
    public static string KindNotServed(ProviderRole role, ProviderSlot slot)
    {
        var field = role is ProviderRole.Bootstrap ? "spec.bootstrapSpec" : "spec.infrastructureSpec";
        return $"{field}: the API server serves no namespaced kind {slot.Kind} in {slot.ApiVersion}. Install the provider that has it, or name one that is there.";
    }

    // The earliest that is still to come.
    private static DateTimeOffset? Earliest(DateTimeOffset now, params ReadOnlySpan<DateTimeOffset?> times)
    {
        DateTimeOffset? earliest = null;
        foreach (var at in times)
        {
            earliest = at > now && !(at >= earliest) ? at : earliest;
        }

        return earliest;
    }

    private static string Names(IEnumerable<ProviderSlot> slots) => string.Join(" and ", slots.Select(slot => slot.Kind));

    private static StatusReport Report(
        Observation seen, DateTimeOffset now, string phase, string message, Scheduled scheduled) =>
        new(seen, now, phase, message, scheduled);

    private enum Manner
    {
        WithGrace,
        WithoutGrace,
        Emergency,
        AtOnce,
    }
}
