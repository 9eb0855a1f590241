// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Contract, section 2, "One computer, one machine".</summary>
public sealed class ComputerDecisionTests
{
    private const string Day = """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}""";
    private const string Evening = """{"daysOfWeek":["mon-fri"],"hoursOfDay":["12-22"]}""";
    private const string Always = """{"daysOfWeek":["mon-sun"]}""";

    private static readonly DateTimeOffset Noon = World.At("12:00:00");

    [Fact]
    public void It_waits_for_the_objects_of_the_one_that_has_it_and_says_until_when()
    {
        var plan = Decide(User("pc-0") with { CapiMachine = Machine("pc-0"), HasMachine = true });
        plan.Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Pending);
        plan.Status.Message.ShouldBe("In its window. pc-0 has its computer until Mon 2026-01-05 18:00 UTC.");
        Ready(plan).Reason.ShouldBe(ConditionReasons.MachineInUse);
        plan.WakeAt.ShouldBe(World.At("18:00:00"));
        plan.RetryLater.ShouldBeFalse();
        plan.Status.Conditions.Single(condition => condition.Type == ConditionTypes.ReferencesValid).Status.ShouldBe("True");

        Decide(User("pc-0") with { Bootstrap = Object("pc-0") }).Status.Message.ShouldBe(plan.Status.Message);
        Decide(User("pc-0") with { Others = [Object("pc-0", served: true)] }).Status.Message.ShouldBe(plan.Status.Message);
        Decide(User("pc-0", Always) with { Bootstrap = Object("pc-0") }).Status.Message
            .ShouldBe("In its window. pc-0 has its computer for good, since its window never closes.");
    }

    [Fact]
    public void One_that_leaves_has_it_until_it_is_gone()
    {
        var leaving = Decide(User("pc-0", Evening, nextCleanup: "10:10:00") with { Bootstrap = Object("pc-0", served: true) }, World.At("10:00:00"));
        leaving.Status.Message.ShouldBe("In its window. pc-0 has its computer and is leaving it, until 2026-01-05 10:10:00 UTC at the latest.");
        leaving.WakeAt.ShouldBe(World.At("10:10:00"));

        Decide(User("pc-0", extraSpec: ",\"gracefulShutdownTimeout\":\"soon\"") with { Bootstrap = Object("pc-0") }).Status.Message
            .ShouldBe("In its window. pc-0 has its computer and is leaving it.", "one whose spec breaks a rule");
        Decide(User("pc-0") with { Machine = null, CapiMachine = Machine("pc-0"), HasMachine = true }).Status.Message
            .ShouldBe("In its window. Machine pc-0, whose ScheduledMachine is gone, has its computer.");
    }

    [Fact]
    public void What_no_Machine_ever_took_and_what_is_of_another_computer_is_not_in_the_way()
    {
        Decide(User("pc-2") with { Others = [Object("pc-2")] }).Steps.ShouldNotBeEmpty();
        Decide(User("pc-0", extraSpec: ",\"enabled\":false") with { Bootstrap = Object("pc-0", held: true) }).Steps.ShouldNotBeEmpty("its provider may hold it for ever");
        Decide(User("pc-0") with { Bootstrap = Object("pc-0", held: true) }).Steps.ShouldBeEmpty("it is about to be used");
        Decide(User("pc-0") with { HasMachine = true }).Steps.ShouldNotBeEmpty("its Machine is on another computer");
    }

    [Theory]
    [InlineData("pc-0", 50, 0, false)]
    [InlineData("pc-2", 50, 0, true)]
    [InlineData("pc-2", 50, -1, false)]
    [InlineData("pc-0", 50, 1, true)]
    [InlineData("pc-0", 49, -1, true)]
    [InlineData("pc-2", 51, 1, false)]
    public void Of_two_that_are_due_the_one_of_higher_priority_opens_then_the_elder_then_the_first_by_name(string other, int priority, int age, bool opens)
    {
        var user = User(other, extraSpec: $",\"priority\":{priority}", created: World.Monday.AddDays(age));
        var plan = Decide(user);
        plan.Steps.IsEmpty.ShouldBe(!opens);
        if (!opens)
        {
            plan.Status.Message.ShouldBe($"In its window. {other} comes before it and is to have its computer until Mon 2026-01-05 18:00 UTC.");
            plan.WakeAt.ShouldBe(World.At("18:00:00"));
        }

        // The other one comes to the opposite.
        var first = World.New(extraSpec: $",\"priority\":{priority}");
        var mine = first.Observe() with { Machine = user.Machine! };
        var its = Decision.Decide(mine with { Computer = new([new() { Key = new("default", "pc-1"), CapiCluster = World.Office, Machine = Named(World.New(), "pc-1", World.Monday).Machine }]) }, Noon, new());
        its.Steps.IsEmpty.ShouldBe(opens);
    }

    [Theory]
    [InlineData(",\"enabled\":false")]
    [InlineData(",\"killSwitch\":true")]
    [InlineData(",\"nodeDrainTimeout\":\"soon\"")]
    public void One_that_is_not_to_open_comes_before_nobody(string extraSpec) =>
        Decide(User("pc-0", extraSpec: extraSpec)).Steps.ShouldNotBeEmpty();

    [Fact]
    public void Nor_does_one_that_is_paused_or_has_no_Cluster()
    {
        Decide(User("pc-0")).Steps.ShouldBeEmpty();
        Decide(User("pc-0") with { CapiCluster = null }).Steps.ShouldNotBeEmpty();
        Decide(User("pc-0") with { CapiCluster = World.Office with { IsPaused = true } }).Steps.ShouldNotBeEmpty();
        Decide(User("pc-0") with { CapiCluster = World.Office with { DeletionTimestamp = Noon } }).Steps.ShouldNotBeEmpty();
    }

    [Fact]
    public void Nobody_opens_on_a_computer_that_its_owner_has_taken_back_until_it_is_given_back()
    {
        var reclaimed = User("pc-2", schedule: """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"enabled":false}""");
        reclaimed = reclaimed with
        {
            Machine = reclaimed.Machine! with
            {
                Metadata = reclaimed.Machine!.Metadata with { Annotations = new Dictionary<string, string> { [WellKnown.ReclaimReasonAnnotation] = "process-match: java" } },
            },
        };
        var plan = Decide(reclaimed);
        plan.Steps.ShouldBeEmpty();
        plan.Status.Message.ShouldBe(
            "In its window. The owner of its computer has taken it back from pc-2 (process-match: java): it is free again once pc-2 is switched on again, or deleted.");

        Decide(User("pc-2", schedule: """{"daysOfWeek":["mon-fri"],"enabled":false}""")).Steps.ShouldNotBeEmpty("a person switched it off");
    }

    [Fact]
    public void It_takes_its_place_and_looks_for_others_before_anything_is_made_that_can_touch_the_computer()
    {
        Decide(User("pc-2")).Steps.Select(step => step.GetType().Name).ShouldBe(
            ["AddFinalizer", "CreateProviderObject", "ConfirmComputerFree", "CreateProviderObject", "CreateMachine"]);
        World.New().Decide(Noon).Steps.ShouldNotContain(step => step is Step.ConfirmComputerFree, "nobody else is of its computer");

        var placed = World.New() with { Bootstrap = Object("pc-1") };
        Decide(User("pc-2"), world: placed).Steps.Select(step => step.GetType().Name).ShouldBe(
            ["AddFinalizer", "ConfirmComputerFree", "CreateProviderObject", "CreateMachine"]);
        Decide(User("pc-2") with { Bootstrap = Object("pc-2") }, world: placed, isConfirmed: true).Steps.Select(step => step.GetType().Name).ShouldBe(
            ["AddFinalizer", "CreateProviderObject", "CreateMachine"], "who came after it waits or leaves");
    }

    [Fact]
    public void Of_two_that_took_their_place_at_once_one_leaves()
    {
        var placed = World.New() with { Bootstrap = Object("pc-1") };
        var stays = Decide(User("pc-2") with { Bootstrap = Object("pc-2") }, world: placed);
        stays.Steps.ShouldBeEmpty();
        Ready(stays).Reason.ShouldBe(ConditionReasons.MachineInUse);

        var leaves = Decide(User("pc-0") with { Bootstrap = Object("pc-0") }, world: placed);
        leaves.Steps.Select(step => step.GetType().Name).ShouldBe(["ConfirmMachineAbsent", "DeleteProviderObject"]);
        Decide(User("pc-2") with { Bootstrap = Object("pc-2", served: true) }, world: placed).Steps.ShouldNotBeEmpty("that one was before it");
        Decide(User("pc-2") with { CapiMachine = Machine("pc-2") }, world: placed, isConfirmed: true).Steps.ShouldNotBeEmpty("whatever was confirmed");
    }

    [Fact]
    public void What_the_server_alone_knows_of_is_not_asked_for_at_once_again()
    {
        var view = new ComputerView([User("pc-2")]) { NotBefore = Noon.AddSeconds(4) };
        var plan = Decision.Decide(World.New().Observe() with { Computer = view }, Noon, new());
        plan.Steps.ShouldBeEmpty();
        plan.WakeAt.ShouldBe(Noon.AddSeconds(4));
        Decision.Decide(World.New().Observe() with { Computer = view }, Noon.AddSeconds(4), new()).Steps.ShouldNotBeEmpty();
    }

    [Fact]
    public void A_machine_that_is_there_and_one_whose_window_is_closed_care_for_nobody()
    {
        var running = World.New().Reconcile(Noon).Joins();
        var user = User("pc-0") with { CapiMachine = Machine("pc-0"), HasMachine = true };
        Decision.Decide(running.Observe() with { Computer = new([user]) }, Noon, new()).Status.Phase.ShouldBe(MachinePhase.Active);
        Decision.Decide(World.New().Observe() with { Computer = new([user]) }, World.At("20:00:00"), new()).Status.Phase.ShouldBe(MachinePhase.Inactive);
    }

    private static Plan Decide(ComputerUser other, DateTimeOffset? at = null, World? world = null, bool isConfirmed = false)
    {
        var seen = (world ?? World.New()).Observe();
        seen = seen with { Machine = seen.Machine with { Metadata = seen.Machine.Metadata with { CreationTimestamp = World.Monday } } };
        return Decision.Decide(seen with { Computer = new([other]) { IsConfirmed = isConfirmed } }, at ?? Noon, new());
    }

    private static ComputerUser User(
        string name, string schedule = Day, string extraSpec = "", string? nextCleanup = null, DateTimeOffset? created = null)
    {
        var world = Named(World.New(extraSpec, schedule), name, created ?? World.Monday);
        return new()
        {
            Key = new("default", name),
            CapiCluster = World.Office,
            Machine = world.Machine with { Status = new() { NextCleanup = nextCleanup is null ? null : World.At(nextCleanup) } },
        };
    }

    private static World Named(World world, string name, DateTimeOffset created) => world with
    {
        Machine = world.Machine with { Metadata = world.Machine.Metadata with { Name = name, Uid = $"uid of {name}", CreationTimestamp = created } },
    };

    private static CapiMachine Machine(string name) => new() { Metadata = Object(name).Metadata, ApiVersion = "cluster.x-k8s.io/v1beta2" };

    private static PartialObject Object(string name, bool served = false, bool held = false) => new(new ObjectMetadata
    {
        Name = name,
        Namespace = "default",
        Uid = $"made for {name}",
        ResourceVersion = "1",
        Labels = new Dictionary<string, string> { [WellKnown.ScheduledMachineLabel] = name },
        Annotations = new Dictionary<string, string>
        {
            [WellKnown.TemplateHashAnnotation] = World.New().Machine.BootstrapHash,
            [WellKnown.ComputerAnnotation] = "192.0.2.1",
        },
        Finalizers = held ? ["provider.example.com"] : [],
        OwnerReferences = served ? [new OwnerReference("cluster.x-k8s.io/v1beta2", "Machine", name, "m", true, true)] : [],
    });

    private static Condition Ready(Plan plan) => plan.Status.Conditions.Single(condition => condition.Type == ConditionTypes.Ready);
}
