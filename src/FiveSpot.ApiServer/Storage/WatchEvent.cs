// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Storage;

/// <summary>One committed change. A deleted object carries the resourceVersion of its deletion.</summary>
/// <remarks>
/// <paramref name="Previous"/>: What was there before; null when nothing was.
/// <paramref name="After"/>: The resource's objects after the change.
/// <paramref name="At"/>: When, as a timestamp of the clock of connections.
/// </remarks>
internal sealed record WatchEvent(WatchEventType Type, StoredObject Object, StoredObject? Previous, Snapshot After, long At)
{
    public long ResourceVersion => Object.ResourceVersion;
}
