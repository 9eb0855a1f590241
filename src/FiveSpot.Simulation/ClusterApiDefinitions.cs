// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

using static FiveSpot.Simulation.DefinitionSchema;

namespace FiveSpot.Simulation;

/// <summary>
/// Definitions of the Cluster API kinds that the simulation plays. What a spec does not know is pruned, or refused where strict
/// validation is asked for, as by the real ones; of kubeadm's and the development provider's, any spec is taken as it is.
/// </summary>
internal static class ClusterApiDefinitions
{
    private const string Core = "cluster.x-k8s.io";
    private const string Bootstrap = "bootstrap.cluster.x-k8s.io";
    private const string Infrastructure = "infrastructure.cluster.x-k8s.io";

    public static IEnumerable<JsonObject> All() =>
    [
        Definition(
            Core,
            "Machine",
            ["ma"],
            Version("v1beta2", MachineSchemas.SpecV1Beta2(), MachineSchemas.StatusV1Beta2(), MachineColumns("True if the Machine works", Condition("Ready"))),
            Version("v1beta1", MachineSchemas.SpecV1Beta1(), MachineSchemas.StatusV1Beta1(), MachineColumns("True if the infrastructure is up", ".status.infrastructureReady"))),
        Definition(
            Core,
            "Cluster",
            ["cl"],
            Version("v1beta2", ClusterSchemas.SpecV1Beta2(), ClusterSchemas.StatusV1Beta2(), [Column("Paused", ".spec.paused"), Column("Phase", ".status.phase")]),
            Version("v1beta1", ClusterSchemas.SpecV1Beta1(), ClusterSchemas.StatusV1Beta1(), [Column("Paused", ".spec.paused"), Column("Phase", ".status.phase")])),
        Definition(
            Core,
            "MachineDrainRule",
            [],
            Version("v1beta2", MachineSchemas.DrainRuleSpec(), null, [Column("Behavior", ".spec.drain.behavior"), Column("Order", ".spec.drain.order")]),
            Version("v1beta1", MachineSchemas.DrainRuleSpec(), null, [Column("Behavior", ".spec.drain.behavior"), Column("Order", ".spec.drain.order")])),
        Definition(
            Core,
            "MachineHealthCheck",
            ["mhc"],
            Version("v1beta2", MachineSchemas.HealthCheckSpecV1Beta2(), Anything(), [Column("Cluster", ".spec.clusterName")]),
            Version("v1beta1", MachineSchemas.HealthCheckSpecV1Beta1(), Anything(), [Column("Cluster", ".spec.clusterName")])),
        Definition(
            Bootstrap,
            "K0sWorkerConfig",
            [],
            Version("v1beta1", ProviderSchemas.K0sWorkerConfig(), ProviderSchemas.BootstrapStatus(), [Column("Secret", ".status.dataSecretName")])),
        Definition(
            Bootstrap,
            "KubeadmConfig",
            [],
            Version("v1beta2", Anything(), ProviderSchemas.BootstrapStatus(), [Column("Secret", ".status.dataSecretName")]),
            Version("v1beta1", Anything(), ProviderSchemas.BootstrapStatus(), [Column("Secret", ".status.dataSecretName")])),
        Definition(
            Infrastructure, "RemoteMachine", [], Version("v1beta1", ProviderSchemas.RemoteMachine(), ProviderSchemas.InfrastructureStatus(), [Column("ProviderID", ".spec.providerID")])),
        Definition(
            Infrastructure,
            "DevMachine",
            [],
            Version("v1beta2", Anything(), ProviderSchemas.InfrastructureStatus(), [Column("ProviderID", ".spec.providerID")]),
            Version("v1beta1", Anything(), ProviderSchemas.InfrastructureStatus(), [Column("ProviderID", ".spec.providerID")])),
    ];

    // The first version is the one that is stored. The labels are those by which Cluster API and clusterctl find it.
    private static JsonObject Definition(string group, string kind, string[] shortNames, params JsonObject[] versions)
    {
        versions[0]["storage"] = true;
        var plural = $"{kind.ToLowerInvariant()}s";
        var labels = new JsonObject { ["clusterctl.cluster.x-k8s.io"] = "", [$"{Core}/provider"] = ProviderOf(group, kind) };
        foreach (var version in versions)
        {
            labels[$"{Core}/{version["name"]}"] = version["name"]!.DeepClone();
        }

        var names = new JsonObject
        {
            ["kind"] = kind,
            ["listKind"] = $"{kind}List",
            ["plural"] = plural,
            ["singular"] = kind.ToLowerInvariant(),
            ["categories"] = new JsonArray("cluster-api"),
        };
        if (shortNames.Length > 0)
        {
            names["shortNames"] = new JsonArray([.. shortNames.Select(name => JsonValue.Create(name))]);
        }

        return new JsonObject
        {
            ["apiVersion"] = "apiextensions.k8s.io/v1",
            ["kind"] = "CustomResourceDefinition",
            ["metadata"] = new JsonObject { ["name"] = $"{plural}.{group}", ["labels"] = labels },
            ["spec"] = new JsonObject
            {
                ["group"] = group,
                ["names"] = names,
                ["scope"] = "Namespaced",
                ["versions"] = new JsonArray([.. versions]),
            },
        };
    }

    private static string ProviderOf(string group, string kind) => (group, kind) switch
    {
        (Core, _) => "cluster-api",
        (Bootstrap, "KubeadmConfig") => "bootstrap-kubeadm",
        (Bootstrap, _) => "bootstrap-k0smotron",
        (_, "RemoteMachine") => "infrastructure-k0smotron",
        _ => "infrastructure-docker",
    };

    private static JsonObject Version(string name, JsonObject spec, JsonObject? status, JsonArray columns)
    {
        columns.Add((JsonNode)new JsonObject { ["name"] = "Age", ["type"] = "date", ["jsonPath"] = ".metadata.creationTimestamp" });
        var schema = Object(("apiVersion", Text()), ("kind", Text()), ("metadata", new() { ["type"] = "object" }), ("spec", spec));
        schema["description"] = "Played by the 5-Spot sandbox.";
        var version = new JsonObject
        {
            ["name"] = name,
            ["served"] = true,
            ["storage"] = false,
            ["additionalPrinterColumns"] = columns,
            ["schema"] = new JsonObject { ["openAPIV3Schema"] = schema },
        };
        if (status is not null)
        {
            schema["properties"]!["status"] = status;
            version["subresources"] = new JsonObject { ["status"] = new JsonObject() };
        }

        return version;
    }

    private static JsonObject Column(string name, string path, string? description = null)
    {
        var column = new JsonObject { ["name"] = name, ["type"] = "string", ["jsonPath"] = path };
        if (description is not null)
        {
            column["description"] = description;
        }

        return column;
    }

    private static string Condition(string type) => $".status.conditions[?(@.type==\"{type}\")].status";

    private static JsonArray MachineColumns(string ready, string readyPath) =>
    [
        Column("Cluster", ".spec.clusterName"), Column("NodeName", ".status.nodeRef.name"), Column("Ready", readyPath, ready), Column("Phase", ".status.phase"),
        Column("Version", ".spec.version"),
    ];
}
