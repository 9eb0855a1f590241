// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Text.RegularExpressions;

namespace FiveSpot.Api.Tests;

/// <summary>The names that other programs rely on are those that the reference lists: none is renamed, or left out there, unseen.</summary>
public sealed class NamesTests
{
    [Theory]
    [InlineData(typeof(MachinePhase), "events.md", "## Phases")]
    [InlineData(typeof(EventReasons), "events.md", "## Events")]
    [InlineData(typeof(ConditionTypes), "events.md", "## Conditions")]
    [InlineData(typeof(ConditionReasons), "events.md", "## Reasons of conditions")]
    [InlineData(typeof(WellKnown), "names.md", "# Names")]
    public void Names_are_those_of_the_reference(Type type, string document, string heading) =>
        Constants(type).ShouldBe(Listed(document, heading), ignoreOrder: true);

    // The first column of the table below a heading.
    private static IEnumerable<string> Listed(string document, string heading)
    {
        var text = File.ReadAllText(Path.Combine(TestFiles.Repository, "docs", "reference", document));
        var start = text.IndexOf($"{heading}\n", StringComparison.Ordinal);
        start.ShouldBeGreaterThanOrEqualTo(0, $"{document} has no heading {heading}");
        var next = text.IndexOf("\n#", start + 1, StringComparison.Ordinal);
        return Regex.Matches(next < 0 ? text[start..] : text[start..next], "^\\| `([^`]+)` \\|", RegexOptions.Multiline)
            .Select(static match => match.Groups[1].Value);
    }

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static field => field.IsLiteral)
            .Select(static field => (string)field.GetRawConstantValue()!);
}
