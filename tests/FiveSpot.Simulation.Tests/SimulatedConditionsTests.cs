// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>What Cluster API says of Machines, at each of its versions.</summary>
public sealed class SimulatedConditionsTests
{
    private static readonly string OldMachine = $"{At(Machines, "v1beta1")}/a";

    [Fact]
    public async Task At_v1beta1_Ready_comes_before_the_Node_and_stays_when_it_fails()
    {
        await using var world = await StartAsync(OnlyV1Beta1());
        await world.CreateMachineAsync("a", "v1beta1");
        await world.AwaitAsync(OldMachine, machine => machine?["status"] is not null, "the Machine is seen");
        Condition(await world.FindAsync(OldMachine), "Ready").ShouldBe("False");
        await world.AdvanceAsync(10);
        await world.AdvanceAsync(30);
        var machine = await world.FindAsync(OldMachine);
        machine!["status"]!["nodeRef"].ShouldBeNull();
        Condition(machine, "Ready").ShouldBe("True", "there is no Node yet");
        Condition(machine, "NodeHealthy").ShouldBe("False");
        NewCondition(machine, "Ready").ShouldBe("Unknown");
        NewCondition(machine, "NodeHealthy").ShouldBe("Unknown");

        await world.AdvanceAsync(20);
        await world.AdvanceAsync(20);
        machine = await world.FindAsync(OldMachine);
        Condition(machine, "NodeHealthy").ShouldBe("True");
        NewCondition(machine, "Ready").ShouldBe("True");
        NewCondition(machine, "Available").ShouldBe("True");

        world.Behaviour = world.Behaviour with { SwitchedOff = [new ObjectKey("default", "a")] };
        await world.AdvanceAsync(50);
        machine = await world.FindAsync(OldMachine);
        Condition(machine, "Ready").ShouldBe("True", "it does not look at the Node");
        Condition(machine, "NodeHealthy").ShouldBe("Unknown");
        NewCondition(machine, "Ready").ShouldBe("Unknown");
        NewCondition(machine, "NodeReady").ShouldBe("Unknown");

        world.Behaviour = world.Behaviour with { SwitchedOff = [] };
        await world.SettleAsync();
        NewCondition(await world.FindAsync(OldMachine), "Ready").ShouldBe("True");
    }

    [Fact]
    public async Task Before_1_9_there_are_no_other_conditions_beside_those_of_v1beta1()
    {
        await using var world = await StartAsync(OnlyV1Beta1());
        world.Behaviour = world.Behaviour with { HasConditionsOfV1Beta2 = false };
        await world.CreateRunningMachineAsync("a", version: "v1beta1");

        var machine = await world.FindAsync(OldMachine);
        Condition(machine, "Ready").ShouldBe("True");
        machine!["status"]!["v1beta2"].ShouldBeNull();
    }

    [Theory]
    [InlineData("v1beta1")]
    [InlineData("v1beta2")]
    public async Task The_Node_is_found_by_its_providerID_alone_and_what_was_said_of_it_stays(string version)
    {
        await using var world = await StartAsync(version == "v1beta1" ? OnlyV1Beta1() : []);
        await world.CreateRunningMachineAsync("a", version: version);
        var path = $"{At(Machines, version)}/a";
        var before = (await world.FindAsync(path))!["status"]!["nodeRef"]!.ToJsonString();

        await world.SendAsync(HttpMethod.Delete, "/api/v1/nodes/a");
        await world.SettleAsync();
        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull("a kubelet registers once");
        var machine = await world.FindAsync(path);
        NodeHealthy(machine).ShouldBe("False");
        machine!["status"]!["nodeRef"]!.ToJsonString().ShouldBe(before);

        var anew = await world.SendAsync(HttpMethod.Post, "/api/v1/nodes", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"},"spec":{"providerID":"sandbox://default/a"}}""");
        await world.SettleAsync();
        machine = await world.FindAsync(path);
        NodeHealthy(machine).ShouldBe("True");
        machine!["status"]!["nodeRef"]!.ToJsonString().ShouldBe(before, "frozen");
        machine["status"]!["nodeRef"]!["uid"]?.ToString().ShouldNotBe(anew["metadata"]!["uid"]!.ToString());

        string? NodeHealthy(JsonNode? seen) => version == "v1beta1" ? NewCondition(seen, "NodeHealthy") : Condition(seen, "NodeHealthy");
    }

    [Fact]
    public async Task At_v1beta2_each_condition_has_its_reason_and_Ready_sums_them_up()
    {
        await using var world = await StartAsync();
        await world.CreateMachineAsync("a");
        await world.AwaitAsync($"{Machines}/a", machine => machine?["status"] is not null, "the Machine is seen");
        await world.SettleAsync();
        var machine = await world.FindAsync($"{Machines}/a");
        Conditions(machine).ShouldBe(
        [
            "Ready=False/NotReady", "Available=False/NotReady", "BootstrapConfigReady=False/NotReady", "Deleting=False/NotDeleting",
            "InfrastructureReady=False/NotReady", "NodeHealthy=Unknown/InspectionFailed", "NodeReady=Unknown/InspectionFailed", "Paused=False/NotPaused",
            "Updating=False/NotUpdating",
        ]);
        Condition(machine, "Ready", "message").ShouldBe("""
            * BootstrapConfigReady: K0sWorkerConfig status.initialization.dataSecretCreated is false
            * InfrastructureReady: RemoteMachine status.initialization.provisioned is false
            * NodeHealthy: Waiting for RemoteMachine to report spec.providerID
            """.ReplaceLineEndings("\n"));

        foreach (var seconds in (double[])[10, 30, 20, 20])
        {
            await world.AdvanceAsync(seconds);
        }

        Conditions(await world.FindAsync($"{Machines}/a")).ShouldBe(
        [
            "Ready=True/Ready", "Available=True/Available", "BootstrapConfigReady=True/Ready", "Deleting=False/NotDeleting", "InfrastructureReady=True/Ready",
            "NodeHealthy=True/NodeHealthy", "NodeReady=True/NodeReady", "Paused=False/NotPaused", "Updating=False/NotUpdating",
        ]);

        await world.SendAsync(HttpMethod.Delete, $"{Hardware}/a");
        await world.PassUntilAsync($"{Hardware}/a", hardware => hardware is null, "the hardware is gone");
        await world.SettleAsync();
        machine = await world.FindAsync($"{Machines}/a");
        Condition(machine, "InfrastructureReady", "message").ShouldBe("RemoteMachine has been deleted while the Machine still exists");
        Condition(machine, "Ready").ShouldBe("False");
        machine!["status"]!["phase"]!.ToString().ShouldBe("Running");
    }

    [Fact]
    public async Task Cluster_API_writes_whose_Node_it_is_and_takes_the_taint_of_the_uninitialized_away()
    {
        await using var world = await StartAsync();
        await world.CreateClusterAsync();
        await world.SendAsync(HttpMethod.Post, "/apis/bootstrap.cluster.x-k8s.io/v1beta2/namespaces/default/kubeadmconfigs", """
            {"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta2","kind":"KubeadmConfig","metadata":{"name":"a"},"spec":{}}
            """);
        await world.SendAsync(HttpMethod.Post, "/apis/infrastructure.cluster.x-k8s.io/v1beta2/namespaces/default/devmachines", """
            {"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta2","kind":"DevMachine","metadata":{"name":"a"},"spec":{}}
            """);
        var taints = new List<string>();
        world.Server.RequestObserver = seen => Add(seen.Request.Verb == "create" && seen.Request.Path == "/api/v1/nodes");
        await world.SendAsync(HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine",
             "metadata":{"name":"a","labels":{"node-role.kubernetes.io/worker":"","node.cluster.x-k8s.io/site":"zurich","team":"a"}},
             "spec":{"clusterName":"c1","bootstrap":{"configRef":{"apiGroup":"bootstrap.cluster.x-k8s.io","kind":"KubeadmConfig","name":"a"}},
                     "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"DevMachine","name":"a"}}}
            """);
        await world.AwaitAsync($"{Machines}/a", machine => machine?["status"] is not null, "the Machine is seen");
        foreach (var seconds in (double[])[10, 30, 20, 20])
        {
            await world.AdvanceAsync(seconds);
        }

        taints.Count.ShouldBe(1);
        var node = (await world.FindAsync("/api/v1/nodes/a"))!;
        node["spec"]!["taints"].ShouldBeNull("Cluster API has taken it away");
        node["metadata"]!["labels"]!["node.cluster.x-k8s.io/site"]!.ToString().ShouldBe("zurich");
        node["metadata"]!["labels"]!.AsObject().ContainsKey("team").ShouldBeFalse();
        node["metadata"]!["annotations"]!["cluster.x-k8s.io/machine"]!.ToString().ShouldBe("a");
        node["metadata"]!["annotations"]!["cluster.x-k8s.io/cluster-name"]!.ToString().ShouldBe("c1");
        node["metadata"]!["annotations"]!["cluster.x-k8s.io/labels-from-machine"]!.ToString().ShouldBe("node-role.kubernetes.io/worker,node.cluster.x-k8s.io/site");

        await world.PatchAsync($"{Machines}/a", """{"metadata":{"labels":{"node.cluster.x-k8s.io/site":null}}}""");
        await world.SettleAsync();
        (await world.FindAsync("/api/v1/nodes/a"))!["metadata"]!["labels"]!.AsObject().ContainsKey("node.cluster.x-k8s.io/site").ShouldBeFalse();

        void Add(bool isNode)
        {
            if (isNode && taints.Count == 0)
            {
                taints.Add("created");
            }
        }
    }

    private static IEnumerable<string> Conditions(JsonNode? machine) =>
        machine!["status"]!["conditions"]!.AsArray().Select(condition => $"{condition!["type"]}={condition["status"]}/{condition["reason"]}");
}
