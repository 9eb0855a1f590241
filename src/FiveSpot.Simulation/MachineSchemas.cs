// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

using static FiveSpot.Simulation.DefinitionSchema;

namespace FiveSpot.Simulation;

/// <summary>What a Machine may say at each version, and the kinds that are about Machines.</summary>
internal static class MachineSchemas
{
    private static readonly string[] NodeInfoFields =
    [
        "architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion", "machineID",
        "operatingSystem", "osImage", "systemUUID",
    ];

    public static JsonObject SpecV1Beta2() => Object(
        ("clusterName", Text(63)),
        ("bootstrap", Object(("configRef", Reference()), ("dataSecretName", Text()))),
        ("infrastructureRef", Reference()),
        ("version", Text(256)),
        ("providerID", Text(512)),
        ("failureDomain", Text(256)),
        ("minReadySeconds", Count()),
        ("readinessGates", ReadinessGates()),
        ("taints", Taints()),
        ("deletion", Object(
            ("nodeDrainTimeoutSeconds", Count()), ("nodeVolumeDetachTimeoutSeconds", Count()), ("nodeDeletionTimeoutSeconds", Count()))))
        .Requiring("bootstrap", "clusterName", "infrastructureRef");

    public static JsonObject SpecV1Beta1() => Object(
        ("clusterName", Text(63)),
        ("bootstrap", Object(("configRef", OldReference()), ("dataSecretName", Text()))),
        ("infrastructureRef", OldReference()),
        ("version", Text(256)),
        ("providerID", Text(512)),
        ("failureDomain", Text(256)),
        ("readinessGates", ReadinessGates()),
        ("nodeDrainTimeout", Text()),
        ("nodeVolumeDetachTimeout", Text()),
        ("nodeDeletionTimeout", Text()))
        .Requiring("bootstrap", "clusterName", "infrastructureRef");

    public static JsonObject StatusV1Beta2() => Object(
        [
            .. Status(),
            ("initialization", Object(("bootstrapDataSecretCreated", Flag()), ("infrastructureProvisioned", Flag()))),
            ("nodeRef", Object(("name", Text(253))).Requiring("name")),
            ("conditions", Conditions()),
        ]);

    public static JsonObject StatusV1Beta1() => Object(
        [
            .. Status(),
            ("bootstrapReady", Flag()),
            ("infrastructureReady", Flag()),
            ("nodeRef", OldReference()),
            ("failureReason", Text()),
            ("failureMessage", Text()),
            ("conditions", OldConditions()),
            ("v1beta2", Object(("conditions", Conditions()))),
        ]);

    public static JsonObject DrainRuleSpec() => Object(
        ("drain", Object(("behavior", OneOf("Drain", "Skip", "WaitCompleted")), ("order", new() { ["type"] = "integer", ["format"] = "int32" })).Requiring("behavior")),
        ("machines", List(Object(("selector", LabelSelector()), ("clusterSelector", LabelSelector())))),
        ("pods", List(Object(("selector", LabelSelector()), ("namespaceSelector", LabelSelector()))))).Requiring("drain");

    public static JsonObject HealthCheckSpecV1Beta2() => Object(
        ("clusterName", Text(63)),
        ("selector", LabelSelector()),
        ("checks", Object(
            ("nodeStartupTimeoutSeconds", Count()),
            ("unhealthyNodeConditions", List(Object(("type", Text(316)), ("status", Text(16)), ("timeoutSeconds", Count())).Requiring("type", "status", "timeoutSeconds"))))),
        ("remediation", Anything())).Requiring("clusterName", "selector");

    public static JsonObject HealthCheckSpecV1Beta1() => Object(
        ("clusterName", Text(63)),
        ("selector", LabelSelector()),
        ("nodeStartupTimeout", Text()),
        ("unhealthyConditions", List(Object(("type", Text(316)), ("status", Text(16)), ("timeout", Text())).Requiring("type", "status", "timeout"))),
        ("maxUnhealthy", new() { ["x-kubernetes-int-or-string"] = true }),
        ("unhealthyRange", Text(32)),
        ("remediationTemplate", OldReference())).Requiring("clusterName", "selector");

    /// <summary>A reference to an object of the namespace, by its group.</summary>
    public static JsonObject Reference() => Object(("apiGroup", Text(253)), ("kind", Text(63)), ("name", Text(253))).Requiring("apiGroup", "kind", "name");

    /// <summary><c>corev1.ObjectReference</c>.</summary>
    public static JsonObject OldReference() => Object(
        ("apiVersion", Text()), ("kind", Text()), ("name", Text()), ("namespace", Text()), ("uid", Text()), ("resourceVersion", Text()), ("fieldPath", Text()));

    private static (string Name, JsonObject Schema)[] Status() =>
    [
        ("phase", OneOf("Pending", "Provisioning", "Provisioned", "Running", "Updating", "Deleting", "Deleted", "Failed", "Unknown")),
        ("nodeInfo", Object([.. NodeInfoFields.Select(name => (name, Text()))])),
        ("addresses", Addresses()),
        ("lastUpdated", Time()),
        ("observedGeneration", Integer()),
        ("deletion", Object(
            ("nodeDrainStartTime", Time()),
            ("waitForNodeVolumeDetachStartTime", Time()),
            ("waitForPreDrainHookStartTime", Time()),
            ("waitForPreTerminateHookStartTime", Time()))),
    ];

    private static JsonObject ReadinessGates() =>
        List(Object(("conditionType", Text(316)), ("polarity", OneOf("Positive", "Negative"))).Requiring("conditionType"), "conditionType");

    private static JsonObject Taints() => List(
        Object(
            ("key", Text(317)), ("value", Text(63)), ("effect", OneOf("NoSchedule", "PreferNoSchedule", "NoExecute")), ("propagation", OneOf("Always", "OnInitialization")))
            .Requiring("key", "effect", "propagation"),
        "key",
        "effect");
}
