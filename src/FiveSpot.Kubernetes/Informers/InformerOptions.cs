// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What an <see cref="Informer{T}"/> watches, and how.</summary>
public sealed record InformerOptions
{
    /// <summary>One namespace; null or empty for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>A label selector, or null.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector, or null.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Asks the server for metadata alone.</summary>
    public bool MetadataOnly { get; init; }

    /// <summary>Objects a page of a list; 100 by default. A page is in memory as a whole, as JSON, while it is decoded, and
    /// the pool keeps such buffers: larger pages cost megabytes that are never needed again.</summary>
    public int PageSize { get; init; } = 100;

    /// <summary>
    /// Begins with what the server's watch cache holds, which may be behind the store; the watch makes up for it. Only the
    /// first list is taken from there: later ones must not lead back in time. What the cache of the informer is as new as is
    /// told by <see cref="Informer{T}.SeenVersion"/>.
    /// </summary>
    public bool BeginFromCache { get; init; }

    /// <summary>
    /// Says at which version the kind is served now, past what is remembered of that; null for at none, which changes nothing.
    /// Asked when the server does not serve what is watched, and when it ends a watch before its time, as it does when a
    /// definition has changed: never at rest. Null for a kind whose version stays.
    /// </summary>
    public Func<CancellationToken, Task<ResourceType?>>? Resolve { get; init; }

    /// <summary>The shortest time for which a watch is asked for; the real one is random between this and twice this, so
    /// that watches don't end together. Null for <see cref="ApiClientOptions.WatchTimeout"/>.</summary>
    public TimeSpan? WatchTimeout { get; init; }

    /// <summary>How much longer than that a watch may take to end before its connection counts as stalled. 15 s by
    /// default.</summary>
    public TimeSpan StallGrace { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The back-off after the first failure; it doubles with each further one. 0.5 s by default.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest back-off. 30 s by default.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(30);
}
