// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>The tests in a source file.</summary>
internal static partial class TestMethods
{
    /// <summary>Their names; none for a file that is not there.</summary>
    /// <param name="path">A path of the repository.</param>
    public static IReadOnlyCollection<string> In(string path) => File.Exists(TestFiles.PathOf(path))
        ? [.. Method().Matches(File.ReadAllText(TestFiles.PathOf(path))).Select(static test => test.Groups["name"].Value)]
        : [];

    // An attribute of a test, more of them in lines of their own, and the method.
    [GeneratedRegex(@"^    \[(Fact|Theory)(\(.*\))?\]\n(    .*\n)*?    public \S+( \S+)? (?<name>\w+)\(", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Method();
}
