// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>One page of a list.</summary>
/// <typeparam name="T">The projection.</typeparam>
/// <param name="Items">Its objects.</param>
/// <param name="ResourceVersion">The version of the collection, the same for all pages of one list.</param>
/// <param name="Continue">The token for the next page; null after the last.</param>
public sealed record ListPage<T>(IReadOnlyList<T> Items, string ResourceVersion, string? Continue);
