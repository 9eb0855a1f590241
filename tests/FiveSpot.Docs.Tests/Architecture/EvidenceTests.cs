// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Docs.Tests.Documents;

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
            var named = evidence.Texts("tests");
            var isCode = path.EndsWith(".cs", StringComparison.Ordinal);
            (named.Count > 0).ShouldBe(isCode, $"{path} names tests if it has any, and only then");
            missing.AddRange(named.Except(isCode ? TestMethods.In(path) : []).Select(test => $"{path} has no test {test}"));
        }

        missing.ShouldBeEmpty();
    }

    private static IEnumerable<JsonObject> Evidence() => Configurations().SelectMany(static config => CalmArchitecture.List(config, "evidence"));

    private static IEnumerable<JsonObject> Configurations() => CalmArchitecture.Requirements.Select(static requirement => requirement["config"]!.AsObject());
}
