// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>The public manifests of v1alpha1: refused for the mistakes that they have, and taken as they are without those.</summary>
public abstract class PublicManifestTests(ServerKind kind)
{
    private const string ReservedAnnotation = "5spot.finos.org/scheduled-by";

    public sealed class OnEmbedded() : PublicManifestTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : PublicManifestTests(ServerKind.KubeApiServer)
    {
        // What a rule alone refuses is for the controller there, which says the same.
        [Theory]
        [InlineData("business-hours-worker")]
        [InlineData("batch-worker-tainted")]
        [InlineData("bad-taint-example")]
        public async Task Servers_that_ignore_rules_take_them_as_they_are(string name)
        {
            var manifest = Read(name);
            await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer);
            Assert.SkipWhen(cluster.EvaluatesRules, $"Kubernetes {cluster.ServerVersion} evaluates rules: it takes one before 1.25");

            await TakenAsItIsAsync(cluster, manifest);
        }
    }

    [Theory]
    [InlineData("business-hours-worker")]
    [InlineData("batch-worker-tainted")]
    public async Task A_reserved_annotation_is_refused_and_all_else_is_taken(string name)
    {
        var manifest = Read(name);
        await using var cluster = await Cluster.StartAsync(kind);
        SkipUnlessRulesAreEvaluated(cluster);

        var refusal = await RefusalAsync(cluster, manifest);
        var cause = refusal.Causes.ShouldHaveSingleItem();
        cause.Field.ShouldBe("spec.machineTemplate.annotations");
        cause.Message.ShouldEndWith(": " + Sentence("spec.machineTemplate.annotations", 0));

        manifest["spec"]!["machineTemplate"]!["annotations"]!.AsObject().Remove(ReservedAnnotation).ShouldBeTrue();
        await TakenAsItIsAsync(cluster, manifest);
    }

    // The first of them is said to have such a label; in the file it is "". Servers drop a null before they look at it, but
    // for server-side apply.
    [Fact]
    public async Task A_label_without_a_value_is_refused_when_it_is_applied_and_dropped_when_it_is_created()
    {
        const string Label = "node-role.kubernetes.io/worker";
        var manifest = Read("business-hours-worker");
        var template = manifest["spec"]!["machineTemplate"]!.AsObject();
        template.Remove("annotations");
        ((string)template["labels"]![Label]!).ShouldBe("");
        template["labels"]![Label] = null;
        await using var cluster = await Cluster.StartAsync(kind);

        (await Should.ThrowAsync<ApiException>(() => ApplyAsync(cluster, manifest))).Message
            .ShouldContain($"spec.machineTemplate.labels.{Label}: Invalid value: \"null\": spec.machineTemplate.labels.{Label} in body must be of type string: \"null\"");

        await cluster.CreateAsync(Kinds.ScheduledMachine, manifest);
        template["labels"]!.AsObject().Remove(Label);
        JsonNode.DeepEquals((await cluster.GetAsync(Kinds.ScheduledMachine, "business-hours-worker"))!["spec"]!["machineTemplate"], template).ShouldBeTrue();
        template["labels"]![Label] = "";
        await ApplyAsync(cluster, manifest);
    }

    [Fact]
    public async Task Reserved_and_doubled_taints_are_refused_and_all_else_is_taken()
    {
        var manifest = Read("bad-taint-example");
        await using var cluster = await Cluster.StartAsync(kind);
        SkipUnlessRulesAreEvaluated(cluster);

        (await RefusalAsync(cluster, manifest)).Causes.Select(cause => $"{cause.Field}: {cause.Message.Split(": ", 2)[1]}").ShouldBe(
            [
                $"spec.nodeTaints: {Sentence("spec.nodeTaints", 0)}",
                $"spec.nodeTaints[0].key: \"5spot.finos.org/internal\": {Sentence("spec.nodeTaints[].key", 1)}",
                $"spec.nodeTaints[1].key: \"node.kubernetes.io/unschedulable\": {Sentence("spec.nodeTaints[].key", 1)}",
            ],
            ignoreOrder: true);

        var taints = manifest["spec"]!["nodeTaints"]!.AsArray();
        taints[0]!["key"] = "example.com/internal";
        taints[1]!["key"] = "example.com/unschedulable";
        taints[3]!["effect"] = "NoExecute";
        await TakenAsItIsAsync(cluster, manifest);
    }

    private static Task ApplyAsync(Cluster cluster, JsonObject manifest) => cluster.Api.ApplyAsync(
        Kinds.ScheduledMachine, new ObjectKey(cluster.Namespace, Definitions.NameOf(manifest)), JsonSerializer.SerializeToUtf8Bytes((JsonNode)manifest), "scenario", force: true, null, Cluster.Parse, CancellationToken.None);

    private static JsonObject Read(string name)
    {
        var manifest = SharedFolder.ReadObjects("compat-manifests").Single(manifest => Definitions.NameOf(manifest) == name);
        manifest["metadata"]!.AsObject().Remove("namespace");
        return manifest;
    }

    private static void SkipUnlessRulesAreEvaluated(Cluster cluster) =>
        Assert.SkipUnless(cluster.EvaluatesRules, $"Kubernetes {cluster.ServerVersion} does not evaluate rules: it takes 1.25");

    private static string Sentence(string path, int index) =>
        Constraint.All.Single(one => one.IsRule && one.Path == path && one.Index == index).Sentence;

    private static async Task<ApiException> RefusalAsync(Cluster cluster, JsonObject manifest)
    {
        var refusal = await Should.ThrowAsync<ApiException>(() => cluster.CreateAsync(Kinds.ScheduledMachine, manifest));
        refusal.Code.ShouldBe(422);
        return refusal;
    }

    /// <summary>Stored with all that it says: nothing is dropped, and nothing changed.</summary>
    private static async Task TakenAsItIsAsync(Cluster cluster, JsonObject manifest)
    {
        var stored = await cluster.CreateAsync(Kinds.ScheduledMachine, manifest);

        foreach (var (field, value) in manifest["spec"]!.AsObject())
        {
            JsonNode.DeepEquals(stored["spec"]![field], value).ShouldBeTrue(field);
        }
    }
}
