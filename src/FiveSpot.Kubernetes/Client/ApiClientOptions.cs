// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>How an <see cref="ApiClient"/> speaks.</summary>
public sealed record ApiClientOptions
{
    /// <summary>The longest that a call may take, from its start to the end of its answer; 30 s by default. Of a watch,
    /// the longest until the answer begins.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The largest answer, and the largest event in a watch, that is taken; 64 MiB by default.</summary>
    public int MaxResponseBytes { get; init; } = 64 << 20;

    /// <summary>What may be held of what the server says, by whom it was not chosen; null for whatever there is.</summary>
    public CacheShare? Share { get; init; }

    /// <summary>The User-Agent header.</summary>
    public string UserAgent { get; init; } = "fivespot-kubernetes";

    /// <summary>The time that the network lives in: timeouts, back-off, token ages. Never a scaled one.</summary>
    public TimeProvider NetworkTime { get; init; } = TimeProvider.System;

    /// <summary>Tells the keys of objects apart in caches, and orders these; null for the default, in whose order there is chance.</summary>
    public IEqualityComparer<ObjectKey>? KeyComparer { get; init; }

    /// <summary>How long a watch is asked for at least, and at most twice; a server ends it then, and it is begun again. 5 min by default.</summary>
    public TimeSpan WatchTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Numbers in [0, 1) by which waits are spread, so that what failed together does not come back together: back-offs, and
    /// how long a watch is asked for. Random ones by default.</summary>
    public Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>
    /// Asked before each write: it may be sent, and waited for, until the token is cancelled. After that it ends with
    /// <see cref="ApiUnreachableException"/>, and so does each write that is begun. Null where writing is always allowed.
    /// Questions about permissions, which change nothing, are no writes.
    /// </summary>
    public Func<CancellationToken>? WritingAllowed { get; init; }

    /// <summary>Wraps the innermost handler, to count or to disturb what passes; null for none.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? WrapHandler { get; init; }
}
