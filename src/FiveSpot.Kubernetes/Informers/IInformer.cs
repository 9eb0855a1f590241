// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What there is to know of an <see cref="Informer{T}"/>, whatever it keeps.</summary>
public interface IInformer
{
    /// <summary>What is watched, at the version at which it is now.</summary>
    ResourceType Type { get; }

    /// <summary>Whether the cache has been filled once.</summary>
    bool HasSynced { get; }

    /// <summary>What the informer is doing.</summary>
    InformerState State { get; }

    /// <summary>What failed last; null once a list or watch has succeeded since.</summary>
    Exception? LastError { get; }

    /// <summary>When the server was last heard of, by the network's time; null if never.</summary>
    DateTimeOffset? LastContact { get; }
}
