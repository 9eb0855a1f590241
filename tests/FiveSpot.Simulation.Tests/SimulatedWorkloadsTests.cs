// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.ApiServer.Tests;

namespace FiveSpot.Simulation.Tests;

public sealed class SimulatedWorkloadsTests
{
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string ReplicaSets = "/apis/apps/v1/namespaces/default/replicasets";
    private const string Pods = "/api/v1/namespaces/default/pods";
    private const string Budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public async Task A_deployment_gets_its_pods_which_wait_for_a_node_and_nothing_spins()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.KeepWorkloadsAsync();
        var deployment = await world.CreateDeploymentAsync("web", 3);
        await world.SettleAsync();

        var set = (await world.ListAsync(ReplicaSets)).ShouldHaveSingleItem();
        IsOwnedBy(set, "Deployment", deployment).ShouldBeTrue();
        var hash = set["metadata"]!["labels"]!["pod-template-hash"]!.ToString();
        set["metadata"]!["name"]!.ToString().ShouldBe($"web-{hash}");
        var pods = await world.ListAsync(Pods);
        pods.Count.ShouldBe(3);
        foreach (var pod in pods)
        {
            IsOwnedBy(pod, "ReplicaSet", set).ShouldBeTrue();
            pod["metadata"]!["name"]!.ToString().ShouldStartWith($"web-{hash}-");
            pod["metadata"]!["annotations"]!["example.com/why"]!.ToString().ShouldBe("test");
            pod["metadata"]!["labels"]!["pod-template-hash"]!.ToString().ShouldBe(hash);
            pod["status"]!["phase"]!.ToString().ShouldBe("Pending");
        }

        var status = (await world.FindAsync($"{Deployments}/web"))!["status"]!;
        Numbers(status).ShouldBe("replicas 3, updated 3, ready 0, available 0, unavailable 3");
        Condition(status, "Available").ShouldBe("False MinimumReplicasUnavailable");
        Condition(status, "Progressing").ShouldBe("True ReplicaSetUpdated");

        var settled = world.Server.ResourceVersion;
        var requests = 0;
        world.Server.RequestObserver = _ => Interlocked.Increment(ref requests);
        await world.AdvanceAsync(3600);
        world.Server.ResourceVersion.ShouldBe(settled);
        requests.ShouldBe(0);

        // And they run once there is one.
        world.Server.RequestObserver = null;
        await world.CreateRunningMachineAsync("a");
        await world.AdvanceAsync(3);
        status = (await world.AwaitAsync($"{Deployments}/web", seen => seen!["status"]!["availableReplicas"]?.GetValue<int>() == 3, "available"))!["status"]!;
        Numbers(status).ShouldBe("replicas 3, updated 3, ready 3, available 3, unavailable 0");
        Condition(status, "Available").ShouldBe("True MinimumReplicasAvailable");
        Condition(status, "Progressing").ShouldBe("True NewReplicaSetAvailable");
        status["observedGeneration"]!.GetValue<int>().ShouldBe(1);
        settled = world.Server.ResourceVersion;
        await world.AdvanceAsync(3600);
        world.Server.ResourceVersion.ShouldBe(settled, "nothing is written while nothing changes");

        // A look that finds all as it should be writes nothing either.
        List<string> writes = [];
        world.Server.RequestObserver = seen =>
        {
            if (seen is { Stage: RequestStage.Before, Request.Verb: "patch" or "create" or "update" or "delete" })
            {
                writes.Add(seen.Request.Path);
            }
        };
        await world.SendAsync(HttpMethod.Patch, $"{Deployments}/web", """{"metadata":{"annotations":{"example.com/looked-at":"again"}}}""", Merge);
        await world.SendAsync(HttpMethod.Patch, $"{Pods}/{Name(pods[0])}", """{"metadata":{"annotations":{"example.com/looked-at":"again"}}}""", Merge);
        await world.SettleAsync();
        writes.ShouldBe([$"{Deployments}/web", $"{Pods}/{Name(pods[0])}"]);
    }

    [Fact]
    public async Task A_pod_that_is_about_to_go_is_replaced_and_scaling_keeps_the_pods_that_work()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.KeepWorkloadsAsync();
        await world.CreateDeploymentAsync("web", 2, ""","sandbox.5spot.finos.org/stops-after":"20s" """);
        await world.AdvanceAsync(3);
        var first = (await world.ListAsync(Pods)).Select(Name).ToList();

        await world.SendAsync(HttpMethod.Delete, $"{Pods}/{first[0]}");
        await world.SettleAsync();
        var three = await world.ListAsync(Pods);
        three.Count.ShouldBe(3, "the one that stops, the other one, and its replacement");
        Name(three.Single(pod => pod["metadata"]!["deletionTimestamp"] is not null)).ShouldBe(first[0]);

        await world.AdvanceAsync(20);
        var two = (await world.ListAsync(Pods)).Select(Name).ToList();
        two.Count.ShouldBe(2);
        two.ShouldContain(first[1]);

        await world.SendAsync(HttpMethod.Patch, $"{Deployments}/web/scale", """{"spec":{"replicas":4}}""", Merge);
        await world.SettleAsync();
        (await world.ListAsync(Pods)).Count.ShouldBe(4);
        await world.SendAsync(HttpMethod.Patch, $"{Deployments}/web/scale", """{"spec":{"replicas":2}}""", Merge);
        await world.SettleAsync();
        (await world.ListAsync(Pods)).Where(pod => pod["metadata"]!["deletionTimestamp"] is null).Select(Name).ShouldBe(two, ignoreOrder: true);
        await world.SendAsync(HttpMethod.Patch, $"{Deployments}/web/scale", """{"spec":{"replicas":0}}""", Merge);
        await world.AdvanceAsync(20);
        (await world.ListAsync(Pods)).ShouldBeEmpty();
        Numbers((await world.FindAsync($"{Deployments}/web"))!["status"]!).ShouldBe("replicas 0, updated 0, ready 0, available 0, unavailable 0");
    }

    [Fact]
    public async Task Another_template_gets_other_pods_and_a_deleted_deployment_leaves_nothing()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.KeepWorkloadsAsync();
        await world.CreateDeploymentAsync("web", 2);
        await world.CreateDeploymentAsync("other", 1);
        await world.AdvanceAsync(3);

        await world.SendAsync(HttpMethod.Patch, $"{Deployments}/web", """{"spec":{"template":{"metadata":{"annotations":{"example.com/why":"changed"}}}}}""", Merge);
        await world.AdvanceAsync(3);
        await world.SettleAsync();
        var pods = await world.ListAsync($"{Pods}?labelSelector=app=web");
        pods.Count.ShouldBe(2);
        pods.ShouldAllBe(pod => pod["metadata"]!["annotations"]!["example.com/why"]!.ToString() == "changed");
        (await world.ListAsync(ReplicaSets)).Select(set => set["spec"]!["replicas"]!.GetValue<int>()).Order().ShouldBe([0, 1, 2]);
        Numbers((await world.FindAsync($"{Deployments}/web"))!["status"]!).ShouldBe("replicas 2, updated 2, ready 2, available 2, unavailable 0");

        await world.SendAsync(HttpMethod.Delete, $"{Deployments}/web");
        await world.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        await world.AdvanceAsync(2);
        await Eventually.GetAsync(() => world.ListAsync(Pods), list => list.Count == 1, "its Pods are gone");
        Name((await world.ListAsync(ReplicaSets)).ShouldHaveSingleItem()).ShouldStartWith("other-");
    }

    [Fact]
    public async Task A_drain_takes_the_pods_of_a_budget_one_by_one()
    {
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.CreateRunningMachineAsync("b");
        await world.KeepWorkloadsAsync();
        await world.CreateDeploymentAsync("web", 5);
        await world.SendAsync(HttpMethod.Post, Budgets, """
            {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"web"},"spec":{"maxUnavailable":"20%","selector":{"matchLabels":{"app":"web"}}}}
            """);
        await world.AdvanceAsync(3);
        await world.AwaitAsync($"{Budgets}/web", seen => seen!["status"]!["currentHealthy"]!.GetValue<int>() == 5, "all are healthy");
        var budget = await world.FindAsync($"{Budgets}/web");
        budget!["status"]!["expectedPods"]!.GetValue<int>().ShouldBe(5, "of the Deployment, whose ReplicaSet owns the Pods");
        budget["status"]!["desiredHealthy"]!.GetValue<int>().ShouldBe(4);

        using var watch = await WatchAsync(world, $"{Budgets}?watch=true&resourceVersion={budget["metadata"]!["resourceVersion"]}");
        await world.SendAsync(HttpMethod.Delete, $"{SimulationFixture.Machines}/a");
        for (var i = 0; i < 60 && await world.FindAsync($"{SimulationFixture.Machines}/a") is not null; i++)
        {
            await world.AdvanceAsync(5);
        }

        (await world.FindAsync($"{SimulationFixture.Machines}/a")).ShouldBeNull("the drain came to its end");
        (await world.ListAsync(Pods)).Select(pod => pod["spec"]!["nodeName"]!.ToString()).ShouldBe(["b", "b", "b", "b", "b"]);
        await world.SendAsync(HttpMethod.Patch, $"{Budgets}/web", """{"metadata":{"annotations":{"example.com/last":"true"}}}""", Merge);
        var fewest = 5;
        while (await watch.NextAsync() is { } change && change["object"]!["metadata"]!["annotations"] is null)
        {
            fewest = Math.Min(fewest, change["object"]!["status"]!["currentHealthy"]!.GetValue<int>());
        }

        fewest.ShouldBe(4);
    }

    private static async Task<WatchStream> WatchAsync(SimulationFixture world, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var response = await world.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return new WatchStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    private static string Name(JsonNode obj) => obj["metadata"]!["name"]!.ToString();

    private static bool IsOwnedBy(JsonNode obj, string kind, JsonNode owner) =>
        obj["metadata"]!["ownerReferences"]![0]! is var reference
        && reference["kind"]!.ToString() == kind
        && reference["uid"]!.ToString() == owner["metadata"]!["uid"]!.ToString()
        && reference["controller"]!.GetValue<bool>();

    private static string Numbers(JsonNode status) =>
        string.Join(", ", ((string[])["", "updated", "ready", "available", "unavailable"])
            .Select(what => $"{(what.Length == 0 ? "replicas" : what)} {status[what.Length == 0 ? "replicas" : $"{what}Replicas"]?.GetValue<int>() ?? 0}"));

    private static string Condition(JsonNode status, string type) =>
        status["conditions"]!.AsArray().Single(condition => condition!["type"]!.ToString() == type) is var condition
            ? $"{condition!["status"]} {condition["reason"]}" : "";
}
