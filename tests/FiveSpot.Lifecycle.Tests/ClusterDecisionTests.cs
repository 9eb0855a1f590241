// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Contract, section 2, "The Cluster": not there, on its way out, without a control plane.</summary>
public sealed class ClusterDecisionTests
{
    private static readonly DateTimeOffset Night = World.At("03:00:00");
    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");
    private static readonly DateTimeOffset Closing = World.At("18:00:00");

    [Fact]
    public void Without_its_Cluster_nothing_is_made_and_it_is_said_at_once()
    {
        var world = (World.New() with { CapiCluster = null }).Reconcile(Night);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Inactive);
        References(world).ShouldBe((ConditionStatus.False, "ClusterNotFound"));

        var done = new List<Step>();
        world = world.Reconcile(Opening, done);
        done.ShouldBeEmpty();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Error);
        world.Machine.Status.Message.ShouldBe(
            "There is no Cluster office in namespace default: spec.clusterName names a Cluster API Cluster there. The machine is made when it comes.");
        world.Decide(Opening).RetryLater.ShouldBeFalse("its coming wakes the machine");

        world = (world with { CapiCluster = World.Office }).Reconcile(Noon);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
        References(world).ShouldBe((ConditionStatus.True, "ReferencesValid"));
    }

    [Fact]
    public void A_machine_whose_Cluster_is_not_there_any_more_goes_on_living_and_is_taken_away_all_the_same()
    {
        var world = (Running() with { CapiCluster = null }).Reconcile(Noon);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
        world.Machine.Status.Ready.ShouldBeTrue();
        References(world).ShouldBe((ConditionStatus.False, "ClusterNotFound"));

        world = world.Reconcile(Closing).Reconcile(Closing.AddMinutes(5)).PodsEnd().Reconcile(Closing.AddMinutes(6));
        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    [Fact]
    public void With_a_Cluster_that_is_being_deleted_its_machine_goes_without_grace_and_is_not_made_again()
    {
        var world = Running() with { CapiCluster = World.Office with { DeletionTimestamp = Noon } };

        var done = new List<Step>();
        world = world.Reconcile(Noon, done);
        done.OfType<Step.Evict>().ShouldHaveSingleItem();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
        Scheduled(world).ShouldBe((ConditionStatus.False, "ClusterDeleting"));
        world.Machine.Status.Message!.ShouldStartWith("Cluster office is being deleted: its machines go with it, and none is made. Draining");

        world = world.PodsEnd().Reconcile(Noon.AddMinutes(1));
        world.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
        world = world.MachineGoes().Reconcile(Noon.AddMinutes(2), done = []);
        done.ShouldBeEmpty();
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Error);
        References(world).ShouldBe((ConditionStatus.False, "ClusterDeleting"));
    }

    [Fact]
    public void A_Pod_that_will_not_go_keeps_a_machine_of_such_a_Cluster_for_its_drain_timeout_and_no_longer()
    {
        var world = Running() with { CapiCluster = World.Office with { DeletionTimestamp = Noon }, Blocked = ["web-1"] };
        world = world.Reconcile(Noon);
        world.Reconcile(Noon.AddMinutes(5).AddTicks(-1)).CapiMachine!.IsBeingDeleted.ShouldBeFalse();
        world.Reconcile(Noon.AddMinutes(5)).CapiMachine!.IsBeingDeleted.ShouldBeTrue();
    }

    [Fact]
    public void A_switched_off_machine_of_such_a_Cluster_is_disabled_once_it_is_gone()
    {
        var world = World.New(schedule: """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"enabled":false}""") with
        {
            CapiCluster = World.Office with { DeletionTimestamp = Noon },
        };
        world.Reconcile(Noon).Machine.Status.Phase.ShouldBe(MachinePhase.Disabled);
    }

    [Fact]
    public void A_Machine_that_lacks_its_Cluster_among_its_owners_gets_it()
    {
        var world = Running();
        world.Decide(Noon).Steps.ShouldBeEmpty();
        var alone = world with
        {
            CapiMachine = world.CapiMachine! with
            {
                Metadata = world.CapiMachine.Metadata with { OwnerReferences = [.. world.CapiMachine.Metadata.OwnerReferences.Where(owner => owner.Controller)] },
            },
        };
        alone.Decide(Noon).Steps.ShouldBe([new Step.AdoptMachine()]);
        (alone with { CapiCluster = null }).Decide(Noon).Steps.ShouldBeEmpty();
        (world with { CapiCluster = World.Office with { Uid = "another" } }).Decide(Noon).Steps.ShouldBe([new Step.AdoptMachine()]);

        // After an upgrade of Cluster API.
        (world with { CapiCluster = World.Office with { ApiVersion = "cluster.x-k8s.io/v1beta9" } }).Decide(Noon).Steps.ShouldBe([new Step.AdoptMachine()]);
    }

    [Fact]
    public void That_Cluster_API_leaves_the_Node_behind_is_said_when_it_closes_and_not_before()
    {
        var world = Running() with { CapiCluster = World.Office with { HasControlPlane = false } };
        const string Sentence = "Cluster office has no control plane reference, so that Cluster API does not delete Node node-1: it stays until somebody does.";
        world.Reconcile(Noon).Machine.Status.Message!.ShouldNotContain(Sentence);

        world = world.Reconcile(Closing).Reconcile(Closing.AddMinutes(5)).PodsEnd().Reconcile(Closing.AddMinutes(6));
        world.Machine.Status.Message!.ShouldEndWith(Sentence);
    }

    private static World Running() => World.New().Reconcile(Opening).Joins().Reconcile(Opening.AddMinutes(1));

    private static (string Status, string Reason) References(World world) => Of(world, ConditionTypes.ReferencesValid);

    private static (string Status, string Reason) Scheduled(World world) => Of(world, ConditionTypes.Scheduled);

    private static (string Status, string Reason) Of(World world, string type)
    {
        var condition = world.Machine.Status.Conditions.Single(condition => condition.Type == type);
        return (condition.Status, condition.Reason);
    }
}
