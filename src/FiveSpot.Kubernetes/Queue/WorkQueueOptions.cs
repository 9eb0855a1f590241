// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>How a <see cref="WorkQueue{TKey}"/> waits.</summary>
public sealed record WorkQueueOptions
{
    /// <summary>The back-off after the first failure; it doubles with each further one. 1 s by default.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest back-off. 5 min by default.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long work under way may go on after the queue was told to stop before its own token is cancelled. 5 s
    /// by default.</summary>
    public TimeSpan StopGrace { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The time that <see cref="StopGrace"/> and <see cref="WorkQueue{TKey}.Stalled"/> are measured with: the real
    /// one, even if the queue's clock is scaled.</summary>
    public TimeProvider StopTime { get; init; } = TimeProvider.System;

    /// <summary>Whether the waits for a worker are in the metric of that name. Those of work that may well wait are not.</summary>
    public bool IsMeasured { get; init; } = true;

    /// <summary>A number in [0, 1) for the jitter of a back-off; null for a random one.</summary>
    public Func<double>? Jitter { get; init; }

    /// <summary>Of a queue whose work is done through a client: with its time and its jitter.</summary>
    /// <param name="client">The client.</param>
    public static WorkQueueOptions For(ApiClient client) => new() { StopTime = client.NetworkTime, Jitter = client.Jitter };
}
