// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api.Rules;

namespace FiveSpot.Api.Tests;

public sealed class RuleTests
{
    private static readonly string L63 = new('a', 63);
    private static readonly string L64 = new('a', 64);
    private static readonly string Sub253 = string.Join('.', L63, L63, L63, new string('a', 61));

    // Path, JSON of the value; kept by the controller's check and by the schema.
    public static TheoryData<string, string> Kept => new()
    {
        { "clusterName", "\"a\"" },
        { "clusterName", Quote(L63) },
        { "clusterName", "\"9-A_b.c\"" },
        { "schedule.daysOfWeek", "[]" },
        { "schedule.hoursOfDay", "[]" },
        { "schedule.daysOfWeek", """["mon","tue","wed","thu","fri","sat","sun"]""" },
        { "schedule.daysOfWeek", """["mon-wed,fri","sat-mon"]""" },
        { "schedule.daysOfWeek", """[" Mon - WED , fri "]""" },
        { "schedule.hoursOfDay", """["0","9-12,14-17","22-6","09-11","23"]""" },
        { "schedule.timezone", "\"America/Argentina/Buenos_Aires\"" },
        { "schedule.timezone", "\"Etc/GMT+12\"" },
        { "bootstrapSpec.apiVersion", "\"k0smotron.io/v1beta1\"" },
        { "bootstrapSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io/v1\"" },
        { "infrastructureSpec.apiVersion", "\"k0smotron.io/v1beta2\"" },
        { "bootstrapSpec.kind", Quote(new('K', 63)) },
        { "bootstrapSpec.kind", "\"k0s-Worker2\"" },
        { "bootstrapSpec.metadata", "null" },
        { "machineTemplate", "null" },
        { "machineTemplate.labels", """{"topology.kubernetes.io/zone":"z","node-role.kubernetes.io/worker":""}""" },
        { "machineTemplate.labels", """{"xcluster.x-k8s.io/a":"b","my5spot.finos.org/a":"b","finos.org/a":"b"}""" },
        { "machineTemplate.labels", """{"kubernetes.io":"a","5spot.finos.org":"b","k8s.io.example.com/a":"c"}""" },
        { "machineTemplate.labels", $$"""{"{{Sub253}}/{{L63}}":"{{L63}}"}""" },
        { "machineTemplate.annotations", """{"Example.COM/a":"any text: ä, \n"}""" },
        { "machineTemplate.version", Quote(new('v', 256)) },
        { "kubeconfigSecretRef.name", Quote(Sub253) },
        { "kubeconfigSecretRef.key", "\"a_B-c.1\"" },
        { "computer", "null" },
        { "computer", Quote(string.Concat(Enumerable.Repeat("😀", 253))) },
        { "computer", "\"The one in room 3, by the window\"" },
        { "priority", "0" },
        { "priority", "255" },
        { "gracefulShutdownTimeout", "\"0s\"" },
        { "nodeDrainTimeout", "\"24h\"" },
        { "killIfCommands", "[]" },
        { "killIfCommands.0", Quote(new('x', 256)) },
        { "killIfCommands.0", Quote(string.Concat(Enumerable.Repeat("😀", 256))) },
        { "killIfCommands", ListOf(100, "java") },
        { "killIfCommands.0", "\"argv:-jar /opt/idea.jar\"" },
        { "killIfCommands.0", "\"argv: x\"" },
        { "killIfCommands.0", "\"argv:\\n\"" },
        { "killIfCommands.0", "\"argv\"" },
        { "killIfCommands.0", "\"Argv:\"" },
        { "nodeTaints", "[]" },
        { "nodeTaints.0.key", Quote($"{string.Join('.', L63, L63, L63)[..^2]}/{L63}") },
        { "nodeTaints.0.key", "\"a.node.kubernetes.io/x\"" },
        { "nodeTaints.0.key", "\"kubernetes.io\"" },
        { "nodeTaints.0.value", "\"\"" },
        { "nodeTaints.0.value", "null" },
        { "nodeTaints.0.effect", "\"PreferNoSchedule\"" },
    };

    // Path, JSON of the value, where the violation is, its sentence.
    public static TheoryData<string, string, string, string> Broken => new()
    {
        { "clusterName", "\"\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "null", "clusterName", Sentences.Required },
        { "clusterName", Quote(L64), "clusterName", Sentences.ClusterName },
        { "clusterName", "\"-a\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "\"trading-\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "\"a.\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "\"a_\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "\"a b\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "\"a\\n\"", "clusterName", Sentences.ClusterName },
        { "clusterName", "\"ä\"", "clusterName", Sentences.ClusterName },
        { "schedule", "null", "schedule", Sentences.Required },
        { "schedule", "{}", "schedule", Sentences.ScheduleEmpty },
        { "schedule", """{"daysOfWeek":[],"hoursOfDay":[]}""", "schedule", Sentences.ScheduleEmpty },
        { "schedule.daysOfWeek", ListOf(65, "mon"), "schedule.daysOfWeek", Sentences.ScheduleEntries },
        { "schedule.hoursOfDay", ListOf(65, "1"), "schedule.hoursOfDay", Sentences.ScheduleEntries },
        { "schedule.daysOfWeek.1", "\"\"", "schedule.daysOfWeek[1]", Sentences.Days },
        { "schedule.daysOfWeek.1", "null", "schedule.daysOfWeek[1]", Sentences.Required },
        { "schedule.hoursOfDay.0", Quote(string.Join(',', Enumerable.Repeat("1", 129))), "schedule.hoursOfDay[0]", Sentences.Hours },
        { "schedule.timezone", "\"\"", "schedule.timezone", Sentences.Timezone },
        { "schedule.timezone", Quote(new('A', 65)), "schedule.timezone", Sentences.Timezone },
        { "bootstrapSpec", "null", "bootstrapSpec", Sentences.Required },
        { "bootstrapSpec.apiVersion", "\"v1\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "null", "bootstrapSpec.apiVersion", Sentences.Required },
        { "bootstrapSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io/\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io/v1/x\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io/../v1\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "\"bootstrapxcluster.x-k8s.io/v1\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "\"a.k0smotron.io/v1\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "bootstrapSpec.apiVersion", "\"infrastructure.cluster.x-k8s.io/v1\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "infrastructureSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io/v1\"", "infrastructureSpec.apiVersion", Sentences.InfrastructureApiVersion },
        { "infrastructureSpec.apiVersion", "\"apps/v1\"", "infrastructureSpec.apiVersion", Sentences.InfrastructureApiVersion },
        { "infrastructureSpec.kind", "\"\"", "infrastructureSpec.kind", Sentences.Kind },
        { "infrastructureSpec.kind", Quote(L64), "infrastructureSpec.kind", Sentences.Kind },
        { "infrastructureSpec.kind", "\"\\u001b[2JRemoteMachine\\u202e\"", "infrastructureSpec.kind", Sentences.Kind },
        { "infrastructureSpec.kind", "\"RemoteMachine\\n\"", "infrastructureSpec.kind", Sentences.Kind },
        { "infrastructureSpec.kind", "\"Remote\\u200bMachine\"", "infrastructureSpec.kind", Sentences.Kind },
        { "infrastructureSpec.kind", "\"9Machine\"", "infrastructureSpec.kind", Sentences.Kind },
        { "bootstrapSpec.kind", "\"-K\"", "bootstrapSpec.kind", Sentences.Kind },
        { "bootstrapSpec.kind", "\"K-\"", "bootstrapSpec.kind", Sentences.Kind },
        { "bootstrapSpec.apiVersion", "\"bootstrap.cluster.x-k8s.io/v1\\u202e\"", "bootstrapSpec.apiVersion", Sentences.BootstrapApiVersion },
        { "infrastructureSpec.spec", "[]", "infrastructureSpec.spec", Sentences.Object },
        { "infrastructureSpec.spec", "null", "infrastructureSpec.spec", Sentences.Object },
        { "machineTemplate.labels", """{"cluster.x-k8s.io/a":"b"}""", "machineTemplate.labels", Sentences.ReservedKey },
        { "machineTemplate.labels", """{"machine.cluster.x-k8s.io/a":"b"}""", "machineTemplate.labels", Sentences.ReservedKey },
        { "machineTemplate.labels", """{"a.5spot.finos.org/a":"b"}""", "machineTemplate.labels", Sentences.ReservedKey },
        { "machineTemplate.labels", """{"kubernetes.io/a":"b"}""", "machineTemplate.labels", Sentences.ReservedKey },
        { "machineTemplate.labels", """{"k8s.io/a":"b"}""", "machineTemplate.labels", Sentences.ReservedKey },
        { "machineTemplate.annotations", """{"5spot.finos.org/a":"b"}""", "machineTemplate.annotations", Sentences.ReservedKey },
        { "bootstrapSpec.metadata.labels", """{"cluster.x-k8s.io/a":"b"}""", "bootstrapSpec.metadata.labels", Sentences.ReservedKey },
        { "bootstrapSpec.metadata.annotations", """{"k8s.io/a":"b"}""", "bootstrapSpec.metadata.annotations", Sentences.ReservedKey },
        { "infrastructureSpec.metadata.labels", """{"5spot.finos.org/a":"b"}""", "infrastructureSpec.metadata.labels", Sentences.ReservedKey },
        { "infrastructureSpec.metadata.annotations", """{"x.cluster.x-k8s.io/a":"b"}""", "infrastructureSpec.metadata.annotations", Sentences.ReservedKey },
        { "machineTemplate.labels", """{"":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", """{"a b":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", """{"/a":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", """{"a/b/c":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", """{"A.com/b":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", """{"a..com/b":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", $$"""{"{{L64}}":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.labels", $$"""{"{{Sub253}}a/b":"b"}""", "machineTemplate.labels", Sentences.LabelKey },
        { "machineTemplate.annotations", """{"a b":"b"}""", "machineTemplate.annotations", Sentences.AnnotationKey },
        { "machineTemplate.labels", """{"a":"b c"}""", "machineTemplate.labels[a]", Sentences.LabelValue },
        { "machineTemplate.labels", """{"a":"-"}""", "machineTemplate.labels[a]", Sentences.LabelValue },
        { "machineTemplate.labels", $$"""{"a":"{{L64}}"}""", "machineTemplate.labels[a]", Sentences.LabelValue },
        { "machineTemplate.labels", """{"a":null}""", "machineTemplate.labels[a]", Sentences.Required },
        { "machineTemplate.annotations", """{"a":null}""", "machineTemplate.annotations[a]", Sentences.AnnotationValue },
        { "machineTemplate.labels", MapOf(65), "machineTemplate.labels", Sentences.MapEntries },
        { "machineTemplate.annotations", MapOf(65), "machineTemplate.annotations", Sentences.MapEntries },
        { "machineTemplate.version", "\"\"", "machineTemplate.version", Sentences.MachineField },
        { "machineTemplate.failureDomain", Quote(new('x', 257)), "machineTemplate.failureDomain", Sentences.MachineField },
        { "kubeconfigSecretRef.name", "\"\"", "kubeconfigSecretRef.name", Sentences.SecretName },
        { "kubeconfigSecretRef.name", "\"../x\"", "kubeconfigSecretRef.name", Sentences.SecretName },
        { "kubeconfigSecretRef.name", "\"A\"", "kubeconfigSecretRef.name", Sentences.SecretName },
        { "kubeconfigSecretRef.name", Quote(Sub253 + "a"), "kubeconfigSecretRef.name", Sentences.SecretName },
        { "kubeconfigSecretRef.key", "\"\"", "kubeconfigSecretRef.key", Sentences.SecretKey },
        { "kubeconfigSecretRef.key", "\"a/b\"", "kubeconfigSecretRef.key", Sentences.SecretKey },
        { "priority", "-1", "priority", Sentences.Priority },
        { "computer", "\"\"", "computer", Sentences.Computer },
        { "computer", Quote(new('c', 254)), "computer", Sentences.Computer },
        { "priority", "256", "priority", Sentences.Priority },
        { "gracefulShutdownTimeout", "\"5\"", "gracefulShutdownTimeout", Sentences.Duration },
        { "gracefulShutdownTimeout", "\"86401s\"", "gracefulShutdownTimeout", Sentences.Duration },
        { "nodeDrainTimeout", "\"1441m\"", "nodeDrainTimeout", Sentences.Duration },
        { "nodeDrainTimeout", "\"25h\"", "nodeDrainTimeout", Sentences.Duration },
        { "nodeDrainTimeout", "\"5m\\n\"", "nodeDrainTimeout", Sentences.Duration },
        { "killIfCommands", ListOf(101, "java"), "killIfCommands", Sentences.Commands },
        { "killIfCommands.1", "\"\"", "killIfCommands[1]", Sentences.Command },
        { "killIfCommands.1", "null", "killIfCommands[1]", Sentences.Required },
        { "killIfCommands.1", Quote(new('x', 257)), "killIfCommands[1]", Sentences.Command },
        { "killIfCommands.1", "\"argv:\"", "killIfCommands[1]", Sentences.CommandLineText },
        { "killIfCommands.1", "\"argv:  \"", "killIfCommands[1]", Sentences.CommandLineText },
        { "nodeTaints.0", "null", "nodeTaints[0]", Sentences.Required },
        { "nodeTaints.0.key", "\"\"", "nodeTaints[0].key", Sentences.TaintKey },
        { "nodeTaints.0.key", Quote(L64), "nodeTaints[0].key", Sentences.TaintKey },
        { "nodeTaints.0.key", Quote($"{string.Join('.', L63, L63, L63)}/{L63}"), "nodeTaints[0].key", Sentences.TaintKey },
        { "nodeTaints.0.key", "\"5spot.finos.org/x\"", "nodeTaints[0].key", Sentences.ReservedTaintKey },
        { "nodeTaints.0.key", "\"kubernetes.io/x\"", "nodeTaints[0].key", Sentences.ReservedTaintKey },
        { "nodeTaints.0.key", "\"node.kubernetes.io/x\"", "nodeTaints[0].key", Sentences.ReservedTaintKey },
        { "nodeTaints.0.key", "\"node-role.kubernetes.io/x\"", "nodeTaints[0].key", Sentences.ReservedTaintKey },
        { "nodeTaints.0.value", "\"a b\"", "nodeTaints[0].value", Sentences.TaintValue },
        { "nodeTaints.0.value", Quote(L64), "nodeTaints[0].value", Sentences.TaintValue },
        { "nodeTaints.0.effect", "\"noSchedule\"", "nodeTaints[0].effect", Sentences.TaintEffect },
        { "nodeTaints.0.effect", "null", "nodeTaints[0].effect", Sentences.Required },
        { "nodeTaints.0.effect", "\"NoExecute\"", "nodeTaints[1]", Sentences.TaintsUnique },
    };

    [Theory]
    [MemberData(nameof(Kept))]
    public void What_is_allowed_is_taken(string path, string json)
    {
        var spec = Specs.With(path, JsonNode.Parse(json));
        ScheduledMachineRules.Check("name", Specs.Decode(spec)).ShouldBeEmpty();
        SchemaCheck.Spec(spec).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_is_not_is_refused_by_the_check_and_by_the_schema(string path, string json, string field, string sentence)
    {
        var spec = Specs.With(path, JsonNode.Parse(json));
        var violation = ScheduledMachineRules.Check("name", Specs.Decode(spec)).ShouldHaveSingleItem();
        violation.Field.ShouldBe($"spec.{field}");
        violation.Message.ShouldBe(sentence);

        // Of its own bounds the server says in one word here; what its rules say is what the check says.
        var error = SchemaCheck.Spec(spec).ShouldHaveSingleItem().Split(": ", 2)[1];
        if (error.Contains(' ', StringComparison.Ordinal))
        {
            error.ShouldBe(sentence);
        }
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void The_name_is_checked(string? name, bool isKept) =>
        ScheduledMachineRules.Check(name!, Specs.Decode(Specs.Full())).Count.ShouldBe(isKept ? 0 : 1);

    [Fact]
    public void The_name_becomes_the_value_of_a_label()
    {
        ScheduledMachineRules.Check(L63, Specs.Decode(Specs.Full())).ShouldBeEmpty();
        var violation = ScheduledMachineRules.Check(L64, Specs.Decode(Specs.Full())).ShouldHaveSingleItem();
        violation.Field.ShouldBe("metadata.name");
        violation.Message.ShouldBe(Sentences.NameLength);
        ScheduledMachineCrd.ToYaml().ShouldContain(Sentences.NameLength);
        ScheduledMachineCrd.ToYaml().ShouldContain(Sentences.ClusterNameImmutable);
    }

    [Fact]
    public void All_annotations_together_have_a_limit()
    {
        var half = new string('x', 131_071);
        ScheduledMachineRules.Check("a", Specs.Decode(Specs.With(
            "machineTemplate.annotations", new JsonObject { ["a"] = half, ["b"] = half }))).ShouldBeEmpty();
        ScheduledMachineRules.Check("a", Specs.Decode(Specs.With(
                "machineTemplate.annotations", new JsonObject { ["a"] = half, ["b"] = half[1..] + "ä" })))
            .ShouldHaveSingleItem().Message.ShouldBe(Sentences.AnnotationBytes);
    }

    [Fact]
    public void A_missing_spec_is_reported() =>
        ScheduledMachineRules.Check("a", null!).ShouldHaveSingleItem().Field.ShouldBe("spec");

    [Fact]
    public void Violations_come_in_the_order_of_the_fields_and_not_without_end()
    {
        var spec = Specs.With("killIfCommands", new JsonArray([.. Enumerable.Repeat(0, 100).Select(static _ => (JsonNode)"")]));
        spec["clusterName"] = "?";
        spec["nodeTaints"] = new JsonArray((JsonNode)new JsonObject { ["key"] = "?", ["effect"] = "?" });
        var violations = ScheduledMachineRules.Check("a", Specs.Decode(spec));
        violations.Count.ShouldBe(ScheduledMachineRules.MaxViolations);
        violations[0].Field.ShouldBe("spec.clusterName");
        violations[1].Field.ShouldBe("spec.killIfCommands[0]");
        violations[^1].Message.ShouldBe(Sentences.Truncated);
    }

    [Fact]
    public void What_is_quoted_is_short_and_harmless()
    {
        var violation = ScheduledMachineRules.Check(
            "a", Specs.Decode(Specs.With("clusterName", "a\u001b[31m\n\u202e" + new string('x', 10_000)))).ShouldHaveSingleItem();
        violation.Value.ShouldBe("a\uFFFD[31m\uFFFD\uFFFD" + new string('x', 56) + "…");
        violation.ToString().ShouldBe($"spec.clusterName: \"{violation.Value}\": {Sentences.ClusterName}");
        new RuleViolation("spec", "x").ToString().ShouldBe("spec: x");
    }

    private static string Quote(string text) => $"\"{text}\"";

    private static string ListOf(int count, string item) =>
        $"[{string.Join(',', Enumerable.Repeat(Quote(item), count))}]";

    private static string MapOf(int count) =>
        $"{{{string.Join(',', Enumerable.Range(0, count).Select(static index => $"\"k{index}\":\"\""))}}}";
}
