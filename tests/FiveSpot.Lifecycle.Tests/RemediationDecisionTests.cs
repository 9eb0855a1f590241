// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Contract, section 4, "Remediation".</summary>
public sealed class RemediationDecisionTests
{
    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");

    [Fact]
    public void An_unhealthy_Machine_is_deleted_and_made_again_and_it_is_told()
    {
        var done = new List<Step>();
        var world = Unhealthy(Running()).Reconcile(Noon, done);
        done.Select(static step => step.GetType().Name).ShouldBe(["NoteRemediation", "DeleteMachine"]);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Pending);
        world.Machine.Status.Message!.ShouldBe(
            "In its window; the Machine, which a MachineHealthCheck found unhealthy (Node is not Ready), is still being deleted, and is made again once it is gone.");
        Transitions.Between(Running().Machine.Status, world.Machine.Status).Select(happened => happened.Reason).ShouldContain("MachineRemediated");

        var first = world.CapiMachine!.Uid;
        world = world.MachineGoes().Reconcile(Noon.AddMinutes(1));
        world.CapiMachine!.Uid.ShouldNotBe(first);
        world.Machine.Status.Phase.ShouldBe(MachinePhase.Active);
    }

    [Fact]
    public void One_that_is_unhealthy_again_at_once_waits_longer_each_time()
    {
        var world = Running();
        var now = Opening.AddMinutes(2);
        List<double> waited = [];
        for (var time = 0; time < 7; time++)
        {
            world = Unhealthy(world);
            var began = now;
            while (!world.Reconcile(now).CapiMachine!.IsBeingDeleted)
            {
                var plan = world.Decide(now);
                plan.Steps.ShouldBeEmpty();
                plan.Status.Message!.ShouldContain("A MachineHealthCheck found it unhealthy (Node is not Ready); it is made again, but not before ");
                now = plan.WakeAt!.Value;
            }

            waited.Add((now - began).TotalMinutes);
            world = world.Reconcile(now).MachineGoes().Reconcile(now).Joins().Reconcile(now);
        }

        waited.ShouldBe([0, 5, 10, 20, 40, 60, 60]);
    }

    [Fact]
    public void After_two_hours_without_one_it_begins_anew()
    {
        var world = Unhealthy(Running()).Reconcile(Opening.AddMinutes(2)).MachineGoes().Reconcile(Opening.AddMinutes(3)).Joins();
        world = Unhealthy(world).Reconcile(Opening.AddHours(3)).MachineGoes().Reconcile(Opening.AddHours(3)).Joins();
        Unhealthy(world).Decide(Opening.AddHours(3)).WakeAt.ShouldBe(Opening.AddHours(3).AddMinutes(5));
    }

    [Fact]
    public void Killed_between_the_note_and_the_deletion_it_goes_on_at_once()
    {
        var world = Unhealthy(Running());
        world = world.Do(world.Decide(Noon).Steps[0], Noon);
        world.Decide(Noon).Steps.ShouldBe([new Step.DeleteMachine(world.CapiMachine!.Uid)]);
    }

    [Fact]
    public void Once_its_window_is_closed_it_goes_as_any_other()
    {
        var world = Unhealthy(Running());
        world.Decide(World.At("18:00:00")).Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("9999-12-31T23:59:59Z 9999-12-31T23:59:59Z 9999-12-31T23:59:59Z 9999-12-31T23:59:59Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("99999-01-01T00:00:00Z -1 x")]
    public void A_time_that_somebody_else_noted_is_no_exception(string times)
    {
        var world = Unhealthy(Running().Annotated(WellKnown.RemediationsAnnotation, times));
        world.Decide(Noon).Status.Phase.ShouldNotBeNull();
        world.Decide(World.At("18:00:00")).Status.Phase.ShouldBe(MachinePhase.ShuttingDown);
    }

    private static World Running() => World.New().Reconcile(Opening).Joins().Reconcile(Opening.AddMinutes(1));

    private static World Unhealthy(World world) => world with
    {
        CapiMachine = world.CapiMachine! with { IsWaitingForRemediation = true, Ready = false, ReadyMessage = "Node is not Ready" },
    };
}
