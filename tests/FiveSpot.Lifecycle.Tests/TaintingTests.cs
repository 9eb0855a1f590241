// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using CsCheck;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Contract, section 8.</summary>
public sealed class TaintingTests
{
    private static readonly Taint Theirs = new("theirs", "x", "NoSchedule", "2026-01-05T09:00:00Z");

    [Fact]
    public void What_the_spec_asks_for_is_added_to_what_is_there_and_noted_as_ours()
    {
        var tainting = Tainting.Of(NodeWith([Theirs]), Machine("a=1:NoSchedule"));

        tainting.Taints.ShouldBe([Theirs, new Taint("a", "1", "NoSchedule")]);
        tainting.Annotation().ShouldBe("""[{"key":"a","value":"1","effect":"NoSchedule"}]""");
        tainting.Conflict.ShouldBeNull();
        tainting.IsDone.ShouldBeFalse();
        Tainting.Of(After(NodeWith([Theirs]), tainting), Machine("a=1:NoSchedule")).IsDone.ShouldBeTrue();
    }

    [Fact]
    public void One_key_with_two_effects_is_two_taints() =>
        Tainted("a=1:NoSchedule", "a=1:NoExecute").Taints.Length.ShouldBe(2);

    [Fact]
    public void A_taint_that_somebody_took_away_is_put_back()
    {
        var drifted = Tainted("a=1:NoSchedule") with { Taints = [] };

        Tainting.Of(drifted, Machine("a=1:NoSchedule")).Taints.ShouldBe([new Taint("a", "1", "NoSchedule")]);
    }

    [Fact]
    public void What_the_spec_asks_for_no_longer_is_taken_away_and_nothing_else()
    {
        var node = Tainted("a=1:NoSchedule", "b=2:NoExecute");
        node = node with { Taints = node.Taints.Add(Theirs) };

        Tainting.Of(node, Machine("b=2:NoExecute")).Taints.ShouldBe([new Taint("b", "2", "NoExecute"), Theirs]);
        var none = Tainting.Of(node, Machine());
        none.Taints.ShouldBe([Theirs]);
        Tainting.Of(After(node, none), Machine()).IsDone.ShouldBeTrue();
    }

    [Fact]
    public void A_value_that_the_spec_changes_is_changed() =>
        Tainting.Of(Tainted("a=1:NoSchedule"), Machine("a=2:NoSchedule")).Taints.ShouldBe([new Taint("a", "2", "NoSchedule")]);

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public void The_same_key_and_effect_from_somebody_else_is_left_alone_and_told(string theirs)
    {
        var tainting = Tainting.Of(NodeWith([new Taint("a", theirs, "NoSchedule")]), Machine("a=1:NoSchedule", "b=1:NoSchedule"));

        tainting.Taints.ShouldBe([new Taint("a", theirs, "NoSchedule"), new Taint("b", "1", "NoSchedule")]);
        tainting.Owned.Single().Key.ShouldBe("b");
        tainting.Conflict.ShouldBe($"Left alone: a={theirs}:NoSchedule is on the Node already and is not 5-Spot's.");
    }

    [Theory]
    [InlineData("a=1:NoSchedule")]
    [InlineData("a=3:NoSchedule")]
    [InlineData(null)]
    public void One_of_ours_that_somebody_changed_is_left_alone_and_told_whatever_the_spec_says(string? wanted)
    {
        var changed = Tainted("a=1:NoSchedule") with { Taints = [new Taint("a", "2", "NoSchedule")] };

        var tainting = Tainting.Of(changed, wanted is null ? Machine() : Machine(wanted));
        tainting.Taints.ShouldBe([new Taint("a", "2", "NoSchedule")]);
        tainting.Conflict.ShouldBe("Left alone: a=1:NoSchedule was changed to a=2:NoSchedule by somebody else.");
        tainting.IsDone.ShouldBeTrue("there is nothing to write");
        Tainting.Applied(changed, Machine("a=1:NoSchedule")).ShouldBeEmpty();
    }

    [Fact]
    public void Without_the_Nodes_own_note_the_last_report_of_this_very_Node_tells_what_is_ours()
    {
        var node = NodeWith([new Taint("a", "1", "NoSchedule")]);
        var machine = Machine("a=1:NoSchedule");
        var reported = machine with
        {
            Status = new ScheduledMachineStatus
            {
                NodeRef = new NodeReference { ApiVersion = "v1", Kind = "Node", Name = "node-1", Uid = node.Uid },
                AppliedNodeTaints = machine.Spec!.NodeTaints,
            },
        };

        Tainting.Of(node, reported).Conflict.ShouldBeNull();
        Tainting.Of(node with { Metadata = node.Metadata with { Uid = "another" } }, reported).Conflict.ShouldNotBeNull();
        Tainting.Of(Annotated(node, "[]"), reported).Conflict.ShouldNotBeNull("the Node says that it is not");
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("""[{"key":null,"effect":"NoSchedule"}]""")]
    public void A_note_that_makes_no_sense_is_as_if_it_were_not_there(string note) =>
        Tainting.Of(Annotated(NodeWith([]), note), Machine("a=1:NoSchedule")).Taints.Length.ShouldBe(1);

    [Fact]
    public void Taints_are_put_there_once_the_Node_is_ready_and_kept_while_the_machine_is_wanted()
    {
        var noon = World.At("12:00:00");
        var world = World.New(""", "nodeTaints":[{"key":"a","value":"1","effect":"NoSchedule"}]""").Reconcile(noon);
        Tainted(world).ShouldBe((ConditionStatus.False, ConditionReasons.NoNodeYet));
        world = world.Joins(ready: false).Reconcile(noon);
        Tainted(world).ShouldBe((ConditionStatus.False, ConditionReasons.NodeNotReady));
        world.Node!.Taints.ShouldBeEmpty();

        world = (world with { Node = world.Node with { Ready = true } }).Reconcile(noon);
        world.Node!.Taints.Length.ShouldBe(1);
        Tainted(world).ShouldBe((ConditionStatus.True, ConditionReasons.Applied));
        world.Machine.Status.AppliedNodeTaints!.Single().Key.ShouldBe("a");

        world = (world with { Node = world.Node with { Taints = [] } }).Reconcile(noon);
        world.Node!.Taints.Length.ShouldBe(1, "drift is repaired");

        var closing = (world with { Node = world.Node with { Taints = [] } }).Reconcile(World.At("18:00:00"));
        closing.Node!.Taints.ShouldBeEmpty("it is not wanted any more");
    }

    [Fact]
    public void A_write_that_fails_is_told_and_tried_again_in_its_time()
    {
        var noon = World.At("12:00:00");
        var world = World.New(""", "nodeTaints":[{"key":"a","effect":"NoSchedule"}]""").Reconcile(noon).Joins();
        var seen = world.Observe() with { Taints = new CallState(IsUnderWay: false, 1, noon.AddSeconds(2), "Forbidden.") };

        var plan = Decision.Decide(seen, noon, new DecisionOptions());
        plan.Steps.ShouldBeEmpty();
        plan.WakeAt.ShouldBe(noon.AddSeconds(2));
        plan.Status.Conditions.Single(c => c.Type == ConditionTypes.NodeTainted).Reason.ShouldBe(ConditionReasons.PatchFailed);
        Decision.Decide(seen, noon.AddSeconds(2), new DecisionOptions()).Steps.Single().ShouldBeOfType<Step.SetTaints>();
    }

    [Fact]
    public void Whatever_is_on_the_Node_the_taints_of_others_stay_as_they_are_and_one_write_is_enough()
    {
        var text = Gen.Select(Gen.OneOf(Gen.Const("a"), Gen.Const("b")), Gen.OneOf(Gen.Const("1"), Gen.Const("2")), Gen.OneOf(Gen.Const("NoSchedule"), Gen.Const("NoExecute")), (key, value, effect) => $"{key}={value}:{effect}");
        var some = text.Array[0, 4].Select(taints => taints.DistinctBy(taint => (taint[0], taint[4..])).ToArray());
        Gen.Select(some, some, some).Sample((there, noted, wanted) =>
        {
            var node = Annotated(NodeWith([.. there.Select(ParseTaint)]), Note(noted));
            var machine = Machine(wanted);
            var tainting = Tainting.Of(node, machine);

            Tainting.Of(After(node, tainting), machine).IsDone.ShouldBeTrue();
            foreach (var taint in node.Taints.Where(taint => !noted.Contains($"{taint.Key}={taint.Value}:{taint.Effect}")))
            {
                tainting.Taints.ShouldContain(taint);
            }

            tainting.Taints.Select(taint => (taint.Key, taint.Effect)).ShouldBeUnique();
        });
    }

    private static (string Status, string Reason) Tainted(World world)
    {
        var condition = world.Machine.Status.Conditions.Single(c => c.Type == ConditionTypes.NodeTainted);
        return (condition.Status, condition.Reason);
    }

    private static ScheduledMachine Machine(params string[] taints) =>
        World.New($""", "nodeTaints":{Note(taints)}""").Machine;

    private static string Note(IEnumerable<string> taints) => $"[{string.Join(",", taints.Select(ParseTaint).Select(taint =>
        $$"""{"key":"{{taint.Key}}","value":"{{taint.Value}}","effect":"{{taint.Effect}}"}"""))}]";

    private static Taint ParseTaint(string text) => new(text.Split('=')[0], text.Split('=', ':')[1], text.Split(':')[1]);

    private static Node Tainted(params string[] taints) => After(NodeWith([]), Tainting.Of(NodeWith([]), Machine(taints)));

    private static Node NodeWith(ImmutableArray<Taint> taints) => new()
    {
        Metadata = new ObjectMetadata { Name = "node-1", Uid = "node-uid", ResourceVersion = "1" },
        Taints = taints,
    };

    private static Node After(Node node, Tainting tainting) => Annotated(node with { Taints = tainting.Taints }, tainting.Annotation());

    private static Node Annotated(Node node, string note) => node with
    {
        Metadata = node.Metadata with { Annotations = new Dictionary<string, string> { [WellKnown.AppliedTaintsAnnotation] = note } },
    };
}
