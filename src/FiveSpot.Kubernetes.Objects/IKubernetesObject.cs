// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What an informer needs to know of an object; the rest is the projection's own.</summary>
public interface IKubernetesObject
{
    /// <summary>Namespace and name.</summary>
    ObjectKey Key { get; }

    /// <summary>The uid that tells this object from an earlier one of the same name.</summary>
    string Uid { get; }

    /// <summary>The version of this state of the object.</summary>
    string ResourceVersion { get; }

    /// <summary>About how many bytes of memory it takes in a cache, rather too many than too few.</summary>
    long ApproximateBytes => 2048;

    /// <summary>Whether only what tells it from others was kept: one of the same version that is whole takes its place.</summary>
    bool IsPartial => false;
}
