// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle;

/// <summary>What makes a machine in its window.</summary>
internal static class Opening
{
    /// <summary>A window of its schedule is open: the machine is made, unless it is there.</summary>
    public static Plan Open(Observation seen, DateTimeOffset now)
    {
        var times = Times.For(seen.Machine, now);
        var scheduled = Scheduled.Yes($"In its window; {times.ClosesText}.");
        if (ForeignObject(seen) is { } foreign)
        {
            return new StatusReport(seen, now, MachinePhase.Error, foreign, scheduled)
                .References(EventReasons.NameConflict, foreign).RetryLater().Plan();
        }

        if (seen.OurMachine is { } found)
        {
            if (!found.IsBeingDeleted)
            {
                return Active.Keep(seen, found, now, times, scheduled);
            }

            var (late, wakeAt) = Termination.CapiIsLate(seen, found, now);
            var former = new StatusReport(
                seen, now, MachinePhase.Pending, $"In its window; {Remediation.Former(found)} is still being deleted, and is made again once it is gone.", scheduled);
            return Remediation.Told(former, found).WakeAt(late ? null : wakeAt).Plan(Termination.ExcludeDrain(found, DrainResult.Of(found), late));
        }

        if (ClusterTrouble.Of(seen) is { } cluster)
        {
            return new StatusReport(
                seen, now, MachinePhase.Error, cluster.Message, seen.CapiCluster is null ? scheduled : Scheduled.No(cluster.Reason, cluster.Message)).Plan();
        }

        if (seen.Slots.FirstOrDefault(slot => slot.Trouble is not null) is { Trouble: { } trouble })
        {
            return new StatusReport(seen, now, MachinePhase.Error, trouble, scheduled)
                .References(ConditionReasons.ProviderUnavailable, trouble).RetryLater().Plan();
        }

        var spent = seen.Slots.Where(slot => ProviderObjects.IsSpent(seen, slot)).ToList();
        if (spent.Count == 0 && ComputerUse.Of(seen, now) is { } use)
        {
            return AwaitComputer(seen, now, use, scheduled);
        }

        if (MissingKind(seen) is { } missing)
        {
            return new StatusReport(seen, now, MachinePhase.Error, missing, scheduled)
                .References(ConditionReasons.KindNotFound, missing).RetryLater().Plan();
        }

        if (seen.Forbidden is { } forbidden)
        {
            return new StatusReport(seen, now, MachinePhase.Error, forbidden, scheduled)
                .References(ConditionReasons.Forbidden, forbidden).RetryLater().Plan();
        }

        var steps = ImmutableArray.CreateBuilder<Step>();
        if (spent.Count > 0)
        {
            // What served an earlier Machine goes with it; another one gets fresh objects.
            ProviderObjects.AddDeletions(steps, seen, now, spent);
            return new StatusReport(seen, now, MachinePhase.Pending, $"In its window; waiting for {ProviderObjects.Names(spent)} of the former Machine to go.{ProviderObjects.WhyNotGoing(spent)}", scheduled)
                .Plan(steps.ToImmutable());
        }

        steps.AddRange(Finalizer(seen));
        steps.AddRange(EmergencyReclaim.Forget(seen));
        foreach (var role in (ReadOnlySpan<ProviderRole>)[ProviderRole.Bootstrap, ProviderRole.Infrastructure])
        {
            var slot = seen.Slot(role)!;
            if (slot.Object is not { } there)
            {
                steps.Add(new Step.CreateProviderObject(role));
            }
            else if (!ProviderObjects.IsUpToDate(seen, role, there))
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
        return new StatusReport(seen, now, MachinePhase.Pending, "In its window; its objects are being created.", scheduled)
            .Plan(steps.ToImmutable());
    }

    private static Plan AwaitComputer(Observation seen, DateTimeOffset now, ComputerUse use, Scheduled scheduled)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();
        if (use.IsToLeave && seen.Bootstrap is { } slot && slot.Ours(seen.Machine) is not null && !ProviderObjects.IsKept(slot))
        {
            ProviderObjects.AddDeletions(steps, seen, now, [slot]);
        }

        return new StatusReport(seen, now, MachinePhase.Pending, $"In its window. {use.Message}", scheduled)
            .Ready(ConditionReasons.MachineInUse).WakeAt(use.Until).Plan(steps.ToImmutable());
    }

    /// <summary>
    /// Put there before anything is made, and, so that the opening has one call less to make, long before its boundary.
    /// </summary>
    public static ImmutableArray<Step> Finalizer(Observation seen) =>
        seen.Machine.HasFinalizer ? [] : [new Step.AddFinalizer()];

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
    public static string? MissingKind(Observation seen)
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
    private static string KindNotServed(ProviderRole role, ProviderSlot slot)
    {
        var field = role is ProviderRole.Bootstrap ? "spec.bootstrapSpec" : "spec.infrastructureSpec";
        return $"{field}: the API server serves no namespaced kind {slot.Kind} in {slot.ApiVersion}. Install the provider that has it, or name one that is there.";
    }
}
