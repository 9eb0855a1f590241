// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Text that would act on a terminal, in all places where somebody else may write some, and all that comes out of it.</summary>
public abstract class ForeignTextTests(ServerKind kind)
{
    // Clears a screen, turns the order of what follows, ends a line, and more of the kind.
    private const string Hostile = "A\u001b[2J\u202eB\r\n\0\u0085C\u2028\u200b\ufeff";

    public sealed class OnEmbedded() : ForeignTextTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ForeignTextTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task Hostile_text_in_every_field_of_a_spec_reaches_no_status_no_event_no_log_line_and_no_metric()
    {
        using var lines = new LogLines();
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        using var metrics = new MetricRegistry(static meter => meter.Name is ControllerMetrics.MeterName or RuntimeMetrics.MeterName);
        await using var cluster = await Cluster.StartAsync(kind, Definitions.WithoutRules);
        var schema = ScheduledMachineCrd.ToJson()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!;
        var fields = Texts(schema).ToList();
        fields.Count.ShouldBeGreaterThan(25);
        var names = new List<string>();
        foreach (var text in (string[])[Hostile, Hostile + new string('x', 10_000)])
        {
            foreach (var set in fields)
            {
                names.Add($"words-{names.Count}");
                var machine = Cluster.ScheduledMachineJson(names[^1]);
                set(machine["spec"]!, text);
                await cluster.CreateAsync(Kinds.ScheduledMachine, machine);
            }
        }

        await using var controller = await RunningController.StartAsync(cluster, loggers: loggers);
        foreach (var name in names)
        {
            await Wait.UntilAsync($"{name} is reported", async () => (await cluster.StatusAsync(name)).Phase is not null);
        }

        cluster.MoveTo(Scenario.Opening);
        await controller.SettleAsync(cluster);
        await ShouldBeHarmlessAsync(cluster, lines, metrics);
        (await cluster.ListAsync(Kinds.Event)).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Hostile_text_of_Cluster_API_and_of_a_Node_reaches_no_status_no_event_no_log_line_and_no_metric()
    {
        using var lines = new LogLines();
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(lines));
        using var metrics = new MetricRegistry(static meter => meter.Name is ControllerMetrics.MeterName or RuntimeMetrics.MeterName);
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster, loggers: loggers);
        await SayHostileWordsAsync(cluster, () => ShouldBeHarmlessAsync(cluster, lines, metrics));
        (await cluster.EventsAsync()).ShouldContain("EmergencyReclaim");
        lines.Texts.ShouldContain(line => line.Contains("[2J", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_kubectl_shows_of_a_machine_and_of_its_events_acts_on_no_terminal()
    {
        Kubectl.Require();
        await using var cluster = await Cluster.StartAsync(kind);
        await using var controller = await RunningController.StartAsync(cluster);
        await SayHostileWordsAsync(cluster, ShowAsync);

        async Task ShowAsync()
        {
            await controller.SettleAsync(cluster);
            foreach (var typed in (string[])
            [
                "get scheduledmachines", "get scheduledmachines -o wide", "get scheduledmachine pc-1 -o yaml", "get scheduledmachine pc-1 -o json",
                "get scheduledmachine pc-1 -o jsonpath={.status}", "describe scheduledmachine pc-1", "get events", "get events -o wide", "get events -o yaml", "events", "events --for scheduledmachine/pc-1",
            ])
            {
                var (output, errors) = await Kubectl.RunAsync(cluster.Kubeconfig, [.. typed.Split(' '), "-n", cluster.Namespace]);
                errors.ShouldBe("", typed);
                output.ShouldNotBeEmpty(typed);
                foreach (var line in output.Split('\n'))
                {
                    ShouldBeHarmless(line.Replace('\t', ' '), int.MaxValue);
                }
            }

            // Or else nothing of it was there to be seen.
            var (described, _) = await Kubectl.RunAsync(cluster.Kubeconfig, "describe", "scheduledmachine", "pc-1", "-n", cluster.Namespace);
            described.ShouldContain("A [2J B C");
        }
    }

    /// <summary>Cluster API says them of its Machine, and then an agent on its Node.</summary>
    private static async Task SayHostileWordsAsync(Cluster cluster, Func<Task> look)
    {
        var capi = new ClusterApiByHand(cluster);
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active");
        await capi.JoinAsync();
        await cluster.PhaseAsync("Active", also: status => status.Ready);
        var text = JsonValue.Create(Hostile + new string('x', 4_000)).ToJsonString();
        await capi.SetStatusAsync("pc-1", $$"""
            "conditions":[{"type":"Ready","status":"False","reason":"Hostile","message":{{text}},"lastTransitionTime":"2026-01-05T09:01:00Z"}]
            """);
        await cluster.PhaseAsync("Active", also: status => status.Conditions.Any(condition => condition.Message.Contains("[2J", StringComparison.Ordinal)));
        await look();
        await cluster.PatchAsync(Kinds.Node, "pc-1", $$"""
            {"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-reason":{{text}},"5spot.finos.org/reclaim-requested-at":{{text}} } } }
            """);
        await cluster.PhaseAsync("EmergencyRemove");
        await look();
    }

    private static async Task ShouldBeHarmlessAsync(Cluster cluster, LogLines lines, MetricRegistry metrics)
    {
        foreach (var machine in await cluster.ListAsync(Kinds.ScheduledMachine))
        {
            ShouldBeHarmless(machine["status"], 4097);
        }

        foreach (var told in await cluster.ListAsync(Kinds.Event))
        {
            ShouldBeHarmless(told, 1024);
        }

        foreach (var line in lines.Read())
        {
            ShouldBeHarmless(line, 8193, "exception");
        }

        foreach (var line in lines.Texts)
        {
            line.ShouldEndWith("\n");
            ShouldBeHarmless(line[..^1], 17 << 10);
        }

        foreach (var line in metrics.Render().Split('\n'))
        {
            ShouldBeHarmless(line, 4096);
        }
    }

    private static void ShouldBeHarmless(JsonNode? node, int longest, string? ofSeveralLines = null)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields)
                {
                    ShouldBeHarmless(name, longest);
                    if (name == ofSeveralLines)
                    {
                        Array.ForEach(((string)value!).Split('\n'), line => ShouldBeHarmless(line, longest));
                    }
                    else
                    {
                        ShouldBeHarmless(value, longest);
                    }
                }

                break;
            case JsonArray items:
                foreach (var item in items)
                {
                    ShouldBeHarmless(item, longest);
                }

                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                ShouldBeHarmless((string)value!, longest);
                break;
        }
    }

    private static void ShouldBeHarmless(string text, int longest)
    {
        text.Length.ShouldBeLessThanOrEqualTo(longest, text);
        foreach (var rune in text.EnumerateRunes())
        {
            (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                .ShouldBeFalse($"U+{rune.Value:X4} in: {text}");
        }
    }

    // Of each place for a text below a schema, what puts one there. What is beside it stays, or is what it has to be.
    private static IEnumerable<Action<JsonNode, string>> Texts(JsonNode schema)
    {
        foreach (var (name, property) in schema["properties"]!.AsObject())
        {
            foreach (var set in Values(property!))
            {
                yield return (parent, text) => parent[name] = set(parent[name], text);
            }
        }
    }

    private static IEnumerable<Func<JsonNode?, string, JsonNode>> Values(JsonNode schema)
    {
        switch ((string)schema["type"]!)
        {
            case "string":
                yield return (_, text) => text;
                break;
            case "array":
                foreach (var set in Values(schema["items"]!))
                {
                    yield return (_, text) => new JsonArray(set(null, text));
                }

                break;
            case "object" when schema["properties"] is not null:
                foreach (var set in Texts(schema))
                {
                    yield return (before, text) =>
                    {
                        var made = before?.DeepClone() ?? new JsonObject();
                        foreach (var required in schema["required"]?.AsArray() ?? [])
                        {
                            made[(string)required!] ??= (string)required! == "effect" ? "NoSchedule" : "a";
                        }

                        set(made, text);
                        return made;
                    };
                }

                break;
            case "object":
                yield return (_, text) => new JsonObject { [text] = "a" };
                yield return (_, text) => new JsonObject { ["address"] = text };
                break;
        }
    }
}
