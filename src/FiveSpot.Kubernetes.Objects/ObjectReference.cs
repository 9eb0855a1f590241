// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Points at an object from another, as <c>regarding</c> of an event does.</summary>
/// <param name="ApiVersion">The object's <c>apiVersion</c>.</param>
/// <param name="Kind">The object's kind.</param>
/// <param name="Namespace">The object's namespace; empty if it is cluster-scoped.</param>
/// <param name="Name">The object's name.</param>
/// <param name="Uid">The object's uid.</param>
/// <param name="ResourceVersion">The version that the reference is about, or null.</param>
public sealed record ObjectReference(
    string ApiVersion, string Kind, string Namespace, string Name, string Uid, string? ResourceVersion = null);
