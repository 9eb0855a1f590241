// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// A drain among the controllers of a real cluster: a Deployment, its ReplicaSet, and what keeps count of its budget.
/// </summary>
public sealed class DeploymentDrainTests
{
    private static readonly ResourceType Deployments = new("apps", "v1", "deployments", "Deployment", Namespaced: true);

    [Fact]
    public async Task A_Deployment_of_five_of_which_four_must_be_there_drains_one_by_one_and_is_never_below_its_budget()
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(ServerKind.KubeApiServer);
        var workload = scenario.Workload;
        using var stop = new CancellationTokenSource();
        var node = "pc-1";
        using var kubelets = new Kubelets(workload, () => node);
        var playing = kubelets.RunAsync(stop.Token);

        await workload.CreateAsync(Deployments, JsonNode.Parse("""
            {"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":5,"selector":{"matchLabels":{"app":"web"}},
             "template":{"metadata":{"labels":{"app":"web"}},"spec":{"automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}]}}}}
            """)!.AsObject());
        try
        {
            await Wait.UntilAsync("five are ready", () => Task.FromResult(kubelets.ReadyNow == 5));
            await scenario.BudgetAsync("web", "\"minAvailable\":4");
            await Wait.UntilAsync("the budget counts five", async () =>
                (int?)(await workload.GetAsync(Kinds.Budget(workload), "web"))!["status"]!["currentHealthy"] == 5);
            var before = kubelets.Names;
            kubelets.LowestReady = 5;

            // What is put on a Node from here on goes to another one: the scheduler sees the cordon.
            node = "pc-2";
            await scenario.CloseAsync();
            await scenario.DrainAsync();
            await scenario.WithinAsync(TimeSpan.FromMinutes(4), "the Machine is being deleted", () => scenario.MachineIsBeingDeletedAsync());

            kubelets.LowestReady.ShouldBe(4, "one at a time, and no more");
            await Wait.UntilAsync("the last one is replaced", () => Task.FromResult(kubelets.ReadyNow == 5));
            kubelets.Names.Intersect(before).ShouldBeEmpty("all of them live elsewhere now");
            scenario.Evictions.Distinct().ShouldBe(before, ignoreOrder: true);
            scenario.Cluster.Calls.ShouldNotContain(call => call.Verb == "delete" && call.Path.Contains("/pods/", StringComparison.Ordinal));
            await Wait.UntilAsync("it is told", async () => (await scenario.Cluster.EventsAsync()).Contains("NodeDrained"));
        }
        finally
        {
            // Or it would go on making Pods.
            await workload.DeleteAsync(Deployments, "web");
            await stop.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(playing);
        }
    }

    /// <summary>
    /// A scheduler, kubelets, and a watcher: Pods are put on the Node of the hour, are ready, and end when they are told to;
    /// after each event those are counted that are ready and not ending.
    /// </summary>
    private sealed class Kubelets : IDisposable
    {
        private readonly ConcurrentDictionary<string, bool> _ready = new(StringComparer.Ordinal);
        private readonly Cluster _workload;
        private readonly Func<string> _node;
        private readonly ApiClient _api;

        public Kubelets(Cluster workload, Func<string> node)
        {
            _workload = workload;
            _node = node;
            _api = workload.Connect("kubelets");
        }

        public int LowestReady { get; set; } = int.MaxValue;

        public int ReadyNow => _ready.Values.Count(ready => ready);

        public IReadOnlyList<string> Names => [.. _ready.Keys];

        public async Task RunAsync(CancellationToken stop)
        {
            var informer = new Informer<Seen>(_api, Kinds.Pod, new InformerOptions { Namespace = _workload.Namespace }, Seen.Read);
            var events = System.Threading.Channels.Channel.CreateUnbounded<ObjectChange<Seen>>();
            informer.Changed += change => events.Writer.TryWrite(change);
            var watching = informer.RunAsync(stop);
            await foreach (var change in events.Reader.ReadAllAsync(stop))
            {
                if (change.New is not { } pod)
                {
                    _ready.TryRemove(change.Key.Name, out _);
                }
                else
                {
                    _ready[pod.Name] = pod is { IsReady: true, IsEnding: false };
                }

                LowestReady = Math.Min(LowestReady, ReadyNow);
                if (change.New is { } now)
                {
                    await PlayAsync(now);
                }
            }

            await watching;
        }

        public void Dispose() => _api.Dispose();

        private async Task PlayAsync(Seen pod)
        {
            try
            {
                if (pod.IsEnding)
                {
                    await new PodsByHand(_workload).KillAsync(pod.Name);
                }
                else if (!pod.IsBound)
                {
                    var binding = $$"""{"apiVersion":"v1","kind":"Binding","metadata":{"name":"{{pod.Name}}"},"target":{"kind":"Node","name":"{{_node()}}"} }""";
                    await _api.PostAsync(Kinds.Pod, pod.Key, "binding", System.Text.Encoding.UTF8.GetBytes(binding), CancellationToken.None);
                }
                else if (!pod.IsReady)
                {
                    await new PodsByHand(_workload).ReadyAsync(pod.Name);
                }
            }
            catch (ApiException exception) when (exception.IsNotFound || exception.IsConflict)
            {
                // It went meanwhile, which the next event tells.
            }
        }

        private sealed record Seen(string Namespace, string Name, string Uid, string ResourceVersion, bool IsBound, bool IsReady, bool IsEnding) : IKubernetesObject
        {
            public ObjectKey Key => new(Namespace, Name);

            public static Seen Read(ReadOnlySpan<byte> json)
            {
                var pod = Cluster.Parse(json);
                var metadata = pod["metadata"]!;
                return new Seen(
                    (string)metadata["namespace"]!,
                    (string)metadata["name"]!,
                    (string)metadata["uid"]!,
                    (string)metadata["resourceVersion"]!,
                    pod["spec"]?["nodeName"] is not null,
                    pod["status"]?["conditions"]?.AsArray().Any(c => (string)c!["type"]! == "Ready" && (string)c["status"]! == "True") ?? false,
                    metadata["deletionTimestamp"] is not null);
            }
        }
    }
}
