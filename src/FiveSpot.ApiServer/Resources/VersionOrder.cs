// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.RegularExpressions;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Kubernetes' order of API versions: v2 over v1 over v1beta2 over v1alpha1 over everything else.</summary>
internal sealed partial class VersionOrder : IComparer<string?>
{
    public static readonly VersionOrder Names = new();

    public int Compare(string? x, string? y) => Rank(x ?? string.Empty).CompareTo(Rank(y ?? string.Empty)) is not 0 and var order
        ? order
        : -string.CompareOrdinal(x, y);

    private static (int Stability, int Major, int Minor) Rank(string version)
    {
        var match = VersionPattern().Match(version);
        if (!match.Success)
        {
            return (0, 0, 0);
        }

        var stability = match.Groups["stage"].Value switch { "" => 3, "beta" => 2, _ => 1 };
        return (stability, Number(match.Groups["major"].Value), Number(match.Groups["minor"].Value));
    }

    private static int Number(string digits) => int.TryParse(digits, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"\Av(?<major>[1-9][0-9]*)((?<stage>alpha|beta)(?<minor>[1-9][0-9]*))?\z", RegexOptions.ExplicitCapture)]
    private static partial Regex VersionPattern();
}
