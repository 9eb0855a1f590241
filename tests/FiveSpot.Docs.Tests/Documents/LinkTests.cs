// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>Every link leads somewhere.</summary>
public sealed partial class LinkTests
{
    [Fact]
    public void Within_the_repository_the_file_and_the_heading_are_there()
    {
        Document.All.Sum(static document => document.Links.Count).ShouldBeGreaterThan(100);
        Document.All.SelectMany(static document => document.Links.Select(link => (document.Path, link.Target)))
            .Where(static link => !link.Target.Contains("://", StringComparison.Ordinal))
            .Where(static link => !Leads(Path.GetDirectoryName(link.Path)!, link.Target, link.Path))
            .Select(static link => $"{link.Path}: {link.Target}")
            .ShouldBeEmpty();
    }

    [Fact]
    public void What_a_manifest_refers_to_is_there() =>
        Directory.EnumerateFiles(TestFiles.PathOf("deploy"), "*", SearchOption.AllDirectories)
            .SelectMany(static file => ToDocument().Matches(File.ReadAllText(file)).Select(match => (File: file, Target: match.Value)))
            .Where(static link => !Leads("", link.Target, ""))
            .Select(static link => $"{link.File}: {link.Target}")
            .ShouldBeEmpty();

    [Fact]
    public void A_test_that_a_document_names_is_in_the_file_that_it_links_to()
    {
        var named = Document.All.SelectMany(static document => document.Links)
            .Where(static link => link.Target.EndsWith("Tests.cs", StringComparison.Ordinal) && TestName().IsMatch(link.Text))
            .Select(static link => (Name: link.Text.Trim('`'), File: link.Target[link.Target.IndexOf("tests/", StringComparison.Ordinal)..]))
            .Distinct().ToList();
        named.Count.ShouldBeGreaterThan(30);
        named.Where(static test => !TestMethods.In(test.File).Contains(test.Name)).Select(static test => $"{test.File} has no test {test.Name}").ShouldBeEmpty();
    }

    private static bool Leads(string folder, string target, string self)
    {
        var (path, anchor) = target.Split('#') is [var file, var heading] ? (file, heading) : (target, null);
        var full = path.Length == 0 ? self : Path.GetRelativePath(TestFiles.PathOf("."), Path.GetFullPath(TestFiles.PathOf(Path.Combine(folder, path))));
        return Path.Exists(TestFiles.PathOf(full)) && (anchor is null || Document.At(full).Anchors.Contains(anchor));
    }

    [GeneratedRegex(@"docs/[\w/.-]+\.md(#[\w-]+)?", RegexOptions.ExplicitCapture)]
    private static partial Regex ToDocument();

    [GeneratedRegex(@"^`[A-Z]\w*`$")]
    private static partial Regex TestName();
}
