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

    /// <summary>API group of bootstrap kinds.</summary>
    public const string BootstrapGroup = "bootstrap.cluster.x-k8s.io";

    /// <summary>API group of infrastructure kinds.</summary>
    public const string InfrastructureGroup = "infrastructure.cluster.x-k8s.io";

    /// <summary>API group of k0smotron's kinds, of either.</summary>
    public const string K0smotronGroup = "k0smotron.io";

    /// <summary>Whether a template may name kinds of an API group.</summary>
    /// <param name="group">The group.</param>
    /// <param name="roleGroup"><see cref="BootstrapGroup"/> or <see cref="InfrastructureGroup"/>: which template it is.</param>
    public static bool IsProviderGroup(ReadOnlySpan<char> group, string roleGroup) => group.SequenceEqual(roleGroup) || group is K0smotronGroup;

    /// <summary>Resource name.</summary>
    public const string Plural = "scheduledmachines";

    /// <summary>Resource name, singular.</summary>
    public const string Singular = "scheduledmachine";

    /// <summary>Short name for kubectl.</summary>
    public const string ShortName = "sm";

    /// <summary>Keeps a ScheduledMachine until its machine is gone.</summary>
    public const string Finalizer = "5spot.finos.org/scheduledmachine";

    /// <summary>On every object that 5-Spot makes; its value is the ScheduledMachine's name.</summary>
    public const string ScheduledMachineLabel = "5spot.finos.org/scheduled-machine";

    /// <summary>Cluster API's label with the cluster's name.</summary>
    public const string ClusterNameLabel = "cluster.x-k8s.io/cluster-name";

    /// <summary>Cluster API's annotation on whatever its controllers are to leave alone, whatever its value.</summary>
    public const string PausedAnnotation = "cluster.x-k8s.io/paused";

    /// <summary>On what <c>clusterctl move</c> has made anew elsewhere and is about to delete.</summary>
    public const string DeleteForMoveAnnotation = "clusterctl.cluster.x-k8s.io/delete-for-move";

    /// <summary>On a Machine that Cluster API may have passed over since a pause: which pause that was, by its time. Of our own.</summary>
    public const string PauseEndedAnnotation = "5spot.finos.org/pause-ended";

    /// <summary>On a ScheduledMachine whose Machine was deleted to be made again, as a MachineHealthCheck wanted: when, the latest
    /// last. Of our own.</summary>
    public const string RemediationsAnnotation = "5spot.finos.org/remediations";

    /// <summary>On such a ScheduledMachine: uid of the Machine that was deleted for that last. Of our own.</summary>
    public const string RemediatedMachineAnnotation = "5spot.finos.org/remediated-machine";

    /// <summary>Field manager of the controller's writes.</summary>
    public const string FieldManager = "5spot-controller";

    /// <summary>Field manager of the controller's writes of taints on Nodes.</summary>
    public const string NodeTaintsFieldManager = "5spot-controller-node-taints";

    /// <summary>Field manager of the controller's writes of the reclaim agent's label and ConfigMaps.</summary>
    public const string ReclaimFieldManager = "5spot-controller-reclaim-agent";

    /// <summary>Field manager of the reclaim agent's own writes.</summary>
    public const string ReclaimAgentFieldManager = "5spot-reclaim-agent";

    /// <summary>On a Node that 5-Spot cordoned; its value is the ScheduledMachine's uid.</summary>
    public const string CordonedByAnnotation = "5spot.finos.org/cordoned-by";

    /// <summary>Tells Cluster API not to drain the Node of a Machine that is deleted.</summary>
    public const string ExcludeNodeDrainingAnnotation = "machine.cluster.x-k8s.io/exclude-node-draining";

    /// <summary>Tells Cluster API not to wait for volumes of a Machine that is deleted.</summary>
    public const string ExcludeWaitForNodeVolumeDetachAnnotation =
        "machine.cluster.x-k8s.io/exclude-wait-for-node-volume-detach";

    /// <summary>On a Machine whose Node 5-Spot has drained, or could not: what came of it, as the event says it.</summary>
    public const string DrainResultAnnotation = "5spot.finos.org/drain-result";

    /// <summary>On a Node: the taints that 5-Spot put there.</summary>
    public const string AppliedTaintsAnnotation = "5spot.finos.org/applied-taints";

    /// <summary>On a Node that is to run the reclaim agent; its value is <see cref="ReclaimAgentEnabled"/>.</summary>
    public const string ReclaimAgentLabel = "5spot.finos.org/reclaim-agent";

    /// <summary>The value of <see cref="ReclaimAgentLabel"/>, on which the agent's DaemonSet selects.</summary>
    public const string ReclaimAgentEnabled = "enabled";

    /// <summary>On a Node whose owner wants the machine back: exactly <c>true</c>.</summary>
    public const string ReclaimRequestedAnnotation = "5spot.finos.org/reclaim-requested";

    /// <summary>The value of <see cref="ReclaimRequestedAnnotation"/> that counts; any other is none.</summary>
    public const string ReclaimRequestedValue = "true";

    /// <summary>On such a Node: why, such as <c>process-match: java</c>.</summary>
    public const string ReclaimReasonAnnotation = "5spot.finos.org/reclaim-reason";

    /// <summary>On such a Node: when, in RFC 3339.</summary>
    public const string ReclaimRequestedAtAnnotation = "5spot.finos.org/reclaim-requested-at";

    /// <summary>On a Node whose reclaim agent watches: which configuration it watches by, as the agent says it; see
    /// <see cref="ReclaimConfigHash"/>.</summary>
    public const string ReclaimAgentWatchingAnnotation = "5spot.finos.org/reclaim-agent-watching";

    /// <summary>On a ScheduledMachine that was reclaimed: when it was switched off, the latest last. Why and for which request is
    /// in the annotations that the Node had, until it is switched on again.</summary>
    public const string ReclaimsAnnotation = "5spot.finos.org/reclaims";

    /// <summary>Namespace of 5-Spot, and on workload clusters of the reclaim agent.</summary>
    public const string SystemNamespace = "5spot-system";

    /// <summary>DaemonSet of the reclaim agent.</summary>
    public const string ReclaimAgentName = "5spot-reclaim-agent";

    /// <summary>What the name of a Node's reclaim ConfigMap begins with; the Node's name follows.</summary>
    public const string ReclaimConfigMapPrefix = "reclaim-agent-";

    /// <summary>The one key of a reclaim ConfigMap.</summary>
    public const string ReclaimConfigMapKey = "reclaim.toml";

    /// <summary>Name of the lease of the leader.</summary>
    public const string LeaseName = "5spot-leader";

    /// <summary>On a Lease: among how many instances its holder divides the machines. Of our own.</summary>
    public const string InstanceCountAnnotation = "5spot.finos.org/instance-count";

    /// <summary>What follows a cluster's name in the name of its kubeconfig Secret, by Cluster API's convention.</summary>
    public const string KubeconfigSecretSuffix = "-kubeconfig";

    /// <summary>The key of a kubeconfig in a Secret, by Cluster API's convention.</summary>
    public const string KubeconfigSecretKey = "value";

    /// <summary>On every object that 5-Spot makes; its value names the contents of the templates that it was made from.
    /// </summary>
    public const string TemplateHashAnnotation = "5spot.finos.org/template-hash";

    /// <summary>On every object that 5-Spot makes of which it knows which physical machine it is for: that machine. Of our own.
    /// </summary>
    public const string ComputerAnnotation = "5spot.finos.org/computer";
}
