// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Workload;

/// <summary>A taint as it is on a Node, whoever put it there.</summary>
/// <param name="Key">Key.</param>
/// <param name="Value">Value; empty for none.</param>
/// <param name="Effect">Effect, of whichever kind.</param>
/// <param name="TimeAdded">When it was put there, in the server's own words; null where it is not told.</param>
public sealed record Taint(string Key, string Value, string Effect, string? TimeAdded = null)
{
    /// <summary>Key of the taint of a Node that has not been heard of.</summary>
    public const string Unreachable = "node.kubernetes.io/unreachable";
}
