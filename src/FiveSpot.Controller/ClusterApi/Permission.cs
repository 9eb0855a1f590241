// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.ClusterApi;

/// <summary>What is known of the controller's own rights to a resource in a namespace.</summary>
/// <param name="Missing">What it may not do, as a sentence for a person; null when it may do all that it needs, or when the
/// API server would not say.</param>
public sealed record Permission(string? Missing)
{
    /// <summary>Whether the answer is still on its way.</summary>
    public bool IsPending { get; init; }
}
