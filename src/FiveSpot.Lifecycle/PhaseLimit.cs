// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Lifecycle;

/// <summary>
/// How long a machine may be in its phase. A grace period of a day is in order where the spec asks for one, an hour in a phase
/// that nothing asks for is not: so an alert can't be a number of seconds that is the same for all machines.
/// </summary>
public static class PhaseLimit
{
    /// <summary>
    /// When the machine is through with what its spec has it wait for; from then on only the machine itself, Cluster API or a
    /// person can be what it waits for.
    /// </summary>
    /// <returns>Null where it may stay for ever: it is as it should be.</returns>
    public static DateTimeOffset? Of(ScheduledMachine machine) => machine.Status.Phase switch
    {
        MachinePhase.Pending when ReadyReason(machine) == ConditionReasons.MachineInUse => null,
        MachinePhase.Pending or MachinePhase.Error => Changed(machine),
        MachinePhase.Active when !machine.Status.Ready => Changed(machine),
        MachinePhase.ShuttingDown when machine.Metadata.DeletionTimestamp is { } deleted => deleted.After(machine.DrainTimeout),
        MachinePhase.ShuttingDown => At(machine, ConditionTypes.Scheduled)?.After(machine.GracePeriod + machine.DrainTimeout),
        MachinePhase.EmergencyRemove => Later(At(machine, ConditionTypes.Scheduled), ReclaimNote.Of(machine).Began)?.After(EmergencyDrain(machine)),
        MachinePhase.Terminated when HasObjects(machine.Status) => Changed(machine),
        _ => null,
    };

    // By the conditions that say whether it is wanted and whether it is there: the others change for other reasons. A machine
    // that is made has been "not ready" since it was there last.
    private static DateTimeOffset? Changed(ScheduledMachine machine) => Later(
        Later(At(machine, ConditionTypes.Scheduled), At(machine, ConditionTypes.Ready)),
        Later(At(machine, ConditionTypes.ReferencesValid), machine.Status.LastScheduledTime));

    private static TimeSpan EmergencyDrain(ScheduledMachine machine) =>
        machine.DrainTimeout < Decision.EmergencyDrainTimeout ? machine.DrainTimeout : Decision.EmergencyDrainTimeout;

    private static bool HasObjects(ScheduledMachineStatus status) =>
        status.MachineRef is not null || status.BootstrapRef is not null || status.InfrastructureRef is not null;

    private static string? ReadyReason(ScheduledMachine machine) =>
        machine.Status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Ready)?.Reason;

    private static DateTimeOffset? At(ScheduledMachine machine, string type) =>
        machine.Status.Conditions.FirstOrDefault(condition => condition.Type == type)?.LastTransitionTime;

    private static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null || other > one ? other ?? one : one;
}
