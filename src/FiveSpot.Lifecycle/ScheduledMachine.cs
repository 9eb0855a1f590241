// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Scheduling;

namespace FiveSpot.Lifecycle;

/// <summary>
/// A ScheduledMachine as the controller keeps it: what a person asked for, read and checked once for each change,
/// not once for each look.
/// </summary>
public sealed record ScheduledMachine : IKubernetesObject
{
    /// <summary>Name, uid, finalizers and the like.</summary>
    public required ObjectMetadata Metadata { get; init; }

    /// <summary>What is asked for; null when it can't be read at all (<see cref="Problems"/> says why).</summary>
    public ScheduledMachineSpec? Spec { get; init; }

    /// <summary>Whether the templates' contents are left out, and with them <c>machineTemplate</c>: who writes megabytes there must not
    /// take the memory that all others need. They are read again to make the objects.</summary>
    public bool IsAbridged { get; init; }

    /// <summary>What was last reported. A report only: apart from the time at which a shutdown began, nothing is
    /// decided from it.</summary>
    public ScheduledMachineStatus Status { get; init; } = new();

    /// <summary>The schedule; null when it breaks a rule.</summary>
    public WeeklySchedule? Schedule { get; init; }

    /// <summary>The schedule in one line; null when it breaks a rule.</summary>
    public string? ScheduleText { get; init; }

    /// <summary>Every rule that the spec breaks, each a sentence with what is wrong and what is allowed.</summary>
    public IReadOnlyList<RuleViolation> Problems { get; init; } = [];

    /// <summary>Whether the kill switch is on; known even of a spec that breaks rules.</summary>
    public bool KillSwitch { get; init; }

    /// <summary>Which physical machine it is; null where nothing says so. Of one namespace only one with a computer has objects at
    /// a time.</summary>
    public string? Computer { get; init; }

    /// <summary>Names all that a person can say of the three objects, so that a change of it can be told.</summary>
    public string TemplateHash { get; init; } = "";

    /// <summary>Names what the bootstrap config is made from.</summary>
    public string BootstrapHash { get; init; } = "";

    /// <summary>Names what the infrastructure machine is made from.</summary>
    public string InfrastructureHash { get; init; } = "";

    /// <summary>Names what one of the two is made from.</summary>
    public string HashOf(ProviderRole role) => role is ProviderRole.Bootstrap ? BootstrapHash : InfrastructureHash;

    /// <summary>Order of work when many are due at once: higher first.</summary>
    public int Priority => Spec?.Priority ?? 50;

    /// <summary>How long running pods may finish by themselves.</summary>
    public TimeSpan GracePeriod => TimeOf(Spec?.GracefulShutdownTimeout);

    /// <summary>How long a drain may take.</summary>
    public TimeSpan DrainTimeout => TimeOf(Spec?.NodeDrainTimeout);

    /// <summary>Whether somebody has deleted it, so that only the finalizers keep it.</summary>
    public bool IsBeingDeleted => Metadata.DeletionTimestamp is not null;

    /// <summary>Whether its own switch is off, which a reclaim sets; so it is, too, when it can't be read.</summary>
    public bool IsSwitchedOff => Spec is not { Schedule.Enabled: true };

    /// <summary>Whether its schedule decides; if not, nothing is made, whatever the time.</summary>
    public bool FollowsSchedule => !IsBeingDeleted && !KillSwitch && Problems.Count == 0 && Spec is { IsEnabled: true };

    /// <summary>Whether it was found to be gone, or another one of its name to be in its place.</summary>
    public bool IsGone { get; init; }

    /// <summary>Whether the finalizer that lets us finish is in place.</summary>
    public bool HasFinalizer => Metadata.Finalizers.Contains(WellKnown.Finalizer);

    // What can't be read of a spec is as if it were left out: its machine goes with the usual care.
    private static TimeSpan TimeOf(string? text) =>
        MachineTimeout.TryParse(text, out var time) || MachineTimeout.TryParse(ScheduledMachineSpec.DefaultTimeout, out time) ? time : default;

    /// <inheritdoc/>
    public ObjectKey Key => Metadata.Key;

    /// <inheritdoc/>
    public string Uid => Metadata.Uid;

    /// <inheritdoc/>
    public string ResourceVersion => Metadata.ResourceVersion;
}
