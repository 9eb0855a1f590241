// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>What the API server said beforehand of the three objects of a machine.</summary>
/// <param name="Verdict">Whether it would make them.</param>
/// <param name="Message">Why not, in the server's words; empty where it would.</param>
public sealed record DryRunAnswer(DryRunVerdict Verdict, string Message)
{
    /// <summary>It would make them.</summary>
    public static DryRunAnswer Accepted { get; } = new(DryRunVerdict.Accepted, "");
}
