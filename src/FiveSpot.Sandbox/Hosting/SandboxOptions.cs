// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.Hosting;

/// <summary>What the sandbox was asked for on its command line.</summary>
public sealed record SandboxOptions
{
    /// <summary>24 hours in 72 seconds.</summary>
    public const double DefaultSpeed = 1200;

    /// <summary>A Monday, an hour before the working day begins.</summary>
    public static readonly DateTimeOffset DefaultStartTime = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);

    /// <summary>Simulated seconds a second.</summary>
    public double Speed { get; init; } = DefaultSpeed;

    /// <summary>The simulated instant to begin at.</summary>
    public DateTimeOffset StartTime { get; init; } = DefaultStartTime;

    /// <summary>Where the kubeconfigs and the log are written.</summary>
    public string Directory { get; init; } = ".sandbox";

    /// <summary>Port of the embedded management API server; 0 for any free one.</summary>
    public int Port { get; init; }

    /// <summary>Port of the embedded workload API server; 0 for any free one.</summary>
    public int WorkloadPort { get; init; }

    /// <summary>Port of the controller's metrics; 0 for any free one.</summary>
    public int MetricsPort { get; init; }

    /// <summary>Manifests to apply, in this order.</summary>
    public IReadOnlyList<string> Apply { get; init; } = [];

    /// <summary>
    /// Whether the built-in examples are applied first; work for their machines only to an embedded workload cluster.
    /// </summary>
    public bool Examples { get; init; } = true;

    /// <summary>Kubeconfig of a management cluster to use instead of an embedded one.</summary>
    public string? ManagementKubeconfig { get; init; }

    /// <summary>
    /// Kubeconfig of a workload cluster to use instead of an embedded one. If it names files or programs, it can't stand in
    /// a Secret, and Nodes join the management cluster.
    /// </summary>
    public string? WorkloadKubeconfig { get; init; }
}
