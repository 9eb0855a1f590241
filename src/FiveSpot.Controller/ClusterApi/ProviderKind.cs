// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>What is known of a provider's kind on the management cluster.</summary>
/// <param name="Resource">The resource behind the kind at the version that was asked for; null when the API server serves none, or
/// isn't known to.</param>
/// <param name="Objects">Our objects of the kind, by metadata alone, at whichever version is served; null until they have been listed
/// once.</param>
/// <param name="Trouble">Why the objects can't be known, for a person; null when they can, or may yet be.</param>
public sealed record ProviderKind(ResourceType? Resource, Informer<PartialObject>? Objects, string? Trouble)
{
    /// <summary>Whether an answer is still on its way.</summary>
    public bool IsPending { get; init; }
}
