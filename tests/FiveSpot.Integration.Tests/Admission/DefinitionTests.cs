// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>Everything that the definition demands, asked of a server both ways: by what keeps it, and by what breaks it.</summary>
public abstract class DefinitionTests(ServerKind kind)
{
    public sealed class OnEmbedded() : DefinitionTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : DefinitionTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task What_the_schema_demands_is_demanded()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        var isNew = cluster.ServerVersion is not { } version || version >= ConstraintCase.WordsAsOf;

        // Old servers do not look for doubles when a status is written.
        var cases = ConstraintCase.All.Where(one => !one.Constraint.IsRule && (isNew || one.Constraint.Keyword != "x-kubernetes-list-type"));
        await DemandsAsync(cluster, cases, words: isNew);
    }

    [Fact]
    public async Task What_the_rules_demand_is_demanded_in_their_words()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        SkipUnlessRulesAreEvaluated(cluster);
        await DemandsAsync(cluster, ConstraintCase.All.Where(one => one.Constraint.IsRule), words: true);
    }

    [Fact]
    public async Task The_name_may_have_63_characters()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        SkipUnlessRulesAreEvaluated(cluster);
        using var judge = await Judge.AppointAsync(cluster);

        (await judge.RefusalAsync(Named(new string('a', 63)), isOfStatus: false)).ShouldBeNull();

        var refusal = (await judge.RefusalAsync(Named(new string('a', 64)), isOfStatus: false)).ShouldNotBeNull();
        refusal.Code.ShouldBe(422);
        refusal.Causes.ShouldHaveSingleItem().Message.ShouldEndWith($": {RootRule(0)}");
    }

    [Fact]
    public async Task A_machine_of_a_longer_name_from_before_the_rule_can_be_reported_on_and_let_go()
    {
        await using var cluster = await Cluster.StartAsync(kind, Definitions.WithoutRules);
        SkipUnlessRulesAreEvaluated(cluster);
        var name = new string('a', 64);
        var machine = Named(name);
        machine["metadata"]!["finalizers"] = new JsonArray(WellKnown.Finalizer);
        await cluster.CreateAsync(Kinds.ScheduledMachine, machine);
        var lax = (await cluster.GetAsync(Kinds.Crd, ScheduledMachineCrd.Name))!["spec"]!["versions"]!.DeepClone();
        await ServeAsync(ScheduledMachineCrd.ToJson()["spec"]!["versions"]!.DeepClone());
        try
        {
            await Wait.UntilAsync("the rules are in force", async () =>
            {
                try
                {
                    await cluster.CreateAsync(Kinds.ScheduledMachine, Named(new string('b', 64)));
                    await cluster.DeleteAsync(Kinds.ScheduledMachine, new string('b', 64));
                    return false;
                }
                catch (ApiException refused) when (refused.IsInvalid)
                {
                    return true;
                }
            });

            await cluster.PatchAsync(Kinds.ScheduledMachine, name, """{"status":{"phase":"Error","message":"It is too long."}}""", "status");
            await cluster.PatchAsync(Kinds.ScheduledMachine, name, """{"spec":{"killSwitch":true}}""");
            await cluster.DeleteAsync(Kinds.ScheduledMachine, name);
            await cluster.PatchAsync(Kinds.ScheduledMachine, name, """{"metadata":{"finalizers":null}}""");
            (await cluster.GetAsync(Kinds.ScheduledMachine, name)).ShouldBeNull();
        }
        finally
        {
            await ServeAsync(lax);
            await Wait.UntilAsync("the rules are gone", async () =>
            {
                try
                {
                    await cluster.CreateAsync(Kinds.ScheduledMachine, Named(new string('c', 64)));
                    return true;
                }
                catch (ApiException refused) when (refused.IsInvalid)
                {
                    return false;
                }
            });
        }

        Task ServeAsync(JsonNode versions) => cluster.PatchAsync(
            Kinds.Crd, ScheduledMachineCrd.Name, new JsonObject { ["spec"] = new JsonObject { ["versions"] = versions } }.ToJsonString());
    }

    [Fact]
    public async Task The_cluster_is_fixed_while_a_machine_exists()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        SkipUnlessRulesAreEvaluated(cluster);
        await cluster.CreateAsync(Kinds.ScheduledMachine, CompleteExample.Create());
        await RenameAsync("before-there-is-one");
        await cluster.PatchAsync(
            Kinds.ScheduledMachine, "complete", """{"status":{"machineRef":{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","name":"complete"}}}""", "status");

        var refusal = await Should.ThrowAsync<ApiException>(() => RenameAsync("while-there-is-one"));
        refusal.Code.ShouldBe(422);
        refusal.Causes.ShouldHaveSingleItem().Message.ShouldEndWith($": {RootRule(1)}");
        await cluster.PatchAsync(Kinds.ScheduledMachine, "complete", """{"spec":{"priority":51}}""");

        await cluster.PatchAsync(Kinds.ScheduledMachine, "complete", """{"status":{"machineRef":null}}""", "status");
        await RenameAsync("when-it-is-gone");

        Task RenameAsync(string clusterName) =>
            cluster.PatchAsync(Kinds.ScheduledMachine, "complete", $$$"""{"spec":{"clusterName":"{{{clusterName}}}"}}""");
    }

    // So that the server's reckoning of the rules' cost is known to be at work, when it takes the definition as it is.
    [Fact]
    public async Task Without_a_bound_the_rules_would_cost_too_much()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        SkipUnlessRulesAreEvaluated(cluster);
        var unbounded = ScheduledMachineCrd.ToJson();
        unbounded["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!["properties"]!["nodeTaints"]!.AsObject().Remove("maxItems");

        var refusal = await Should.ThrowAsync<ApiException>(() => cluster.PatchAsync(
            Kinds.Crd, ScheduledMachineCrd.Name, new JsonObject { ["spec"] = unbounded["spec"]!.DeepClone() }.ToJsonString()));

        refusal.Code.ShouldBe(422);
        refusal.Message.ShouldContain("cost exceeds budget");
    }

    private static void SkipUnlessRulesAreEvaluated(Cluster cluster) =>
        Assert.SkipUnless(cluster.EvaluatesRules, $"Kubernetes {cluster.ServerVersion} does not evaluate rules: it takes 1.25");

    private static string RootRule(int index) => Constraint.All.Single(one => one.IsRuleOnTheWhole && one.Index == index).Sentence;

    private static JsonObject Named(string name)
    {
        var machine = CompleteExample.Create();
        machine["metadata"]!["name"] = name;
        machine.Remove("status");
        return machine;
    }

    private static async Task DemandsAsync(Cluster cluster, IEnumerable<ConstraintCase> cases, bool words)
    {
        using var judge = await Judge.AppointAsync(cluster);
        List<string> wrong = [];
        foreach (var one in cases)
        {
            foreach (var good in one.Accepted)
            {
                if (await judge.RefusalAsync(good, one.Constraint.IsOfStatus) is { } refusal)
                {
                    wrong.Add($"{one}: refused is {At(good)}: {refusal.Message}");
                }
            }

            foreach (var bad in one.Refused)
            {
                if (await judge.RefusalAsync(bad, one.Constraint.IsOfStatus) is not { } refusal)
                {
                    wrong.Add($"{one}: accepted is {At(bad)}");
                }
                else if (refusal.Code != 422)
                {
                    wrong.Add($"{one}: {refusal.Code} for {At(bad)}: {refusal.Message}");
                }
                else if (words && !refusal.Causes.Any(cause => cause.Field == one.Field && cause.Message.Contains(one.Words, StringComparison.Ordinal)))
                {
                    wrong.Add($"{one}: no {one.Field}: {one.Words} for {At(bad)}, but {string.Join(" | ", refusal.Causes)}");
                }
            }

            string At(JsonObject machine) => one.Constraint.Keyword == "required"
                ? "what lacks it"
                : Shortened(CompleteExample.At(machine, one.Constraint.Path)?.ToJsonString(JsonSerializerOptions.Web) ?? "nothing");
        }

        wrong.ShouldBeEmpty();
    }

    private static string Shortened(string text) => text.Length <= 200 ? text : $"{text[..200]}… ({text.Length} characters)";
}
