// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle;

/// <summary>Bootstrap config and infrastructure: which serve an opening, and which have to go.</summary>
internal static class ProviderObjects
{
    private static readonly TimeSpan AbsenceKnownFor = TimeSpan.FromMinutes(1);

    /// <summary>
    /// One that no Machine ever took is used again, unless it is of a kind that is no longer asked for, or is to be brought up to
    /// the template and the server won't have that.
    /// </summary>
    public static bool IsSpent(Observation seen, ProviderSlot slot) =>
        slot.Ours(seen.Machine) is { } found
        && (found.Metadata.DeletionTimestamp is not null
            || Ownership.HasServedAMachine(found)
            || RoleOf(seen, slot) is not { } role
            || (!IsUpToDate(seen, role, found) && seen.FailureOf(Step.UpdateProviderObject.NameOf(role)) is { NeedsChange: true } && found.Metadata.Finalizers.Count == 0));

    /// <summary>Whether it is as the template says, and for the computer of now.</summary>
    public static bool IsUpToDate(Observation seen, ProviderRole role, PartialObject found) =>
        found.Metadata.Annotations.GetValueOrDefault(WellKnown.TemplateHashAnnotation) == seen.Machine.HashOf(role)
        && (seen.Machine.Computer is not { } computer || found.Metadata.Annotations.GetValueOrDefault(WellKnown.ComputerAnnotation) == computer);

    /// <summary>
    /// A provider that puts its finalizer on an object before a Machine takes it waits for that Machine also when the object is
    /// deleted: one that no Machine ever took would never go.
    /// </summary>
    public static bool IsKept(ProviderSlot slot) =>
        slot.Object is { Metadata: { DeletionTimestamp: null, Finalizers.Count: > 0 } } found && !Ownership.HasServedAMachine(found);

    /// <summary>
    /// Deleting what a Machine points at is safe only once there is no Machine, and a cache alone can't say that. For a minute the
    /// answer will do for the attempts that follow a failure.
    /// </summary>
    public static void AddDeletions(
        ImmutableArray<Step>.Builder steps, Observation seen, DateTimeOffset now, IReadOnlyList<ProviderSlot> slots)
    {
        var deletions = slots.Where(slot => slot.Object!.Metadata.DeletionTimestamp is null).Select(slot => new Step.DeleteProviderObject(slot)).ToList();
        if (!seen.MachineAbsenceConfirmed && deletions.Exists(deletion => seen.FailureOf(deletion.Name) is not { } failure || now - failure.Since > AbsenceKnownFor))
        {
            steps.Add(new Step.ConfirmMachineAbsent());
        }

        steps.AddRange(deletions);
    }

    /// <summary>Their kinds, in words.</summary>
    public static string Names(IEnumerable<ProviderSlot> slots) => string.Join(" and ", slots.Select(slot => slot.Kind));

    /// <summary>What keeps one of them for ever, as a sentence with a space before it; empty where nothing does.</summary>
    public static string WhyNotGoing(IEnumerable<ProviderSlot> slots) =>
        slots.FirstOrDefault(slot => slot.Object is { Metadata: { DeletionTimestamp: not null, Finalizers.Count: > 0 } } found && !Ownership.HasServedAMachine(found)) is { Object: { } stuck } held
            ? $" {held.Kind} {stuck.Metadata.Name} is held by finalizer {stuck.Metadata.Finalizers[0]}, and no Machine ever took it: should its provider wait for one, take the finalizer off by hand."
            : "";

    private static ProviderRole? RoleOf(Observation seen, ProviderSlot slot) =>
        ReferenceEquals(slot, seen.Bootstrap) ? ProviderRole.Bootstrap
        : ReferenceEquals(slot, seen.Infrastructure) ? ProviderRole.Infrastructure
        : null;
}
