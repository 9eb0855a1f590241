// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Contract, section 2: what a pause holds, what it does not, and how it ends.</summary>
public sealed class PauseDecisionTests
{
    private static readonly DateTimeOffset Night = World.At("03:00:00");
    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");
    private static readonly DateTimeOffset Closing = World.At("18:00:00");

    [Fact]
    public void Nothing_is_made_while_it_is_paused_and_what_would_be_is_told()
    {
        var done = new List<Step>();
        var world = Paused(World.New()).Reconcile(Night, done);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Inactive);
        world.Machine.Status.Message.ShouldBe("Paused by Cluster office: would be brought up to date now.");
        world.Decide(Night).WakeAt.ShouldBe(Opening);

        world = world.Reconcile(Opening, done);
        done.ShouldBeEmpty();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Pending);
        world.Machine.Status.Message.ShouldBe("Paused by Cluster office: would open now.");
        Condition(world, ConditionTypes.Paused).ShouldBe((ConditionStatus.True, "Paused", "Paused by Cluster office."));
        world.Decide(Opening).WakeAt.ShouldBe(Closing);
        world.Decide(Opening).RetryLater.ShouldBeFalse();

        world = Unpaused(world).Reconcile(Noon);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
        Condition(world, ConditionTypes.Paused).ShouldBe((ConditionStatus.False, "NotPaused", "The pause is over."));
    }

    [Fact]
    public void The_annotation_on_the_ScheduledMachine_or_on_its_Machine_pauses_it_whatever_its_value()
    {
        var world = Running();
        var annotated = world with { Machine = world.Machine with { Metadata = Annotated(world.Machine.Metadata, WellKnown.PausedAnnotation) } };
        var done = new List<Step>();
        annotated.Reconcile(Closing, done).Machine.Status.Message.ShouldBe("Paused by annotation cluster.x-k8s.io/paused of the ScheduledMachine: would close now.");

        annotated = world with { CapiMachine = world.CapiMachine! with { Metadata = Annotated(world.CapiMachine.Metadata, WellKnown.PausedAnnotation) } };
        annotated.Reconcile(Closing, done).Machine.Status.Message.ShouldBe("Paused by annotation cluster.x-k8s.io/paused of the Machine: would close now.");
        done.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(""","killSwitch":true""", MachinePhase.Terminated, "would be deleted now")]
    [InlineData(""","enabled":false""", MachinePhase.ShuttingDown, "would close now")]
    [InlineData(""","nodeTaints":[{"key":"a","effect":"NoSchedule"}]""", MachinePhase.Active, "would be brought up to date now")]
    public void A_pause_comes_before_all_that_a_person_may_want(string extraSpec, string phase, string would)
    {
        var done = new List<Step>();
        var world = Paused(Running().WithSpec(extraSpec)).Reconcile(Noon, done);
        done.ShouldBeEmpty();
        world.Machine.Status.Phase.ShouldBe(phase);
        world.Machine.Status.Message.ShouldBe($"Paused by Cluster office: {would}.");
    }

    [Fact]
    public void A_deletion_waits_for_the_end_of_the_pause_and_its_times_run_from_there()
    {
        var done = new List<Step>();
        var world = Paused(Running()).Deleted(Noon).Reconcile(Noon, done);
        world.Machine.Status.Message.ShouldBe("Paused by Cluster office: would close now.");
        world = world.Reconcile(Noon.AddHours(1), done);
        done.ShouldBeEmpty();
        Condition(world, ConditionTypes.Ready).Reason.ShouldNotBe(EventReasons.FinalizerCleanupTimedOut);

        world = (Unpaused(world) with { Blocked = ["web-1"] }).Reconcile(Noon.AddHours(1), done);
        done.OfType<Step.Evict>().ShouldHaveSingleItem();
        world.Reconcile(Noon.AddHours(1).AddMinutes(5).AddTicks(-1)).CapiMachine!.IsBeingDeleted.ShouldBeFalse("it has its time to drain");
        world = world.Reconcile(Noon.AddHours(1).AddMinutes(5));
        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
        Condition(world.Reconcile(Noon.AddHours(1).AddMinutes(10).AddTicks(-1)), ConditionTypes.Ready).Reason.ShouldNotBe(EventReasons.FinalizerCleanupTimedOut);
        Condition(world.Reconcile(Noon.AddHours(1).AddMinutes(10)), ConditionTypes.Ready).Reason.ShouldBe(EventReasons.FinalizerCleanupTimedOut);
    }

    [Fact]
    public void Not_even_by_force_is_the_finalizer_taken_off_while_it_is_paused()
    {
        var done = new List<Step>();
        Paused(Running()).Deleted(Noon).Reconcile(Noon.AddHours(1), done, new DecisionOptions { ForceFinalizerOnTimeout = true });
        done.ShouldBeEmpty();
    }

    [Fact]
    public void A_window_that_closed_meanwhile_has_its_grace_and_its_drain_after_the_pause()
    {
        var world = Paused(Running()).Reconcile(Closing).Reconcile(Closing.AddHours(1));
        var status = world.Machine.Status;
        status.Phase.ShouldBe(MachinePhase.ShuttingDown);
        status.NextCleanup.ShouldBeNull("nobody knows");
        StatusText(world.Reconcile(Closing.AddHours(2)).Machine.Status).ShouldBe(StatusText(status), "nothing is written while nothing changes");

        var done = new List<Step>();
        world = Unpaused(world).Reconcile(Closing.AddHours(2), done);
        done.ShouldContain(static step => step is Step.Cordon);
        world.Machine.Status.NextCleanup.ShouldBe(Closing.AddHours(2).AddMinutes(10));
        world = world.Reconcile(Closing.AddHours(2).AddMinutes(5).AddTicks(-1), done = []);
        done.ShouldBeEmpty();
        world.Reconcile(Closing.AddHours(2).AddMinutes(5), done);
        done.OfType<Step.Evict>().ShouldHaveSingleItem();
    }

    [Fact]
    public void An_owner_who_wants_it_back_does_not_wait_for_the_end_of_the_pause_but_the_Machine_does()
    {
        var done = new List<Step>();
        var world = Paused(Running()).Reclaimed().Reconcile(Noon, done);
        done.Select(static step => step.GetType().Name).ShouldBe(["Announce", "SwitchOff", "Cordon", "DeletePods"]);
        world.Machine.IsSwitchedOff.ShouldBeTrue();
        world.Pods.ShouldBeEmpty();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.EmergencyRemove);
        world.Machine.Status.Message!.ShouldStartWith("Paused by Cluster office: would be deleted now. Its owner wants it back (process-match: java).");

        world = Unpaused(world).Reconcile(Noon.AddHours(1), done = []);
        done.ShouldContain(static step => step is Step.DeleteMachine);
        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    [Fact]
    public void What_Cluster_API_is_waited_for_is_touched_once_when_the_pause_ends()
    {
        var done = new List<Step>();
        var world = Paused(World.New().Reconcile(Opening)).Reconcile(Noon);
        world = Unpaused(world).Reconcile(Noon.AddMinutes(1), done);
        done.OfType<Step.TouchMachine>().ShouldHaveSingleItem();
        world.Reconcile(Noon.AddMinutes(2), done = []);
        done.ShouldBeEmpty();

        Unpaused(Paused(Running()).Reconcile(Noon)).Reconcile(Noon.AddMinutes(1), done);
        done.ShouldBeEmpty("what works is left alone");
    }

    [Fact]
    public void A_touch_that_fails_is_tried_again_in_its_time_also_when_the_end_of_the_pause_is_reported()
    {
        var world = Unpaused(Paused(World.New().Reconcile(Opening)).Reconcile(Noon));
        var failed = System.Collections.Immutable.ImmutableDictionary<string, StepFailure>.Empty.Add(
            nameof(Step.TouchMachine), new StepFailure("Retrying", "No.", NeedsChange: false, Attempt: 1) { Since = Noon, NotBefore = Noon.AddSeconds(3) });
        var plan = Decision.Decide(world.Observe() with { FailedSteps = failed }, Noon, new DecisionOptions());
        plan.Steps.ShouldBeEmpty();
        plan.WakeAt.ShouldBe(Noon.AddSeconds(3));

        var reported = world with { Machine = world.Machine with { Status = plan.Status } };
        Decision.Decide(reported.Observe() with { FailedSteps = failed }, Noon.AddSeconds(3), new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.TouchMachine>();
        reported.Decide(Noon.AddSeconds(3)).Steps.ShouldBeEmpty("it succeeded");
    }

    [Fact]
    public void What_clusterctl_is_about_to_delete_is_not_made_again_though_its_Cluster_and_its_Machine_are_gone()
    {
        var world = World.New();
        world = world with { CapiCluster = null, Machine = world.Machine with { Metadata = Annotated(world.Machine.Metadata, WellKnown.DeleteForMoveAnnotation) } };
        var done = new List<Step>();
        world.Reconcile(Noon, done).Machine.Status.Message.ShouldStartWith("Paused by clusterctl move, which has made it elsewhere.");
        done.ShouldBeEmpty();
    }

    private static World Running() => World.New().Reconcile(Opening).Joins().Reconcile(Opening.AddMinutes(1));

    private static ObjectMetadata Annotated(ObjectMetadata metadata, string key) =>
        metadata with { Annotations = new Dictionary<string, string>(metadata.Annotations) { [key] = "" } };

    private static (string Status, string Reason, string Message) Condition(World world, string type)
    {
        var condition = world.Machine.Status.Conditions.Single(condition => condition.Type == type);
        return (condition.Status, condition.Reason, condition.Message);
    }

    private static string StatusText(ScheduledMachineStatus status) =>
        System.Text.Json.JsonSerializer.Serialize(status, ApiJsonContext.Default.ScheduledMachineStatus);

    private static World Paused(World world) => world with { CapiCluster = World.Office with { IsPaused = true } };

    private static World Unpaused(World world) => world with { CapiCluster = World.Office };
}
