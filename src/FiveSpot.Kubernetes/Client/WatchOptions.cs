// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What to watch, and from where.</summary>
public sealed record WatchOptions
{
    /// <summary>One namespace; null or empty for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>A label selector, or null.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector, or null.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Asks the server for metadata alone.</summary>
    public bool MetadataOnly { get; init; }

    /// <summary>Changes after this version are sent.</summary>
    public required string ResourceVersion { get; init; }

    /// <summary>When the server is to end the watch.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long after <see cref="Timeout"/> the watch is given up because the server did not end it.</summary>
    public TimeSpan StallGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Called once when the server has begun to answer; null for nobody.</summary>
    public Action? Opened { get; init; }
}
