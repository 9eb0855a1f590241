// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Resources;

/// <summary>Where a scalable object has its replicas, as property names.</summary>
/// <remarks><paramref name="SelectorIsText"/>: True when the object holds the selector as text (a custom resource), else as a LabelSelector.</remarks>
internal sealed record ScalePaths(string[] SpecReplicas, string[] StatusReplicas, string[]? Selector, bool SelectorIsText);
