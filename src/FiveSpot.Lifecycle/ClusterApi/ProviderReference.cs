// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.ClusterApi;

/// <summary>A Machine's reference to a provider object in its own namespace.</summary>
/// <param name="Group">API group; empty for the core group.</param>
/// <param name="Version">API version; null where the reference doesn't say (v1beta2).</param>
/// <param name="Kind">Kind.</param>
/// <param name="Name">Name.</param>
public sealed record ProviderReference(string Group, string? Version, string Kind, string Name);
