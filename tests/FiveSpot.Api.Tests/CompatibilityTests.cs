// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api.Rules;

namespace FiveSpot.Api.Tests;

/// <summary>Public manifests of v1alpha1.</summary>
public sealed class CompatibilityTests
{
    [Theory]
    [InlineData("scheduledmachine-basic.yaml")]
    [InlineData("scheduledmachine-tainted.yaml")]
    public void A_manifest_is_taken_but_for_its_reserved_annotation(string file)
    {
        var manifest = Read(file);
        var spec = manifest["spec"]!;
        var violation = ScheduledMachineRules.Check((string)manifest["metadata"]!["name"]!, Specs.Decode(spec))
            .ShouldHaveSingleItem();
        violation.ShouldBe(new(
            "spec.machineTemplate.annotations", Sentences.ReservedKey, "5spot.finos.org/scheduled-by"));
        SchemaCheck.Spec(spec).ShouldBe([$"spec.machineTemplate.annotations: {Sentences.ReservedKey}"]);

        spec["machineTemplate"]!["annotations"]!.AsObject().Clear();
        ScheduledMachineRules.Check("name", Specs.Decode(spec)).ShouldBeEmpty();
        SchemaCheck.Spec(spec).ShouldBeEmpty();

        spec["machineTemplate"]!["labels"]!["node-role.kubernetes.io/worker"] = null;
        ScheduledMachineRules.Check("name", Specs.Decode(spec)).ShouldHaveSingleItem();
        SchemaCheck.Spec(spec).ShouldBe(["spec.machineTemplate.labels[node-role.kubernetes.io/worker]: type"]);
    }

    [Fact]
    public void Bad_taints_are_all_refused()
    {
        var spec = Read("scheduledmachine-bad-taint.yaml")["spec"]!;
        ScheduledMachineRules.Check("name", Specs.Decode(spec)).ShouldBe(
        [
            new("spec.nodeTaints[0].key", Sentences.ReservedTaintKey, "5spot.finos.org/internal"),
            new("spec.nodeTaints[1].key", Sentences.ReservedTaintKey, "node.kubernetes.io/unschedulable"),
            new("spec.nodeTaints[3]", Sentences.TaintsUnique, "workload:NoSchedule"),
        ]);
        SchemaCheck.Spec(spec).ShouldNotBeEmpty();
        spec["nodeTaints"] = new JsonArray();
        SchemaCheck.Spec(spec).ShouldBeEmpty();
    }

    [Fact]
    public void The_schedules_of_the_vectors_are_taken()
    {
        foreach (var line in File.ReadLines(TestFiles.Shared("vectors/schedule.jsonl")))
        {
            var vector = JsonNode.Parse(line)!;
            var spec = Specs.With("schedule", new JsonObject
            {
                ["daysOfWeek"] = vector["daysOfWeek"]?.DeepClone(),
                ["hoursOfDay"] = vector["hoursOfDay"]?.DeepClone(),
                ["timezone"] = vector["timezone"]?.DeepClone(),
            });
            SchemaCheck.Spec(spec).ShouldBeEmpty(line);
            ScheduledMachineRules.Check("name", Specs.Decode(spec)).ShouldBeEmpty(line);
        }
    }

    [Theory]
    [InlineData("daysOfWeek", "mon-")]
    [InlineData("daysOfWeek", "monday")]
    [InlineData("daysOfWeek", "mon,,tue")]
    [InlineData("daysOfWeek", "mon-tue-wed")]
    [InlineData("daysOfWeek", "")]
    [InlineData("daysOfWeek", "mon\n")]
    [InlineData("hoursOfDay", "24")]
    [InlineData("hoursOfDay", "-1")]
    [InlineData("hoursOfDay", "009")]
    [InlineData("hoursOfDay", "9:00-17:00")]
    [InlineData("hoursOfDay", "9-")]
    public void The_schema_refuses_what_is_no_list_of_days_or_hours(string field, string entry) =>
        SchemaCheck.Spec(Specs.With($"schedule.{field}", new JsonArray(entry))).ShouldHaveSingleItem()
            .ShouldStartWith($"spec.schedule.{field}[0]: not a list of");

    [Theory]
    [InlineData("")]
    [InlineData("Europe/")]
    [InlineData("/Zurich")]
    [InlineData("../UTC")]
    [InlineData("+01:00")]
    public void The_schema_refuses_what_cannot_be_a_zone(string zone) =>
        SchemaCheck.Spec(Specs.With("schedule.timezone", zone)).ShouldHaveSingleItem().ShouldEndWith(Sentences.Timezone);

    private static JsonObject Read(string file) =>
        YamlReader.Read(File.ReadAllText(TestFiles.Shared($"compat-manifests/{file}")));
}
