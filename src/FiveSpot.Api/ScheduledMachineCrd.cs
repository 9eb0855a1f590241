// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>
/// The CustomResourceDefinition of ScheduledMachine (<c>apiextensions.k8s.io/v1</c>), made from the resource types.
/// Kubernetes from 1.20 on takes it; the rules (<c>x-kubernetes-validations</c>) hold from 1.25 on.
/// </summary>
public static class ScheduledMachineCrd
{
    /// <summary>Name of the CustomResourceDefinition.</summary>
    public const string Name = WellKnown.Plural + "." + WellKnown.Group;

    /// <summary>The definition. Each call makes a new one, which the caller may change.</summary>
    public static JsonObject ToJson() => new()
    {
        ["apiVersion"] = "apiextensions.k8s.io/v1",
        ["kind"] = "CustomResourceDefinition",
        ["metadata"] = new JsonObject
        {
            ["name"] = Name,

            // By these clusterctl move knows that it is to take ScheduledMachines along, and all that they own with them.
            ["labels"] = new JsonObject { ["clusterctl.cluster.x-k8s.io"] = "", ["clusterctl.cluster.x-k8s.io/move-hierarchy"] = "" },
        },
        ["spec"] = new JsonObject
        {
            ["group"] = WellKnown.Group,
            ["names"] = new JsonObject
            {
                ["kind"] = WellKnown.Kind,
                ["listKind"] = WellKnown.Kind + "List",
                ["plural"] = WellKnown.Plural,
                ["singular"] = WellKnown.Singular,
                ["shortNames"] = new JsonArray((JsonNode)WellKnown.ShortName),
                ["categories"] = new JsonArray((JsonNode)"cluster-api"),
            },
            ["scope"] = "Namespaced",
            ["versions"] = new JsonArray((JsonNode)Version()),
        },
    };

    /// <summary>The definition as a YAML document, for <c>kubectl apply</c>.</summary>
    public static string ToYaml() =>
        $"# SPDX-License-Identifier: Apache-2.0\n# Generated from the resource types.\n{YamlText.Of(ToJson())}";

    private static JsonObject Version() => new()
    {
        ["name"] = WellKnown.Version,
        ["served"] = true,
        ["storage"] = true,
        ["additionalPrinterColumns"] = new JsonArray(
            Column("Phase", "string", ".status.phase", "Where the machine is in its life"),
            Column("Ready", "boolean", ".status.ready", "Whether the machine is in its cluster and works"),
            Column("InSchedule", "boolean", ".status.inSchedule", "Whether the schedule's window is open now"),

            // Of the two switches the one that 5-Spot itself turns off.
            Column("Enabled", "boolean", ".spec.schedule.enabled", "Whether the schedule is switched on"),

            // Not a date: kubectl shows those as ages, and what is to come as <invalid>.
            Column("Next", "string", ".status.nextTransitionTime", "When the window opens or closes next, in UTC"),
            Column("Node", "string", ".status.nodeRef.name", "The Node that the machine is"),
            Column("Age", "date", ".metadata.creationTimestamp", "Age of the ScheduledMachine"),
            Column("Cluster", "string", ".spec.clusterName", "The Cluster that the machine joins", isWide: true),
            Column("Schedule", "string", ".status.schedule", "The schedule, in one line", isWide: true),
            Column("ProviderID", "string", ".status.providerID", "The provider's id of the machine", isWide: true)),
        ["subresources"] = new JsonObject { ["status"] = new JsonObject() },
        ["schema"] = new JsonObject { ["openAPIV3Schema"] = Root() },
    };

    private static JsonObject Root()
    {
        var spec = StructuralSchema.OfSpec(ApiJsonContext.Default.ScheduledMachineSpec);
        spec.Insert(0, "description", "Which machine, in which cluster, when. Written by people.");
        var status = StructuralSchema.OfStatus(ApiJsonContext.Default.ScheduledMachineStatus);
        status.Insert(0, "description", "What 5-Spot reports of the machine. Written by 5-Spot alone.");
        return new()
        {
            ["description"] =
                "ScheduledMachine puts one physical machine into a Kubernetes cluster through Cluster API, and takes "
                + "it out again, on a schedule.",
            ["type"] = "object",
            ["required"] = new JsonArray((JsonNode)"spec"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject
                {
                    ["description"] = $"Always {WellKnown.Group}/{WellKnown.Version}.",
                    ["type"] = "string",
                },
                ["kind"] = new JsonObject { ["description"] = $"Always {WellKnown.Kind}.", ["type"] = "string" },
                ["metadata"] = new JsonObject { ["type"] = "object" },
                ["spec"] = spec,
                ["status"] = status,
            },
            ["x-kubernetes-validations"] = new JsonArray(
                Rule(Cel.NameLength, Sentences.NameLength),
                Rule(Cel.ClusterNameImmutable, Sentences.ClusterNameImmutable)),
        };
    }

    private static JsonObject Rule(string expression, string message) =>
        new() { ["rule"] = expression, ["message"] = message };

    private static JsonObject Column(string name, string type, string path, string description, bool isWide = false)
    {
        var column = new JsonObject
        {
            ["name"] = name,
            ["type"] = type,
            ["jsonPath"] = path,
            ["description"] = description,
        };
        if (isWide)
        {
            column["priority"] = 1;
        }

        return column;
    }
}
