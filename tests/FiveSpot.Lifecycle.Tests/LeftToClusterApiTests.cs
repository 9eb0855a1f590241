// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Pods of which only Cluster API can tell what a drain is to do with them: it drains what is left.</summary>
public sealed class LeftToClusterApiTests
{
    private static readonly DateTimeOffset Closing = World.At("18:00:00");

    [Fact]
    public void The_Machine_is_deleted_without_keeping_Cluster_API_from_draining_once_the_grace_period_is_over()
    {
        var seen = Closed();
        Decision.Decide(seen, Closing.AddMinutes(5).AddTicks(-1), new DecisionOptions()).Steps.ShouldBeEmpty("they may finish by themselves");
        foreach (var minutes in (int[])[5, 10, 60])
        {
            var plan = Decision.Decide(seen, Closing.AddMinutes(minutes), new DecisionOptions());
            plan.Steps.ShouldBe([new Step.DeleteMachine(seen.OurMachine!.Uid)]);
            plan.Status.Message!.ShouldEndWith("Deleting the Machine. 1 pod is left for Cluster API to drain: only it can tell.");
        }
    }

    [Fact]
    public void While_something_else_is_left_that_is_drained_first()
    {
        var seen = Closed();
        seen = seen with { Pods = seen.Pods! with { WhyClusterApiDrains = null } };
        Decision.Decide(seen, Closing.AddMinutes(5), new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.Evict>();
    }

    [Fact]
    public void Its_drain_has_the_timeout_of_ours()
    {
        var seen = Closed();
        seen = seen with { CapiMachine = seen.CapiMachine! with { DeletionTimeouts = new(TimeSpan.FromHours(3), null, null) } };
        var steps = Decision.Decide(seen, Closing.AddMinutes(5), new DecisionOptions()).Steps;
        steps[^1].ShouldBeOfType<Step.DeleteMachine>();
        steps.Length.ShouldBe(2, "the timeout is set before");
    }

    [Fact]
    public void A_kill_switch_waits_for_nobodys_drain()
    {
        var killed = Closed("\"killSwitch\":true");
        Decision.Decide(killed, Closing, new DecisionOptions()).Steps[0].ShouldBe(new Step.ExcludeDrain(andVolumes: true, result: null));
    }

    [Fact]
    public void Of_a_deleted_ScheduledMachine_it_is_left_at_once()
    {
        var seen = Closed();
        seen = seen with { Machine = seen.Machine with { Metadata = seen.Machine.Metadata with { DeletionTimestamp = Closing } } };
        Decision.Decide(seen, Closing, new DecisionOptions()).Steps.ShouldBe([new Step.DeleteMachine(seen.OurMachine!.Uid)]);
    }

    private static Observation Closed(string extraSpec = "")
    {
        var world = World.New().Reconcile(World.At("09:00:00")).Joins().Reconcile(World.At("09:00:00")).Reconcile(Closing);
        var seen = (extraSpec.Length == 0 ? world : world.WithSpec($",{extraSpec}")).Observe();
        seen.OurMachine.ShouldNotBeNull();
        seen.Pods.ShouldNotBeNull().Left.ShouldBe(1);
        return seen with { Pods = seen.Pods! with { WhyClusterApiDrains = "only it can tell" } };
    }
}
