// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.ApiServer.Tests;

namespace FiveSpot.Simulation.Tests;

public sealed class SimulatedClusterApiTests
{
    private const string Machines = SimulationFixture.Machines;

    [Fact]
    public async Task A_machine_comes_up_step_by_step_at_the_times_that_are_said()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateMachineAsync("a");

        var machine = await world.AwaitAsync($"{Machines}/a", seen => Phase(seen) == "Pending", "Pending");
        Finalizers(machine).ShouldBe(["machine.cluster.x-k8s.io"]);
        await world.SettleAsync();
        var config = await world.FindAsync($"{SimulationFixture.Configs}/a");
        config!["metadata"]!["ownerReferences"]![0]!["uid"]!.ToString().ShouldBe(machine!["metadata"]!["uid"]!.ToString());
        config["metadata"]!["ownerReferences"]![0]!["controller"]!.GetValue<bool>().ShouldBeTrue();
        Finalizers(config).ShouldBeEmpty("bootstrap providers need none");
        Finalizers(await world.FindAsync($"{SimulationFixture.Hardware}/a")).ShouldBe(["remotemachine.k0smotron.io/finalizer"]);

        await world.AdvanceAsync(9);
        Phase(await world.FindAsync($"{Machines}/a")).ShouldBe("Pending");
        await world.AdvanceAsync(1);
        machine = await world.FindAsync($"{Machines}/a");
        Phase(machine).ShouldBe("Provisioning");
        machine!["spec"]!["bootstrap"]!["dataSecretName"]!.ToString().ShouldBe("a");
        machine["status"]!["initialization"]!["bootstrapDataSecretCreated"]!.GetValue<bool>().ShouldBeTrue();
        (await world.FindAsync("/api/v1/namespaces/default/secrets/a"))!["type"]!.ToString().ShouldBe("cluster.x-k8s.io/secret");
        (await world.FindAsync($"{SimulationFixture.Configs}/a"))!["status"]!["dataSecretName"]!.ToString().ShouldBe("a");

        await world.AdvanceAsync(30);
        machine = await world.FindAsync($"{Machines}/a");
        Phase(machine).ShouldBe("Provisioned");
        machine!["spec"]!["providerID"]!.ToString().ShouldBe("sandbox://default/a");
        (await world.FindAsync($"{SimulationFixture.Hardware}/a"))!["spec"]!["providerID"]!.ToString().ShouldBe("sandbox://default/a");
        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull();

        await world.AdvanceAsync(20);
        machine = await world.FindAsync($"{Machines}/a");
        Phase(machine).ShouldBe("Running");
        machine!["status"]!["nodeRef"]!["name"]!.ToString().ShouldBe("a");
        Condition(machine, "Ready").ShouldBe("False");
        var node = await world.FindAsync("/api/v1/nodes/a");
        Condition(node, "Ready").ShouldBe("False");
        node!["spec"]!["providerID"]!.ToString().ShouldBe("sandbox://default/a");
        node["status"]!["nodeInfo"]!["machineID"]!.ToString().ShouldMatch("^[0-9a-f]{32}$");
        node["metadata"]!["labels"]!.AsObject().ContainsKey("node-role.kubernetes.io/worker").ShouldBeTrue();
        node["metadata"]!["labels"]!.AsObject().ContainsKey("team").ShouldBeFalse("Cluster API copies certain domains alone");

        await world.AdvanceAsync(20);
        Condition(await world.FindAsync("/api/v1/nodes/a"), "Ready").ShouldBe("True");
        machine = await world.FindAsync($"{Machines}/a");
        Condition(machine, "Ready").ShouldBe("True");
        machine!["status"]!["nodeInfo"]!["machineID"]!.ToString().ShouldBe(node["status"]!["nodeInfo"]!["machineID"]!.ToString());

        var settled = world.Server.ResourceVersion;
        await world.AdvanceAsync(3600);
        world.Server.ResourceVersion.ShouldBe(settled, "nothing is written while nothing changes");
    }

    [Fact]
    public async Task A_deleted_machine_is_drained_shut_down_and_gone()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.CreatePodAsync("job");
        var daemons = await world.SendAsync(HttpMethod.Post, "/apis/apps/v1/namespaces/default/daemonsets", """
            {"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"d"},
             "spec":{"selector":{"matchLabels":{"d":"d"}},"template":{"metadata":{"labels":{"d":"d"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}}
            """);
        await world.CreatePodAsync(
            "daemon", "a", $$"""
            ,"ownerReferences":[{"apiVersion":"apps/v1","kind":"DaemonSet","name":"d","uid":"{{daemons["metadata"]!["uid"]}}","controller":true}]
            """);
        await world.AwaitAsync("/api/v1/namespaces/default/pods/job", pod => pod?["spec"]?["nodeName"]?.ToString() == "a", "the Pod is put on the Node");
        await RunPodsAsync(world, "job");

        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await world.AwaitAsync($"{Machines}/a", machine => Phase(machine) == "Deleting", "Deleting");
        await world.AwaitAsync("/api/v1/nodes/a", node => node?["spec"]?["unschedulable"]?.GetValue<bool>() == true, "cordoned");
        await world.AwaitAsync("/api/v1/namespaces/default/pods/job", pod => pod?["metadata"]?["deletionTimestamp"] is not null, "evicted");
        (await world.FindAsync("/api/v1/namespaces/default/pods/daemon"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();

        await PassUntilAsync(world, "/api/v1/namespaces/default/pods/job", pod => pod is null, "its kubelet ended it");
        await PassUntilAsync(world, $"{SimulationFixture.Hardware}/a", hardware => hardware?["metadata"]?["deletionTimestamp"] is not null, "the hardware is to go");
        (await world.FindAsync("/api/v1/nodes/a")).ShouldNotBeNull();
        await world.AdvanceAsync(29);
        (await world.FindAsync($"{SimulationFixture.Hardware}/a")).ShouldNotBeNull();
        await PassUntilAsync(world, $"{Machines}/a", machine => machine is null, "the Machine is gone");
        foreach (var path in (string[])[$"{SimulationFixture.Hardware}/a", $"{SimulationFixture.Configs}/a", "/api/v1/namespaces/default/secrets/a", "/api/v1/nodes/a"])
        {
            (await world.FindAsync(path)).ShouldBeNull(path);
        }

        await world.AwaitAsync("/api/v1/namespaces/default/pods/daemon", pod => pod is null, "Pods go with their Node");
    }

    [Fact]
    public async Task A_drain_that_a_budget_is_against_ends_with_its_timeout()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a", ""","deletion":{"nodeDrainTimeoutSeconds":120}""");
        await world.SendAsync(HttpMethod.Post, "/apis/policy/v1/namespaces/default/poddisruptionbudgets", """
            {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"keep"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"x"}}}}
            """);
        await world.CreatePodAsync("job", extraMetadata: ""","labels":{"app":"x"}""");
        await world.AwaitAsync("/api/v1/namespaces/default/pods/job", pod => pod?["spec"]?["nodeName"] is not null, "the Pod is put on the Node");
        await RunPodsAsync(world, "job");
        await world.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);

        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await world.AwaitAsync("/api/v1/nodes/a", node => node?["spec"]?["unschedulable"]?.GetValue<bool>() == true, "cordoned");
        await world.AdvanceAsync(100);
        await world.AdvanceAsync(19);
        (await world.FindAsync("/api/v1/namespaces/default/pods/job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        (await world.FindAsync($"{SimulationFixture.Hardware}/a"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        await world.AdvanceAsync(1);
        await world.AwaitAsync($"{SimulationFixture.Hardware}/a", hardware => hardware?["metadata"]?["deletionTimestamp"] is not null, "the drain is given up");
    }

    [Fact]
    public async Task A_machine_that_excludes_draining_is_not_drained()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.CreatePodAsync("job");
        await world.AwaitAsync("/api/v1/namespaces/default/pods/job", pod => pod?["spec"]?["nodeName"] is not null, "the Pod is put on the Node");
        await world.SendAsync(HttpMethod.Patch, $"{Machines}/a", """{"metadata":{"annotations":{"machine.cluster.x-k8s.io/exclude-node-draining":""}}}""", "application/merge-patch+json");

        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await world.AwaitAsync($"{SimulationFixture.Hardware}/a", hardware => hardware?["metadata"]?["deletionTimestamp"] is not null, "the hardware is to go");
        (await world.FindAsync("/api/v1/namespaces/default/pods/job"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        (await world.FindAsync("/api/v1/nodes/a"))!["spec"]!["unschedulable"].ShouldBeNull();
    }

    [Fact]
    public async Task A_machine_joins_the_cluster_whose_kubeconfig_lies_beside_it()
    {
        await using var world = await SimulationFixture.StartAsync();
        await using var workload = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Clock = world.Clock }, TestContext.Current.CancellationToken);
        using var http = ServerFixture.ClientFor(workload);
        await world.SendAsync(HttpMethod.Post, "/api/v1/namespaces/default/secrets", $$$"""
            {"apiVersion":"v1","kind":"Secret","metadata":{"name":"c1-kubeconfig"},"data":{"value":"{{{Convert.ToBase64String(Encoding.UTF8.GetBytes(workload.Kubeconfig()))}}}"}}
            """);

        await world.CreateRunningMachineAsync("a");

        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull();
        (await http.GetAsync(new Uri("/api/v1/nodes/a", UriKind.Relative), TestContext.Current.CancellationToken)).IsSuccessStatusCode.ShouldBeTrue();
    }

    [Fact]
    public async Task A_workload_cluster_gets_a_Secret_for_each_of_its_names_and_all_machines()
    {
        var clock = SimulationFixture.NewClock();
        await using var workload = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Clock = clock }, TestContext.Current.CancellationToken);
        await using var world = await SimulationFixture.StartAsync(clock, workload);
        using var http = ServerFixture.ClientFor(workload);

        await world.CreateRunningMachineAsync("a");

        var secret = await world.FindAsync("/api/v1/namespaces/default/secrets/c1-kubeconfig");
        secret!["type"]!.ToString().ShouldBe("cluster.x-k8s.io/secret");
        secret["metadata"]!["labels"]!["cluster.x-k8s.io/cluster-name"]!.ToString().ShouldBe("c1");
        Encoding.UTF8.GetString(Convert.FromBase64String(secret["data"]!["value"]!.ToString())).ShouldBe(workload.Kubeconfig());
        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull();
        (await IsThereAsync("/api/v1/nodes/a")).ShouldBeTrue();

        // Another name of the same cluster: it is watched, and its Pods are scheduled, once.
        var watches = 0;
        workload.RequestObserver = seen => watches += seen is { Stage: RequestStage.Before, Request.Verb: "watch" } ? 1 : 0;
        await world.CreateRunningMachineAsync("b", clusterName: "c2");
        (await world.FindAsync("/api/v1/namespaces/default/secrets/c2-kubeconfig")).ShouldNotBeNull();
        (await IsThereAsync("/api/v1/nodes/b")).ShouldBeTrue();
        watches.ShouldBe(0);

        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await PassUntilAsync(world, $"{Machines}/a", machine => machine is null, "the Machine is gone");
        (await IsThereAsync("/api/v1/nodes/a")).ShouldBeFalse();

        async Task<bool> IsThereAsync(string path) =>
            (await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken)).IsSuccessStatusCode;
    }

    [Fact]
    public async Task A_node_that_is_another_machines_is_left_alone()
    {
        await using var world = await SimulationFixture.StartAsync();
        var theirs = await world.SendAsync(HttpMethod.Post, "/api/v1/nodes", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"},"spec":{"providerID":"metal://1"}}""");
        await world.CreateMachineAsync("a");
        await world.AwaitAsync($"{Machines}/a", machine => machine?["status"] is not null, "the Machine is seen");
        await world.AdvanceAsync(10);
        await world.AdvanceAsync(90);
        await world.AwaitAsync($"{Machines}/a", machine => machine!.ToString().Contains("Waiting for a Node with spec.providerID sandbox://default/a to exist", StringComparison.Ordinal), "it says why");

        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await PassUntilAsync(world, $"{Machines}/a", machine => machine is null, "the Machine is gone");
        (await world.FindAsync("/api/v1/nodes/a"))!["metadata"]!["resourceVersion"]!.ToString().ShouldBe(theirs["metadata"]!["resourceVersion"]!.ToString());
    }

    [Fact]
    public async Task A_machine_whose_objects_come_late_waits_for_them()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateClusterAsync();
        await world.SendAsync(HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"a"},
             "spec":{"clusterName":"c1","bootstrap":{"configRef":{"apiGroup":"bootstrap.cluster.x-k8s.io","kind":"K0sWorkerConfig","name":"late"}},
                     "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteMachine","name":"late"}}}
            """);
        await world.AwaitAsync($"{Machines}/a", machine => machine!.ToString().Contains("K0sWorkerConfig does not exist", StringComparison.Ordinal), "it says what it waits for");
        await world.SendAsync(HttpMethod.Post, SimulationFixture.Configs, """{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","metadata":{"name":"late"},"spec":{}}""");
        await world.AdvanceAsync(10);
        await PassUntilAsync(world, $"{Machines}/a", machine => Phase(machine) == "Provisioning", "Provisioning");
    }

    [Theory]
    [InlineData("v1.14", "v1beta2")]
    [InlineData("v1.9", "v1beta1")]
    public async Task Real_definitions_are_used_as_they_are(string release, string version)
    {
        var folder = Shared.Find($"capi-crds/{release}");
        Assert.SkipUnless(folder is not null, "capi-crds is not in the shared folder");
        await using var world = await SimulationFixture.StartAsync([.. Directory.GetFiles(folder, "*.yaml").Select(File.ReadAllText)]);
        world.Installed.ShouldNotContain("machines.cluster.x-k8s.io");
        world.Installed.ShouldContain("scheduledmachines.5spot.finos.org");
        var machines = Machines.Replace("v1beta2", version, StringComparison.Ordinal);

        await world.CreateMachineAsync("a", version);
        await world.AwaitAsync($"{machines}/a", machine => machine?["status"]?["phase"] is not null, "the Machine is seen");
        foreach (var seconds in (double[])[10, 30, 20, 20])
        {
            await world.AdvanceAsync(seconds);
        }

        var running = await world.FindAsync($"{machines}/a");
        Phase(running).ShouldBe("Running");
        Condition(running, "Ready").ShouldBe("True");
        var node = await world.FindAsync("/api/v1/nodes/a");
        if (version == "v1beta1")
        {
            running!["status"]!["nodeRef"]!["uid"]!.ToString().ShouldBe(node!["metadata"]!["uid"]!.ToString());
            running["status"]!["infrastructureReady"]!.GetValue<bool>().ShouldBeTrue();
        }

        await world.SendAsync(HttpMethod.Delete, $"{machines}/a");
        await PassUntilAsync(world, $"{machines}/a", machine => machine is null, "the Machine is gone");
    }

    // Lets time pass, ten seconds at a time, until it is so.
    private static async Task PassUntilAsync(SimulationFixture world, string path, Func<JsonNode?, bool> isSo, string what)
    {
        for (var i = 0; i < 30; i++)
        {
            await world.SettleAsync();
            if (isSo(await world.FindAsync(path)))
            {
                return;
            }

            world.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        await world.AwaitAsync(path, isSo, what);
    }

    private static async Task RunPodsAsync(SimulationFixture world, string pod)
    {
        await PassUntilAsync(world, $"/api/v1/namespaces/default/pods/{pod}", seen => Phase(seen) == "Running", "the Pod runs");
    }

    private static string? Phase(JsonNode? obj) => obj?["status"]?["phase"]?.ToString();

    private static string[] Finalizers(JsonNode? obj) => [.. (obj?["metadata"]?["finalizers"]?.AsArray() ?? []).Select(name => name!.ToString())];

    private static string? Condition(JsonNode? obj, string type) =>
        obj?["status"]?["conditions"]?.AsArray().FirstOrDefault(condition => condition!["type"]!.ToString() == type)?["status"]?.ToString();
}
