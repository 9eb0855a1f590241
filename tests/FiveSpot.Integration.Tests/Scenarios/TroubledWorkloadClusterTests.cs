// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 6: a workload cluster in trouble says which, delays nobody, and is taken up again by itself.</summary>
public abstract class TroubledWorkloadClusterTests(ServerKind kind)
{
    private const string AroundTheClock = """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""";

    public sealed class OnEmbedded() : TroubledWorkloadClusterTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : TroubledWorkloadClusterTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData(Trouble.Down, "can't be reached: connection refused")]
    [InlineData(Trouble.Slow, "can't be reached: no answer within 30 s")]
    [InlineData(Trouble.Html, " does not answer as a Kubernetes API server, but 200 with text/html, titled \"Sign in\"")]
    [InlineData(Trouble.ExpiredCertificate, "can't be reached: the server's certificate is not trusted: it, or its issuer's, has expired or is not valid yet")]
    public async Task It_is_said_delays_nobody_and_is_over_when_the_cluster_is_back(Trouble trouble, string words)
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync("troubled", world.Server.Kubeconfig(world.Workload.ControllerKubeconfig));
        await world.SetKubeconfigAsync("office-kubeconfig", world.Workload.ControllerKubeconfig);
        await world.ScheduleAsync("pc-1", troubled: true);
        await world.ScheduleAsync("pc-2", troubled: false);
        await world.ScheduleAsync("pc-3", troubled: true, AroundTheClock);
        world.Cluster.MoveTo(Scenario.Opening);
        foreach (var name in (string[])["pc-1", "pc-2", "pc-3"])
        {
            await world.JoinAsync(name);
            await world.ConditionAsync(name, ConditionStatus.True, "Reachable", "");
            await world.StatusAsync(name, "its Node is known", status => status is { Phase: "Active", Ready: true, NodeRef.Uid: not null });
        }

        await world.Server.BeginAsync(trouble);
        await world.ConditionAsync(
            "pc-1", ConditionStatus.False, "Unreachable", words);
        await world.ConditionAsync("pc-2", ConditionStatus.True, "Reachable", "");

        // The next attempt is under way while the boundary comes; the network's time stands still from here on.
        if (trouble is Trouble.Slow)
        {
            var before = world.Server.Unanswered;
            await world.UntilAsync("the next attempt waits too", () => Task.FromResult(world.Server.Unanswered > before));
        }

        world.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node of the healthy cluster is cordoned", async () => (bool?)(await world.Workload.GetAsync(Kinds.Node, "pc-2"))!["spec"]!["unschedulable"] == true);
        var cordon = world.Cluster.Calls.Single(call => call is { Verb: "patch", Path: "/api/v1/nodes/pc-2" });
        (cordon.Server, cordon.At).ShouldBe((world.Workload.Address, Scenario.Closing));
        if (trouble is Trouble.Slow)
        {
            world.Cluster.Calls.ShouldContain(call => call.Server == world.Server.Address && !call.IsOver, "the troubled cluster's hang all the while");
        }

        world.Cluster.MoveTo(Scenario.Closing.AddHours(1));
        await world.PassAsync(TimeSpan.FromHours(1));
        await world.ConditionAsync("pc-3", ConditionStatus.False, "Unreachable", "");

        await world.Server.EndAsync();
        await world.ConditionAsync("pc-3", ConditionStatus.True, "Reachable", "");
        var uid = (await world.Cluster.StatusAsync("pc-3")).NodeRef!.Uid;
        await world.Workload.DeleteAsync(Kinds.Node, "pc-3");
        await world.StatusAsync("pc-3", "its Node is watched again", status => status.NodeRef?.Uid != uid);
    }

    [Theory]
    [InlineData(Trouble.CertificateOfAnotherHost, "Unreachable", "is not trusted: it is for another host")]
    [InlineData(Trouble.CertificateOfAnUnknownAuthority, "Unreachable", "is not trusted: its issuer does not lead to the certificate authority of the configuration")]
    [InlineData(Trouble.ClosesAtOnce, "Unreachable", "can't be reached: the connection broke while TLS was set up")]
    [InlineData(Trouble.NoTls, "Unreachable", "can't be reached: TLS failed: ")]
    [InlineData(Trouble.Unauthorized, "AccessDenied", "list nodes: Unauthorized (401 Unauthorized). The credentials are those of the kubeconfig of Secret {ns}/troubled, key value.")]
    [InlineData(Trouble.Forbidden, "AccessDenied", "list nodes: nodes is forbidden: User \"tenant\" cannot list resource \"nodes\" in API group \"\" at the cluster scope (403 Forbidden). The credentials are those of the kubeconfig of Secret {ns}/troubled, key value.")]
    public async Task What_is_wrong_from_the_beginning_is_said(Trouble trouble, string reason, string words)
    {
        await using var world = await World.StartAsync(kind);
        await world.Server.BeginAsync(trouble);
        await world.SetKubeconfigAsync("troubled", world.Server.Kubeconfig(world.Workload.ControllerKubeconfig));
        await world.OpenAsync();
        await world.ConditionAsync("pc-1", ConditionStatus.False, reason, words.Replace("{ns}", world.Cluster.Namespace, StringComparison.Ordinal));

        await world.Server.EndAsync();
        await world.ConditionAsync("pc-1", ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task A_connection_that_breaks_for_a_moment_is_told_to_nobody()
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync("troubled", world.Server.Kubeconfig(world.Workload.ControllerKubeconfig));
        await world.OpenAsync();
        await world.ConditionAsync("pc-1", ConditionStatus.True, "Reachable", "");
        var before = world.Cluster.Calls.Count;
        await world.Server.BeginAsync(Trouble.Down);
        await world.Server.EndAsync();
        await world.UntilAsync("the Nodes are watched again", () => Task.FromResult(
            world.Cluster.Calls.Skip(before).Any(call => call is { IsOver: true, Answer: System.Net.HttpStatusCode.OK, Path: "/api/v1/nodes" } && call.Server == world.Server.Address)));
        await world.Workload.DeleteAsync(Kinds.Node, "pc-1");
        await world.StatusAsync("pc-1", "its Node is missed", status => status.NodeRef is null);
        world.Cluster.Writes.ShouldNotContain(call => call.Path.EndsWith("/status", StringComparison.Ordinal) && call.Body.Contains("\"Unreachable\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_said()
    {
        await using var world = await World.StartAsync(kind);
        await world.SetKubeconfigAsync("troubled", world.Workload.ControllerKubeconfig.Replace(world.Workload.Address, "nobody.invalid:6443", StringComparison.Ordinal));
        await world.OpenAsync();
        await world.ConditionAsync("pc-1", ConditionStatus.False, "Unreachable", $"the server of the kubeconfig of Secret {world.Cluster.Namespace}/troubled, key value can't be reached: its name can't be resolved");
    }

    [Fact]
    public async Task A_proxy_is_refused_unless_the_operator_allows_it_and_its_trouble_is_its_own()
    {
        var proxied = "server: https://192.0.2.1:6443, proxy-url: 'http://127.0.0.1:1'";
        await using (var world = await World.StartAsync(kind))
        {
            await world.SetKubeconfigAsync("troubled", Kubeconfig(proxied));
            await world.OpenAsync();
            await world.ConditionAsync("pc-1", ConditionStatus.False, "KubeconfigUnusable", "field 'proxy-url' is refused: the server must be reached without a proxy of the kubeconfig's own, or the operator starts the controller with --allow-kubeconfig-proxy-url.");
        }

        await using (var world = await World.StartAsync(kind, RunningController.OnThisMachine with { AllowProxyUrl = true }))
        {
            await world.SetKubeconfigAsync("troubled", Kubeconfig(proxied));
            await world.OpenAsync();
            await world.ConditionAsync("pc-1", ConditionStatus.False, "Unreachable", "can't be reached: the proxy on the way to it can't be reached: connection refused");

            await world.Server.BeginAsync(Trouble.NoTls);
            await world.SetKubeconfigAsync("troubled", Kubeconfig(proxied.Replace("127.0.0.1:1", world.Server.Address, StringComparison.Ordinal)));
            await world.ConditionAsync("pc-1", ConditionStatus.False, "Unreachable", "can't be reached: the proxy does not connect to it: it answers 400");
        }
    }

    private static string Kubeconfig(string cluster) => $$"""
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u} }]
        clusters: [{name: k, cluster: { {{cluster}} } }]
        users: [{name: u, user: {token: t} }]
        """;

    /// <summary>
    /// A management cluster with a controller, a workload cluster, and a troubled way to it; the network's time passes only
    /// while something is waited for, and never while a call to the management cluster is under way, which would time out.
    /// </summary>
    private sealed class World : IAsyncDisposable
    {
        private readonly FakeTimeProvider _network;
        private readonly RunningController _controller;
        private readonly ClusterApiByHand _clusterApi;

        private World(Cluster cluster, Cluster workload, RunningController controller, FakeTimeProvider network)
        {
            Cluster = cluster;
            Workload = workload;
            Server = new TroubledServer(workload.Address);
            _controller = controller;
            _network = network;
            _clusterApi = new ClusterApiByHand(cluster, workload);
        }

        public Cluster Cluster { get; }

        public Cluster Workload { get; }

        public TroubledServer Server { get; }

        public static async Task<World> StartAsync(ServerKind kind, KubeconfigPolicy? kubeconfigs = null)
        {
            var network = new FakeTimeProvider(Cluster.Sunday);
            var cluster = await Cluster.StartAsync(kind);
            try
            {
                var workload = await Cluster.StartAsync(kind, Definitions.None);
                try
                {
                    // With one worker, nothing else can go on while a machine waits for its cluster.
                    return new World(
                        cluster, workload, await RunningController.StartAsync(cluster, workers: 1, networkTime: network, kubeconfigs: kubeconfigs), network);
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

        public Task ScheduleAsync(string name, bool troubled, string? schedule = null) =>
            Cluster.ScheduleAsync(name, troubled ? ",\"kubeconfigSecretRef\":{\"name\":\"troubled\"}" : "", schedule);

        public async Task JoinAsync(string name)
        {
            await StatusAsync(name, "it is open", status => status.Phase == "Active");
            await _clusterApi.JoinAsync(name);
        }

        /// <summary>A machine of the troubled cluster, in its window, joined.</summary>
        public async Task OpenAsync()
        {
            await ScheduleAsync("pc-1", troubled: true, AroundTheClock);
            await JoinAsync("pc-1");
        }

        public async Task SetKubeconfigAsync(string secret, string kubeconfig)
        {
            var data = new JsonObject { ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(kubeconfig)) };
            if (await Cluster.GetAsync(Kinds.Secret, secret) is not null)
            {
                await Cluster.PatchAsync(Kinds.Secret, secret, new JsonObject { ["data"] = data }.ToJsonString());
                return;
            }

            await Cluster.CreateAsync(Kinds.Secret, new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Secret",
                ["metadata"] = new JsonObject { ["name"] = secret },
                ["data"] = data,
            });
        }

        public Task ConditionAsync(string name, string status, string reason, string words) => StatusAsync(
            name,
            $"its cluster is {reason}: {words}",
            reported => reported.Conditions.FirstOrDefault(condition => condition.Type == "WorkloadClusterReachable") is { } reachable
                && reachable.Status == status && reachable.Reason == reason && reachable.Message.Contains(words, StringComparison.Ordinal));

        public async Task StatusAsync(string name, string what, Func<ScheduledMachineStatus, bool> condition)
        {
            ScheduledMachineStatus? seen = null;
            await UntilAsync(
                $"{name}: {what}",
                async () => condition(seen = await Cluster.StatusAsync(name)),
                () => Task.FromResult(System.Text.Json.JsonSerializer.Serialize(seen!, ApiJsonContext.Default.ScheduledMachineStatus)));
        }

        /// <summary>Waits while the network's time passes.</summary>
        public Task UntilAsync(string what, Func<Task<bool>> condition, Func<Task<string>>? describe = null) => Wait.UntilAsync(
            what,
            async () =>
            {
                if (await condition())
                {
                    return true;
                }

                Pass(TimeSpan.FromSeconds(5));
                return false;
            },
            describe);

        /// <summary>Lets the network's time pass.</summary>
        public Task PassAsync(TimeSpan time)
        {
            var until = _network.GetUtcNow() + time;
            return Wait.UntilAsync($"{time} pass", () =>
            {
                Pass(TimeSpan.FromMinutes(1));
                return _network.GetUtcNow() >= until;
            });
        }

        public async ValueTask DisposeAsync()
        {
            await _controller.DisposeAsync();
            await Server.DisposeAsync();
            await Workload.DisposeAsync();
            await Cluster.DisposeAsync();
        }

        private void Pass(TimeSpan time)
        {
            if (Cluster.Calls.All(call => call.IsOver || call.Server != Cluster.Address))
            {
                _network.Advance(time);
            }
        }
    }
}
