// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>The order of resource versions.</summary>
public static class ResourceVersions
{
    /// <summary>
    /// Compares two versions of objects of one resource type on one server, as decimal numbers of any length
    /// (comparable by KEP-5504: "Comparable Resource Version").
    /// </summary>
    /// <param name="left">A resource version.</param>
    /// <param name="right">Another one.</param>
    /// <returns>Less than 0 if <paramref name="left"/> is older, 0 if they are the same, else more than 0.</returns>
    public static int Compare(string left, string right) =>
        left.Length != right.Length ? left.Length.CompareTo(right.Length) : string.CompareOrdinal(left, right);
}
