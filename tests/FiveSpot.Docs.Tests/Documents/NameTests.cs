// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using FiveSpot.Docs.Tests.Reference;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>Metrics and flags that a document speaks of are there.</summary>
public sealed partial class NameTests
{
    // Of kubectl and of docker.
    private static readonly string[] FlagsOfOthers = ["--build-arg", "--validate"];

    [Fact]
    public void Metrics_are_in_the_reference()
    {
        var known = Name().Matches(MetricsReference.Render()).Select(static name => name.Value).ToHashSet(StringComparer.Ordinal);
        var told = Document.All.SelectMany(static document => Name().Matches(File.ReadAllText(TestFiles.PathOf(document.Path))).Select(name => (document.Path, Name: name.Value)))
            .Where(static told => told.Name != "fivespot_").ToList();
        told.Count.ShouldBeGreaterThan(known.Count);
        told.Where(metric => !known.Contains(metric.Name) && !known.Contains(Suffix().Replace(metric.Name, "")))
            .Select(static metric => $"{metric.Path}: {metric.Name}").Distinct().ShouldBeEmpty();
    }

    [Fact]
    public void Flags_are_those_of_the_executables()
    {
        var known = new[] { Commands.Controller, Commands.ReclaimAgent, Commands.Sandbox }.SelectMany(static command => command.Options).Select(static option => option.Name)
            .Concat(FlagsOfOthers).ToHashSet(StringComparer.Ordinal);
        var told = Document.All.SelectMany(static document => document.InlineCodes.Select(code => (document.Path, Flag: Flag().Match(code).Value))).Where(static told => told.Flag.Length > 0).ToList();
        told.Count.ShouldBeGreaterThan(20);
        told.Where(flag => !known.Contains(flag.Flag)).Select(static flag => $"{flag.Path}: {flag.Flag}").Distinct().ShouldBeEmpty();
    }

    [GeneratedRegex("fivespot_[a-z_]*")]
    private static partial Regex Name();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture)]
    private static partial Regex Suffix();

    [GeneratedRegex("^--[a-z-]+")]
    private static partial Regex Flag();
}
