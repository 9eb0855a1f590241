// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>The phase table of the contract's section 4, row by row, and its paragraphs.</summary>
public sealed class DecisionTests
{
    private static readonly DateTimeOffset Night = World.At("03:00:00");
    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");
    private static readonly DateTimeOffset Closing = World.At("18:00:00");

    [Fact]
    public void Outside_its_window_it_is_inactive_and_nothing_is_done_but_to_put_the_finalizer_there()
    {
        var plan = World.New().Decide(Night);

        plan.Steps.ShouldBe([new Step.AddFinalizer()]);
        World.New().Reconcile(Night).Decide(Night).Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Inactive);
        plan.Status.InSchedule.ShouldBeFalse();
        plan.Status.Message.ShouldBe("Outside its window; opens Mon 2026-01-05 09:00 UTC.");
        plan.Status.NextTransitionTime.ShouldBe(Opening);
        plan.Status.NextActivation.ShouldBe(Opening);
        plan.WakeAt.ShouldBe(Opening);
    }

    [Fact]
    public void When_the_window_opens_its_objects_are_made_in_order()
    {
        var plan = World.New().Decide(Opening);

        plan.Status.Phase.ShouldBe(MachinePhase.Pending);
        plan.Steps.ShouldBe(
        [
            new Step.AddFinalizer(),
            new Step.CreateProviderObject(ProviderRole.Bootstrap),
            new Step.CreateProviderObject(ProviderRole.Infrastructure),
            new Step.CreateMachine(),
        ]);
    }

    [Fact]
    public void One_tick_before_the_window_opens_nothing_is_made() =>
        World.New().Reconcile(Night).Decide(Opening.AddTicks(-1)).Steps.ShouldBeEmpty();

    [Fact]
    public void With_its_objects_made_it_is_active_and_ready_once_Cluster_API_says_so()
    {
        var world = World.New().Reconcile(Opening);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
        world.Machine.Status.Ready.ShouldBeFalse();
        world.Machine.Status.MachineRef!.Name.ShouldBe("pc-1");
        world.Machine.Status.LastScheduledTime.ShouldBe(Opening);

        world = world.Joins().Reconcile(Noon);
        world.Machine.Status.Ready.ShouldBeTrue();
        world.Machine.Status.NodeRef!.Name.ShouldBe("node-1");
        world.Machine.Status.NodeRef.Uid.ShouldBe("node-uid");
        world.Machine.Status.ProviderID.ShouldBe("remote://1");
        world.Machine.Status.NextTransitionTime.ShouldBe(Closing);
        world.Machine.Status.NextCleanup.ShouldBe(Closing.AddMinutes(10));
        world.Machine.Status.Message.ShouldBe("In its window; closes Mon 2026-01-05 18:00 UTC; Node node-1 is ready.");
    }

    [Fact]
    public void When_the_window_closes_the_Node_is_cordoned_and_the_grace_period_runs_then_it_is_drained_and_the_Machine_deleted()
    {
        var world = Running();

        var plan = world.Decide(Closing);
        plan.Steps.ShouldBe([new Step.Cordon(world.Node!)]);
        plan.Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
        plan.Status.NextCleanup.ShouldBe(Closing.AddMinutes(10));
        plan.WakeAt.ShouldBe(Closing.AddMinutes(5));
        plan.WatchesPods.ShouldBeFalse("a Node that is not cordoned yet may get more of them");

        world = world.Reconcile(Closing);
        world.Decide(Closing.AddMinutes(5).AddTicks(-1)).Steps.ShouldBeEmpty();
        world.Decide(Closing).WatchesPods.ShouldBeTrue();
        var draining = world.Decide(Closing.AddMinutes(5));
        draining.Steps.Single().ShouldBeOfType<Step.Evict>().Pods.Single().Metadata.Name.ShouldBe("web-1");
        draining.WakeAt.ShouldBe(Closing.AddMinutes(10));
        draining.Status.NextCleanup.ShouldBe(Closing.AddMinutes(10));
        Events(world, draining).ShouldBe([EventReasons.NodeDraining]);

        world = world.Reconcile(Closing.AddMinutes(5));
        world.Decide(Closing.AddMinutes(6)).Steps.ShouldBeEmpty("a Pod is gone when it is gone, not when its eviction was accepted");
        world = world.PodsEnd();
        world.Decide(Closing.AddMinutes(6)).Steps.ShouldBe(
        [
            new Step.ExcludeDrain(andVolumes: false, DrainResult.Drained("Node node-1 is drained: nothing that could be evicted is left.")),
            new Step.DeleteMachine(world.CapiMachine!.Uid),
        ]);
        var reconciled = world.Reconcile(Closing.AddMinutes(6));
        Transitions.Between(world.Machine.Status, reconciled.Machine.Status).Select(e => e.Reason).ShouldBe([EventReasons.NodeDrained]);
        reconciled.Machine.Status.Message.ShouldBe("Window closed. Node node-1 is drained: nothing that could be evicted is left. Waiting for Cluster API to delete the Machine.");
    }

    [Fact]
    public void The_grace_period_ends_early_when_nothing_that_could_be_evicted_is_left()
    {
        var world = Running().Reconcile(Closing);
        world = world with
        {
            Pods =
            [
                World.PodNamed("agent") with { Metadata = World.PodNamed("agent").Metadata with { OwnerReferences = [new OwnerReference("apps/v1", "DaemonSet", "agent", "u", true, true)] } },
                World.PodNamed("etcd") with { Metadata = World.PodNamed("etcd").Metadata with { Annotations = new Dictionary<string, string> { [Pod.MirrorAnnotation] = "x" } } },
                World.PodNamed("job") with { IsFinished = true },
            ],
        };

        world.Decide(Closing.AddSeconds(1)).Steps[^1].ShouldBe(new Step.DeleteMachine(world.CapiMachine!.Uid));
        (world with { Pods = [World.PodNamed("alone")] }).Decide(Closing.AddSeconds(1)).Steps.ShouldBeEmpty();
    }

    [Fact]
    public void At_the_drain_timeout_the_machine_goes_all_the_same_and_the_event_names_what_was_left()
    {
        var world = Running() with { Pods = [World.PodNamed("web-1"), World.PodNamed("web-2")], Blocked = ["web-1"] };
        world = world.Reconcile(Closing).Reconcile(Closing.AddMinutes(5)).PodsEnd();
        world.Decide(Closing.AddMinutes(10).AddTicks(-1)).Steps.ShouldBeEmpty();

        var before = world.Machine.Status;
        world = world.Reconcile(Closing.AddMinutes(10));

        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
        DrainExclusion.IsComplete(world.CapiMachine, andVolumes: false).ShouldBeTrue("Cluster API is not to drain a second time");
        DrainExclusion.IsComplete(world.CapiMachine, andVolumes: true).ShouldBeTrue("Pods that stay keep their volumes");
        var failed = Transitions.Between(before, world.Machine.Status).Single(e => e.Reason == EventReasons.NodeDrainFailed);
        failed.IsWarning.ShouldBeTrue();
        failed.Note.ShouldContain("1 pod was left: team/web-1 blocked by budget web.");
    }

    [Theory]
    [InlineData(NodeState.Unknown, 10)]
    [InlineData(NodeState.Missing, 10)]
    [InlineData(NodeState.Mismatch, 5)]
    [InlineData(NodeState.Deleted, 0)]
    public void A_Node_that_cannot_be_drained_keeps_no_machine_longer_than_its_time(NodeState state, int minutes)
    {
        var seen = Running().Reconcile(Closing).Observe() with { Node = new NodeObservation(state, null, "Another one."), Pods = null };
        var at = Closing.AddMinutes(minutes);

        if (minutes > 0)
        {
            Decision.Decide(seen, at.AddTicks(-1), new DecisionOptions()).Steps.ShouldBeEmpty();
        }

        var steps = Decision.Decide(seen, at, new DecisionOptions()).Steps;
        steps.Length.ShouldBe(2);
        steps[0].ShouldBeOfType<Step.ExcludeDrain>().Result!.Reason
            .ShouldBe(state is NodeState.Deleted ? EventReasons.NodeDrained : EventReasons.NodeDrainFailed);
    }

    [Fact]
    public void A_Node_that_cannot_be_cordoned_is_not_drained_and_goes_in_time_and_the_message_says_why()
    {
        var seen = Running().Observe() with { Cordon = new CallState(IsUnderWay: false, 3, Closing.AddSeconds(8), "Forbidden.") };

        var waiting = Decision.Decide(seen, Closing.AddSeconds(7), new DecisionOptions());
        waiting.Steps.ShouldBeEmpty();
        waiting.WakeAt.ShouldBe(Closing.AddSeconds(8));
        waiting.Status.Message!.ShouldContain("The Node can't be cordoned: Forbidden.");
        Decision.Decide(seen, Closing.AddSeconds(8), new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.Cordon>();
        Decision.Decide(seen, Closing.AddMinutes(6), new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.Cordon>();
        var reported = Decision.Decide(seen, Closing, new DecisionOptions()).Status;
        var gone = Decision.Decide(seen with { Machine = seen.Machine with { Status = reported } }, Closing.AddMinutes(10), new DecisionOptions());
        gone.Steps[0].ShouldBeOfType<Step.ExcludeDrain>().Result!.Message.ShouldContain("Forbidden.");
    }

    [Fact]
    public void A_drain_goes_on_when_its_timeout_is_raised_while_the_Machine_is_there()
    {
        // Killed between noting that the drain failed and the deletion; then somebody gives it more time.
        var world = Running().Reconcile(Closing).Reconcile(Closing.AddMinutes(5));
        world = world.Do(new Step.ExcludeDrain(andVolumes: false, DrainResult.Failed("No.")), Closing.AddMinutes(10));

        world.WithSpec(""", "nodeDrainTimeout":"1h" """).Decide(Closing.AddMinutes(11)).Steps
            .ShouldBe([new Step.SetDeletionTimeouts(new(TimeSpan.FromHours(1), TimeSpan.FromHours(1), TimeSpan.FromSeconds(10))), new Step.IncludeDrain()]);
    }

    [Fact]
    public void It_is_inactive_only_when_all_three_objects_are_gone()
    {
        var world = Drained();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.ShuttingDown);

        world = world.MachineGoes(withItsObjects: false);
        var plan = world.Decide(Closing.AddMinutes(6));
        plan.Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
        plan.Steps[0].ShouldBe(new Step.ConfirmMachineAbsent());
        plan.Steps.Length.ShouldBe(3);

        world = world.Reconcile(Closing.AddMinutes(6));
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Inactive);
        world.Machine.Status.MachineRef.ShouldBeNull();
        world.Machine.Status.BootstrapRef.ShouldBeNull();
        world.Machine.Status.InfrastructureRef.ShouldBeNull();
        world.Machine.Status.NodeRef.ShouldBeNull();
    }

    [Fact]
    public void A_Machine_whose_Node_never_joined_is_deleted_at_once()
    {
        var world = World.New().Reconcile(Opening);

        world.Decide(Closing).Steps.ShouldBe([new Step.DeleteMachine(world.CapiMachine!.Uid)]);
    }

    [Fact]
    public void A_shutdown_is_called_off_when_it_is_wanted_again()
    {
        var world = Running().Reconcile(Closing);
        world.Node!.Unschedulable.ShouldBeTrue();

        var before = world.Machine.Status;
        world = world.WithSpec(schedule: """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-20"]}""").Reconcile(Closing.AddMinutes(2));

        world.Node!.Unschedulable.ShouldBeFalse();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
        Transitions.Between(before, world.Machine.Status).Select(e => e.Reason)
            .ShouldBe([EventReasons.ScheduleActive, EventReasons.ShutdownCancelled]);
    }

    [Fact]
    public void A_persons_cordon_is_neither_repeated_nor_lifted()
    {
        var world = Running();
        world = world with { Node = world.Node! with { Unschedulable = true } };

        world.Decide(Closing).Steps.ShouldBeEmpty();
        world.Reconcile(Closing).Decide(Noon).Steps.ShouldBeEmpty();
    }

    [Fact]
    public void The_grace_period_starts_afresh_for_a_Machine_that_no_report_has_seen()
    {
        // The controller died after creating the Machine, before it could report: the last report is from yesterday.
        var asleep = World.New().Reconcile(Night);
        var world = asleep.Reconcile(Opening).Joins();
        world = world with { Machine = world.Machine with { Status = asleep.Machine.Status } };

        var plan = world.Reconcile(Closing.AddHours(1)).Decide(Closing.AddHours(1).AddMinutes(4));

        plan.Steps.ShouldBeEmpty();
        plan.WakeAt.ShouldBe(Closing.AddHours(1).AddMinutes(5));
    }

    [Theory]
    [InlineData(""", "enabled":false""", "spec.enabled is false")]
    [InlineData("", "spec.schedule.enabled is false")]
    public void Switched_off_it_goes_as_at_a_closing_and_ends_disabled(string extra, string why)
    {
        var schedule = extra.Length > 0
            ? """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}"""
            : """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"enabled":false}""";
        var world = Running().WithSpec(extra, schedule).Reconcile(Noon);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
        world.Node!.Unschedulable.ShouldBeTrue();

        world = world.Reconcile(Noon.AddMinutes(10)).MachineGoes().Reconcile(Noon.AddMinutes(11));
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Disabled);
        world.Machine.Status.Message!.ShouldContain(why);
        world.Machine.Status.InSchedule.ShouldBeTrue();
    }

    [Fact]
    public void The_kill_switch_takes_it_away_at_once_without_grace_or_drain()
    {
        var world = Running().WithSpec(""", "killSwitch":true""");

        var plan = world.Decide(Noon);
        plan.Status.Phase.ShouldBe(MachinePhase.Terminated);
        plan.Steps.ShouldBe([new Step.ExcludeDrain(andVolumes: true, result: null), new Step.DeleteMachine(world.CapiMachine!.Uid)]);

        world = world.Reconcile(Noon).MachineGoes().Reconcile(Noon);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Terminated);
        world.Machine.Status.MachineRef.ShouldBeNull();
        world.WithSpec().Decide(Noon).Steps.ShouldContain(new Step.CreateMachine());
    }

    [Fact]
    public void The_kill_switch_ends_Cluster_APIs_own_drain_of_a_Machine_that_goes_already()
    {
        var world = Drained().WithSpec(""", "killSwitch":true""");

        world.Decide(Closing.AddMinutes(5)).Steps.ShouldBe([new Step.ExcludeDrain(andVolumes: true, result: null)]);
    }

    [Fact]
    public void A_drain_exclusion_that_we_put_is_taken_back_when_the_machine_stays()
    {
        // Killed between the annotation and the deletion; then the kill switch is taken back.
        var world = Running();
        world = world.Do(new Step.ExcludeDrain(andVolumes: true, result: null), Noon);

        world.Decide(Noon).Steps.ShouldBe([new Step.IncludeDrain()]);
    }

    [Fact]
    public void A_deleted_ScheduledMachine_has_no_grace_period_and_goes_when_its_machine_is_gone()
    {
        var world = Running().Deleted(Noon);
        var done = new List<Step>();

        world = world.Reconcile(Noon, done);
        done.Select(step => step.GetType()).ShouldBe([typeof(Step.Cordon), typeof(Step.Evict)]);
        world.Machine.HasFinalizer.ShouldBeTrue();

        world = world.PodsEnd().Reconcile(Noon, done);
        done.Select(step => step.GetType()).ShouldBe([typeof(Step.Cordon), typeof(Step.Evict), typeof(Step.ExcludeDrain), typeof(Step.DeleteMachine)]);

        world = world.MachineGoes().Reconcile(Noon);
        world.Machine.HasFinalizer.ShouldBeFalse();
    }

    [Fact]
    public void A_cleanup_that_takes_more_than_ten_minutes_is_told_once_and_the_finalizer_stays()
    {
        var world = Running().Deleted(Noon).Reconcile(Noon).PodsEnd().Reconcile(Noon);
        world.Decide(Noon).WakeAt.ShouldBe(Noon.AddSeconds(600));
        var before = world.Machine.Status;

        world = world.Reconcile(Noon.AddSeconds(600));
        world.Machine.HasFinalizer.ShouldBeTrue();
        Transitions.Between(before, world.Machine.Status).ShouldContain(e => e.Reason == EventReasons.FinalizerCleanupTimedOut && e.IsWarning);
        Transitions.Between(world.Machine.Status, world.Decide(Noon.AddSeconds(700)).Status).ShouldBeEmpty();

        world.Reconcile(Noon.AddSeconds(600), options: new DecisionOptions { ForceFinalizerOnTimeout = true })
            .Machine.HasFinalizer.ShouldBeFalse();
    }

    [Fact]
    public void A_Machine_that_somebody_else_deletes_is_made_again_once_it_is_gone()
    {
        var world = Running();
        world = world.Do(new Step.DeleteMachine(world.CapiMachine!.Uid), Noon);
        world.Decide(Noon).Steps.ShouldBeEmpty();
        world.Decide(Noon).Status.Phase.ShouldBe(MachinePhase.Pending);

        var first = world.CapiMachine!.Uid;
        world = world.MachineGoes(withItsObjects: false).Reconcile(Noon);
        world.CapiMachine!.Uid.ShouldNotBe(first);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
        world.Made.ShouldBe(6, "the bootstrap config and the infrastructure machine served the first one, and are made anew");
    }

    [Fact]
    public void An_object_that_is_not_ours_is_never_touched()
    {
        var world = World.New();
        world = world with { Infrastructure = new PartialObject(new ObjectMetadata { Name = "pc-1", Namespace = "default", Uid = "theirs" }) };

        var plan = world.Decide(Noon);
        plan.Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Error);
        Condition(plan.Status, ConditionTypes.ReferencesValid).Reason.ShouldBe(EventReasons.NameConflict);
        plan.Status.InfrastructureRef.ShouldBeNull();
        plan.RetryLater.ShouldBeTrue();

        world.Decide(Night).Status.Phase.ShouldBe(MachinePhase.Inactive);
        world.WithSpec(""", "killSwitch":true""").Decide(Noon).Steps.ShouldBeEmpty();
        world.Deleted(Noon).Reconcile(Noon).Infrastructure.ShouldNotBeNull();
    }

    [Fact]
    public void A_Machine_with_our_label_and_no_controller_is_adopted()
    {
        var world = Running();
        world = world with { CapiMachine = world.CapiMachine! with { Metadata = world.CapiMachine.Metadata with { OwnerReferences = [] } } };

        world.Decide(Noon).Steps.ShouldBe([new Step.AdoptMachine()]);
    }

    [Theory]
    [InlineData("apps/v1", "ReplicaSet", "pc-1")]
    [InlineData("5spot.finos.org/v1alpha1", "ScheduledMachine", "pc-2")]
    public void A_Machine_with_another_controller_is_not(string apiVersion, string kind, string name)
    {
        var world = Running();
        world = world with
        {
            CapiMachine = world.CapiMachine! with
            {
                Metadata = world.CapiMachine.Metadata with { OwnerReferences = [new OwnerReference(apiVersion, kind, name, "other", true, true)] },
            },
        };

        var plan = world.Decide(Noon);
        plan.Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Error);
        world.Decide(Closing.AddHours(1)).Steps.OfType<Step.DeleteMachine>().ShouldBeEmpty();
    }

    [Fact]
    public void Cluster_APIs_drain_timeout_follows_ours_and_is_never_without_end()
    {
        var world = Running();

        world.WithSpec(""", "nodeDrainTimeout":"90s" """).Decide(Noon).Steps.ShouldBe([new Step.SetDeletionTimeouts(new(TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(10)))]);
        world.WithSpec(""", "nodeDrainTimeout":"0s" """).Decide(Noon).Steps.ShouldBe([new Step.SetDeletionTimeouts(new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)))]);
    }

    [Fact]
    public void A_change_of_the_templates_waits_for_the_next_opening_and_the_message_says_so()
    {
        var world = Running().WithSpec(""", "machineTemplate":{"labels":{"a":"b"}}""");

        var plan = world.Decide(Noon);
        plan.Steps.ShouldBeEmpty();
        plan.Status.Message!.ShouldEndWith("Changes of the templates take effect at its next opening.");
    }

    private const string OtherBootstrap = ""","bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"version":"v1.34.1+k0s.0"} }""";

    [Theory]
    [InlineData(""", "machineTemplate":{"version":"v1.34.1"}""", false)]
    [InlineData(OtherBootstrap, true)]
    public void A_bootstrap_config_that_no_Machine_ever_took_is_used_again_and_brought_up_to_its_template(string changed, bool isUpdated)
    {
        // The Machine was refused; meanwhile the spec was mended.
        var world = World.New().Do(new Step.AddFinalizer(), Opening).Do(new Step.CreateProviderObject(ProviderRole.Bootstrap), Opening);
        var first = world.Bootstrap!.Uid;
        List<Step> done = [];

        world = world.WithSpec(changed).Reconcile(Noon, done);
        world.Bootstrap!.Uid.ShouldBe(first);
        done.OfType<Step.UpdateProviderObject>().Any().ShouldBe(isUpdated);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
    }

    [Fact]
    public void Where_the_server_will_not_have_it_changed_it_is_made_anew_unless_it_could_never_go()
    {
        var world = World.New().Do(new Step.AddFinalizer(), Opening).Do(new Step.CreateProviderObject(ProviderRole.Bootstrap), Opening).WithSpec(OtherBootstrap);
        var refused = Failed("UpdateBootstrap", needsChange: true);
        var seen = world.Observe() with { FailedSteps = refused };

        Decision.Decide(seen, Noon, new DecisionOptions()).Steps.Select(step => step.Name).ShouldBe(["ConfirmMachineAbsent", "DeleteK0sWorkerConfig"]);
        var held = Held(world).Observe() with { FailedSteps = refused };
        var plan = Decision.Decide(held, Noon, new DecisionOptions());
        plan.Steps.ShouldBeEmpty();
        (plan.Status.Phase, plan.Status.Message).ShouldBe((MachinePhase.Error, "It was refused."));
    }

    [Fact]
    public void An_object_that_no_Machine_took_and_whose_provider_holds_it_stays_for_the_next_opening()
    {
        var world = World.New().Do(new Step.AddFinalizer(), Opening).Do(new Step.CreateProviderObject(ProviderRole.Bootstrap), Opening);

        world.Decide(Night).Steps.Select(step => step.Name).ShouldBe(["ConfirmMachineAbsent", "DeleteK0sWorkerConfig"]);
        var plan = Held(world).Decide(Night);
        plan.Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Inactive);
        plan.Status.Message!.ShouldEndWith(" K0sWorkerConfig stays for the next opening: its provider has put a finalizer on it, and would never let it go without a Machine.");
        Held(world).Deleted(Night).Decide(Night).Steps.Select(step => step.Name).ShouldBe(["ConfirmMachineAbsent", "DeleteK0sWorkerConfig"], "nobody is there to use it again");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Cluster_API_that_waits_for_longer_than_it_was_told_to_is_told_to_wait_for_nothing(bool isWanted)
    {
        // Its timeouts do not end its wait while it can't reach the workload cluster.
        var world = Running().Reconcile(Closing).Reconcile(Closing.AddMinutes(5)) with { Pods = [] };
        world = world.Reconcile(Closing.AddMinutes(5)).WithSpec(schedule: isWanted ? """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""" : """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}""");
        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
        var late = world.CapiMachine.Metadata.DeletionTimestamp!.Value + TimeSpan.FromMinutes(10);

        var waiting = world.Decide(late.AddTicks(-1));
        waiting.Steps.ShouldBeEmpty();
        waiting.WakeAt.ShouldBe(late);
        world.Decide(late).Steps.ShouldBe([new Step.ExcludeDrain(andVolumes: true, result: null)]);
        world.Reconcile(late).Decide(late.AddMinutes(1)).Steps.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_good_to_have_fails_by_itself_and_is_told()
    {
        var world = Running().WithSpec(""", "nodeDrainTimeout":"90s" """);
        var seen = world.Observe() with { FailedSteps = Failed("SetDeletionTimeouts", needsChange: true) };

        var open = Decision.Decide(seen, Noon, new DecisionOptions());
        open.Steps.ShouldBeEmpty();
        open.Status.Phase.ShouldBe(MachinePhase.Active);
        open.Status.Ready.ShouldBeTrue();
        open.Status.Message!.ShouldEndWith("Node node-1 is ready. Failed, and is tried again: It was refused.");
        (open.WakeAt, open.HasFailed).ShouldBe((Noon.AddSeconds(1), true));
        Decision.Decide(seen, Noon.AddSeconds(1), new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.SetDeletionTimeouts>();

        var closing = world.Observe() with { FailedSteps = Failed("SetDeletionTimeouts", needsChange: true, Closing) };
        Decision.Decide(closing, Closing, new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.Cordon>();
    }

    [Fact]
    public void Who_pulls_the_switch_of_a_machine_whose_ScheduledMachine_is_being_deleted_waits_for_no_drain()
    {
        var world = Running().Deleted(Noon).Reconcile(Noon);
        world.CapiMachine!.IsBeingDeleted.ShouldBeFalse();

        world.WithSpec(""", "killSwitch":true""").Deleted(Noon).Decide(Noon.AddMinutes(1)).Steps.Select(step => step.Name).ShouldBe(["ExcludeDrain", "DeleteMachine"]);
    }

    [Fact]
    public void What_a_Machine_may_point_at_is_not_deleted_for_long_on_an_old_answer()
    {
        var world = World.New().Do(new Step.AddFinalizer(), Opening).Do(new Step.CreateProviderObject(ProviderRole.Bootstrap), Opening);
        IEnumerable<string> Steps(DateTimeOffset since) => Decision.Decide(
            world.Observe() with { FailedSteps = Failed("DeleteK0sWorkerConfig", needsChange: false, since) }, Night.AddHours(1), new DecisionOptions()).Steps.Select(static step => step.Name);

        Steps(Night.AddMinutes(59)).ShouldBe(["DeleteK0sWorkerConfig"]);
        Steps(Night.AddMinutes(58)).ShouldBe(["ConfirmMachineAbsent", "DeleteK0sWorkerConfig"]);
    }

    [Fact]
    public void An_object_of_a_kind_that_is_no_longer_asked_for_is_reported_until_it_is_gone()
    {
        var world = World.New().Do(new Step.AddFinalizer(), Opening).Do(new Step.CreateProviderObject(ProviderRole.Bootstrap), Opening).Reconcile(Opening);
        var before = world.Machine.Status.BootstrapRef!;
        var seen = world.Observe() with { CapiMachine = null };
        var former = seen.Bootstrap!;
        var changed = seen with { Bootstrap = former with { Kind = "KubeadmConfig", Object = null }, Leftovers = [former] };

        Decision.Decide(changed, Noon, new DecisionOptions()).Status.BootstrapRef.ShouldBe(before);
        Decision.Decide(changed with { Leftovers = [former with { Object = null }] }, Noon, new DecisionOptions()).Status.BootstrapRef.ShouldBeNull();
    }

    [Fact]
    public void A_machine_that_is_there_goes_on_without_its_finalizer()
    {
        var world = Running().WithSpec(""", "nodeDrainTimeout":"90s" """);
        world = world with { Machine = world.Machine with { Metadata = world.Machine.Metadata with { Finalizers = [] } } };
        var plan = Decision.Decide(world.Observe() with { FailedSteps = Failed("AddFinalizer", needsChange: true) }, Noon, new DecisionOptions());
        plan.Steps.Single().ShouldBeOfType<Step.SetDeletionTimeouts>();
        plan.Status.Phase.ShouldBe(MachinePhase.Error);
    }

    private static World Held(World world) => world with { Bootstrap = new(world.Bootstrap!.Metadata with { Finalizers = ["k0smotron.io/finalizer"] }) };

    private static System.Collections.Immutable.ImmutableDictionary<string, StepFailure> Failed(string step, bool needsChange, DateTimeOffset? at = null) =>
        System.Collections.Immutable.ImmutableDictionary<string, StepFailure>.Empty.Add(
            step, new StepFailure("Refused", "It was refused.", needsChange, Attempt: 1) { Since = at ?? Noon, NotBefore = (at ?? Noon).AddSeconds(1) });

    [Fact]
    public void A_kind_that_the_server_does_not_know_is_an_error_that_names_it()
    {
        var plan = (World.New() with { KindsServed = false }).Decide(Noon);

        plan.Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Error);
        plan.Status.Message!.ShouldContain("no namespaced kind K0sWorkerConfig in bootstrap.cluster.x-k8s.io/v1beta1");
        Condition(plan.Status, ConditionTypes.ReferencesValid).Reason.ShouldBe(ConditionReasons.KindNotFound);
        plan.RetryLater.ShouldBeTrue();
    }

    [Fact]
    public void Without_a_right_that_it_needs_nothing_is_made_but_what_is_there_is_taken_away()
    {
        var seen = World.New().Observe() with { Forbidden = "5-Spot may not create machines." };

        var open = Decision.Decide(seen, Noon, new DecisionOptions());
        open.Steps.ShouldBeEmpty();
        open.Status.Phase.ShouldBe(MachinePhase.Error);
        open.Status.Message.ShouldBe("5-Spot may not create machines.");
        Condition(open.Status, ConditionTypes.ReferencesValid).Reason.ShouldBe(ConditionReasons.Forbidden);
        open.RetryLater.ShouldBeTrue();

        Decision.Decide(seen, Night, new DecisionOptions()).Status.Phase.ShouldBe(MachinePhase.Inactive);
        var running = World.New().Reconcile(Noon).Observe() with { Forbidden = "5-Spot may not create machines." };
        Decision.Decide(running, Night, new DecisionOptions()).Steps.ShouldNotBeEmpty();
    }

    [Fact]
    public void While_a_kind_cannot_be_read_nothing_is_said_to_be_gone_and_it_is_tried_again()
    {
        var seen = World.New().Reconcile(Night).Observe();
        seen = seen with { Infrastructure = seen.Infrastructure! with { Trouble = "remotemachines can't be listed: forbidden" } };

        var closed = Decision.Decide(seen, Night, new DecisionOptions());
        closed.Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
        closed.Status.Message!.ShouldContain("forbidden");
        closed.RetryLater.ShouldBeTrue();

        var open = Decision.Decide(seen, Noon, new DecisionOptions());
        open.Steps.ShouldBeEmpty();
        open.Status.Phase.ShouldBe(MachinePhase.Error);
        open.RetryLater.ShouldBeTrue();
    }

    [Fact]
    public void A_spec_that_breaks_a_rule_is_an_error_with_the_rules_own_words_and_no_call()
    {
        var plan = World.New(""", "gracefulShutdownTimeout":"5 minutes" """).Decide(Noon);

        plan.Steps.ShouldBeEmpty();
        plan.Status.Phase.ShouldBe(MachinePhase.Error);
        plan.Status.Message!.ShouldContain("gracefulShutdownTimeout");
        Condition(plan.Status, ConditionTypes.ReferencesValid).Status.ShouldBe(ConditionStatus.False);
        plan.RetryLater.ShouldBeFalse("only a change of the spec can help");
    }

    [Fact]
    public void What_takes_a_machine_away_works_though_the_spec_breaks_a_rule()
    {
        var running = Running();

        running.WithSpec(""", "killSwitch":true, "priority":999""").Decide(Noon).Steps.ShouldContain(new Step.DeleteMachine(running.CapiMachine!.Uid));
        running.WithSpec(""", "priority":999""").Deleted(Noon).Reconcile(Noon).PodsEnd().Reconcile(Noon).CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(""", "priority":"high" """, "spec.priority")]
    [InlineData(""", "killIfCommands":{}""", "spec.killIfCommands")]
    public void A_spec_that_cannot_be_read_at_all_is_an_error_that_names_the_field(string extra, string field)
    {
        var plan = World.New(extra).Decide(Noon);

        plan.Status.Phase.ShouldBe(MachinePhase.Error);
        plan.Status.Message!.ShouldContain(field);
    }

    [Fact]
    public void A_passing_failure_is_reported_as_an_error_only_when_it_repeats()
    {
        var seen = World.New().Observe();

        var once = Decision.Decide(seen with { Failure = new StepFailure("ApiUnreachable", "No answer.", NeedsChange: false, Attempt: 1) }, Noon, new DecisionOptions());
        once.Status.Phase.ShouldBe(MachinePhase.Pending);
        once.Status.Message.ShouldBe("No answer.");
        once.Steps.ShouldBeEmpty();

        var again = Decision.Decide(seen with { Failure = new StepFailure("ApiUnreachable", "No answer.", NeedsChange: false, Attempt: 3) }, Noon, new DecisionOptions());
        again.Status.Phase.ShouldBe(MachinePhase.Error);
    }

    [Fact]
    public void A_Node_that_is_another_machines_is_never_written_to()
    {
        var world = Running();
        var seen = world.Observe() with { Node = new NodeObservation(NodeState.Mismatch, null, "Node node-1 is another machine.") };

        var plan = Decision.Decide(seen, Closing, new DecisionOptions());
        plan.Steps.ShouldBeEmpty();
        Condition(plan.Status, ConditionTypes.MachineReady).Reason.ShouldBe(ConditionReasons.NodeMismatch);
        Decision.Decide(seen, Noon, new DecisionOptions()).Status.Message!.ShouldContain("; Node node-1 is another machine.");
    }

    [Fact]
    public void A_Node_that_Cluster_API_has_not_seen_yet_is_closed_like_any_other()
    {
        var world = World.New().Reconcile(Opening).Joins(isSeen: false).Reconcile(Opening.AddMinutes(3));
        world.Machine.Status.NodeRef.ShouldNotBeNull().Name.ShouldBe("node-1");
        world.Machine.Status.Ready.ShouldBeFalse();
        world.Machine.Status.Message!.ShouldContain("Node node-1 has joined, but the Machine is not ready");

        world = world.Reconcile(Closing);
        world.Node!.Unschedulable.ShouldBeTrue();
        world.CapiMachine!.IsBeingDeleted.ShouldBeFalse();
        world.Reconcile(Closing.AddMinutes(5)).Evicted.ShouldBeTrue();
        world.Reconcile(Closing.AddMinutes(10)).CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    [Theory]
    [InlineData(NodeState.None, true)]
    [InlineData(NodeState.Unknown, false)]
    public void A_machine_without_a_nodeRef_goes_at_once_where_its_cluster_says_that_it_never_joined(NodeState state, bool atOnce)
    {
        var world = World.New().Reconcile(Opening).Reconcile(Opening.AddMinutes(3));
        var seen = world.Observe() with
        {
            CapiMachine = world.CapiMachine! with { ProviderId = "remote://1" },
            Node = new NodeObservation(state),
            Cluster = new ClusterReachability(ConditionStatus.False, ConditionReasons.Unreachable, "Nobody answers."),
        };

        Decision.Decide(seen, Closing, new DecisionOptions()).Steps.OfType<Step.DeleteMachine>().Any().ShouldBe(atOnce);
        var late = Decision.Decide(seen with { Machine = seen.Machine with { Status = Decision.Decide(seen, Closing, new DecisionOptions()).Status } }, Closing.AddMinutes(10), new DecisionOptions());
        late.Steps.OfType<Step.DeleteMachine>().ShouldHaveSingleItem();
        late.Steps.OfType<Step.ExcludeDrain>().Select(step => step.Result!.Message).ShouldBe(atOnce ? [] :
            ["The Node could not be drained: Nobody answers. The Node, and what runs there, stays if Cluster API can't reach that cluster either."]);
        Condition(late.Status, ConditionTypes.WorkloadClusterReachable).Message.ShouldBe("Nobody answers.");
    }

    [Fact]
    public void What_is_not_heard_of_now_is_the_Node_of_before()
    {
        var world = Running();
        var before = world.Machine.Status.NodeRef!;
        NodeReference? Told(NodeObservation node) => Decision.Decide(world.Observe() with { Node = node }, Noon, new DecisionOptions()).Status.NodeRef;

        Told(new NodeObservation(NodeState.Unknown)).ShouldBe(before);
        Told(new NodeObservation(NodeState.Missing) { Name = "node-1" }).ShouldBeNull();
        Told(new NodeObservation(NodeState.Deleted) { Name = "node-1" }).ShouldBeNull();
        Told(new NodeObservation(NodeState.Mismatch) { Name = "node-1" }).ShouldBeNull();
    }

    [Fact]
    public void A_Node_that_is_not_there_is_said_to_be_not_there()
    {
        var seen = Running().Observe() with { Node = new NodeObservation(NodeState.Missing, Detail: "Node node-1 is not in its cluster.") { Name = "node-1" } };
        var status = Decision.Decide(seen, Noon, new DecisionOptions()).Status;
        Condition(status, ConditionTypes.MachineReady).ShouldSatisfyAllConditions(
            c => c.Reason.ShouldBe(ConditionReasons.NodeNotFound), c => c.Message.ShouldBe("Node node-1 is not in its cluster."));
        status.Ready.ShouldBeFalse();
        status.Message!.ShouldContain("; Node node-1 is not in its cluster.");
    }

    [Fact]
    public void What_Cluster_API_says_of_a_failed_Machine_is_told()
    {
        var world = Running();
        var seen = world.Observe() with { CapiMachine = world.CapiMachine! with { Failure = "CreateError: no machine." } };
        var status = Decision.Decide(seen, Noon, new DecisionOptions()).Status;
        status.Ready.ShouldBeFalse();
        status.Message!.ShouldContain("; Cluster API says that it failed: CreateError: no machine.");
        Condition(status, ConditionTypes.MachineReady).Message.ShouldBe("Cluster API says that it failed: CreateError: no machine.");
    }

    [Fact]
    public void Ready_is_true_exactly_when_the_condition_is()
    {
        var world = Running();
        world.Machine.Status.Ready.ShouldBeTrue();
        Condition(world.Machine.Status, ConditionTypes.Ready).Status.ShouldBe(ConditionStatus.True);

        var closing = world.Reconcile(Closing);
        closing.Machine.Status.Ready.ShouldBeFalse();
        Condition(closing.Machine.Status, ConditionTypes.Ready).Status.ShouldBe(ConditionStatus.False);
    }

    private static World Drained() => Running().Reconcile(Closing).Reconcile(Closing.AddMinutes(5)).PodsEnd().Reconcile(Closing.AddMinutes(5));

    private static IEnumerable<string> Events(World before, Plan after) =>
        Transitions.Between(before.Machine.Status, after.Status).Select(e => e.Reason);

    private static World Running() => World.New().Reconcile(Opening).Joins().Reconcile(Opening.AddMinutes(3));

    private static Condition Condition(ScheduledMachineStatus status, string type) => status.Conditions.Single(c => c.Type == type);
}
