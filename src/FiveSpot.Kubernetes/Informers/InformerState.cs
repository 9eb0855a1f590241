// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What an <see cref="Informer{T}"/> is doing.</summary>
public enum InformerState
{
    /// <summary>It is not running.</summary>
    Stopped,

    /// <summary>It lists all objects.</summary>
    Listing,

    /// <summary>It watches; the cache is as fresh as the connection allows.</summary>
    Watching,

    /// <summary>Something failed; it waits before it tries again. The cache may be old.</summary>
    BackingOff,
}
