// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 2, "The Cluster": not there, on its way out, without a control plane; and that it owns its Machines.</summary>
public abstract class ClusterTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ClusterTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ClusterTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task Without_its_Cluster_nothing_is_made_and_it_is_made_when_the_Cluster_comes(string version)
    {
        await using var scenario = await Scenario.StartAsync(kind, version);
        await scenario.Cluster.DeleteAsync(scenario.Cluster.ClusterKind, "office");
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive", also: status => References(status) is ("False", "ClusterNotFound", _));

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Error", also: status => status.Message!.StartsWith(
            $"There is no Cluster office in namespace {scenario.Cluster.Namespace}: ", StringComparison.Ordinal));
        await scenario.SettleAsync();
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
        var before = scenario.Cluster.Calls.Count;
        scenario.Cluster.Clock.Advance(TimeSpan.FromHours(1));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Count.ShouldBe(before, "nothing is polled");

        await scenario.Cluster.CreateClusterAsync();
        await scenario.Cluster.PhaseAsync("Active", also: status => References(status) is ("True", _, _));
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task A_Cluster_of_another_namespace_is_none()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.DeleteAsync(scenario.Cluster.ClusterKind, "office");
        await scenario.Cluster.Api.CreateAsync(
            scenario.Cluster.ClusterKind,
            "default",
            System.Text.Encoding.UTF8.GetBytes(Cluster.ClusterJson("v1beta2", "office").ToJsonString()),
            "scenario",
            Cluster.Parse,
            CancellationToken.None);
        try
        {
            await scenario.Cluster.ScheduleAsync();
            scenario.Cluster.MoveTo(Scenario.Opening);
            await scenario.Cluster.PhaseAsync("Error", also: status => References(status) is ("False", "ClusterNotFound", _));
        }
        finally
        {
            await scenario.Cluster.Api.DeleteAsync(scenario.Cluster.ClusterKind, new("default", "office"), options: null, CancellationToken.None);
        }
    }

    [Fact]
    public async Task What_is_there_goes_on_living_without_its_Cluster_and_is_taken_away_all_the_same()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Cluster.DeleteAsync(scenario.Cluster.ClusterKind, "office");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready && References(status) is ("False", "ClusterNotFound", _));

        await scenario.CloseAsync();
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task With_a_Cluster_that_is_being_deleted_its_machine_goes_without_grace_and_is_not_made_again()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"metadata":{"finalizers":["cluster.cluster.x-k8s.io/played"]}}""");
        await scenario.Cluster.DeleteAsync(scenario.Cluster.ClusterKind, "office");
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status =>
            status.Message!.StartsWith("Cluster office is being deleted", StringComparison.Ordinal)
            && status.Conditions.Single(condition => condition.Type == ConditionTypes.Scheduled) is { Status: "False", Reason: "ClusterDeleting" });
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse("it is drained first");

        await scenario.Pods.EndAsync("web-1");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Error", also: status => References(status) is ("False", "ClusterDeleting", _) && status.MachineRef is null);
        await scenario.SettleAsync();
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));

        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"metadata":{"finalizers":null}}""");
        await scenario.Cluster.PhaseAsync("Error", also: status => References(status) is ("False", "ClusterNotFound", _));
    }

    [Fact]
    public async Task What_Cluster_API_writes_into_its_status_wakes_nobody()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls.Count;

        for (var i = 0; i < 5; i++)
        {
            await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", $$"""{"status":{"phase":"{{(i % 2 == 0 ? "Provisioning" : "Provisioned")}}"} }""", "status");
        }

        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"metadata":{"labels":{"team":"a"}}}""");
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Count.ShouldBe(before);
    }

    [Fact]
    public async Task A_Machine_that_was_made_without_its_Cluster_among_its_owners_gets_it_and_keeps_the_others()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var made = (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!;
        var owner = made["metadata"]!["ownerReferences"]![0]!;
        var config = (await scenario.Cluster.GetAsync(Kinds.Bootstrap, "pc-1"))!;
        var other = $$"""{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","name":"pc-1","uid":"{{config["metadata"]!["uid"]}}"}""";
        await scenario.Cluster.PatchAsync(
            scenario.Cluster.MachineKind, "pc-1", $$"""{"metadata":{"ownerReferences":[{{owner.ToJsonString()}},{{other}}]} }""");

        var office = (await scenario.Cluster.GetAsync(scenario.Cluster.ClusterKind, "office"))!;
        await Wait.UntilAsync("it has its Cluster", async () =>
            (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["ownerReferences"]!.AsArray()
                .Any(found => (string)found!["uid"]! == (string)office["metadata"]!["uid"]!));
        var owners = (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["ownerReferences"]!.AsArray();
        owners.Select(found => (string)found!["kind"]!).ShouldBe(["K0sWorkerConfig", "ScheduledMachine", "Cluster"], ignoreOrder: true);
        owners.Single(found => (bool?)found!["controller"] == true)!["kind"]!.GetValue<string>().ShouldBe("ScheduledMachine");
    }

    [Fact]
    public async Task That_Cluster_API_leaves_the_Node_of_a_Cluster_without_a_control_plane_is_said_when_it_closes()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.DeleteAsync(scenario.Cluster.ClusterKind, "office");
        await scenario.Cluster.CreateClusterAsync(hasControlPlane: false);
        await scenario.Cluster.ScheduleAsync();
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.ClusterApi.JoinAsync();
        await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null } && !status.Message!.Contains("control plane", StringComparison.Ordinal));

        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status.Message!.EndsWith(
            "Cluster office has no control plane reference, so that Cluster API does not delete Node pc-1: it stays until somebody does.", StringComparison.Ordinal));
    }

    private static (string Status, string Reason, string Message) References(ScheduledMachineStatus status) =>
        status.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.ReferencesValid) is { } condition
            ? (condition.Status, condition.Reason, condition.Message)
            : ("", "", "");
}
