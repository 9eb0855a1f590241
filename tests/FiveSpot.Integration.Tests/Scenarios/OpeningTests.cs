// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4: Inactive, Pending, Active; "Opening", and "Machine versions".</summary>
public abstract class OpeningTests(ServerKind kind)
{
    public sealed class OnEmbedded() : OpeningTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : OpeningTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task Outside_its_window_a_machine_is_inactive_and_nothing_of_it_exists()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();

        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();

        var status = await scenario.Cluster.StatusAsync();
        status.InSchedule.ShouldBeFalse();
        status.NextTransitionTime.ShouldBe(Scenario.Opening);
        status.NextActivation.ShouldBe(Scenario.Opening);
        status.Schedule.ShouldBe("mon-fri 9-17 UTC");
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
        (await scenario.Cluster.EventsAsync()).ShouldBe(["ScheduleInactive"]);
    }

    [Fact]
    public async Task The_window_opens_at_the_exact_instant_and_not_before()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls.Count;

        scenario.Cluster.MoveTo(Scenario.Opening.AddMilliseconds(-1));
        await scenario.SettleAsync();
        scenario.Cluster.Calls.Count.ShouldBe(before);

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        scenario.Cluster.Calls[before].At.ShouldBe(Scenario.Opening);
    }

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task Its_three_objects_are_made_in_order_and_are_as_the_contract_says(string version)
    {
        await using var scenario = await Scenario.StartAsync(kind, version);
        await scenario.Cluster.ScheduleAsync(extraSpec: """
            ,"nodeDrainTimeout":"90s","machineTemplate":{"labels":{"topology.kubernetes.io/zone":"b"},"annotations":{"a":"b"},"version":"v1.33.1","failureDomain":"cellar"}
            """);
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");

        var plurals = scenario.Cluster.Writes.Where(call => call.Verb == "create").Select(call => call.Path.Split('/')[^1]);
        plurals.ShouldBe(["k0sworkerconfigs", "remotemachines", "machines"]);

        var uid = (string)(await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["metadata"]!["uid"]!;
        foreach (var type in (Kubernetes.ResourceType[])[Kinds.Bootstrap, Kinds.Infrastructure, scenario.Cluster.MachineKind])
        {
            var labels = (await scenario.Cluster.GetAsync(type, "pc-1"))!["metadata"]!["labels"]!;
            ((string)labels["5spot.finos.org/scheduled-machine"]!).ShouldBe("pc-1");
            ((string)labels["cluster.x-k8s.io/cluster-name"]!).ShouldBe("office");
        }

        (await scenario.Cluster.GetAsync(Kinds.Bootstrap, "pc-1"))!["metadata"]!["ownerReferences"].ShouldBeNull();
        ((string)(await scenario.Cluster.GetAsync(Kinds.Infrastructure, "pc-1"))!["spec"]!["address"]!).ShouldBe("192.0.2.1");

        var machine = (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!;
        var owners = machine["metadata"]!["ownerReferences"]!.AsArray();
        owners.Count.ShouldBe(2);
        ((string)owners[0]!["uid"]!).ShouldBe(uid);
        ((bool)owners[0]!["controller"]!).ShouldBeTrue();
        var office = (await scenario.Cluster.GetAsync(scenario.Cluster.ClusterKind, "office"))!;
        owners[1]!.ToJsonString().ShouldBe($$"""{"apiVersion":"cluster.x-k8s.io/{{version}}","kind":"Cluster","name":"office","uid":"{{office["metadata"]!["uid"]}}"}""");
        ((string)machine["metadata"]!["labels"]!["topology.kubernetes.io/zone"]!).ShouldBe("b");
        ((string)machine["metadata"]!["annotations"]!["a"]!).ShouldBe("b");
        var spec = machine["spec"]!;
        ((string)spec["clusterName"]!).ShouldBe("office");
        ((string)spec["version"]!).ShouldBe("v1.33.1");
        ((string)spec["failureDomain"]!).ShouldBe("cellar");
        var reference = spec["bootstrap"]!["configRef"]!;
        ((string)reference["kind"]!).ShouldBe("K0sWorkerConfig");
        ((string)reference["name"]!).ShouldBe("pc-1");
        if (version == "v1beta2")
        {
            ((string)reference["apiGroup"]!).ShouldBe("bootstrap.cluster.x-k8s.io");
            ((int)spec["deletion"]!["nodeDrainTimeoutSeconds"]!).ShouldBe(90);
            ((int)spec["deletion"]!["nodeVolumeDetachTimeoutSeconds"]!).ShouldBe(90);
            ((int)spec["deletion"]!["nodeDeletionTimeoutSeconds"]!).ShouldBe(10);
        }
        else
        {
            ((string)reference["apiVersion"]!).ShouldBe("bootstrap.cluster.x-k8s.io/v1beta1");
            ((string)reference["namespace"]!).ShouldBe(scenario.Cluster.Namespace);
            ((string)spec["nodeDrainTimeout"]!).ShouldBe("90s");
            ((string)spec["nodeVolumeDetachTimeout"]!).ShouldBe("90s");
            ((string)spec["nodeDeletionTimeout"]!).ShouldBe("10s");
        }
    }

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task It_is_ready_once_Cluster_API_says_so(string version)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, version);

        var status = await scenario.Cluster.StatusAsync();
        status.NodeRef!.Name.ShouldBe("pc-1");
        status.NodeRef.Uid.ShouldBe((string)(await scenario.Cluster.GetAsync(Kinds.Node, "pc-1"))!["metadata"]!["uid"]!);
        status.ProviderID.ShouldBe("remote://pc-1");
        status.MachineRef!.ApiVersion.ShouldBe($"cluster.x-k8s.io/{version}");
        status.BootstrapRef!.Kind.ShouldBe("K0sWorkerConfig");
        status.InfrastructureRef!.Kind.ShouldBe("RemoteMachine");
        status.LastScheduledTime.ShouldBe((DateTimeOffset)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["creationTimestamp"]!);
        status.NextTransitionTime.ShouldBe(Scenario.Closing);
        status.NextCleanup.ShouldBe(Scenario.Closing.AddMinutes(10));
        status.Conditions.Select(c => (c.Type, c.Status)).ShouldBe(
            [("Ready", "True"), ("Scheduled", "True"), ("MachineReady", "True"), ("ReferencesValid", "True"), ("WorkloadClusterReachable", "True")], ignoreOrder: true);
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).ShouldBe(["ScheduleInactive", "ScheduleActive", "MachineCreated", "MachineReady"], ignoreOrder: true);
    }

    [Fact]
    public async Task While_the_server_refuses_it_is_pending_then_in_error_and_recovers_by_itself()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal) && stage == ControllerTraffic.Stage.Before
                ? new ControllerTraffic.Fault(503, "ServiceUnavailable", "etcd has no leader")
                : null;

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Pending", also: status => status.Message!.Contains("etcd has no leader", StringComparison.Ordinal));
        await Wait.UntilAsync("it is in error after a few attempts", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await scenario.Cluster.StatusAsync()).Phase == "Error";
        });

        scenario.Cluster.Traffic.Disturb = null;
        await Wait.UntilAsync("it recovers", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(5));
            return (await scenario.Cluster.StatusAsync()).Phase == "Active";
        });
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task A_create_whose_answer_is_lost_is_not_repeated()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            call.Verb == "create" && call.IsWrite && stage == ControllerTraffic.Stage.After ? ControllerTraffic.Fault.Abort : null;

        scenario.Cluster.MoveTo(Scenario.Opening);
        await Wait.UntilAsync("it is active though no create was ever answered", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await scenario.Cluster.StatusAsync()).Phase == "Active";
        });
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task Somebody_elses_object_of_its_name_is_left_alone_until_it_goes()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.CreateAsync(Kinds.Infrastructure, System.Text.Json.Nodes.JsonNode.Parse("""
            {"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","metadata":{"name":"pc-1"},"spec":{"address":"198.51.100.9","port":22} }
            """)!.AsObject());
        var theirs = await scenario.Cluster.GetAsync(Kinds.Infrastructure, "pc-1");
        await scenario.Cluster.ScheduleAsync();

        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Error", also: status =>
            status.Message!.Contains("A RemoteMachine named pc-1 is there already", StringComparison.Ordinal)
            && status.Conditions.Single(c => c.Type == ConditionTypes.ReferencesValid).Reason == "NameConflict");
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":true}}""");
        await scenario.Cluster.PhaseAsync("Terminated");
        await scenario.SettleAsync();
        (await scenario.Cluster.GetAsync(Kinds.Infrastructure, "pc-1"))!.ToJsonString().ShouldBe(theirs!.ToJsonString());

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"killSwitch":false}}""");
        await scenario.Cluster.PhaseAsync("Error");
        await scenario.Cluster.DeleteAsync(Kinds.Infrastructure, "pc-1");
        await Wait.UntilAsync("it recovers by itself", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(10));
            return (await scenario.Cluster.StatusAsync()).Phase == "Active";
        });
        (await scenario.Cluster.EventsAsync()).ShouldContain("NameConflict");
    }

    [Fact]
    public async Task A_Machine_with_our_label_and_no_controller_is_adopted()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var uid = (string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!;
        await scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-1", """{"metadata":{"ownerReferences":null}}""");

        await Wait.UntilAsync("it is adopted", async () =>
            (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["ownerReferences"] is not null);
        ((string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!).ShouldBe(uid);
    }

    [Fact]
    public async Task A_Machine_that_somebody_else_deletes_while_it_is_wanted_is_made_again_once_it_is_gone()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        var first = (string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!;

        await scenario.Cluster.DeleteAsync(scenario.Cluster.MachineKind, "pc-1");
        await scenario.Cluster.PhaseAsync("Pending");
        await scenario.SettleAsync();
        (await scenario.CountAsync()).ShouldBe((1, 1, 1), "not before the former one is gone");

        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Active");
        ((string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!).ShouldNotBe(first);
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task A_change_of_the_templates_takes_effect_at_the_next_opening_and_the_message_says_so()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);

        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"infrastructureSpec":{"spec":{"address":"192.0.2.7"}}}}""");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Message!.Contains("next opening", StringComparison.Ordinal));
        ((string)(await scenario.Cluster.GetAsync(Kinds.Infrastructure, "pc-1"))!["spec"]!["address"]!).ShouldBe("192.0.2.1");

        await scenario.CloseAsync();
        scenario.Cluster.MoveTo(Scenario.Opening.AddDays(1));
        await scenario.Cluster.PhaseAsync("Active");
        ((string)(await scenario.Cluster.GetAsync(Kinds.Infrastructure, "pc-1"))!["spec"]!["address"]!).ShouldBe("192.0.2.7");
    }
}
