// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>The reasons of the events on a ScheduledMachine (contract, sections 4 and 9).</summary>
public static class EventReasons
{
    /// <summary>The window opened.</summary>
    public const string ScheduleActive = "ScheduleActive";

    /// <summary>The window closed.</summary>
    public const string ScheduleInactive = "ScheduleInactive";

    /// <summary>Somebody switched the machine off.</summary>
    public const string ScheduleDisabled = "ScheduleDisabled";

    /// <summary>The three objects of the machine were created.</summary>
    public const string MachineCreated = "MachineCreated";

    /// <summary>Cluster API says that the Machine works.</summary>
    public const string MachineReady = "MachineReady";

    /// <summary>The Node is cordoned and the grace period runs.</summary>
    public const string GracePeriodActive = "GracePeriodActive";

    /// <summary>The machine is wanted again before it was deleted.</summary>
    public const string ShutdownCancelled = "ShutdownCancelled";

    /// <summary>Eviction of pods began.</summary>
    public const string NodeDraining = "NodeDraining";

    /// <summary>No pod that could be evicted is left.</summary>
    public const string NodeDrained = "NodeDrained";

    /// <summary>The drain did not get through in time; the Machine is deleted all the same. Warning.</summary>
    public const string NodeDrainFailed = "NodeDrainFailed";

    /// <summary>A MachineHealthCheck found the machine unhealthy: its Machine is deleted and made again. Warning.</summary>
    public const string MachineRemediated = "MachineRemediated";

    /// <summary>The three objects of the machine are gone.</summary>
    public const string MachineDeleted = "MachineDeleted";

    /// <summary>The kill switch is on. Warning.</summary>
    public const string KillSwitchActivated = "KillSwitchActivated";

    /// <summary>The owner wants the machine back; says why. Warning.</summary>
    public const string EmergencyReclaim = "EmergencyReclaim";

    /// <summary>After a reclaim the schedule was switched off, until a person switches it on again. Warning.</summary>
    public const string EmergencyReclaimDisabledSchedule = "EmergencyReclaimDisabledSchedule";

    /// <summary>Three reclaims of one machine within ten minutes. Warning.</summary>
    public const string RapidReReclaim = "RapidReReclaim";

    /// <summary>An object of the name that is needed exists and is not 5-Spot's. Warning.</summary>
    public const string NameConflict = "NameConflict";

    /// <summary>The spec breaks a rule, or names what does not exist. Warning.</summary>
    public const string ReferencesInvalid = "ReferencesInvalid";

    /// <summary>A deletion has taken 600 s without success. Warning.</summary>
    public const string FinalizerCleanupTimedOut = "FinalizerCleanupTimedOut";
}
