// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>A key whose turn has come.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <param name="Key">The key.</param>
/// <param name="DueAt">The instant of the wake that brought it, where the clock did; null where something enqueued it
/// or it is tried again.</param>
/// <param name="EnqueuedAt">When it became ready, by the queue's clock; of a wake, the instant that was asked for.</param>
/// <param name="Wait">From when it became ready until now; at least 0.</param>
/// <param name="Attempt">1, or one more for each failure since the last success.</param>
public readonly record struct WorkItem<TKey>(
    TKey Key, DateTimeOffset? DueAt, DateTimeOffset EnqueuedAt, TimeSpan Wait, int Attempt)
    where TKey : notnull;
