// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Workload;

/// <summary>How far a drain is, as people are told.</summary>
/// <param name="Left">How many Pods are to go yet, those that are ending included.</param>
/// <param name="Total">How many there have been since the controller first looked.</param>
/// <param name="Blocked">One that may not go now, and why; null when none is held up.</param>
public sealed record DrainProgress(int Left, int Total, string? Blocked)
{
    /// <inheritdoc/>
    public override string ToString() =>
        (Left == Total ? Left == 1 ? "1 pod left" : $"{Left} pods left" : $"{Left} of {Total} pods left")
        + (Blocked is null ? "" : $", {Blocked}");
}
