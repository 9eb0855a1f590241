// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>What 5-Spot reports of a ScheduledMachine. A report only: nothing is decided from it.</summary>
public sealed record ScheduledMachineStatus
{
    /// <summary>Where the machine is in its life; one of <see cref="MachinePhase"/>.</summary>
    public string? Phase { get; init; }

    /// <summary>True exactly when condition <c>Ready</c> is True.</summary>
    public bool Ready { get; init; }

    /// <summary>One sentence for a person.</summary>
    public string? Message { get; init; }

    /// <summary>Whether the window is open now.</summary>
    public bool InSchedule { get; init; }

    /// <summary>Standard conditions.</summary>
    public IReadOnlyList<Condition> Conditions { get; init; } = [];

    /// <summary>The Cluster API Machine that exists now.</summary>
    public TypedReference? MachineRef { get; init; }

    /// <summary>The bootstrap config that exists now.</summary>
    public TypedReference? BootstrapRef { get; init; }

    /// <summary>The infrastructure machine that exists now.</summary>
    public TypedReference? InfrastructureRef { get; init; }

    /// <summary>The Node that the machine is in its cluster.</summary>
    public NodeReference? NodeRef { get; init; }

    /// <summary>Copied from the Machine.</summary>
    public string? ProviderID { get; init; }

    /// <summary>The taints that 5-Spot put on the Node and owns.</summary>
    public IReadOnlyList<NodeTaint>? AppliedNodeTaints { get; init; }

    /// <summary>When the last Machine was created.</summary>
    public DateTimeOffset? LastScheduledTime { get; init; }

    /// <summary>The next boundary of the schedule, of either kind.</summary>
    public DateTimeOffset? NextTransitionTime { get; init; }

    /// <summary>The next time that the window opens.</summary>
    public DateTimeOffset? NextActivation { get; init; }

    /// <summary>The time at which the machine will be deleted at the latest.</summary>
    public DateTimeOffset? NextCleanup { get; init; }

    /// <summary>The generation of the spec that this status is about.</summary>
    public long? ObservedGeneration { get; init; }
}
