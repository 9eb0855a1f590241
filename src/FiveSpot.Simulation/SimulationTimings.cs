// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation;

/// <summary>
/// How long things take, in simulated time. What leads to a Node counts from when its Machine was first seen; an earlier
/// step that is late makes the later ones wait.
/// </summary>
public sealed record SimulationTimings
{
    /// <summary>Until the bootstrap provider has the machine's bootstrap data.</summary>
    public TimeSpan BootstrapData { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Until the infrastructure provider has the machine up.</summary>
    public TimeSpan Infrastructure { get; init; } = TimeSpan.FromSeconds(40);

    /// <summary>Until its kubelet registers a Node.</summary>
    public TimeSpan NodeJoins { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Until that Node is Ready.</summary>
    public TimeSpan NodeReady { get; init; } = TimeSpan.FromSeconds(80);

    /// <summary>How long a machine takes to shut down, once its infrastructure object is deleted.</summary>
    public TimeSpan Shutdown { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a Pod takes to run, once it has a Node.</summary>
    public TimeSpan PodStarts { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long a Pod takes to end, once it is deleted; never longer than its grace period.</summary>
    public TimeSpan PodStops { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long Cluster API waits between two looks at a drain, or at volumes that are attached.</summary>
    public TimeSpan DrainRetry { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a Node is not heard of before it is marked unreachable.</summary>
    public TimeSpan NodeUnreachable { get; init; } = TimeSpan.FromSeconds(50);

    /// <summary>How long a volume takes to be detached, once no Pod of the Node uses it.</summary>
    public TimeSpan VolumeDetaches { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long Cluster API takes to look at a Cluster again whose Machines it waits for.</summary>
    public TimeSpan ClusterRetry { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long it takes at the latest until Cluster API looks at a Machine that does not change.</summary>
    public TimeSpan Resync { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long to wait before something that is not there, or was refused, is tried again.</summary>
    public TimeSpan Retry { get; init; } = TimeSpan.FromSeconds(10);
}
