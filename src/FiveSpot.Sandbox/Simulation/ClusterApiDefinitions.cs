// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>
/// Definitions of the Cluster API kinds that the simulation plays: any spec is taken as it is; the status is described as
/// far as the simulation fills it.
/// </summary>
internal static class ClusterApiDefinitions
{
    private const string Core = "cluster.x-k8s.io";
    private const string Bootstrap = "bootstrap.cluster.x-k8s.io";
    private const string Infrastructure = "infrastructure.cluster.x-k8s.io";

    private static readonly string[] NodeInfoFields =
    [
        "architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion", "machineID",
        "operatingSystem", "osImage", "systemUUID",
    ];

    public static IEnumerable<JsonObject> All() =>
    [
        Definition(
            Core,
            "Machine",
            ["ma"],
            Version("v1beta2", MachineStatus("v1beta2"), MachineColumns("True if the Machine works", ".status.conditions[?(@.type==\"Ready\")].status")),
            Version("v1beta1", MachineStatus("v1beta1"), MachineColumns("True if the infrastructure is up", ".status.infrastructureReady"))),
        Definition(
            Core, "Cluster", ["cl"], Version("v1beta2", Status(("phase", Text)), [Column("Phase", ".status.phase")]), Version("v1beta1", Status(("phase", Text)), [Column("Phase", ".status.phase")])),
        Definition(Bootstrap, "K0sWorkerConfig", [], Version("v1beta1", BootstrapStatus(), [Column("Secret", ".status.dataSecretName")])),
        Definition(
            Bootstrap,
            "KubeadmConfig",
            [],
            Version("v1beta2", BootstrapStatus(), [Column("Secret", ".status.dataSecretName")]),
            Version("v1beta1", BootstrapStatus(), [Column("Secret", ".status.dataSecretName")])),
        Definition(Infrastructure, "RemoteMachine", [], Version("v1beta1", InfrastructureStatus(), ProviderColumns())),
        Definition(Infrastructure, "DevMachine", [], Version("v1beta2", InfrastructureStatus(), ProviderColumns()), Version("v1beta1", InfrastructureStatus(), ProviderColumns())),
    ];

    private static JsonObject Text() => new() { ["type"] = "string" };

    private static JsonObject Flag() => new() { ["type"] = "boolean" };

    private static JsonObject Integer() => new() { ["type"] = "integer", ["format"] = "int64" };

    private static JsonObject Time() => new() { ["type"] = "string", ["format"] = "date-time" };

    // The first version is the one that is stored.
    private static JsonObject Definition(string group, string kind, string[] shortNames, params JsonObject[] versions)
    {
        versions[0]["storage"] = true;
        var plural = $"{kind.ToLowerInvariant()}s";
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
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{plural}.{group}",
                ["labels"] = new JsonObject { [$"{Core}/v1beta1"] = "v1beta1", [$"{Core}/v1beta2"] = "v1beta2" },
            },
            ["spec"] = new JsonObject
            {
                ["group"] = group,
                ["names"] = names,
                ["scope"] = "Namespaced",
                ["versions"] = new JsonArray([.. versions]),
            },
        };
    }

    private static JsonObject Version(string name, JsonObject status, JsonArray columns)
    {
        columns.Add((JsonNode)new JsonObject { ["name"] = "Age", ["type"] = "date", ["jsonPath"] = ".metadata.creationTimestamp" });
        return new()
        {
            ["name"] = name,
            ["served"] = true,
            ["storage"] = false,
            ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
            ["additionalPrinterColumns"] = columns,
            ["schema"] = new JsonObject
            {
                ["openAPIV3Schema"] = new JsonObject
                {
                    ["type"] = "object",
                    ["description"] = "Played by the 5-Spot sandbox.",
                    ["properties"] = new JsonObject
                    {
                        ["apiVersion"] = Text(),
                        ["kind"] = Text(),
                        ["metadata"] = new JsonObject { ["type"] = "object" },
                        ["spec"] = new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true },
                        ["status"] = status,
                    },
                },
            },
        };
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

    private static JsonArray MachineColumns(string ready, string readyPath) =>
    [
        Column("Cluster", ".spec.clusterName"), Column("NodeName", ".status.nodeRef.name"), Column("Ready", readyPath, ready), Column("Phase", ".status.phase"),
    ];

    private static JsonArray ProviderColumns() => [Column("ProviderID", ".spec.providerID")];

    private static JsonObject BootstrapStatus() =>
        Status(("ready", Flag), ("dataSecretName", Text), ("initialization", () => Object(("dataSecretCreated", Flag))));

    private static JsonObject InfrastructureStatus() =>
        Status(("ready", Flag), ("initialization", () => Object(("provisioned", Flag))), ("addresses", Addresses));

    private static JsonObject MachineStatus(string version) => version == "v1beta1"
        ? Status(
            ("phase", Text),
            ("bootstrapReady", Flag),
            ("infrastructureReady", Flag),
            ("nodeRef", () => Object(("apiVersion", Text), ("kind", Text), ("name", Text), ("uid", Text))),
            ("nodeInfo", NodeInfo),
            ("addresses", Addresses))
        : Status(
            ("phase", Text),
            ("initialization", () => Object(("bootstrapDataSecretCreated", Flag), ("infrastructureProvisioned", Flag))),
            ("nodeRef", () => Object(("name", Text))),
            ("nodeInfo", NodeInfo),
            ("addresses", Addresses));

    private static JsonObject NodeInfo() => Object(
        [
            .. NodeInfoFields.Select(name => (name, (Func<JsonObject>)Text)),
        ]);

    private static JsonObject Addresses() => new() { ["type"] = "array", ["items"] = Object(("type", Text), ("address", Text)) };

    private static JsonObject Status(params (string Name, Func<JsonObject> Schema)[] fields) =>
        Object([.. fields, ("observedGeneration", Integer), ("conditions", Conditions)]);

    private static JsonObject Conditions()
    {
        var condition = Object(
            ("type", Text), ("status", Text), ("reason", Text), ("message", Text), ("severity", Text), ("lastTransitionTime", Time), ("observedGeneration", Integer));
        condition["required"] = new JsonArray("type", "status");
        return new()
        {
            ["type"] = "array",
            ["items"] = condition,
            ["x-kubernetes-list-type"] = "map",
            ["x-kubernetes-list-map-keys"] = new JsonArray("type"),
        };
    }

    private static JsonObject Object(params (string Name, Func<JsonObject> Schema)[] fields) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(fields.Select(field => new KeyValuePair<string, JsonNode?>(field.Name, field.Schema()))),
    };
}
