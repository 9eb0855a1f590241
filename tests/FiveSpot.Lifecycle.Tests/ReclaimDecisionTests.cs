// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Section 9 of the contract: the seven steps, and what may come in between.</summary>
public sealed class ReclaimDecisionTests
{
    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");

    [Fact]
    public void The_seven_steps_in_their_order()
    {
        var world = Running("""
            ,"killIfCommands":["java"]
            """).Reclaimed();
        var first = world.Decide(Noon);
        first.Status.Phase.ShouldBe(MachinePhase.EmergencyRemove);
        first.Steps.Select(step => step.GetType()).ShouldBe([typeof(Step.Announce), typeof(Step.SwitchOff)]);
        Events(world, first).ShouldBe([EventReasons.EmergencyReclaim]);

        var done = new List<Step>();
        var ejected = world.Reconcile(Noon, done);
        done.Select(step => step.GetType().Name).ShouldBe(
            ["Announce", "SwitchOff", "Cordon", "DeletePods", "ExcludeDrain", "DeleteMachine", "SetUpAgent", "ClearRequest"]);
        done.OfType<Step.ExcludeDrain>().Single().AndVolumes.ShouldBeTrue();
        ejected.Machine.Status.Phase.ShouldBe(MachinePhase.EmergencyRemove, "its request is off the Node; that it is switched off for it says so");

        var off = ejected.MachineGoes().Reconcile(Noon).Machine.Status;
        off.Phase.ShouldBe(MachinePhase.Disabled);
        var scheduled = off.Conditions.Single(condition => condition.Type == ConditionTypes.Scheduled);
        scheduled.ShouldSatisfyAllConditions(
            () => scheduled.Status.ShouldBe(ConditionStatus.False),
            () => scheduled.Reason.ShouldBe(EventReasons.EmergencyReclaimDisabledSchedule),
            () => scheduled.Message.ShouldBe("Its owner wants it back (process-match: java). It stays switched off until somebody sets spec.schedule.enabled to true again."));
    }

    [Theory]
    [InlineData("True")]
    [InlineData("false")]
    [InlineData("true ")]
    [InlineData("")]
    public void Nothing_but_true_is_a_request(string value) =>
        Running().Reclaimed(value).Decide(Noon).Steps.ShouldBeEmpty();

    [Fact]
    public void The_kill_switch_comes_before_it_and_the_schedule_after_it()
    {
        Running().WithSpec(""","killSwitch":true""").Reclaimed().Decide(Noon).Status.Phase.ShouldBe(MachinePhase.Terminated);
        Running().WithSpec(""","enabled":false""").Reclaimed().Decide(Noon).Status.Phase.ShouldBe(MachinePhase.EmergencyRemove);
        Running().WithSpec(schedule: """{"daysOfWeek":["someday"]}""").Reclaimed().Decide(Noon).Status.Phase
            .ShouldBe(MachinePhase.EmergencyRemove, "a spec that breaks a rule is in nobody's way");
    }

    [Fact]
    public void A_deleted_ScheduledMachine_whose_owner_waits_goes_without_evictions()
    {
        var done = new List<Step>();
        _ = Running().Deleted(Noon).Reclaimed().Reconcile(Noon, done);

        done.Select(step => step.GetType().Name).ShouldBe(["Cordon", "DeletePods", "ExcludeDrain", "DeleteMachine"]);
    }

    [Theory]
    [InlineData("", 60)]
    [InlineData(""","nodeDrainTimeout":"10s" """, 10)]
    public void A_pod_that_stays_keeps_the_machine_for_a_minute_or_its_own_timeout(string spec, int seconds)
    {
        var world = Running(spec) with { Blocked = ["web-1"] };
        world = world.Reclaimed().Reconcile(Noon);

        world.CapiMachine!.IsBeingDeleted.ShouldBeFalse();
        world.Decide(Noon).WakeAt.ShouldBe(Noon.AddSeconds(seconds));
        world.Decide(Noon.AddSeconds(seconds).AddTicks(-1)).Steps.ShouldBeEmpty();
        var delete = world.Decide(Noon.AddSeconds(seconds)).Steps[^1].ShouldBeOfType<Step.DeleteMachine>();
        delete.EmergencyDrain.ShouldBe((TimeSpan.FromSeconds(seconds), false));
    }

    [Fact]
    public void While_switching_off_fails_the_Node_is_drained_and_nothing_is_deleted_but_Pods()
    {
        var world = Running().Reclaimed();
        world.Decide(Noon).Steps.Select(static step => step.Name).ShouldBe(["Announce", "SwitchOff"]);
        Decision.Decide(world.Observe() with { FailedSteps = Failed(attempt: 1, needsChange: false), ReclaimAnnounced = true }, Noon, new DecisionOptions())
            .Steps.Single().ShouldBeOfType<Step.Cordon>();

        var cordoned = world.Do(new Step.Cordon(world.Node!), Noon);
        var failing = cordoned.Observe() with { FailedSteps = Failed(attempt: 2, needsChange: false), ReclaimAnnounced = true };
        Decision.Decide(failing, Noon, new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.DeletePods>();
        var drained = failing with { Pods = failing.Pods! with { Left = 0, DueForDeletion = [] } };
        Decision.Decide(drained, Noon, new DecisionOptions()).Steps.ShouldBeEmpty("it is switched off before anything is deleted");
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(3, false)]
    public void Refused_for_good_the_switch_keeps_nobody_from_their_machine_and_the_request_stays_on_the_Node(int attempt, bool needsChange)
    {
        var world = Running().Reclaimed();
        world = world.Do(new Step.Cordon(world.Node!), Noon) with { Pods = [] };
        var seen = world.Observe() with { FailedSteps = Failed(attempt, needsChange) };
        var plan = Decision.Decide(seen, Noon, new DecisionOptions());

        plan.Steps.Select(static step => step.Name).ShouldBe(["ExcludeDrain", "DeleteMachine"]);
        Events(world, plan).ShouldContain(EventReasons.EmergencyReclaim);
        plan.Status.Message!.ShouldContain("Its owner wants it back");
        var deleting = world.Do(plan.Steps[^1], Noon);
        Decision.Decide(deleting.Observe() with { FailedSteps = seen.FailedSteps }, Noon, new DecisionOptions())
            .Steps.ShouldNotContain(static step => step is Step.ClearRequest);
        Decision.Decide(deleting.Observe() with { FailedSteps = seen.FailedSteps }, Noon.AddSeconds(2), new DecisionOptions())
            .Steps[^1].ShouldBeOfType<Step.SwitchOff>("it is tried again, when nothing waits for it any more");
    }

    private static System.Collections.Immutable.ImmutableDictionary<string, StepFailure> Failed(int attempt, bool needsChange) =>
        System.Collections.Immutable.ImmutableDictionary<string, StepFailure>.Empty.Add(
            "SwitchOff", new StepFailure("Refused", "Forbidden by policy.", needsChange, attempt) { Since = Noon, NotBefore = Noon.AddSeconds(1) });

    [Fact]
    public void An_agent_that_can_not_be_taken_away_does_not_keep_the_request_on_the_Node()
    {
        var ejected = Running("""
            ,"killIfCommands":["java"]
            """).Reclaimed().Reconcile(Noon);
        var seen = ejected.Reclaimed().Observe() with
        {
            AgentConfig = new ReclaimConfigView(IsKnown: true, new ReclaimConfig { Metadata = new() }),
            Agent = new CallState(IsUnderWay: false, 1, Noon.AddSeconds(1), "Forbidden."),
        };

        Decision.Decide(seen, Noon, new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.ClearRequest>();
        Decision.Decide(seen with { Agent = new CallState(IsUnderWay: true) }, Noon, new DecisionOptions()).Steps.ShouldBeEmpty();
        Decision.Decide(seen with { AgentConfig = new ReclaimConfigView(IsKnown: false) }, Noon, new DecisionOptions()).Steps.ShouldBeEmpty("there may be an agent");
        Decision.Decide(seen with { AgentConfig = new ReclaimConfigView(IsKnown: false, Trouble: "Forbidden.") }, Noon, new DecisionOptions()).Steps
            .Single().ShouldBeOfType<Step.ClearRequest>();
    }

    [Theory]
    [InlineData("""
        ,"killIfCommands":["java"]
        """)]
    [InlineData("")]
    public void Whoever_gets_the_Node_next_has_the_say_over_its_agent(string spec)
    {
        // The other machine went while no controller ran: its label and its ConfigMap are still there.
        var world = Running(spec);
        world = world with
        {
            Node = world.Node! with { Metadata = world.Node.Metadata with { Labels = new Dictionary<string, string> { [WellKnown.ReclaimAgentLabel] = "enabled" } } },
            AgentConfig = new ReclaimConfig
            {
                Toml = ReclaimToml.Of(["java"]),
                Metadata = new ObjectMetadata
                {
                    Labels = new Dictionary<string, string> { [WellKnown.ScheduledMachineLabel] = "pc-2" },
                    OwnerReferences = [new OwnerReference("v1", "Node", "node-1", "node-uid", false, false)],
                },
            },
        };

        var setUp = world.Decide(Noon).Steps.Single().ShouldBeOfType<Step.SetUpAgent>().Setup;
        setUp.Toml.ShouldBe(spec.Length == 0 ? null : ReclaimToml.Of(["java"]));
        world.Reconcile(Noon).Decide(Noon).Steps.ShouldBeEmpty();
    }

    [Fact]
    public void An_agent_is_told_anew_when_its_Node_is_another_one_of_that_name()
    {
        var world = Running("""
            ,"killIfCommands":["java"]
            """);
        world.Decide(Noon).Steps.ShouldBeEmpty();
        world = world with { Node = world.Node! with { Metadata = world.Node.Metadata with { Uid = "another" } } };

        world.Decide(Noon).Steps.Single().ShouldBeOfType<Step.SetUpAgent>();
    }

    [Fact]
    public void Switched_on_again_it_forgets_why_it_was_off_and_remembers_when()
    {
        var off = Running().Reclaimed().Reconcile(Noon).MachineGoes().Reconcile(Noon);
        ReclaimNote.Of(off.Machine).Reason.ShouldBe("process-match: java");

        var on = off.WithSpec().Reconcile(Noon.AddMinutes(1));
        on.CapiMachine.ShouldNotBeNull();
        ReclaimNote.Of(on.Machine).Reason.ShouldBeNull();
        ReclaimNote.Of(on.Machine).Times.ShouldBe([Noon]);
    }

    [Fact]
    public void Switched_on_while_it_is_ejected_it_is_switched_off_again_and_counted_once()
    {
        var world = (Running() with { Blocked = ["web-1"] }).Reclaimed().Reconcile(Noon);
        world = world.WithSpec().Reconcile(Noon.AddSeconds(5));

        world.Machine.IsSwitchedOff.ShouldBeTrue();
        ReclaimNote.Of(world.Machine).Times.ShouldBe([Noon]);
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("2027-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    public void A_time_that_somebody_else_noted_keeps_no_owner_waiting(string time)
    {
        var world = (Running() with { Blocked = ["web-1"] }).Reclaimed().Reconcile(Noon);
        world.CapiMachine!.IsBeingDeleted.ShouldBeFalse("the drain has a minute");

        world = world.Annotated(WellKnown.ReclaimsAnnotation, time).Reconcile(Noon.AddSeconds(1));
        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    [Fact]
    public void A_clock_that_was_a_little_ahead_when_it_noted_the_time_takes_no_minute_away()
    {
        var world = (Running() with { Blocked = ["web-1"] }).Reclaimed().Reconcile(Noon).Annotated(WellKnown.ReclaimsAnnotation, "2026-01-05T12:00:30Z");
        world.Reconcile(Noon.AddSeconds(1)).CapiMachine!.IsBeingDeleted.ShouldBeFalse();
        world.Reconcile(Noon.AddSeconds(90)).CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    private static World Running(string extraSpec = "") => World.New(extraSpec).Reconcile(Opening).Joins().Reconcile(Opening);

    private static IEnumerable<string> Events(World world, Plan plan) =>
        Transitions.Between(world.Machine.Status, plan.Status).Select(e => e.Reason);
}
