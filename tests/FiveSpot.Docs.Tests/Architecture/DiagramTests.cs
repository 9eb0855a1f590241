// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>What is rendered of the architecture.</summary>
public sealed class DiagramTests
{
    // What has come since the document that the project was asked to implement.
    private static readonly (string From, string Label, string To)[] ArrowsSince =
    [
        // Both providers work from what the API server tells them, as the core controller does: else a flow can't show who
        // makes the Secret that a machine joins with, nor what the machine is made of.
        ("service-capi-bootstrap-provider", "HTTPS", "service-kubernetes-api"),
        ("service-capi-infrastructure-provider", "HTTPS", "service-kubernetes-api"),

        // The readiness probe in deploy/node-agent/daemonset.yaml.
        ("service-kubelet", "HTTP", "service-reclaim-agent"),
    ];

    [Theory]
    [InlineData("system.md")]
    [InlineData("flows.md")]
    public void The_rendered_file_is_up_to_date(string document)
    {
        var file = TestFiles.PathOf($"docs/architecture/{document}");
        var rendered = Diagrams.Render(document);
        if (Environment.GetEnvironmentVariable("FIVESPOT_UPDATE") == "1")
        {
            File.WriteAllText(file, rendered);
        }

        var stored = File.Exists(file) ? File.ReadAllText(file) : "";
        (stored == rendered).ShouldBeTrue($"docs/architecture/{document} is stale: make calm-diagrams writes it anew");
    }

    [Fact]
    public void The_diagram_is_that_of_the_given_document_and_what_has_come_since()
    {
        var given = Flowchart.Parse(Between(File.ReadAllText(TestFiles.Shared("system-architecture.txt")), "flowchart LR ", "Source:"));
        given.Nodes.Count.ShouldBe(14);
        given.Boxes.Count.ShouldBe(5);
        given.Arrows.Count.ShouldBe(9);

        var rendered = Flowchart.Parse(Between(Diagrams.Render("system.md"), "```mermaid\nflowchart LR\n", "```"));
        rendered.Nodes.ShouldBe(given.Nodes);
        rendered.Boxes.ShouldBe(given.Boxes);
        rendered.Members.ShouldBe(given.Members);
        rendered.Arrows.ShouldBe([.. given.Arrows, .. ArrowsSince]);
    }

    [Fact]
    public void Every_step_of_every_flow_is_drawn_between_two_who_take_part()
    {
        var diagrams = Diagrams.Render("flows.md").Split("```mermaid\nsequenceDiagram\n    autonumber\n")[1..]
            .Select(static text => text[..text.IndexOf("```", StringComparison.Ordinal)]).ToList();
        diagrams.Count.ShouldBe(CalmArchitecture.Flows.Count);
        foreach (var (diagram, flow) in diagrams.Zip(CalmArchitecture.Flows))
        {
            diagram.ShouldBe(string.Concat(Participants(flow).Concat(Messages(flow)).Select(static line => $"    {line}\n")), flow.Id);
        }
    }

    private static IEnumerable<string> Participants(System.Text.Json.Nodes.JsonObject flow) =>
        flow["metadata"]!.AsObject().Texts("participants")
            .Select(static id => $"participant p_{id} as {CalmArchitecture.Nodes.Single(node => node.Id == id).Text("name")}");

    private static IEnumerable<string> Messages(System.Text.Json.Nodes.JsonObject flow)
    {
        foreach (var transition in CalmArchitecture.List(flow, "transitions"))
        {
            var ends = CalmArchitecture.Relationships.Single(relationship => relationship.Id == transition.Text("relationship-unique-id")).Ends;
            var (asks, asked) = ($"p_{ends[0].Node}", $"p_{ends[1].Node}");
            var arrow = (string?)transition["direction"] == "destination-to-source" ? $"{asked}-->>{asks}" : $"{asks}->>{asked}";
            yield return $"{arrow}: {transition.Text("description")}";
        }
    }

    private static string Between(string text, string before, string after)
    {
        // The given document speaks of "flowchart LR" before there is one.
        var start = text.LastIndexOf(before, StringComparison.Ordinal) + before.Length;
        start.ShouldBeGreaterThanOrEqualTo(before.Length, $"there is no {before}");
        return text[start..text.IndexOf(after, start, StringComparison.Ordinal)];
    }
}
