// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What an <see cref="Informer{T}"/> needs to know of an object; the rest is the projection's own.</summary>
public interface IKubernetesObject
{
    /// <summary>Namespace and name.</summary>
    ObjectKey Key { get; }

    /// <summary>The uid that tells this object from an earlier one of the same name.</summary>
    string Uid { get; }

    /// <summary>The version of this state of the object.</summary>
    string ResourceVersion { get; }
}
