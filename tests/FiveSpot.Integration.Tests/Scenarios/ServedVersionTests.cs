// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4, "Machine versions": one that begins or ends to be served is followed within a minute, with nothing lost.</summary>
public abstract class ServedVersionTests(ServerKind kind)
{
    // A change of the versions shows the Machine once or twice without them.
    private const int MostTimeoutsSet = 3;

    // What is watched after a change is known at once; what discovery learns late, half a minute later.
    private static readonly TimeSpan AMinute = TimeSpan.FromMinutes(1);

    public sealed class OnEmbedded() : ServedVersionTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ServedVersionTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task A_version_of_Machines_and_Clusters_that_ends_to_be_served_is_left_for_the_other_and_nothing_happens_to_the_machine()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, Definitions.Changing);
        await using var machines = await VersionSwitch.OfAsync(scenario.Cluster, scenario.Cluster.MachineKind);
        await using var clusters = await VersionSwitch.OfAsync(scenario.Cluster, scenario.Cluster.ClusterKind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();
        var before = scenario.Cluster.Writes.Count;
        var uid = (string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!;

        await machines.ServeAsync("v1beta1");
        await clusters.ServeAsync("v1beta1");
        scenario.Cluster.MachineKind = Kinds.MachineV1Beta1;
        await AtVersionAsync(scenario, "v1beta1");
        scenario.Cluster.Writes.Skip(before).ShouldAllBe(call => IsReport(call));
        TimeoutsSet(scenario.Cluster, before).ShouldBeLessThanOrEqualTo(MostTimeoutsSet);
        ((string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!).ShouldBe(uid);
        await Wait.UntilAsync("Clusters are watched at the other version", () => Watches(scenario, "v1beta1/clusters"), deadline: AMinute);

        // For Kubernetes' garbage collector an owner at a version that is not served any more is gone.
        await Wait.UntilAsync("the Cluster is the Machine's owner at that version", async () =>
            (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["ownerReferences"]!.AsArray()
            .Count(static owner => (string)owner!["kind"]! == "Cluster" && (string)owner["apiVersion"]! == "cluster.x-k8s.io/v1beta1") == 1);

        // All goes on at that version.
        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"spec":{"paused":true}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Message!.StartsWith("Paused by Cluster office", StringComparison.Ordinal));
        await scenario.Cluster.PatchAsync(scenario.Cluster.ClusterKind, "office", """{"spec":{"paused":null}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Ready && !status.Message!.StartsWith("Paused", StringComparison.Ordinal));
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await scenario.Pods.EndAsync("web-1");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task A_newer_version_that_begins_to_be_served_is_used()
    {
        await using var cluster = await Cluster.StartAsync(kind, Definitions.Changing);
        await using var machines = await VersionSwitch.OfAsync(cluster, cluster.MachineKind);
        await machines.ServeAsync("v1beta1");
        await using var controller = await RunningController.StartAsync(cluster);
        await cluster.ScheduleAsync();
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active", also: status => status.MachineRef!.ApiVersion == "cluster.x-k8s.io/v1beta1");
        await controller.SettleAsync(cluster);
        var before = cluster.Writes.Count;

        await machines.ServeAsync("v1beta2", "v1beta1");
        await cluster.PhaseAsync("Active", also: status => status.MachineRef!.ApiVersion == "cluster.x-k8s.io/v1beta2");
        cluster.Writes.Skip(before).ShouldAllBe(call => IsReport(call));
        TimeoutsSet(cluster, before).ShouldBeLessThanOrEqualTo(MostTimeoutsSet);

        // Once it is found out, nothing is asked any more.
        await Wait.UntilAsync("it has looked for the last time", () => Discoveries(cluster, "v1beta2") >= 3, deadline: AMinute);
        await controller.SettleAsync(cluster);
        var asked = cluster.Calls.Count;
        cluster.Clock.Advance(TimeSpan.FromHours(1));
        await controller.SettleAsync(cluster);
        cluster.Calls.Skip(asked).Where(call => !IsReport(call)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_window_that_closes_while_no_version_is_served_deletes_nothing_and_is_closed_with_care_afterwards()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, Definitions.Changing);
        await using var machines = await VersionSwitch.OfAsync(scenario.Cluster, scenario.Cluster.MachineKind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();
        var before = scenario.Cluster.Writes.Count;

        await machines.ServeAsync();
        scenario.Cluster.MoveTo(Scenario.Closing);
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await scenario.Pods.EndAsync("web-1");
        await Wait.UntilAsync("its deletion was tried", () => Deletions(scenario, before).Any());
        await PassMinutesAsync(scenario, 10);

        await NothingIsTakenAwayAsync(scenario, before);
        (await scenario.Cluster.StatusAsync()).MachineRef.ShouldNotBeNull();

        // The one alone: where the other was back first, it would be written at that, and lose what that does not know.
        await machines.ServeAsync("v1beta2");
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task A_ScheduledMachine_that_is_deleted_while_no_version_is_served_keeps_what_its_Machine_needs_and_goes_with_care_afterwards()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, Definitions.Changing);
        await using var machines = await VersionSwitch.OfAsync(scenario.Cluster, scenario.Cluster.MachineKind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();
        var before = scenario.Cluster.Writes.Count;

        await machines.ServeAsync();
        await scenario.Cluster.DeleteAsync(Kinds.ScheduledMachine, "pc-1");
        await Wait.UntilAsync("the Node is cordoned", scenario.NodeIsCordonedAsync);
        await scenario.Pods.EndAsync("web-1");
        await Wait.UntilAsync("its deletion was tried", () => Deletions(scenario, before).Any());
        await PassMinutesAsync(scenario, 15);

        await NothingIsTakenAwayAsync(scenario, before);
        (await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["metadata"]!["finalizers"]!.AsArray().Count.ShouldBe(1);

        await machines.ServeAsync("v1beta2");
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task While_no_version_is_served_the_controller_says_after_a_minute_that_it_is_not_ready_and_why()
    {
        var network = new FakeTimeProvider(Cluster.Sunday);
        await using var scenario = await Scenario.RunningMachineAsync(kind, Definitions.Changing, networkTime: network);
        await using var machines = await VersionSwitch.OfAsync(scenario.Cluster, scenario.Cluster.MachineKind);
        await scenario.SettleAsync();
        scenario.Controller.Unready.ShouldBeNull();
        var before = scenario.Cluster.Calls.Count;

        await machines.ServeAsync();
        await Wait.UntilAsync("it is told so", () => scenario.Cluster.Calls.Skip(before).Any(call => call.Answer is System.Net.HttpStatusCode.NotFound));
        await PassUntilAsync("it says so", () => scenario.Controller.Unready is not null);
        scenario.Controller.Unready.ShouldNotBeNull().ShouldStartWith("machines.cluster.x-k8s.io can't be watched: ");
        network.GetUtcNow().ShouldBeInRange(Cluster.Sunday.AddMinutes(1), Cluster.Sunday.AddMinutes(2));
        scenario.Controller.Dead.ShouldBeNull("another process would not have it either");

        await machines.ServeAsync("v1beta2");
        await PassUntilAsync("it is ready again", () => scenario.Controller.Unready is null);

        // Not past a call that is under way, which would be given up.
        Task PassUntilAsync(string what, Func<bool> holds) => Wait.UntilAsync(what, () =>
        {
            var isSo = holds();
            if (!isSo && scenario.Cluster.Calls.All(static call => call.IsOver))
            {
                network.Advance(TimeSpan.FromSeconds(1));
            }

            return isSo;
        });
    }

    [Fact]
    public async Task Objects_of_a_kind_whose_version_ends_to_be_served_are_deleted_at_another_and_made_again_when_it_is_back()
    {
        var providers = Providers.K0smotron with
        {
            Infrastructure = new("infrastructure.cluster.x-k8s.io", "v1beta1", "devmachines", "DevMachine", Namespaced: true),
            InfrastructureSpec = """{"backend":{"docker":{"bootstrapTimeout":"3m"}}}""",
        };
        await using var scenario = await Scenario.RunningMachineAsync(kind, Definitions.Changing with { Providers = providers });
        await using var hardware = await VersionSwitch.OfAsync(scenario.Cluster, providers.Infrastructure);
        await scenario.SettleAsync();

        await hardware.ServeAsync("v1beta2");
        await Wait.UntilAsync("it is watched at the other version", () => Watches(scenario, "v1beta2/devmachines"), deadline: AMinute);
        var elsewhere = providers.Infrastructure with { Version = "v1beta2" };
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await Wait.UntilAsync("the Machine is being deleted", scenario.MachineIsBeingDeletedAsync);

        // Its provider has lost track of it.
        await scenario.Cluster.PatchAsync(elsewhere, "pc-1", """{"metadata":{"ownerReferences":null}}""");
        await scenario.Cluster.PatchAsync(Kinds.Bootstrap, "pc-1", """{"metadata":{"ownerReferences":null}}""");
        await scenario.Cluster.DeleteAsync(Kinds.Node, "pc-1");
        await scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-1", """{"metadata":{"finalizers":null}}""");
        await scenario.Cluster.PhaseAsync("Inactive");
        (await scenario.Cluster.ListAsync(elsewhere)).ShouldBeEmpty();

        scenario.Cluster.MoveTo(Scenario.Opening.AddDays(1));
        await scenario.Cluster.PhaseAsync("Error", also: status => status.Message!.Contains(
            "the API server serves no namespaced kind DevMachine in infrastructure.cluster.x-k8s.io/v1beta1", StringComparison.Ordinal));

        await hardware.ServeAsync("v1beta2", "v1beta1");
        await Wait.UntilAsync("it is made by itself", async () => (await scenario.Cluster.StatusAsync()).Phase == "Active", deadline: AMinute);
    }

    private static Task AtVersionAsync(Scenario scenario, string version) => Wait.UntilAsync(
        $"Machines are used at {version}",
        async () => await scenario.Cluster.StatusAsync() is { Phase: "Active", Ready: true } status && status.MachineRef!.ApiVersion == $"cluster.x-k8s.io/{version}",
        deadline: AMinute);

    private static bool Watches(Scenario scenario, string path) => scenario.Cluster.Calls.Any(call =>
        call.Path.EndsWith(path, StringComparison.Ordinal) && call.Query.Contains("watch=true", StringComparison.Ordinal) && call.Answer is System.Net.HttpStatusCode.OK);

    private static int Discoveries(Cluster cluster, string version) =>
        cluster.Calls.Count(call => call.Path == $"/apis/cluster.x-k8s.io/{version}" && call.Answer is System.Net.HttpStatusCode.OK);

    private static async Task PassMinutesAsync(Scenario scenario, int minutes)
    {
        for (var minute = 0; minute < minutes; minute++)
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromMinutes(1));
            await scenario.SettleAsync();
        }
    }

    // Only the Machine's own deletion is tried, later and later; what it points at stays, and so does what is told.
    private async Task NothingIsTakenAwayAsync(Scenario scenario, int since)
    {
        Deletions(scenario, since).ShouldAllBe(path => path.EndsWith("/machines/pc-1", StringComparison.Ordinal));
        Deletions(scenario, since).Count().ShouldBeLessThan(30, "a call that fails is tried again later and later");
        await ProviderObjectsStayAsync(scenario);
        Phases(scenario.Cluster, since).Count.ShouldBeLessThanOrEqualTo(2);
    }

    // Kubernetes' own garbage collection may take a 404 of a path that is not served for the end of an owner, and delete them: what
    // 5-Spot deletes is among its calls.
    private async Task ProviderObjectsStayAsync(Scenario scenario)
    {
        foreach (var type in kind == ServerKind.Embedded ? (ResourceType[])[Kinds.Bootstrap, Kinds.Infrastructure] : [])
        {
            (await scenario.Cluster.GetAsync(type, "pc-1")).ShouldNotBeNull(type.Kind)["metadata"]!["deletionTimestamp"].ShouldBeNull();
        }
    }

    private static IEnumerable<string> Deletions(Scenario scenario, int since) =>
        scenario.Cluster.Writes.Skip(since).Where(call => call.Verb == "delete").Select(call => call.Path);

    private static IReadOnlyList<string> Phases(Cluster cluster, int since) =>
    [
        .. cluster.Writes.Skip(since)
            .Where(static call => call.Path.EndsWith("/scheduledmachines/pc-1/status", StringComparison.Ordinal))
            .Select(static call => (string)System.Text.Json.Nodes.JsonNode.Parse(call.Body)!["status"]!["phase"]!)
            .Distinct(),
    ];

    private static int TimeoutsSet(Cluster cluster, int since) =>
        cluster.Writes.Skip(since).Count(static call => SetsTimeouts(call));

    private static bool SetsTimeouts(ControllerTraffic.Call call) =>
        call.Verb == "patch" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal) && call.Body.Contains("nodeDrainTimeout", StringComparison.Ordinal);

    // Without a webhook that converts, which real Cluster API has, a server loses the timeouts of a Machine between its versions,
    // kube-apiserver by itself and the embedded one when the Machine is written: they are set again, now and then.
    private static bool IsReport(ControllerTraffic.Call call) =>
        call.Path.EndsWith("/status", StringComparison.Ordinal)
        || SetsTimeouts(call)
        || (call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal) && call.Body.Contains("\"kind\":\"Cluster\"", StringComparison.Ordinal));
}
