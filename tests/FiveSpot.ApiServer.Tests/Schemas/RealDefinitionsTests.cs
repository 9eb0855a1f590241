// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Tests.Schemas;

public sealed class RealDefinitionsTests
{
    private static JsonObject SchemaOf(string file, string version)
    {
        Assert.SkipUnless(SharedData.Folder is not null, "the shared data folder is not there");
        var crd = SharedData.Map(File.ReadAllText(Path.Combine(SharedData.Folder!, "capi-crds", file)));
        return crd["spec"]!["versions"]!.AsArray().Single(v => v!["name"]!.GetValue<string>() == version)!["schema"]!["openAPIV3Schema"]!.AsObject();
    }

    [Fact]
    public void Every_real_definition_parses()
    {
        Assert.SkipUnless(SharedData.Folder is not null, "the shared data folder is not there");
        var files = Directory.GetFiles(Path.Combine(SharedData.Folder!, "capi-crds"), "*.yaml", SearchOption.AllDirectories);
        files.Length.ShouldBeGreaterThan(5);
        foreach (var file in files)
        {
            foreach (var version in SharedData.Map(File.ReadAllText(file))["spec"]!["versions"]!.AsArray())
            {
                var schema = StructuralSchema.Parse(version!["schema"]!["openAPIV3Schema"]!.AsObject());
                schema.EstimateCosts().Total.ShouldBeLessThan(RuleCosts.TotalLimit, file);
            }
        }
    }

    [Fact]
    public void A_machine_of_v1beta2_is_accepted_and_a_broken_one_refused()
    {
        var schema = StructuralSchema.Parse(SchemaOf("v1.14/cluster.x-k8s.io_machines.yaml", "v1beta2"));
        var machine = SharedData.Map("""
            apiVersion: cluster.x-k8s.io/v1beta2
            kind: Machine
            metadata: {name: m, labels: {a: b}}
            spec:
              clusterName: c
              version: v1.31.0
              bootstrap: {configRef: {apiGroup: bootstrap.cluster.x-k8s.io, kind: K0sWorkerConfig, name: m}}
              infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: RemoteMachine, name: m}
              deletion: {nodeDrainTimeoutSeconds: 300}
            """);
        schema.Prune(machine, isResourceRoot: true).ShouldBeEmpty();
        schema.ApplyDefaults(machine);
        schema.Validate(machine, null).ShouldBeEmpty();

        machine["spec"]!["deletion"]!["nodeDrainTimeoutSeconds"] = -1;
        machine["spec"]!["nodeDrainTimeout"] = "5m";
        machine["spec"]!.AsObject().Remove("clusterName");
        schema.Prune(machine, isResourceRoot: true).ShouldBe(["spec.nodeDrainTimeout"]);
        var errors = schema.Validate(machine, null).Select(e => e.ToString()).ToList();
        errors.ShouldContain("spec.clusterName: Required value");
        errors.ShouldContain("spec.deletion.nodeDrainTimeoutSeconds: Invalid value: -1: spec.deletion.nodeDrainTimeoutSeconds in body should be greater than or equal to 0");
    }

    [Theory]
    [InlineData("v1.14/cluster.x-k8s.io_machines.yaml")]
    [InlineData("v1.9/cluster.x-k8s.io_machines.yaml")]
    public void A_machine_of_v1beta1_is_accepted(string file)
    {
        var schema = StructuralSchema.Parse(SchemaOf(file, "v1beta1"));
        var machine = SharedData.Map("""
            apiVersion: cluster.x-k8s.io/v1beta1
            kind: Machine
            metadata: {name: m}
            spec:
              clusterName: c
              bootstrap: {configRef: {apiVersion: bootstrap.cluster.x-k8s.io/v1beta1, kind: K0sWorkerConfig, name: m, namespace: n}}
              infrastructureRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: RemoteMachine, name: m, namespace: n}
              nodeDrainTimeout: 5m0s
            """);
        schema.Prune(machine, isResourceRoot: true).ShouldBeEmpty();
        schema.Validate(machine, null).ShouldBeEmpty();
    }

    [Fact]
    public void Rules_of_real_definitions_are_run()
    {
        var schema = StructuralSchema.Parse(SchemaOf("v1.14/bootstrap.cluster.x-k8s.io_kubeadmconfigs.yaml", "v1beta2"));
        schema.EstimateCosts().Rules.ShouldNotBeEmpty();
        var config = SharedData.Map("""
            apiVersion: bootstrap.cluster.x-k8s.io/v1beta2
            kind: KubeadmConfig
            metadata: {name: k}
            spec:
              diskSetup:
                partitions: [{device: /dev/sda, layout: true, diskLayout: [{percentage: 100}]}]
            """);
        schema.Validate(config, null).ShouldHaveSingleItem().ToString().ShouldStartWith("spec.diskSetup.partitions[0]: Invalid value: ");
        config["spec"]!["diskSetup"]!["partitions"]![0]!.AsObject().Remove("layout");
        schema.Validate(config, null).ShouldBeEmpty();
    }
}
