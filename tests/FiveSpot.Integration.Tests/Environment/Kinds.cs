// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The resources that the scenarios are about.</summary>
internal static class Kinds
{
    public static readonly ResourceType ScheduledMachine =
        new(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);

    public static readonly ResourceType MachineV1Beta2 = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);

    public static readonly ResourceType MachineV1Beta1 = MachineV1Beta2 with { Version = "v1beta1" };

    public static readonly ResourceType VolumeAttachment = new("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", Namespaced: false);

    public static readonly ResourceType PersistentVolume = new("", "v1", "persistentvolumes", "PersistentVolume", Namespaced: false);

    public static ResourceType Bootstrap => Providers.K0smotron.Bootstrap;

    public static ResourceType Infrastructure => Providers.K0smotron.Infrastructure;

    public static readonly ResourceType Node = NodeWatch.Nodes;

    /// <summary>PodDisruptionBudgets, which servers before 1.21 serve at a beta version alone.</summary>
    public static ResourceType Budget(Cluster cluster) => new(
        "policy", cluster.ServerVersion is { } version && version < new Version(1, 21) ? "v1beta1" : "v1", "poddisruptionbudgets", "PodDisruptionBudget", Namespaced: true);

    public static readonly ResourceType Pod = new("", "v1", "pods", "Pod", Namespaced: true);

    public static readonly ResourceType Deployment = new("apps", "v1", "deployments", "Deployment", Namespaced: true);

    public static readonly ResourceType ReplicaSet = new("apps", "v1", "replicasets", "ReplicaSet", Namespaced: true);

    public static readonly ResourceType ServiceAccount = new("", "v1", "serviceaccounts", "ServiceAccount", Namespaced: true);

    public static readonly ResourceType Secret = new("", "v1", "secrets", "Secret", Namespaced: true);

    public static readonly ResourceType Event = new("events.k8s.io", "v1", "events", "Event", Namespaced: true);

    public static readonly ResourceType DaemonSet = new("apps", "v1", "daemonsets", "DaemonSet", Namespaced: true);

    public static readonly ResourceType Role = new("rbac.authorization.k8s.io", "v1", "roles", "Role", Namespaced: true);

    public static readonly ResourceType RoleBinding = new("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding", Namespaced: true);

    public static readonly ResourceType ClusterRole =
        new("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", Namespaced: false);

    public static readonly ResourceType ClusterRoleBinding =
        new("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", Namespaced: false);

    public static readonly ResourceType Crd =
        new("apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition", Namespaced: false);

    public static readonly ResourceType Namespace = new("", "v1", "namespaces", "Namespace", Namespaced: false);
}
