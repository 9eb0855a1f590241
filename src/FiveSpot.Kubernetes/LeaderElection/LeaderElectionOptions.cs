// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Which Lease a <see cref="LeaderElector"/> is after, and how it keeps it.</summary>
public sealed record LeaderElectionOptions
{
    /// <summary>The Lease.</summary>
    public required ObjectKey Lease { get; init; }

    /// <summary>Tells this process from every other one, also from an earlier one of the same Pod.</summary>
    public required string Identity { get; init; }

    /// <summary>Who owns the fields of the Lease.</summary>
    public required string FieldManager { get; init; }

    /// <summary>How long the others wait after the last renewal that they saw before they take the Lease; whole seconds, more
    /// than <see cref="RenewDeadline"/>. 15 s by default.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>For how long after a renewal was sent the holder may write; more than <see cref="RetryPeriod"/>. 10 s by
    /// default.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From one renewal, or one attempt that failed, to the next. 2 s by default.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Annotations that the Lease gets when it is acquired.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Asked when the Lease is held, before anything is written: null to begin, else a sentence that says what is
    /// waited for; then it is asked again at each renewal.</summary>
    public Func<CancellationToken, Task<string?>>? MayBegin { get; init; }
}
