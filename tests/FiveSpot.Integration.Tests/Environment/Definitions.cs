// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Simulation;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A set of CustomResourceDefinitions that a management cluster of the scenarios has.</summary>
internal sealed record Definitions(string Name, ResourceType Machine, Func<IReadOnlyList<JsonObject>> Read)
{
    private const string DrainRulesName = "machinedrainrules.cluster.x-k8s.io";

    /// <summary>Ours, and the sandbox's Cluster API, which serves Machine at both versions.</summary>
    public static readonly Definitions BothVersions = new("both", Kinds.MachineV1Beta2, () =>
        [ScheduledMachineCrd.ToJson(), .. ClusterApiDefinitions.All()]);

    /// <summary>The same on another server, whose definitions a scenario may change for as long as it lasts.</summary>
    public static readonly Definitions Changing = BothVersions with { Name = "changing" };

    /// <summary>The same, with Cluster API's own kinds at v1beta1 alone, as before 1.11.</summary>
    public static readonly Definitions OnlyV1Beta1 = new("v1beta1", Kinds.MachineV1Beta1, () =>
        [ScheduledMachineCrd.ToJson(), .. ClusterApiDefinitions.All().Select(definition => IsCore(definition) ? ServeOnly(definition, "v1beta1") : definition)]);

    /// <summary>Our definition as it may have been before there were rules: everything is taken as it comes.</summary>
    public static readonly Definitions WithoutRules = new("lax", Kinds.MachineV1Beta2, () => [Lax(), .. ClusterApiDefinitions.All()]);

    /// <summary>Ours, and a Cluster API without MachineDrainRules, as before 1.9.</summary>
    public static readonly Definitions WithoutDrainRules = new("no-drain-rules", Kinds.MachineV1Beta2, () =>
        [ScheduledMachineCrd.ToJson(), .. ClusterApiDefinitions.All().Where(definition => NameOf(definition) != DrainRulesName)]);

    /// <summary>Nothing of ours nor of Cluster API: a workload cluster.</summary>
    public static readonly Definitions None = new("workload", Kinds.MachineV1Beta2, () => []) { IsManagement = false };

    /// <summary>The same, on a server where nobody comes before a policy.</summary>
    public static readonly Definitions Policed = None with { Name = "policed", ChecksOwners = false };

    /// <summary>A cluster with Cluster API, before 5-Spot comes.</summary>
    public static readonly Definitions WithoutOurs = new("own-cluster", Kinds.MachineV1Beta2, () => [.. ClusterApiDefinitions.All()]);

    /// <summary>Cluster API 1.14 and k0smotron as they are published: Machine at both versions.</summary>
    public static readonly Definitions ClusterApi114 = new("capi-v1.14", Kinds.MachineV1Beta2, () =>
        [ScheduledMachineCrd.ToJson(), .. SharedFolder.ReadObjects("capi-crds/v1.14")]);

    /// <summary>The core of Cluster API 1.9, which serves Machine at v1beta1 alone, with the same providers.</summary>
    public static readonly Definitions ClusterApi19 = new("capi-v1.9", Kinds.MachineV1Beta1, () =>
    [
        ScheduledMachineCrd.ToJson(),
        .. SharedFolder.ReadObjects("capi-crds/v1.9"),
        .. SharedFolder.ReadObjects("capi-crds/v1.14").Where(definition => (string)definition["spec"]!["group"]! != "cluster.x-k8s.io"),
    ]);

    /// <summary>Whose objects the scenario's ScheduledMachines ask for.</summary>
    public Providers Providers { get; init; } = Providers.K0smotron;

    /// <summary>Whether the controller has its own rights there, or those on Nodes alone.</summary>
    public bool IsManagement { get; private init; } = true;

    /// <summary>Whether the server asks for rights of whoever sets owners, as few do: so what is needed for that is seen.</summary>
    public bool ChecksOwners { get; private init; } = true;

    public static Definitions ServingMachineAt(string version) => version == "v1beta2" ? BothVersions : OnlyV1Beta1;

    /// <summary>The definition of MachineDrainRules.</summary>
    public static JsonObject DrainRules() => ClusterApiDefinitions.All().Single(definition => NameOf(definition) == DrainRulesName);

    public static string NameOf(JsonObject definition) => (string)definition["metadata"]!["name"]!;

    /// <summary>A definition, or any other object, as one would write it, from how it was read.</summary>
    public static JsonObject Fresh(JsonObject found) => new()
    {
        ["apiVersion"] = (string)found["apiVersion"]!,
        ["kind"] = (string)found["kind"]!,
        ["metadata"] = new JsonObject { ["name"] = NameOf(found), ["labels"] = found["metadata"]!["labels"]?.DeepClone() },
        ["spec"] = found["spec"]!.DeepClone(),
    };

    private static bool IsCore(JsonObject definition) => (string)definition["spec"]!["group"]! == "cluster.x-k8s.io";

    private static JsonObject ServeOnly(JsonObject definition, string version)
    {
        var versions = definition["spec"]!["versions"]!.AsArray();
        foreach (var other in versions.Where(v => v!["name"]!.GetValue<string>() != version).ToList())
        {
            versions.Remove(other);
        }

        versions[0]!["storage"] = true;
        versions[0]!["served"] = true;
        return definition;
    }

    private static JsonObject Lax()
    {
        var definition = ScheduledMachineCrd.ToJson();
        definition["spec"]!["versions"]![0]!["schema"] = JsonNode.Parse("""
            {"openAPIV3Schema":{"type":"object","properties":{
              "spec":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
              "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}
            """);
        return definition;
    }
}
