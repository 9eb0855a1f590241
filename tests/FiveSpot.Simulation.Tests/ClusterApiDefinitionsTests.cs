// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;

using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>The definitions are as strict as the real ones.</summary>
public sealed class ClusterApiDefinitionsTests
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    [Theory]
    [InlineData(Hardware, """{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"name":"a"},"spec":{"adress":"192.0.2.1"}}""", "spec.adress")]
    [InlineData(Configs, """{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","metadata":{"name":"a"},"spec":{"versoin":"v1"}}""", "spec.versoin")]
    [InlineData(Machines, """{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","metadata":{"name":"a"},"spec":{"clusterName":"c","nodeDrainTimeout":"5m","bootstrap":{"dataSecretName":"s"},"infrastructureRef":{"apiGroup":"g","kind":"K","name":"n"}}}""", "spec.nodeDrainTimeout")]
    [InlineData(Clusters, """{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Cluster","metadata":{"name":"a"},"spec":{"infraRef":{},"paused":false}}""", "spec.infraRef")]
    public async Task What_a_kind_does_not_know_is_refused_under_strict_validation_and_dropped_otherwise(string path, string body, string field)
    {
        await using var world = await StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var refused = await world.Http.PostAsync(new Uri($"{path}?fieldValidation=Strict", UriKind.Relative), content, TestContext.Current.CancellationToken);
        refused.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain($"unknown field \\\"{field}\\\"");

        var made = await world.SendAsync(HttpMethod.Post, path, body);
        made["spec"]!.AsObject().ContainsKey(field["spec.".Length..]).ShouldBeFalse();
    }

    [Fact]
    public async Task A_RemoteMachine_gets_the_defaults_of_k0smotron()
    {
        await using var world = await StartAsync();
        var made = await world.SendAsync(HttpMethod.Post, Hardware, """
            {"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"name":"a"},"spec":{"address":"192.0.2.1"}}
            """);
        made["spec"]!.ToJsonString().ShouldBe("""{"address":"192.0.2.1","port":22,"user":"root","commandsAsScript":false,"workingDir":"/etc/k0smotron"}""");
    }

    [Fact]
    public async Task Each_has_the_labels_by_which_Cluster_API_and_clusterctl_find_it()
    {
        await using var world = await StartAsync();
        foreach (var name in world.Installed.Where(name => name.EndsWith("cluster.x-k8s.io", StringComparison.Ordinal)))
        {
            var labels = (await world.FindAsync($"{Definitions}/{name}"))!["metadata"]!["labels"]!.AsObject();
            labels.ContainsKey("clusterctl.cluster.x-k8s.io").ShouldBeTrue(name);
            labels.ContainsKey("cluster.x-k8s.io/provider").ShouldBeTrue(name);
            labels["cluster.x-k8s.io/v1beta1"]!.ToString().ShouldBe("v1beta1", name);
        }

        world.Installed.ShouldContain("machinedrainrules.cluster.x-k8s.io");
        world.Installed.ShouldContain("machinehealthchecks.cluster.x-k8s.io");
    }

    [Fact]
    public async Task A_version_that_is_no_longer_served_is_an_answer_without_a_Status_until_it_is_served_again()
    {
        await using var world = await StartAsync();
        await ServedVersions.SetAsync(world.Api, "machines.cluster.x-k8s.io", "v1beta1", isServed: false, TestContext.Current.CancellationToken);
        var path = new Uri(At(Machines, "v1beta1"), UriKind.Relative);
        await Eventually.GetAsync(async () => (await GetAsync()).Status, status => status == HttpStatusCode.NotFound, "it is not served");
        (await GetAsync()).Text.ShouldBe("404 page not found\n");
        (await world.FindAsync(Machines)).ShouldNotBeNull();

        await ServedVersions.SetAsync(world.Api, "machines.cluster.x-k8s.io", "v1beta1", isServed: true, TestContext.Current.CancellationToken);
        await Eventually.GetAsync(async () => (await GetAsync()).Status, status => status == HttpStatusCode.OK, "it is served again");

        async Task<(HttpStatusCode Status, string Text)> GetAsync()
        {
            using var answer = await world.Http.GetAsync(path, TestContext.Current.CancellationToken);
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
    }
}
