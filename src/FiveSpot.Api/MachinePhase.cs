// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>The values of <see cref="ScheduledMachineStatus.Phase"/> (contract, section 4).</summary>
public static class MachinePhase
{
    /// <summary>Should exist; its objects are not all created yet.</summary>
    public const string Pending = "Pending";

    /// <summary>Its Cluster API Machine exists and is wanted.</summary>
    public const string Active = "Active";

    /// <summary>No longer wanted; grace, drain or deletion under way.</summary>
    public const string ShuttingDown = "ShuttingDown";

    /// <summary>The window is closed and nothing of it exists.</summary>
    public const string Inactive = "Inactive";

    /// <summary>Switched off, by a person or by an emergency reclaim, and nothing of it exists.</summary>
    public const string Disabled = "Disabled";

    /// <summary>Kill switch on; nothing of it exists, or it is being removed with no grace.</summary>
    public const string Terminated = "Terminated";

    /// <summary>The owner wants the machine back; eject under way.</summary>
    public const string EmergencyRemove = "EmergencyRemove";

    /// <summary>Can't go on without a change, or retries are failing; the message says why.</summary>
    public const string Error = "Error";
}
