// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>When a machine is stuck in its phase: what its spec has it wait for is over.</summary>
public sealed class PhaseLimitTests
{
    private const string LongGrace = ""","gracefulShutdownTimeout":"24h","nodeDrainTimeout":"10m" """;

    private static readonly DateTimeOffset Night = World.At("03:00:00");
    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");
    private static readonly DateTimeOffset Closing = World.At("18:00:00");

    [Fact]
    public void A_machine_that_is_as_it_should_be_may_stay_so_for_ever()
    {
        PhaseLimit.Of(World.New().Machine).ShouldBeNull("nothing was reported yet");
        LimitOf(World.New().Reconcile(Night), MachinePhase.Inactive).ShouldBeNull();
        LimitOf(Running(), MachinePhase.Active).ShouldBeNull();
        LimitOf(World.New(""","enabled":false""").Reconcile(Noon), MachinePhase.Disabled).ShouldBeNull();
        LimitOf(World.New(""","killSwitch":true""").Reconcile(Noon), MachinePhase.Terminated).ShouldBeNull();
    }

    [Fact]
    public void A_grace_period_of_a_day_is_no_trouble_and_what_comes_after_it_and_the_drain_is()
    {
        var world = Running(LongGrace).Reconcile(Closing);
        LimitOf(world, MachinePhase.ShuttingDown).ShouldBe(Closing.AddHours(24).AddMinutes(10));
        world.Machine.Status.NextCleanup.ShouldBe(Closing.AddHours(24).AddMinutes(10), "it is what users are told");

        var deleting = world.Reconcile(Closing.AddHours(24)).Reconcile(Closing.AddHours(25));
        deleting.CapiMachine!.IsBeingDeleted.ShouldBeTrue();
        LimitOf(deleting, MachinePhase.ShuttingDown).ShouldBe(Closing.AddHours(24).AddMinutes(10), "Cluster API takes long");
    }

    [Fact]
    public void With_its_Machine_gone_the_limit_is_still_known()
    {
        var world = Running().Reconcile(Closing).Reconcile(Closing.AddMinutes(5)).Reconcile(Closing.AddMinutes(10));
        LimitOf(world, MachinePhase.ShuttingDown).ShouldBe(Closing.AddMinutes(10));
        world = world with { CapiMachine = null, Node = null };
        var observed = world.Observe() with { MachineAbsenceConfirmed = true };
        var remains = world with { Machine = world.Machine with { Status = Decision.Decide(observed, Closing.AddMinutes(11), new DecisionOptions()).Status } };
        remains.Machine.Status.NextCleanup.ShouldBeNull();
        LimitOf(remains, MachinePhase.ShuttingDown).ShouldBe(Closing.AddMinutes(10));
    }

    [Fact]
    public void A_deleted_one_has_no_grace_period()
    {
        var world = Running(LongGrace).Reconcile(Closing).Deleted(Closing.AddHours(1)).Reconcile(Closing.AddHours(1));
        LimitOf(world, MachinePhase.ShuttingDown).ShouldBe(Closing.AddHours(1).AddMinutes(10));
    }

    [Fact]
    public void A_machine_that_does_not_join_is_late_since_it_was_made_and_not_since_it_was_there_last()
    {
        var world = World.New().Reconcile(Night).Reconcile(Opening);
        LimitOf(world, MachinePhase.Active).ShouldBe(Opening, "the last time that it was ready is long ago");
        LimitOf(world.Reconcile(Noon), MachinePhase.Active).ShouldBe(Opening);
    }

    [Fact]
    public void One_that_was_made_again_is_late_since_then()
    {
        var world = Running();
        world = world.Do(new Step.DeleteMachine(world.CapiMachine!.Uid), Noon).Reconcile(Noon);
        LimitOf(world, MachinePhase.Pending).ShouldBe(Noon);
        LimitOf(world.MachineGoes().Reconcile(Noon.AddHours(1)), MachinePhase.Active).ShouldBe(Noon.AddHours(1));
    }

    [Fact]
    public void The_owner_waits_for_a_drain_of_a_minute_at_most_also_when_the_window_had_closed_long_before()
    {
        LimitOf((Running() with { Blocked = ["web-1"] }).Reclaimed().Reconcile(Noon), MachinePhase.EmergencyRemove).ShouldBe(Noon.AddMinutes(1));

        var closing = (Running(LongGrace) with { Blocked = ["web-1"] }).Reconcile(Closing);
        LimitOf(closing.Reclaimed().Reconcile(Closing.AddHours(8)), MachinePhase.EmergencyRemove).ShouldBe(Closing.AddHours(8).AddMinutes(1));

        var impatient = (Running(""","nodeDrainTimeout":"10s" """) with { Blocked = ["web-1"] }).Reclaimed().Reconcile(Noon);
        LimitOf(impatient, MachinePhase.EmergencyRemove).ShouldBe(Noon.AddSeconds(10));
    }

    [Fact]
    public void The_kill_switch_has_nothing_wait()
    {
        var world = Running().WithSpec(""","killSwitch":true""").Reconcile(Noon);
        LimitOf(world, MachinePhase.Terminated).ShouldBe(Noon);
        LimitOf(world.MachineGoes().Reconcile(Noon.AddMinutes(3)), MachinePhase.Terminated).ShouldBeNull();
    }

    [Fact]
    public void An_error_is_one_from_its_beginning()
    {
        var world = (World.New() with { KindsServed = false }).Reconcile(Night).Reconcile(Opening).Reconcile(Noon);
        LimitOf(world, MachinePhase.Error).ShouldBe(Opening);
        LimitOf(World.New().Reconcile(Night).WithSpec(schedule: """{"daysOfWeek":["someday"]}""").Reconcile(Noon), MachinePhase.Error).ShouldBe(Noon);
    }

    // One status with a time that can't be must not keep the metrics of all others from being shown.
    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("9999-12-31T23:59:59+00:00")]
    public void A_time_that_somebody_else_wrote_into_a_status_is_no_exception(string time)
    {
        var at = DateTimeOffset.Parse(time, System.Globalization.CultureInfo.InvariantCulture);
        World[] worlds =
        [
            Running(LongGrace).Reconcile(Closing), (Running() with { Blocked = ["web-1"] }).Reclaimed().Reconcile(Noon), World.New().Reconcile(Night).Reconcile(Opening),
            Running().WithSpec(""","killSwitch":true""").Reconcile(Noon),
        ];
        foreach (var world in worlds)
        {
            var status = world.Machine.Status;
            var forged = world with { Machine = world.Machine with { Status = status with { LastScheduledTime = at, Conditions = [.. status.Conditions.Select(condition => condition with { LastTransitionTime = at })] } } };
            PhaseLimit.Of(forged.Machine).ShouldNotBeNull();
            forged.Decide(Noon).Status.Phase.ShouldNotBeNull();
            forged.Decide(Closing).Status.Phase.ShouldNotBeNull();
        }
    }

    private static World Running(string extraSpec = "") => World.New(extraSpec).Reconcile(Night).Reconcile(Opening).Joins().Reconcile(Opening.AddMinutes(5));

    private static DateTimeOffset? LimitOf(World world, string phase)
    {
        world.Machine.Status.Phase.ShouldBe(phase);
        return PhaseLimit.Of(world.Machine);
    }
}
