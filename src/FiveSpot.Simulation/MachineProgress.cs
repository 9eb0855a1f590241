// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation;

/// <summary>What Cluster API has found out about a Machine in one turn, for its status.</summary>
internal sealed class MachineProgress
{
    /// <summary>Its bootstrap config; null where there is none.</summary>
    public ApiObject? Config { get; set; }

    public bool IsBootstrapped { get; set; }

    /// <summary>Its infrastructure; null where there is none.</summary>
    public ApiObject? Infrastructure { get; set; }

    public bool IsProvisioned { get; set; }

    public ApiObject? Node { get; set; }

    /// <summary>Why its cluster can't be asked for Nodes; null where it can.</summary>
    public string? NodeError { get; set; }

    /// <summary>Since when it can't.</summary>
    public DateTimeOffset? NodeErrorSince { get; set; }

    /// <summary>How far its deletion is.</summary>
    public string DeletingReason { get; set; } = "Deleting";

    /// <summary>What the deletion waits for.</summary>
    public string DeletingMessage { get; set; } = "Deletion started";

    public DateTimeOffset? DrainStarted { get; set; }

    public DateTimeOffset? VolumeWaitStarted { get; set; }

    /// <summary>What keeps an object from being taken over, as of <see cref="Config"/> and <see cref="Infrastructure"/>; null for nothing.</summary>
    public string? Trouble { get; set; }
}
