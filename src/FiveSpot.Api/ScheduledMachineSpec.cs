// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;

namespace FiveSpot.Api;

/// <summary>What a person asks of 5-Spot: one physical machine, in one cluster, on a schedule.</summary>
public sealed record ScheduledMachineSpec
{
    /// <summary>The Cluster API Cluster that the machine joins.</summary>
    public required string ClusterName { get; init; }

    /// <summary>Administrative switch; <c>false</c> and <c>schedule.enabled: false</c> mean the same.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>When the machine is to be there.</summary>
    public required ScheduleSpec Schedule { get; init; }

    /// <summary>The bootstrap config to create, as a template.</summary>
    public required ObjectTemplate BootstrapSpec { get; init; }

    /// <summary>The infrastructure machine to create, as a template.</summary>
    public required ObjectTemplate InfrastructureSpec { get; init; }

    /// <summary>What the Cluster API Machine carries besides.</summary>
    public MachineTemplate? MachineTemplate { get; init; }

    /// <summary>The Secret with the workload cluster's kubeconfig, in the same namespace.</summary>
    public SecretKeyReference? KubeconfigSecretRef { get; init; }

    /// <summary>Order of work when many are due at once, 0–255: higher first.</summary>
    public int Priority { get; init; } = 50;

    /// <summary>How long running pods may finish by themselves once the window has closed.</summary>
    public string GracefulShutdownTimeout { get; init; } = "5m";

    /// <summary>How long evictions may take after that.</summary>
    public string NodeDrainTimeout { get; init; } = "5m";

    /// <summary>Takes the machine away at once, with no grace and no drain.</summary>
    public bool KillSwitch { get; init; }

    /// <summary>Programs by which the machine's owner claims it back.</summary>
    public IReadOnlyList<string> KillIfCommands { get; init; } = [];

    /// <summary>Taints to put on the Node once it is Ready.</summary>
    public IReadOnlyList<NodeTaint> NodeTaints { get; init; } = [];

    /// <summary>Whether nobody has switched the machine off.</summary>
    [JsonIgnore]
    public bool IsEnabled => Enabled && Schedule.Enabled;
}
