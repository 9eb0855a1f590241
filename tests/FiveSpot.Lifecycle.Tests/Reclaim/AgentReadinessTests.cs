// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Lifecycle.Tests.Reclaim;

/// <summary>Whether somebody notices that the owner is back: the agent itself says so, on its Node.</summary>
public sealed class AgentReadinessTests
{
    private const string Java = """
        ,"killIfCommands":["java"]
        """;

    private static readonly DateTimeOffset Opening = World.At("09:00:00");
    private static readonly DateTimeOffset Noon = World.At("12:00:00");

    [Fact]
    public void It_is_ready_when_its_agent_says_that_it_watches_by_the_configuration_in_force()
    {
        var world = Running();
        Ready(world).ShouldBe((ConditionStatus.True, ConditionReasons.Applied));
        ConditionOf(world).Message.ShouldBe("The reclaim agent of Node node-1 looks for java.");
        world.Decide(Noon).Steps.ShouldBeEmpty();
        Says(world).ShouldBe(ReclaimConfigHash.Of(ReclaimToml.Of(["java"])));
    }

    [Fact]
    public void An_agent_that_says_nothing_has_a_minute()
    {
        var world = Running(agentRuns: false);
        Ready(world).ShouldBe((ConditionStatus.Unknown, ConditionReasons.AgentStarting));
        world.Decide(Opening.AddSeconds(1)).WakeAt.ShouldBe(Opening.AddSeconds(60));

        // A controller that was restarted, and one that looks in between, count from the same instant.
        world = world.Reconcile(Opening.AddSeconds(59));
        Ready(world).ShouldBe((ConditionStatus.Unknown, ConditionReasons.AgentStarting));
        ConditionOf(world).LastTransitionTime.ShouldBe(Opening);

        world = world.Reconcile(Opening.AddSeconds(60));
        Ready(world).ShouldBe((ConditionStatus.False, ConditionReasons.AgentNotRunning));
        ConditionOf(world).Message.ShouldBe(
            "The reclaim agent of Node node-1 has not said within 60 s that it looks for java: nobody notices that the owner is back. "
            + "See whether a pod of DaemonSet 5spot-reclaim-agent runs there, and what it logs.");

        // Then nobody looks again before the window closes, or the agent speaks.
        world.Decide(Noon).WakeAt.ShouldBe(World.At("18:00:00"));
        world.Decide(Noon).Steps.ShouldBeEmpty();
        Ready(Saying(world, ["java"]).Reconcile(Noon)).ShouldBe((ConditionStatus.True, ConditionReasons.Applied));
    }

    [Fact]
    public void What_it_said_of_another_configuration_is_not_enough()
    {
        var world = (Running() with { AgentRuns = false }).WithSpec("""
            ,"killIfCommands":["idea"]
            """).Reconcile(Noon);
        Ready(world).ShouldBe((ConditionStatus.Unknown, ConditionReasons.AgentStarting));
        world = world.Reconcile(Noon.AddMinutes(1));
        Ready(world).ShouldBe((ConditionStatus.False, ConditionReasons.AgentNotRunning));
        ConditionOf(world).Message.ShouldContain("looks for idea: it last said that it goes by an earlier configuration.");
        Ready(Saying(world, ["idea"]).Reconcile(Noon)).ShouldBe((ConditionStatus.True, ConditionReasons.Applied));
    }

    [Fact]
    public void An_agent_that_takes_its_word_back_has_a_minute_to_give_it_again()
    {
        var world = Silent(Running()).Reconcile(Noon);
        Ready(world).ShouldBe((ConditionStatus.Unknown, ConditionReasons.AgentStarting));
        world.Decide(Noon.AddTicks(1)).WakeAt.ShouldBe(Noon.AddSeconds(60));
        Ready(Saying(world, ["java"]).Reconcile(Noon.AddSeconds(5))).ShouldBe((ConditionStatus.True, ConditionReasons.Applied));
        Ready(world.Reconcile(Noon.AddSeconds(60))).ShouldBe((ConditionStatus.False, ConditionReasons.AgentNotRunning));
    }

    [Fact]
    public void A_clock_that_was_ahead_makes_nobody_wait_for_longer()
    {
        var world = Silent(Running()).Reconcile(Noon);
        world.Decide(Noon.AddHours(-1)).WakeAt.ShouldBe(Noon.AddHours(-1).AddSeconds(60));
    }

    [Fact]
    public void Where_no_agent_is_wanted_its_word_goes_with_its_label()
    {
        var world = Running().WithSpec();
        world.Decide(Noon).Steps.ShouldHaveSingleItem().ShouldBeOfType<Step.SetUpAgent>().Setup.Toml.ShouldBeNull();
        world = world.Reconcile(Noon);
        Says(world).ShouldBeNull();
        world.Machine.Status.Conditions.ShouldNotContain(static condition => condition.Type == ConditionTypes.ReclaimAgentReady);

        // The agent was about to write it: it is taken off again.
        world = Saying(world, ["java"]) with { AgentConfig = null };
        var left = Decision.Decide(world.Observe() with { AgentConfig = new ReclaimConfigView(IsKnown: true) }, Noon, new DecisionOptions());
        left.Steps.ShouldHaveSingleItem().ShouldBeOfType<Step.SetUpAgent>().Setup.ShouldBe(new AgentSetup(Toml: null, ConfigIsDone: true, LabelIsDone: false));
    }

    private static World Running(bool agentRuns = true) =>
        (World.New(Java) with { AgentRuns = agentRuns }).Reconcile(Opening).Joins().Reconcile(Opening);

    private static World Saying(World world, string[] commands) => WithWord(world, new() { [WellKnown.ReclaimAgentWatchingAnnotation] = ReclaimConfigHash.Of(ReclaimToml.Of(commands)) });

    private static World Silent(World world) => WithWord(world, []);

    private static World WithWord(World world, Dictionary<string, string> annotations) => world with
    {
        Node = world.Node! with { Metadata = world.Node.Metadata with { Annotations = annotations } },
    };

    private static string? Says(World world) => world.Node!.Metadata.Annotations.GetValueOrDefault(WellKnown.ReclaimAgentWatchingAnnotation);

    private static (string Status, string Reason) Ready(World world) => (ConditionOf(world).Status, ConditionOf(world).Reason);

    private static Condition ConditionOf(World world) => world.Machine.Status.Conditions.Single(static condition => condition.Type == ConditionTypes.ReclaimAgentReady);
}
