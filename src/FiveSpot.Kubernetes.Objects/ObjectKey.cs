// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>The name of an object within its resource type.</summary>
/// <param name="Namespace">The namespace; empty for a cluster-scoped object.</param>
/// <param name="Name">The name.</param>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>The key of a cluster-scoped object.</summary>
    /// <param name="name">The name.</param>
    /// <returns>A key with an empty namespace.</returns>
    public static ObjectKey ClusterScoped(string name) => new("", name);

    /// <summary><c>namespace/name</c>, or the name alone for a cluster-scoped object.</summary>
    public override string ToString() => string.IsNullOrEmpty(Namespace) ? Name : $"{Namespace}/{Name}";
}
