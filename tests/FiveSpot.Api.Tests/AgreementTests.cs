// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;

namespace FiveSpot.Api.Tests;

/// <summary>The check by hand and the schema, on specs of which each has a few fields replaced by whatever.</summary>
public sealed class AgreementTests
{
    private static readonly string[] Paths =
    [
        "clusterName", "enabled", "schedule", "schedule.daysOfWeek", "schedule.hoursOfDay", "schedule.timezone",
        "schedule.enabled", "bootstrapSpec", "bootstrapSpec.apiVersion", "bootstrapSpec.kind", "bootstrapSpec.metadata",
        "bootstrapSpec.metadata.labels", "bootstrapSpec.metadata.annotations", "bootstrapSpec.spec",
        "infrastructureSpec.apiVersion", "infrastructureSpec.kind", "infrastructureSpec.metadata.labels", "machineTemplate",
        "machineTemplate.labels", "machineTemplate.annotations", "machineTemplate.version", "kubeconfigSecretRef",
        "kubeconfigSecretRef.name", "kubeconfigSecretRef.key", "computer", "priority", "gracefulShutdownTimeout",
        "nodeDrainTimeout", "killSwitch", "killIfCommands", "killIfCommands.0", "nodeTaints", "nodeTaints.0",
        "nodeTaints.0.key", "nodeTaints.0.value", "nodeTaints.0.effect",
    ];

    // Pieces of names rather than characters: what is nearly right finds more than what is quite wrong.
    private static readonly Gen<string> Text = Gen.OneOf<string>(
        "a", "Z", "9", "\u001b[2J", "\u202e", ".", "-", "_", "/", "", " ", "\n", "ä", "😀", "k8s.io", "kubernetes.io", "node.kubernetes.io",
        "cluster.x-k8s.io", "5spot.finos.org", "bootstrap.", "infrastructure.", "k0smotron.io", "v1", "5m", "24h",
        "mon", "9-17", "UTC", "argv:", "NoSchedule", "NoExecute", new string('a', 62), new string('b', 63), new string('.', 250))
        .Array[0, 4].Select(string.Concat);

    private static readonly Gen<JsonNode?> Value = Gen.OneOf(
        Text.Select(static text => (JsonNode?)text),
        Gen.OneOf<string>("null", "true", "false", "0", "255", "256", "-1", "[]", "{}", "[null]", "[[]]", "{\"a\":null}", "{\"a\":{}}")
            .Select(static json => JsonNode.Parse(json)),
        Text.Array[0, 3].Select(static items => (JsonNode?)new JsonArray([.. items.Select(static item => (JsonNode)item)])),
        Gen.Select(Text, Text).Array[0, 3].Select(static pairs =>
        {
            var map = new JsonObject();
            foreach (var (key, value) in pairs)
            {
                map[key] = value;
            }

            return (JsonNode?)map;
        }));

    private static readonly Gen<(string Path, JsonNode? Value)[]> Changes =
        Gen.Select(Gen.OneOf<string>(Paths), Value, static (path, value) => (path, value)).Array[1, 3];

    [Fact]
    public void What_the_schema_refuses_the_check_refuses_and_the_other_way_round() =>
        Changes.Sample(
            static changes =>
            {
                var spec = Specs.Full();
                foreach (var (path, value) in changes)
                {
                    Replace(spec, path, value?.DeepClone());
                }

                var errors = SchemaCheck.Spec(spec)
                    .Where(static error => !error.EndsWith(": unknown", StringComparison.Ordinal)).ToList();
                ScheduledMachineSpec decoded;
                try
                {
                    decoded = Specs.Decode(spec);
                }
                catch (JsonException)
                {
                    errors.ShouldNotBeEmpty(spec.ToJsonString());
                    return;
                }

                var violations = ScheduledMachineRules.Check("name", decoded);
                violations.Count.ShouldBeLessThanOrEqualTo(ScheduledMachineRules.MaxViolations);
                if (errors.Any(IsOfSchedule))
                {
                    return;
                }

                (violations.Count > 0).ShouldBe(
                    errors.Count > 0,
                    $"{spec.ToJsonString()}\ncheck: {string.Join('\n', violations)}\nschema: {string.Join('\n', errors)}");
            },
            iter: 20_000);

    [Fact]
    public void Absurd_input_costs_little()
    {
        var huge = new string('a', 3_000_000);
        string[] many = [.. Enumerable.Repeat("x", 1_000_000)];
        var map = Enumerable.Range(0, 100_000).ToDictionary(static index => $"{index}", _ => huge);
        var long64 = Enumerable.Range(0, 64).ToDictionary(index => $"{huge}{index}", _ => huge);
        var template = new ObjectTemplate
        {
            ApiVersion = huge,
            Kind = huge,
            Metadata = new() { Labels = long64, Annotations = long64 },
            Spec = default,
        };
        var spec = new ScheduledMachineSpec
        {
            ClusterName = huge,
            Schedule = new() { DaysOfWeek = many, HoursOfDay = many, Timezone = huge },
            BootstrapSpec = template,
            InfrastructureSpec = template,
            MachineTemplate = new() { Labels = map, Annotations = map, Version = huge },
            KubeconfigSecretRef = new() { Name = huge, Key = huge },
            GracefulShutdownTimeout = huge,
            KillIfCommands = [.. Enumerable.Repeat(huge, 100)],
            NodeTaints = [.. Enumerable.Repeat(new NodeTaint { Key = huge, Value = huge, Effect = huge }, 64)],
        };
        ScheduledMachineRules.Check(huge, spec);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var started = Stopwatch.GetTimestamp();
        ScheduledMachineRules.Check(huge, spec).Count.ShouldBe(ScheduledMachineRules.MaxViolations);
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(30), "what is not linear takes minutes");
        (GC.GetAllocatedBytesForCurrentThread() - allocated).ShouldBeLessThan(1_000_000);
    }

    // The form of days, hours and zones is checked by the schedule's parser.
    private static bool IsOfSchedule(string path) =>
        path.StartsWith("spec.schedule.timezone", StringComparison.Ordinal)
        || path.StartsWith("spec.schedule.daysOfWeek[", StringComparison.Ordinal)
        || path.StartsWith("spec.schedule.hoursOfDay[", StringComparison.Ordinal);

    private static void Replace(JsonObject spec, string path, JsonNode? value)
    {
        var steps = path.Split('.');
        JsonNode? node = spec;
        foreach (var step in steps[..^1])
        {
            node = node switch
            {
                JsonArray list when int.TryParse(step, out var item) => list.ElementAtOrDefault(item),
                JsonObject map => map[step],
                _ => null,
            };
        }

        if (node is JsonObject target)
        {
            target[steps[^1]] = value;
        }
        else if (node is JsonArray { Count: > 0 } array && int.TryParse(steps[^1], out var index))
        {
            array[index] = value;
        }
    }
}
