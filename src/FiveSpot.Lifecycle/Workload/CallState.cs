// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Workload;

/// <summary>
/// What has become of a call to a workload cluster. Such calls are started, not waited for: a cluster that takes half a
/// minute to answer must not hold up the machines of others.
/// </summary>
/// <param name="IsUnderWay">Whether its answer is awaited.</param>
/// <param name="Failures">How often in a row it failed.</param>
/// <param name="NotBefore">When it may be made again; null for at once.</param>
/// <param name="Trouble">Why it failed last, for a person; null when it did not.</param>
public sealed record CallState(bool IsUnderWay, int Failures = 0, DateTimeOffset? NotBefore = null, string? Trouble = null)
{
    /// <summary>Not made yet, or done.</summary>
    public static CallState None { get; } = new(IsUnderWay: false);

    /// <summary>Whether it may be made now.</summary>
    public bool MayStart(DateTimeOffset now) => !IsUnderWay && !(NotBefore > now);
}
