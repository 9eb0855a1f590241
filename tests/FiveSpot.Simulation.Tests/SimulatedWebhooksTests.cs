// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using System.Text.Json.Nodes;

using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>Cluster API's webhooks: what they set, what they refuse, and what it is like without them.</summary>
public sealed class SimulatedWebhooksTests
{
    private static readonly string OldMachines = At(Machines, "v1beta1");

    [Fact]
    public async Task What_was_left_out_of_a_Machine_is_set()
    {
        await using var world = await StartAsync();
        await using var webhooks = await SimulatedWebhooks.StartAsync(world.Api, TestContext.Current.CancellationToken);
        var made = await world.SendAsync(HttpMethod.Post, Machines, Machine("a", ""","labels":{"team":"a"}""", ""","version":"1.34.1","deletion":{"nodeDrainTimeoutSeconds":60}"""));
        made["metadata"]!["labels"]!["cluster.x-k8s.io/cluster-name"]!.ToString().ShouldBe("c1");
        made["metadata"]!["labels"]!["team"]!.ToString().ShouldBe("a");
        made["spec"]!["version"]!.ToString().ShouldBe("v1.34.1");
        made["spec"]!["deletion"]!.ToJsonString().ShouldBe("""{"nodeDrainTimeoutSeconds":60,"nodeDeletionTimeoutSeconds":10}""");
        (await world.SendAsync(HttpMethod.Post, Machines, Machine("b")))["spec"]!["deletion"]!["nodeDeletionTimeoutSeconds"]!.GetValue<int>().ShouldBe(10);

        var old = await world.SendAsync(HttpMethod.Post, OldMachines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta1","kind":"Machine","metadata":{"name":"old"},
             "spec":{"clusterName":"c1","bootstrap":{"configRef":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","name":"old"}},
                     "infrastructureRef":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","name":"old"}}}
            """);
        old["spec"]!["nodeDeletionTimeout"]!.ToString().ShouldBe("10s");
        old["spec"]!["infrastructureRef"]!["namespace"]!.ToString().ShouldBe("default");
        old["spec"]!["bootstrap"]!["configRef"]!["namespace"]!.ToString().ShouldBe("default");
    }

    [Theory]
    [InlineData("v1.32", "spec.version: Invalid value: \"v1.32\": must be a valid semantic version")]
    [InlineData("latest", "spec.version: Invalid value: \"vlatest\": must be a valid semantic version")]
    public async Task A_version_that_is_not_a_full_one_is_refused(string version, string why)
    {
        await using var world = await StartAsync();
        await using var webhooks = await SimulatedWebhooks.StartAsync(world.Api, TestContext.Current.CancellationToken);
        foreach (var query in (string[])["", "?dryRun=All"])
        {
            var (status, answer) = await TryAsync(world, HttpMethod.Post, Machines + query, Machine("a", extraSpec: $",\"version\":\"{version}\""));
            status.ShouldBe(HttpStatusCode.UnprocessableEntity);
            answer["message"]!.ToString().ShouldBe($"admission webhook \"validation.machine.cluster.x-k8s.io\" denied the request: Machine.cluster.x-k8s.io \"a\" is invalid: {why}");
        }

        (await world.FindAsync($"{Machines}/a")).ShouldBeNull();
    }

    [Fact]
    public async Task A_Machine_stays_with_its_Cluster_and_a_Cluster_stands_on_something()
    {
        await using var world = await StartAsync();
        await using var webhooks = await SimulatedWebhooks.StartAsync(world.Api, TestContext.Current.CancellationToken);
        await world.SendAsync(HttpMethod.Post, Machines, Machine("a"));
        (await TryAsync(world, HttpMethod.Patch, $"{Machines}/a", """{"spec":{"clusterName":"c2"}}"""))
            .Answer["message"]!.ToString().ShouldEndWith("spec.clusterName: Forbidden: field is immutable");
        (await TryAsync(world, HttpMethod.Post, Machines, """
            {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"b"},
             "spec":{"clusterName":"c1","bootstrap":{},"infrastructureRef":{"apiGroup":"g","kind":"K","name":"n"}}}
            """)).Answer["message"]!.ToString().ShouldContain("spec.bootstrap: Required value");
        (await TryAsync(world, HttpMethod.Post, Clusters, """{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Cluster","metadata":{"name":"c"},"spec":{"paused":true}}"""))
            .Answer["message"]!.ToString().ShouldContain("one of spec.controlPlaneRef, spec.infrastructureRef or spec.topology must be set");
    }

    [Fact]
    public async Task While_they_are_down_Machines_can_be_neither_made_nor_changed_but_they_can_be_deleted()
    {
        await using var world = await StartAsync();
        await world.CreateRunningMachineAsync("a");
        await using var webhooks = await SimulatedWebhooks.StartAsync(world.Api, TestContext.Current.CancellationToken);
        webhooks.IsUp = false;
        foreach (var (method, path, body) in ((HttpMethod, string, string)[])
        [
            (HttpMethod.Post, Machines, Machine("b")),
            (HttpMethod.Patch, $"{Machines}/a", """{"metadata":{"labels":{"x":"y"}}}"""),
            (HttpMethod.Patch, $"{Clusters}/c1", """{"spec":{"paused":true}}"""),
        ])
        {
            var (status, answer) = await TryAsync(world, method, path, body);
            status.ShouldBe(HttpStatusCode.InternalServerError, path);
            answer["message"]!.ToString().ShouldStartWith("Internal error occurred: failed calling webhook \"default.");
        }

        (await TryAsync(world, HttpMethod.Patch, $"{Machines}/a/status", """{"status":{"phase":"Running"}}""")).Status.ShouldBe(HttpStatusCode.OK, "nobody asks them of a status");
        (await TryAsync(world, HttpMethod.Delete, $"{Machines}/a", null)).Status.ShouldBe(HttpStatusCode.OK);
        await world.PassUntilAsync($"{Hardware}/a", hardware => hardware is null, "Cluster API takes away what it can");
        await world.AdvanceAsync(60);
        (await world.FindAsync($"{Machines}/a")).ShouldNotBeNull("its finalizer can't be taken off");

        webhooks.IsUp = true;
        await world.PassUntilAsync($"{Machines}/a", machine => machine is null, "the Machine is gone");
    }

    [Fact]
    public async Task They_refuse_everything_where_that_is_said_and_nothing_once_they_are_gone()
    {
        await using var world = await StartAsync();
        await using (var webhooks = await SimulatedWebhooks.StartAsync(world.Api, TestContext.Current.CancellationToken))
        {
            webhooks.Refusal = "no machines today";
            var (status, answer) = await TryAsync(world, HttpMethod.Post, Machines, Machine("a"));
            status.ShouldBe(HttpStatusCode.Forbidden);
            answer["message"]!.ToString().ShouldBe("admission webhook \"validation.machine.cluster.x-k8s.io\" denied the request: no machines today");
        }

        (await TryAsync(world, HttpMethod.Post, Machines, Machine("a"))).Status.ShouldBe(HttpStatusCode.Created);
    }

    private static string Machine(string name, string extraMetadata = "", string extraSpec = "") => $$"""
        {"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"{{name}}"{{extraMetadata}} },
         "spec":{"clusterName":"c1","bootstrap":{"configRef":{"apiGroup":"bootstrap.cluster.x-k8s.io","kind":"K0sWorkerConfig","name":"{{name}}"} },
                 "infrastructureRef":{"apiGroup":"infrastructure.cluster.x-k8s.io","kind":"RemoteMachine","name":"{{name}}"}{{extraSpec}} } }
        """;

    private static async Task<(HttpStatusCode Status, JsonObject Answer)> TryAsync(SimulationFixture world, HttpMethod method, string path, string? body)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        }

        using var answer = await world.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject());
    }
}
