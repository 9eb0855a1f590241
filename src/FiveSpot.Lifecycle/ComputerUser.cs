// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Lifecycle;

/// <summary>Another ScheduledMachine of a computer, and what is there of it.</summary>
public sealed record ComputerUser
{
    /// <summary>Namespace and name.</summary>
    public required ObjectKey Key { get; init; }

    /// <summary>What a person asked for; null when it is gone, and only objects of it are left.</summary>
    public ScheduledMachine? Machine { get; init; }

    /// <summary>Its Cluster; null when there is none.</summary>
    public CapiCluster? CapiCluster { get; init; }

    /// <summary>Whether a Machine of it is there, for this computer or another: then it is not about to make one.</summary>
    public bool HasMachine { get; init; }

    /// <summary>Its Machine, when it is for this computer; null when there is none.</summary>
    public CapiMachine? CapiMachine { get; init; }

    /// <summary>Its bootstrap config, when it is for this computer; null when there is none.</summary>
    public PartialObject? Bootstrap { get; init; }

    /// <summary>Its other provider objects for this computer.</summary>
    public ImmutableArray<PartialObject> Others { get; init; } = [];

    /// <summary>The resource of its bootstrap config; null when there is none on the server.</summary>
    public ResourceType? BootstrapResource { get; init; }

    /// <summary>
    /// Whether it has the computer, or has taken its place at it: the bootstrap config is made first. What no Machine ever took is
    /// nothing to any computer; an object that its provider holds may stay for ever.
    /// </summary>
    public bool HasComputer(DateTimeOffset now) =>
        IsServed || (Bootstrap is { } bootstrap && (bootstrap.Metadata.Finalizers.Count == 0 || IsWanted(now)));

    /// <summary>Whether Cluster API has, or had, a Machine for it there.</summary>
    public bool IsServed =>
        CapiMachine is not null || (Bootstrap is { } bootstrap && Ownership.HasServedAMachine(bootstrap)) || Others.Any(Ownership.HasServedAMachine);

    /// <summary>Whether its own schedule has it open now.</summary>
    public bool IsWanted(DateTimeOffset now) => Machine is { FollowsSchedule: true, Schedule: { } schedule } && schedule.IsActive(now.ToInstant());

    /// <summary>Whether it is to open as soon as it can; not while its Cluster is missing, goes or is paused, or it is paused itself.
    /// </summary>
    public bool IsToOpen(DateTimeOffset now) =>
        !HasMachine && IsWanted(now) && CapiCluster is { IsBeingDeleted: false, IsPaused: false } && Pause.By(Machine!) is null;

    /// <summary>Why its owner has taken the computer back from it; null when nobody has, or it was given back since.</summary>
    public string? ReclaimedFor => Machine is { IsBeingDeleted: false, IsSwitchedOff: true } machine ? ReclaimNote.Of(machine).Reason : null;

    /// <summary>Whether it comes before another when both want the computer: by priority, then by age, then by name. The specs alone
    /// decide, so that whoever asks gets the same answer.</summary>
    public bool ComesBefore(ScheduledMachine other)
    {
        if (Machine is not { } machine)
        {
            return false;
        }

        var order = other.Priority.CompareTo(machine.Priority);
        order = order != 0 ? order : Nullable.Compare(machine.Metadata.CreationTimestamp, other.Metadata.CreationTimestamp);
        return (order != 0 ? order : string.CompareOrdinal(machine.Metadata.Name, other.Metadata.Name)) < 0;
    }

    /// <summary>The object, if it was made for a computer; where it does not say for which, the ScheduledMachine does.</summary>
    internal static bool IsFor(ObjectMetadata found, string computer, ScheduledMachine? machine) =>
        (found.Annotations.GetValueOrDefault(WellKnown.ComputerAnnotation) ?? machine?.Computer) == computer;
}
