// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.Simulation;

/// <summary>How far a Machine has come.</summary>
internal sealed class MachineProgress
{
    public bool Bootstrapped { get; set; }

    public bool Provisioned { get; set; }

    public ApiObject? Node { get; set; }

    public bool NodeReady { get; set; }

    /// <summary>What it waits for, where that is not the ordinary passing of time.</summary>
    public string? Waiting { get; set; }
}
