// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
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
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.Kubeconfig, secret, key);
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
        await using var world = await World.StartAsync(kind);
        await world.OpenAsync(",\"kubeconfigSecretRef\":{\"name\":\"mine\"}");
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", $"spec.kubeconfigSecretRef: there is no Secret mine in namespace {world.Cluster.Namespace}.");
        world.Cluster.Calls.ShouldNotContain(call => call.Path.StartsWith("/api/v1/nodes", StringComparison.Ordinal), "there is no falling back");

        await world.SetKubeconfigAsync(world.Workload.Kubeconfig, "mine", "config");
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", "has no key value; it has config.");

        await world.SetKubeconfigAsync(world.Workload.Kubeconfig, "mine", "value");
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task A_kubeconfig_that_would_run_a_program_is_refused_in_words_and_a_better_one_is_taken()
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.Kubeconfig.Replace("{token: ", "{exec: {command: /bin/true}, token: ", StringComparison.Ordinal)
            .Replace("    token: ", "    exec: {command: /bin/true}\n    token: ", StringComparison.Ordinal));
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.False, "KubeconfigUnusable", "exec");

        await world.SetKubeconfigAsync(world.Workload.Kubeconfig);
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task Credentials_that_are_refused_are_read_again_until_they_are_mended()
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync(System.Text.RegularExpressions.Regex.Replace(world.Workload.Kubeconfig, "token: \"?[A-Za-z0-9-]+\"?", "token: \"wrong\"", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)));
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.False, "AccessDenied", "401");

        await world.SetKubeconfigAsync(world.Workload.Kubeconfig);
        await world.ReachableAsync(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task A_cluster_that_does_not_answer_delays_nobody()
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.Kubeconfig.Replace(world.Workload.Address, "127.0.0.1:1", StringComparison.Ordinal));
        await world.OpenAsync();
        await world.ReachableAsync(ConditionStatus.False, "Unreachable", "refused");

        // Its own closing is on time too: nothing can be cordoned, and Cluster API drains as it can.
        world.Cluster.MoveTo(Scenario.Closing);
        await world.Cluster.PhaseAsync("ShuttingDown");
        world.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await world.ClusterApi.LetGoAsync();
        await world.Cluster.PhaseAsync("Inactive", also: status => status.Conditions.All(c => c.Type != "WorkloadClusterReachable"));
        world.Cluster.Clock.GetUtcNow().ShouldBe(Scenario.Closing.AddMinutes(5));
    }

    [Fact]
    public async Task Two_machines_of_one_cluster_share_one_watch_which_ends_with_the_last()
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync(world.Workload.Kubeconfig);
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

    /// <summary>A management cluster with a controller, and a workload cluster beside it.</summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly RunningController _controller;

        private World(Cluster cluster, Cluster workload, RunningController controller)
        {
            Cluster = cluster;
            Workload = workload;
            _controller = controller;
            ClusterApi = new ClusterApiByHand(cluster, workload);
        }

        public Cluster Cluster { get; }

        public Cluster Workload { get; }

        public ClusterApiByHand ClusterApi { get; }

        public static async Task<World> StartAsync(ServerKind kind)
        {
            var cluster = await Cluster.StartAsync(kind);
            try
            {
                var workload = await Cluster.StartAsync(kind, Definitions.None);
                try
                {
                    return new World(cluster, workload, await RunningController.StartAsync(cluster));
                }
                catch
                {
                    await workload.DisposeAsync();
                    throw;
                }
            }
            catch
            {
                await cluster.DisposeAsync();
                throw;
            }
        }

        /// <summary>A machine in its window, joined.</summary>
        public async Task OpenAsync(string extraSpec = "", string name = "pc-1")
        {
            await Cluster.ScheduleAsync(name, extraSpec);
            if (Cluster.Clock.GetUtcNow() < Scenario.Opening)
            {
                await Cluster.PhaseAsync("Inactive", name);
                Cluster.MoveTo(Scenario.Opening);
            }

            await Cluster.PhaseAsync("Active", name);
            await ClusterApi.JoinAsync(name);
        }

        public async Task SetKubeconfigAsync(string kubeconfig, string secret = "office-kubeconfig", string key = "value")
        {
            var data = new JsonObject { [key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(kubeconfig)) };
            if (await Cluster.GetAsync(Kinds.Secret, secret) is null)
            {
                await Cluster.CreateAsync(Kinds.Secret, new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Secret",
                    ["metadata"] = new JsonObject { ["name"] = secret },
                    ["data"] = data,
                });
            }
            else
            {
                await Cluster.PatchAsync(Kinds.Secret, secret, new JsonObject { ["data"] = data }.ToJsonString());
            }
        }

        public Task ReachableAsync(string status, string reason, string words) => Cluster.PhaseAsync("Active", also: reported =>
            reported.Conditions.FirstOrDefault(condition => condition.Type == "WorkloadClusterReachable") is { } reachable
            && reachable.Status == status && reachable.Reason == reason && reachable.Message.Contains(words, StringComparison.Ordinal));

        public async ValueTask DisposeAsync()
        {
            await _controller.DisposeAsync();
            await Workload.DisposeAsync();
            await Cluster.DisposeAsync();
        }
    }
}
