// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>A change in the cache of an <see cref="Informer{T}"/>.</summary>
/// <typeparam name="T">The projection.</typeparam>
/// <param name="Old">The object as it was; null if it is new.</param>
/// <param name="New">The object as it is; null if it is gone.</param>
public readonly record struct ObjectChange<T>(T? Old, T? New)
    where T : class, IKubernetesObject
{
    /// <summary>The object's key.</summary>
    public ObjectKey Key => (New ?? Old)!.Key;
}
