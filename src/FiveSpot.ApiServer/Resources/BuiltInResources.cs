// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.ApiServer.Schemas;
using FiveSpot.ApiServer.Storage;
using FiveSpot.ApiServer.Tables;

namespace FiveSpot.ApiServer.Resources;

/// <summary>The kinds that every server has.</summary>
internal static class BuiltInResources
{
    private static readonly ConcurrentDictionary<(string, string, string), StructuralSchema> Schemas = new();

    private static readonly ScalePaths WorkloadScale = new(["spec", "replicas"], ["status", "replicas"], ["spec", "selector"], SelectorIsText: false);

    private static readonly string[] AllCategory = ["all"];

    public static IEnumerable<Resource> All(ObjectStore store, ResourceCatalog catalog)
    {
        Resource Make(
            string group,
            string kind,
            string plural,
            bool namespaced,
            ResourceStrategy? strategy = null,
            string[]? shortNames = null,
            bool status = false,
            string[]? categories = null,
            ScalePaths? scale = null,
            bool stored = true,
            bool schema = true) => new()
            {
                Group = group,
                Version = "v1",
                Kind = kind,
                Plural = plural,
                Singular = kind.ToLowerInvariant(),
                Namespaced = namespaced,
                Strategy = strategy ?? ResourceStrategy.Plain,
                ShortNames = shortNames ?? [],
                Categories = categories ?? [],
                HasStatus = status,
                Scale = scale,
                Store = stored ? store.For(plural, plural == "events" ? string.Empty : group) : null,
                Schema = schema ? SchemaOf(group, kind) : null,
                Columns = BuiltInColumns.For(group, kind),
                Conversion = group == "events.k8s.io" ? ObjectConversion.Events : null,
            };

        Resource Review(string group, string kind, string plural, bool namespaced = false) =>
            Make(group, kind, plural, namespaced, stored: false, schema: false);

        const string Rbac = "rbac.authorization.k8s.io";
        const string Admission = "admissionregistration.k8s.io";
        return
        [
            Make("", "ConfigMap", "configmaps", true, new ConfigMapStrategy(), ["cm"]),
            Make("", "Event", "events", true, new EventStrategy(isCore: true), ["ev"]),
            Make("", "Namespace", "namespaces", false, new NamespaceStrategy(), ["ns"], status: true),
            Make("", "Node", "nodes", false, new NodeStrategy(), ["no"], status: true),
            Make("", "PersistentVolume", "persistentvolumes", false, new StatusStrategy(), ["pv"], status: true),
            Make("", "PersistentVolumeClaim", "persistentvolumeclaims", true, new StatusStrategy(), ["pvc"], status: true),
            Make("", "Pod", "pods", true, new PodStrategy(), ["po"], status: true, categories: AllCategory),
            Make("", "LimitRange", "limitranges", true, null, ["limits"]),
            Make("", "ResourceQuota", "resourcequotas", true, null, ["quota"], status: true),
            Make("", "Secret", "secrets", true, new SecretStrategy()),
            Make("", "ServiceAccount", "serviceaccounts", true, null, ["sa"]),
            Make("", "Service", "services", true, new ServiceStrategy(), ["svc"], status: true, categories: AllCategory),
            Make("events.k8s.io", "Event", "events", true, new EventStrategy(isCore: false), ["ev"]),
            Make("apps", "DaemonSet", "daemonsets", true, new WorkloadStrategy(scalable: false), ["ds"], status: true, categories: AllCategory),
            Make("apps", "Deployment", "deployments", true, new WorkloadStrategy(scalable: true), ["deploy"], status: true, categories: AllCategory, scale: WorkloadScale),
            Make("apps", "ReplicaSet", "replicasets", true, new WorkloadStrategy(scalable: true), ["rs"], status: true, categories: AllCategory, scale: WorkloadScale),
            Make("policy", "PodDisruptionBudget", "poddisruptionbudgets", true, new BudgetStrategy(), ["pdb"], status: true),
            Make("coordination.k8s.io", "Lease", "leases", true, new LeaseStrategy()),
            Make("storage.k8s.io", "VolumeAttachment", "volumeattachments", false, new StatusStrategy(), status: true),
            Make(Rbac, "ClusterRoleBinding", "clusterrolebindings", false, new RoleStrategy(isBinding: true)),
            Make(Rbac, "ClusterRole", "clusterroles", false, new RoleStrategy(isBinding: false)),
            Make(Rbac, "RoleBinding", "rolebindings", true, new RoleStrategy(isBinding: true)),
            Make(Rbac, "Role", "roles", true, new RoleStrategy(isBinding: false)),
            Make(Admission, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false, new SpecStrategy(), status: true, categories: ["api-extensions"]),
            Make(Admission, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false, new SpecStrategy(), categories: ["api-extensions"]),
            Make(Admission, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false, new WebhookStrategy(isMutating: true), categories: ["api-extensions"]),
            Make(Admission, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false, new WebhookStrategy(isMutating: false), categories: ["api-extensions"]),
            Make("apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", false, new DefinitionStrategy(), ["crd", "crds"], status: true, categories: ["api-extensions"]),
            Review("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews"),
            Review("authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", namespaced: true),
            Review("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews"),
            Review("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews"),
            Review("authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews"),
        ];
    }

    /// <summary>Whether a group is one that every server has.</summary>
    public static bool IsGroup(string group) => group.Length == 0 || BuiltInSchemas.All.Any(kind => kind.Group == group);

    private static StructuralSchema SchemaOf(string group, string kind) => Schemas.GetOrAdd(
        (group, "v1", kind),
        static key => StructuralSchema.ForBuiltIn(BuiltInSchemas.For(key.Item1, key.Item2, key.Item3)));
}
