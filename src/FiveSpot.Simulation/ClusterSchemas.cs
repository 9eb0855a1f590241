// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

using static FiveSpot.Simulation.DefinitionSchema;

namespace FiveSpot.Simulation;

/// <summary>What a Cluster may say at each version. Topologies are not played.</summary>
internal static class ClusterSchemas
{
    public static JsonObject SpecV1Beta2()
    {
        var spec = Object([.. Spec(), ("controlPlaneRef", MachineSchemas.Reference()), ("infrastructureRef", MachineSchemas.Reference())]);
        spec["minProperties"] = 1;
        return spec;
    }

    public static JsonObject SpecV1Beta1() =>
        Object([.. Spec(), ("controlPlaneRef", MachineSchemas.OldReference()), ("infrastructureRef", MachineSchemas.OldReference())]);

    public static JsonObject StatusV1Beta2() => Object(
        ("phase", Phase()),
        ("observedGeneration", Integer()),
        ("initialization", Object(("infrastructureProvisioned", Flag()), ("controlPlaneInitialized", Flag()))),
        ("conditions", Conditions()));

    public static JsonObject StatusV1Beta1() => Object(
        ("phase", Phase()),
        ("observedGeneration", Integer()),
        ("infrastructureReady", Flag()),
        ("controlPlaneReady", Flag()),
        ("conditions", OldConditions()),
        ("v1beta2", Object(("conditions", Conditions()))));

    private static JsonObject Phase() => OneOf("Pending", "Provisioning", "Provisioned", "Deleting", "Failed", "Unknown");

    private static (string Name, JsonObject Schema)[] Spec() =>
    [
        ("paused", Flag()),
        ("controlPlaneEndpoint", Object(("host", Text(512)), ("port", new() { ["type"] = "integer", ["format"] = "int32" }))),
        ("clusterNetwork", Object(
            ("apiServerPort", new() { ["type"] = "integer", ["format"] = "int32" }),
            ("pods", Ranges()),
            ("services", Ranges()),
            ("serviceDomain", Text(253)))),
    ];

    private static JsonObject Ranges() => Object(("cidrBlocks", List(Text(43)))).Requiring("cidrBlocks");
}
