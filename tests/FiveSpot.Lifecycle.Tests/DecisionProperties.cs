// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using FiveSpot.Api;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>What holds of every life, however odd: random spec changes, clock moves, and moods of Cluster API.</summary>
public sealed class DecisionProperties
{
    private static readonly string[] Schedules =
    [
        """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}""",
        """{"daysOfWeek":["sun"],"hoursOfDay":["3"]}""",
        """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""",
        """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"enabled":false}""",
        """{"daysOfWeek":["someday"]}""",
    ];

    private static readonly string[] Extras = ["", "", ""","killSwitch":true""", ""","enabled":false""", ""","nodeDrainTimeout":"1m","nodeTaints":[{"key":"a","effect":"NoSchedule"}]""", ""","machineTemplate":{"version":"v1.33.0"}""", ""","killIfCommands":["java"]"""];

    private static readonly Gen<(int What, int Schedule, int Extra, int Minutes)[]> Lives =
        Gen.Select(Gen.Int[0, 12], Gen.Int[0, Schedules.Length - 1], Gen.Int[0, Extras.Length - 1], Gen.Int[0, 600]).Array[1, 25];

    [Fact]
    public void After_the_steps_of_a_plan_the_next_one_has_none_and_the_same_status() => Live((world, now, _, _) =>
    {
        var again = world.Decide(now);
        again.Steps.ShouldBeEmpty();
        StatusText(again.Status).ShouldBe(StatusText(world.Machine.Status));
        Transitions.Between(world.Machine.Status, again.Status).ShouldBeEmpty();
    });

    [Fact]
    public void A_Machine_is_deleted_only_when_it_is_not_wanted_and_provider_objects_only_without_a_Machine() => Live((world, now, before, steps) =>
    {
        var wanted = world.Machine is { IsBeingDeleted: false, KillSwitch: false, Problems.Count: 0, Spec.IsEnabled: true }
            && world.CapiCluster is { IsPaused: false, IsBeingDeleted: false }
            && world.Machine.Schedule!.IsActive(NodaTime.Instant.FromDateTimeOffset(now));
        if (wanted)
        {
            steps.OfType<Step.DeleteMachine>().ShouldBeEmpty();
            (world.CapiMachine is not null).ShouldBeTrue("a wanted machine exists, or its predecessor is on its way out");
        }

        if (before.CapiMachine is not null)
        {
            steps.OfType<Step.DeleteProviderObject>().ShouldBeEmpty();
        }
    });

    [Fact]
    public void A_machine_with_work_on_it_goes_by_the_kill_switch_or_when_its_time_is_up() => Live((world, now, before, steps) =>
    {
        // A pause, or a Cluster that goes, has times of its own.
        if (steps.OfType<Step.DeleteMachine>().Any() && before.CapiCluster is not { IsBeingDeleted: true } && before.Machine.Status.Conditions.All(condition => condition.Type != ConditionTypes.Paused) && before is { CapiMachine: not null, Node: not null, Machine.KillSwitch: false } && !before.Pods.IsEmpty && !IsReclaimed(before))
        {
            // Deleted, it has the time to drain alone.
            var began = world.Machine.IsBeingDeleted
                ? world.Machine.Metadata.DeletionTimestamp!.Value
                : world.Machine.Status.Conditions.Single(condition => condition.Type == ConditionTypes.Scheduled).LastTransitionTime + world.Machine.GracePeriod;
            now.ShouldBeGreaterThanOrEqualTo(began + world.Machine.DrainTimeout);
        }
    });

    [Fact]
    public void A_machine_whose_owner_has_it_is_switched_off_before_it_is_deleted_and_before_the_request_is_cleared() => Live((world, _, before, steps) =>
    {
        if (before.Observe().ReclaimRequest is null || before.Machine is { IsBeingDeleted: true } or { KillSwitch: true })
        {
            return;
        }

        world.Machine.IsSwitchedOff.ShouldBeTrue();
        ReclaimNote.Of(world.Machine).Reason.ShouldBe("process-match: java");
        var at = steps.FindIndex(static step => step is Step.SwitchOff);
        if (!before.Machine.IsSwitchedOff)
        {
            at.ShouldBeGreaterThanOrEqualTo(0);
        }

        steps.FindIndex(static step => step is Step.Cordon or Step.DeletePods or Step.DeleteMachine or Step.ClearRequest).ShouldNotBeInRange(0, at);
        if (steps.FindIndex(static step => step is Step.ClearRequest) is >= 0)
        {
            world.CapiMachine!.IsBeingDeleted.ShouldBeTrue("the request goes last");
        }
    });

    [Fact]
    public void A_reclaimed_machine_is_not_made_again_until_a_person_switches_it_on() => Live((world, _, before, steps) =>
    {
        if (IsReclaimed(before) && before.Machine.IsSwitchedOff)
        {
            steps.ShouldNotContain(static step => step is Step.CreateMachine || step is Step.CreateProviderObject);
        }
    });

    [Fact]
    public void It_looks_again_no_later_than_the_next_boundary_and_never_in_the_past() => Live((world, now, _, _) =>
    {
        var wake = world.Decide(now).WakeAt;
        if (wake is { } at)
        {
            at.ShouldBeGreaterThan(now);
        }

        if (world.Machine.Schedule?.NextChange(NodaTime.Instant.FromDateTimeOffset(now)) is { } boundary)
        {
            wake.ShouldNotBeNull();
            wake.Value.ShouldBeLessThanOrEqualTo(boundary.ToDateTimeOffset());
        }
    });

    [Fact]
    public void While_it_is_paused_nothing_is_done_but_for_its_owner() => Live((world, now, before, steps) =>
    {
        if (before.CapiCluster is { IsPaused: true })
        {
            steps.ShouldAllBe(step => IsReclaimed(before) && (step is Step.Announce || step is Step.SwitchOff || step is Step.Cordon || step is Step.DeletePods));
            world.Machine.Status.Message!.ShouldContain(steps.Count == 0 ? "Paused by Cluster office" : "");
        }
    });

    [Fact]
    public void Nothing_is_made_without_a_Cluster_that_stays() => Live((_, _, before, steps) =>
    {
        if (before.CapiCluster is null or { IsBeingDeleted: true })
        {
            steps.ShouldNotContain(static step => step is Step.CreateMachine || step is Step.CreateProviderObject);
        }
    });

    [Fact]
    public void Phase_and_objects_agree() => Live((world, _, _, _) =>
    {
        var status = world.Machine.Status;
        if (status.Phase is MachinePhase.Inactive or MachinePhase.Disabled)
        {
            (world.CapiMachine, world.Bootstrap, world.Infrastructure).ShouldBe((null, null, null));
        }

        if (status.Phase == MachinePhase.Active)
        {
            world.CapiMachine.ShouldNotBeNull();
        }

        (status.MachineRef is null).ShouldBe(world.CapiMachine is null);
    });

    private static void Live(Action<World, DateTimeOffset, World, List<Step>> check) => Lives.Sample(
        events =>
        {
            var world = World.New();
            var now = World.Monday;
            foreach (var (what, schedule, extra, minutes) in events)
            {
                now = now.AddMinutes(minutes);
                world = what switch
                {
                    0 or 1 => world.WithSpec(Extras[extra], Schedules[schedule]),
                    2 => world.Joins(),
                    3 => world.Joins(ready: false),
                    4 => world.MachineGoes(),
                    5 => world.MachineGoes(withItsObjects: false),
                    6 when world.CapiMachine is { IsBeingDeleted: false } machine => world.Do(new Step.DeleteMachine(machine.Uid), now),
                    7 when extra == 5 => world.Deleted(now),
                    8 => world.PodsEnd(),
                    9 => world.Reclaimed(at: $"request {minutes}"),
                    10 => world with { CapiCluster = (world.CapiCluster ?? World.Office) with { IsPaused = world.CapiCluster is not { IsPaused: true } } },
                    11 => world with { CapiCluster = (extra % 3) switch { 0 => null, 1 => World.Office with { DeletionTimestamp = now }, _ => World.Office } },
                    12 => world.Joins(isSeen: false),
                    _ => world,
                };
                var before = world;
                var steps = new List<Step>();
                world = world.Reconcile(now, steps);
                check(world, now, before, steps);
            }
        },
        iter: 500);

    private static bool IsReclaimed(World world) =>
        world.Observe().ReclaimRequest is not null || (world.Machine.IsSwitchedOff && ReclaimNote.Of(world.Machine).Reason is not null);

    private static string StatusText(ScheduledMachineStatus status) =>
        System.Text.Json.JsonSerializer.Serialize(status, ApiJsonContext.Default.ScheduledMachineStatus);
}
