// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 6: Nodes live on a cluster of their own, which its kubeconfig finds.</summary>
public abstract class WorkloadClusterTests(ServerKind kind)
{
    public sealed class OnEmbedded() : WorkloadClusterTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : WorkloadClusterTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("office-kubeconfig", "value", "")]
    [InlineData("mine", "config", ",\"kubeconfigSecretRef\":{\"name\":\"mine\",\"key\":\"config\"}")]
    public async Task Its_Node_is_found_and_cordoned_on_the_cluster_of_its_kubeconfig(string secret, string key, string extraSpec)
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig, secret, key);
        await world.OpenAsync(extraSpec);

        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
        var uid = (string)(await world.Workload.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["uid"]!;
        await world.Cluster.PhaseAsync("Active", also: status => status.Ready && status.NodeRef!.Uid == uid);

        world.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", async () => (bool?)(await world.Workload.GetAsync(Kinds.Node, "pc-1"))!["spec"]!["unschedulable"] == true);
        world.Cluster.Calls.Where(call => call.Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal))
            .Select(call => call.Server).Distinct().ShouldBe([world.Workload.Address]);
    }

    [Fact]
    public async Task A_kubeconfig_that_is_asked_for_and_is_not_there_is_waited_for()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.OpenAsync(",\"kubeconfigSecretRef\":{\"name\":\"mine\"}");
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", $"spec.kubeconfigSecretRef: there is no Secret mine in namespace {world.Cluster.Namespace}.");
        world.Cluster.Calls.ShouldNotContain(call => call.Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal), "there is no falling back");

        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig, "mine", "config");
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", "/mine has no key value.");

        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig, "mine", "value");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task A_kubeconfig_that_would_run_a_program_is_refused_in_words_and_a_better_one_is_taken()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig.Replace("{token: ", "{exec: {command: /bin/true}, token: ", StringComparison.Ordinal)
            .Replace("    token: ", "    exec: {command: /bin/true}\n    token: ", StringComparison.Ordinal));
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", "exec");

        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task Credentials_that_are_refused_are_read_again_until_they_are_mended()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(System.Text.RegularExpressions.Regex.Replace(world.Workload.ControllerKubeconfig, "token: \"?[A-Za-z0-9-]+\"?", "token: \"wrong\"", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.False, "AccessDenied", "401");

        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task What_was_known_of_a_cluster_is_not_told_of_another()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig, "mine", "value");
        await world.OpenAsync(",\"kubeconfigSecretRef\":{\"name\":\"mine\"}");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", $"The Nodes of the server of the kubeconfig of Secret {world.Cluster.Namespace}/mine, key value are watched.");

        // It takes connections, and says nothing.
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig.Replace(world.Workload.Address, silent.LocalEndpoint.ToString()!, StringComparison.Ordinal), "theirs", "value");
        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"kubeconfigSecretRef":{"name":"theirs"}}}""");
        await world.ReachableAsync(ConditionStatus.Unknown, "Connecting", "Whether the workload cluster answers is not known yet: 5-Spot is connecting to it.");

        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"kubeconfigSecretRef":{"name":"mine"}}}""");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "/mine, key value are watched.");
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_delays_nobody()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig.Replace(world.Workload.Address, "127.0.0.1:1", StringComparison.Ordinal));
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.False, "Unreachable", "refused");

        // Its own closing is on time too: it might come back, for as long as a drain may take, and not a moment longer.
        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown");
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await world.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.Contains("refused", StringComparison.Ordinal));
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(10));
        await world.ClusterApi.LetGoAsync();
        await world.Cluster.PhaseAsync("Inactive", also: status => status.Conditions.All(c => c.Type != "WorkloadClusterReachable"));
        world.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing.AddMinutes(10));
        await Wait.UntilAsync("it is told", async () => (await world.Cluster.EventsAsync()).Contains("NodeDrainFailed"));
    }

    [Fact]
    public async Task Two_machines_of_one_cluster_share_one_watch_which_ends_with_the_last()
    {
        await using var world = await WorkloadScenario.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.ControllerKubeconfig);
        await world.OpenAsync();
        await world.OpenAsync(name: "pc-2");
        await world.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await world.Cluster.PhaseAsync("Active", "pc-2", status => status is { Ready: true, NodeRef.Uid: not null });
        world.Cluster.Calls.Count(call => call.Path == "/api/v1/nodes").ShouldBe(2, "one list, one watch");

        foreach (var name in (string[])["pc-1", "pc-2"])
        {
            await world.Cluster.PatchAsync(Kinds.ScheduledMachine, name, """{"spec":{"killSwitch":true}}""");
            await world.ClusterApi.LetGoAsync(name);
            await world.Cluster.PhaseAsync("Terminated", name, status => status.MachineRef is null);
        }


        // A machine that comes after that finds the cluster closed, and opens it again.
        await world.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":false}}""");
        await world.Cluster.PhaseAsync("Active");
        await world.ClusterApi.JoinAsync();
        await world.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        world.Cluster.Calls.Count(call => call.Path == "/api/v1/nodes").ShouldBe(4);
    }
}
