// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using k8s.Models;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>What the model classes do not say: how the lists of built-in kinds merge, which structs are replaced as a
/// whole, and what is required. From the markers in Kubernetes' API types.</summary>
internal static class BuiltInLists
{
    /// <summary><c>type.property</c>: list type, the keys of a map list, the merge key of a strategic patch (with the
    /// strategy, where it is not plain <c>merge</c>). A list that is not here is replaced as a whole.</summary>
    private static readonly Dictionary<string, (string ListType, string Keys, string MergeKey, string Strategy)> Lists = Read("""
        V1ObjectMeta.ownerReferences map uid uid merge
        V1ObjectMeta.finalizers set - - merge
        V1PodSpec.containers map name name merge
        V1PodSpec.initContainers map name name merge
        V1PodSpec.ephemeralContainers map name name merge
        V1PodSpec.volumes map name name merge,retainKeys
        V1PodSpec.imagePullSecrets map name name merge
        V1PodSpec.hostAliases map ip ip merge
        V1PodSpec.topologySpreadConstraints map topologyKey,whenUnsatisfiable topologyKey merge
        V1PodSpec.schedulingGates map name name merge
        V1PodSpec.resourceClaims map name name merge,retainKeys
        V1Container.env map name name merge
        V1Container.ports map containerPort,protocol containerPort merge
        V1Container.volumeMounts map mountPath mountPath merge
        V1Container.volumeDevices map devicePath devicePath merge
        V1EphemeralContainer.env map name name merge
        V1EphemeralContainer.ports map containerPort,protocol containerPort merge
        V1EphemeralContainer.volumeMounts map mountPath mountPath merge
        V1EphemeralContainer.volumeDevices map devicePath devicePath merge
        V1ResourceRequirements.claims map name - -
        V1PodStatus.conditions map type type merge
        V1PodStatus.podIPs map ip ip merge
        V1PodStatus.hostIPs atomic - ip merge
        V1NodeSpec.podCIDRs set - - merge
        V1NodeStatus.conditions map type type merge
        V1NodeStatus.addresses map type type merge
        V1PersistentVolumeClaimStatus.conditions map type type merge
        V1NamespaceStatus.conditions map type type merge
        V1ServiceSpec.ports map port,protocol port merge
        V1ServiceStatus.conditions map type type merge
        V1ServiceAccount.secrets map name name merge
        V1DeploymentStatus.conditions map type type merge
        V1ReplicaSetStatus.conditions map type type merge
        V1DaemonSetStatus.conditions map type type merge
        V1PodDisruptionBudgetStatus.conditions map type type merge
        V1CustomResourceDefinitionStatus.conditions map type - -
        V1ValidatingAdmissionPolicySpec.variables map name name merge
        V1ValidatingAdmissionPolicySpec.matchConditions map name name merge
        V1ValidatingAdmissionPolicyStatus.conditions map type - -
        V1MutatingWebhookConfiguration.webhooks map name name merge
        V1MutatingWebhook.matchConditions map name name merge
        V1ValidatingWebhookConfiguration.webhooks map name name merge
        V1ValidatingWebhook.matchConditions map name name merge
        V1JSONSchemaProps.x-kubernetes-validations map rule rule merge
        """);

    /// <summary>Structs that are replaced as a whole.</summary>
    private static readonly HashSet<Type> Atomic =
    [
        typeof(V1LabelSelector), typeof(V1LocalObjectReference), typeof(V1SecretReference), typeof(V1ObjectReference),
        typeof(V1ObjectFieldSelector), typeof(V1ResourceFieldSelector), typeof(V1SecretKeySelector),
        typeof(V1ConfigMapKeySelector), typeof(V1NodeSelector), typeof(V1NodeSelectorTerm),
        typeof(V1TypedLocalObjectReference), typeof(V1RoleRef), typeof(Rbacv1Subject), typeof(V1ParamKind),
        typeof(V1ParamRef), typeof(V1NamedRuleWithOperations),
    ];

    private static readonly Dictionary<Type, string[]> RequiredFields = new()
    {
        [typeof(V1OwnerReference)] = ["apiVersion", "kind", "name", "uid"],
        [typeof(V1PodSpec)] = ["containers"],
        [typeof(V1Container)] = ["name"],
        [typeof(V1EphemeralContainer)] = ["name"],
        [typeof(V1ContainerPort)] = ["containerPort"],
        [typeof(V1EnvVar)] = ["name"],
        [typeof(V1Volume)] = ["name"],
        [typeof(V1VolumeMount)] = ["mountPath", "name"],
        [typeof(V1VolumeDevice)] = ["devicePath", "name"],
        [typeof(V1KeyToPath)] = ["key", "path"],
        [typeof(V1HostPathVolumeSource)] = ["path"],
        [typeof(V1SecretKeySelector)] = ["key"],
        [typeof(V1ConfigMapKeySelector)] = ["key"],
        [typeof(V1ObjectFieldSelector)] = ["fieldPath"],
        [typeof(V1HTTPGetAction)] = ["port"],
        [typeof(V1TCPSocketAction)] = ["port"],
        [typeof(V1ServicePort)] = ["port"],
        [typeof(V1Taint)] = ["effect", "key"],
        [typeof(V1NodeAddress)] = ["address", "type"],
        [typeof(V1LabelSelectorRequirement)] = ["key", "operator"],
        [typeof(V1NodeSelectorRequirement)] = ["key", "operator"],
        [typeof(V1NodeSelector)] = ["nodeSelectorTerms"],
        [typeof(V1TopologySpreadConstraint)] = ["maxSkew", "topologyKey", "whenUnsatisfiable"],
        [typeof(V1PodAffinityTerm)] = ["topologyKey"],
        [typeof(V1DeploymentSpec)] = ["selector", "template"],
        [typeof(V1ReplicaSetSpec)] = ["selector"],
        [typeof(V1DaemonSetSpec)] = ["selector", "template"],
        [typeof(Corev1Event)] = ["involvedObject", "metadata"],
        [typeof(Eventsv1Event)] = ["eventTime"],
        [typeof(V1PolicyRule)] = ["verbs"],
        [typeof(V1RoleBinding)] = ["roleRef"],
        [typeof(V1ClusterRoleBinding)] = ["roleRef"],
        [typeof(V1RoleRef)] = ["apiGroup", "kind", "name"],
        [typeof(Rbacv1Subject)] = ["kind", "name"],
        [typeof(V1CustomResourceDefinition)] = ["spec"],
        [typeof(V1CustomResourceDefinitionSpec)] = ["group", "names", "scope", "versions"],
        [typeof(V1CustomResourceDefinitionNames)] = ["kind", "plural"],
        [typeof(V1CustomResourceDefinitionVersion)] = ["name", "served", "storage"],
        [typeof(V1CustomResourceColumnDefinition)] = ["jsonPath", "name", "type"],
        [typeof(V1SelfSubjectAccessReview)] = ["spec"],
        [typeof(V1SelfSubjectRulesReview)] = ["spec"],
        [typeof(V1MutatingWebhook)] = ["admissionReviewVersions", "clientConfig", "name", "sideEffects"],
        [typeof(V1ValidatingWebhook)] = ["admissionReviewVersions", "clientConfig", "name", "sideEffects"],
        [typeof(V1Validation)] = ["expression"],
        [typeof(V1Variable)] = ["expression", "name"],
        [typeof(V1MatchCondition)] = ["expression", "name"],
    };

    public static void Describe(Type model, string property, JsonObject schema)
    {
        if (!Lists.TryGetValue($"{model.Name}.{property}", out var list))
        {
            schema["x-kubernetes-list-type"] = "atomic";
            return;
        }

        schema["x-kubernetes-list-type"] = list.ListType;
        if (list.Keys != "-")
        {
            schema["x-kubernetes-list-map-keys"] = new JsonArray([.. list.Keys.Split(',').Select(key => JsonValue.Create(key))]);
        }

        if (list.MergeKey != "-")
        {
            schema["x-kubernetes-patch-merge-key"] = list.MergeKey;
        }

        if (list.Strategy != "-")
        {
            schema["x-kubernetes-patch-strategy"] = list.Strategy;
        }

        // protocol is half of a port's key, and may be left out.
        if (list.Keys.Contains("protocol", StringComparison.Ordinal))
        {
            schema["items"]!["properties"]!["protocol"]!["default"] = "TCP";
        }
    }

    public static string? PatchStrategy(Type model, string property) =>
        model == typeof(V1DeploymentSpec) && property == "strategy" ? "retainKeys" : null;

    public static string[] Required(Type model) => RequiredFields.GetValueOrDefault(model) ?? [];

    public static bool IsAtomic(Type model) => Atomic.Contains(model);

    private static Dictionary<string, (string, string, string, string)> Read(string table) =>
        table.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(' '))
            .ToDictionary(parts => parts[0], parts => (parts[1], parts[2], parts[3], parts[4]));
}
