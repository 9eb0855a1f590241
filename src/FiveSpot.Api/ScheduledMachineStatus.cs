// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>
/// What 5-Spot reports of a ScheduledMachine. A report only: nothing is decided from it. All times are written in UTC,
/// to the second.
/// </summary>
public sealed record ScheduledMachineStatus
{
    /// <summary>Where the machine is in its life; one of <see cref="MachinePhase"/>.</summary>
    [Schema(
        "Where the machine is in its life. Pending: wanted, its objects are being created. Active: its Machine exists "
        + "and is wanted. ShuttingDown: grace period, drain or deletion under way. Inactive: outside its schedule and "
        + "gone. Disabled: switched off and gone. Terminated: kill switch on. EmergencyRemove: its owner wants it back. "
        + "Error: can't go on; message says why.",
        Enum =
        [
            MachinePhase.Pending, MachinePhase.Active, MachinePhase.ShuttingDown, MachinePhase.Inactive,
            MachinePhase.Disabled, MachinePhase.Terminated, MachinePhase.EmergencyRemove, MachinePhase.Error,
        ])]
    public string? Phase { get; init; }

    /// <summary>True exactly when condition <c>Ready</c> is True.</summary>
    [Schema("True exactly when condition Ready is True: the machine is in its cluster and works.")]
    public bool Ready { get; init; }

    /// <summary>One sentence for a person.</summary>
    [Schema("One sentence that says how things stand and, if something is wrong, what to do about it.")]
    public string? Message { get; init; }

    /// <summary>Whether the window is open now.</summary>
    [Schema("Whether the schedule's window is open now, whatever the switches say.")]
    public bool InSchedule { get; init; }

    /// <summary>Standard conditions.</summary>
    [Schema("Standard conditions, one of each type.", ListMapKey = "type")]
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];

    /// <summary>The Cluster API Machine that exists now.</summary>
    [Schema("The Cluster API Machine that exists now.", IsAtomic = true)]
    public TypedReference? MachineRef { get; init; }

    /// <summary>The bootstrap config that exists now.</summary>
    [Schema("The bootstrap config that exists now.", IsAtomic = true)]
    public TypedReference? BootstrapRef { get; init; }

    /// <summary>The infrastructure machine that exists now.</summary>
    [Schema("The infrastructure machine that exists now.", IsAtomic = true)]
    public TypedReference? InfrastructureRef { get; init; }

    /// <summary>The Node that the machine is in its cluster.</summary>
    [Schema("The Node that the machine is on the workload cluster.", IsAtomic = true)]
    public NodeReference? NodeRef { get; init; }

    /// <summary>Copied from the Machine.</summary>
    [Schema("The infrastructure provider's id of the machine, copied from the Machine.")]
    public string? ProviderID { get; init; }

    /// <summary>The taints that 5-Spot put on the Node and owns.</summary>
    [Schema("The taints that 5-Spot put on the Node itself; it changes and removes no others.",
        MaxItems = Rules.Limits.Taints)]
    public IReadOnlyList<NodeTaint>? AppliedNodeTaints { get; init; }

    /// <summary>When the last Machine was created.</summary>
    [Schema("When the last Machine was created, in UTC.")]
    public DateTimeOffset? LastScheduledTime { get; init; }

    /// <summary>The next boundary of the schedule, of either kind.</summary>
    [Schema("The next time at which the window opens or closes, in UTC; absent if it never does.")]
    public DateTimeOffset? NextTransitionTime { get; init; }

    /// <summary>The next time that the window opens.</summary>
    [Schema("The next time at which the window opens, in UTC.")]
    public DateTimeOffset? NextActivation { get; init; }

    /// <summary>The time at which the machine will be deleted at the latest.</summary>
    [Schema("The time at which the machine will be deleted at the latest, with grace period and drain, in UTC.")]
    public DateTimeOffset? NextCleanup { get; init; }

    /// <summary>The schedule in one line.</summary>
    [Schema("The schedule in one line: days, hours and time zone. Example: mon-fri 9-17 Europe/Zurich.")]
    public string? Schedule { get; init; }

    /// <summary>Names the contents of the templates that the API server has accepted last.</summary>
    [Schema(
        "Names the contents of the templates that the API server has said it would make objects of, by dry run or by "
        + "making them; absent if it has not, or has refused them since. It is not asked again about the same.")]
    public string? AcceptedTemplates { get; init; }

    /// <summary>The generation of the spec that this status is about.</summary>
    [Schema("The metadata.generation that the status is about; lower than the object's own means not seen yet.")]
    public long? ObservedGeneration { get; init; }
}
