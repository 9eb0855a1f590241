// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>What a Mermaid flowchart shows, however its text is laid out, even all of it on one line.</summary>
internal sealed partial class Flowchart
{
    private Flowchart()
    {
    }

    /// <summary>Each node with its label.</summary>
    public List<(string Id, string Label)> Nodes { get; } = [];

    /// <summary>Each box with its title.</summary>
    public List<(string Id, string Title)> Boxes { get; } = [];

    /// <summary>Which node is in which box.</summary>
    public List<(string Box, string Node)> Members { get; } = [];

    /// <summary>Each arrow, with its label or none.</summary>
    public List<(string From, string Label, string To)> Arrows { get; } = [];

    /// <summary>Reads the text that follows <c>flowchart LR</c>.</summary>
    public static Flowchart Parse(string text)
    {
        var chart = new Flowchart();
        string? box = null;
        text = text.Trim();
        for (var at = 0; at < text.Length;)
        {
            var statement = Statement().Match(text, at);
            statement.Success.ShouldBeTrue($"no statement of a flowchart: {text[at..]}");
            at += statement.Length;
            var id = statement.Groups["id"].Value;
            if (statement.Groups["title"] is { Success: true } title)
            {
                box.ShouldBeNull("a box in a box");
                box = id;
                chart.Boxes.Add((id, title.Value));
            }
            else if (statement.Groups["label"] is { Success: true } label)
            {
                chart.Nodes.Add((id, label.Value));
            }
            else if (statement.Groups["to"] is { Success: true } to)
            {
                chart.Arrows.Add((id, statement.Groups["protocol"].Value, to.Value));
            }
            else if (id == "end")
            {
                box.ShouldNotBeNull("an end of no box");
                box = null;
            }
            else
            {
                chart.Members.Add((box.ShouldNotBeNull($"{id} is in no box"), id));
            }
        }

        box.ShouldBeNull("a box without an end");
        return chart;
    }

    [GeneratedRegex("""\G(?:subgraph (?<id>[\w-]+) \[(?<title>[^\]]+)\]|(?<id>[\w-]+)(?:\["(?<label>[^"]+)"\]| -->(?:\|(?<protocol>\w+)\|)? (?<to>[\w-]+))?)(?:\s+|$)""", RegexOptions.ExplicitCapture)]
    private static partial Regex Statement();
}
