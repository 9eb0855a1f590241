// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Workload;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Hosting;

/// <summary>How a controller is to run.</summary>
public sealed record ControllerSettings
{
    /// <summary>The clock of schedules, grace periods and back-off. Network timeouts are real time, whatever it says.
    /// </summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How many machines are worked on at once: as many as may be due at one instant with none of them waiting for
    /// another (contract, section 5). More than that are served in order of priority.</summary>
    public int Workers { get; init; } = 100;

    /// <summary>What the flags say about decisions.</summary>
    public DecisionOptions Decisions { get; init; } = new();

    /// <summary>How workload clusters are spoken to; their clock is <see cref="Clock"/>.</summary>
    public WorkloadSettings Workload { get; init; } = new();

    /// <summary>Which machines are this instance's; all of them by default.</summary>
    public InstanceShare Instances { get; init; } = new();

    /// <summary>Name of this process in events.</summary>
    public string Instance { get; init; } = Environment.MachineName;
}
