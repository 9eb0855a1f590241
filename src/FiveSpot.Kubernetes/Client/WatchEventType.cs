// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What happened to a watched object.</summary>
public enum WatchEventType
{
    /// <summary>It was created, or came to match the selectors.</summary>
    Added,

    /// <summary>It changed.</summary>
    Modified,

    /// <summary>It was deleted, or ceased to match the selectors.</summary>
    Deleted,

    /// <summary>Nothing: only the resource version moves on. The object has nothing but that.</summary>
    Bookmark,
}
