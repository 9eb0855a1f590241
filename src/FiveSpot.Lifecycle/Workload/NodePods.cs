// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;

namespace FiveSpot.Lifecycle.Workload;

/// <summary>The Pods that a drain of a Node concerns: those that have to go before the machine does.</summary>
public sealed record NodePods
{
    /// <summary>How many are named: enough to know where to look, and not too much for an event's note.</summary>
    public const int Named = 8;

    /// <summary>How many are still there and waited for, ending or not.</summary>
    public required int Left { get; init; }

    /// <summary>Those of them whose eviction is to be asked for now.</summary>
    public ImmutableArray<Pod> Due { get; init; } = [];

    /// <summary>Those of them whose deletion is to be asked for now, when there is no time for evictions.</summary>
    public ImmutableArray<Pod> DueForDeletion { get; init; } = [];

    /// <summary>How many are ending on a Node that has not been heard of, where nobody will see them end: they are not waited
    /// for.</summary>
    public int Unheard { get; init; }

    /// <summary>Why all that are left are Cluster API's to drain, for a person; null while some are ours, or none is left.
    /// </summary>
    public string? WhyClusterApiDrains { get; init; }

    /// <summary>What people are told, which is brought up to date every few seconds, not with each Pod.</summary>
    public required DrainProgress Progress { get; init; }

    /// <summary>When there is something to do or to tell though no Pod has changed; null for never.</summary>
    public DateTimeOffset? LookAgainAt { get; init; }

    /// <summary>The first <see cref="Named"/> Pods that are left, by name, with what holds them up.</summary>
    public required ImmutableArray<string> LeftByName { get; init; }

    /// <summary>One sentence about a Node on which nothing is left that would be waited for.</summary>
    public string DescribeEmpty() => Unheard == 0
        ? "nothing that could be evicted is left."
        : $"it has not been heard of, and {(Unheard == 1 ? "1 pod that is" : $"{Unheard} pods that are")} ending there {(Unheard == 1 ? "is" : "are")} not waited for.";

    /// <summary>One sentence about what Cluster API is to drain.</summary>
    public string DescribeLeftToClusterApi() =>
        $"{(Left == 1 ? "1 pod is" : $"{Left} pods are")} left for Cluster API to drain: {WhyClusterApiDrains?.TrimEnd('.')}.";

    /// <summary>One sentence about what is left.</summary>
    public string Describe() =>
        $"{(Left == 1 ? "1 pod was" : $"{Left} pods were")} left: {string.Join(", ", LeftByName)}"
        + (Left > LeftByName.Length ? $" and {Left - LeftByName.Length} more." : ".");
}
