// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>What the controls point at is there.</summary>
public sealed class EvidenceTests
{
    [Fact]
    public void Every_file_is_there()
    {
        CalmArchitecture.Requirements.ShouldNotBeEmpty();
        foreach (var path in Evidence().Select(static evidence => evidence.Text("path"))
            .Concat(Configurations().Select(static config => (string?)config["decision"]).OfType<string>())
            .Concat(CalmArchitecture.Read().Texts("adrs")))
        {
            File.Exists(TestFiles.PathOf(path)).ShouldBeTrue(path);
        }
    }

    [Fact]
    public void Every_test_is_one_and_is_in_its_file()
    {
        var missing = new List<string>();
        foreach (var evidence in Evidence())
        {
            var path = evidence.Text("path");
            var tests = evidence.Texts("tests");
            (tests.Count > 0).ShouldBe(path.EndsWith(".cs", StringComparison.Ordinal), $"{path} names tests if it has any, and only then");
            var paragraphs = tests.Count > 0 ? File.ReadAllText(TestFiles.PathOf(path)).Split("\n\n") : [];
            missing.AddRange(tests.Where(test => !paragraphs.Any(paragraph => IsTest(paragraph, test))).Select(test => $"{path} has no test {test}"));
        }

        missing.ShouldBeEmpty();
    }

    private static bool IsTest(string paragraph, string name) =>
        paragraph.Split('\n').TakeWhile(line => !line.Contains($" {name}(", StringComparison.Ordinal)).Any(static line => line.Trim() is "[Fact]" or "[Theory]" || line.Trim().StartsWith("[Theory(", StringComparison.Ordinal) || line.Trim().StartsWith("[Fact(", StringComparison.Ordinal))
        && paragraph.Contains($" {name}(", StringComparison.Ordinal);

    private static IEnumerable<JsonObject> Evidence() => Configurations().SelectMany(static config => CalmArchitecture.List(config, "evidence"));

    private static IEnumerable<JsonObject> Configurations() => CalmArchitecture.Requirements.Select(static requirement => requirement["config"]!.AsObject());
}
