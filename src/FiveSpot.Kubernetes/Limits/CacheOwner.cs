// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Who chose servers that are not trusted: what all of theirs together may cost.</summary>
internal sealed class CacheOwner
{
    // More than a thousand machines need that come to a boundary at one instant, and then more than any cluster has to tell.
    private const int WakesAtOnce = 5000;
    private const int WakesPerSecond = 100;
    private const int LookupsAtOnce = 4;

    /// <summary>How many names are looked up at once: who has more looked up that are never answered waits for themselves.</summary>
    public SemaphoreSlim Lookups { get; } = new(LookupsAtOnce);

    /// <summary>How often somebody is woken for what the servers say.</summary>
    public Pace Wakes { get; } = new(WakesAtOnce, WakesPerSecond);
}
