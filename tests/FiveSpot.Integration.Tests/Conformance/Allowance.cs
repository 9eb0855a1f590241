// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>
/// A known difference: <c>docs/embedded-api-server.md</c> says under its id what differs and why. It may be one to some real
/// servers alone.
/// </summary>
internal sealed record Allowance(string Id, IReadOnlyList<string> Paths, AllowanceScope Scope)
{
    /// <summary>The minor version whose ways the embedded server has where they changed.</summary>
    public const int Newest = 36;

    /// <summary>The minor versions that the suite is kept up with. On others, a difference that is not there is no failure.</summary>
    private static readonly int[] Checked = [20, Newest];

    public bool Holds(Version version) => Scope switch
    {
        AllowanceScope.Older => version.Minor < Newest,
        AllowanceScope.Newest => version.Minor >= Newest,
        _ => true,
    };

    /// <summary>Whether it must be needed with a server of that version.</summary>
    public bool IsChecked(Version version) => Holds(version) && Checked.Contains(version.Minor);

    /// <summary>The paths that cover a difference there or above it.</summary>
    public IEnumerable<string> Covering(string path) => Paths.Where(pattern => Regex.IsMatch(
        path, $@"\A{Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal)}(\z|\.|\[)", RegexOptions.Singleline, TimeSpan.FromSeconds(1)));
}
