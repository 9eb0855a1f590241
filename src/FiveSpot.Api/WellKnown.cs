// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>Names that other programs rely on (contract).</summary>
public static class WellKnown
{
    /// <summary>API group of ScheduledMachine.</summary>
    public const string Group = "5spot.finos.org";

    /// <summary>API version of ScheduledMachine.</summary>
    public const string Version = "v1alpha1";

    /// <summary>Kind.</summary>
    public const string Kind = "ScheduledMachine";

    /// <summary>Resource name.</summary>
    public const string Plural = "scheduledmachines";

    /// <summary>Keeps a ScheduledMachine until its machine is gone.</summary>
    public const string Finalizer = "5spot.finos.org/scheduledmachine";

    /// <summary>On every object that 5-Spot makes; its value is the ScheduledMachine's name.</summary>
    public const string ScheduledMachineLabel = "5spot.finos.org/scheduled-machine";

    /// <summary>Cluster API's label with the cluster's name.</summary>
    public const string ClusterNameLabel = "cluster.x-k8s.io/cluster-name";

    /// <summary>Field manager of the controller's writes.</summary>
    public const string FieldManager = "5spot-controller";

    /// <summary>On a Node that 5-Spot cordoned; its value is the ScheduledMachine's uid.</summary>
    public const string CordonedByAnnotation = "5spot.finos.org/cordoned-by";

    /// <summary>Tells Cluster API not to drain the Node of a Machine that is deleted.</summary>
    public const string ExcludeNodeDrainingAnnotation = "machine.cluster.x-k8s.io/exclude-node-draining";

    /// <summary>Tells Cluster API not to wait for volumes of a Machine that is deleted.</summary>
    public const string ExcludeWaitForNodeVolumeDetachAnnotation =
        "machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach";
}
