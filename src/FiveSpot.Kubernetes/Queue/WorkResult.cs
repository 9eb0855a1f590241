// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What came of the work on a key.</summary>
public readonly record struct WorkResult
{
    /// <summary>Whether the key is to be tried again because something failed.</summary>
    public bool IsRetry { get; private init; }

    /// <summary>Done: when to look at the key again; null for never by itself.</summary>
    public DateTimeOffset? WakeAt { get; private init; }

    /// <summary>Retry: how long to wait instead of the back-off; null for the back-off.</summary>
    public TimeSpan? After { get; private init; }

    /// <summary>Retry: what failed, for the log; null if that has been logged.</summary>
    public Exception? Error { get; private init; }

    /// <summary>The work succeeded. Resets the back-off, and replaces the key's wake.</summary>
    /// <param name="wakeAt">When to look at the key again; null takes its wake away.</param>
    /// <returns>The result.</returns>
    public static WorkResult Done(DateTimeOffset? wakeAt = null) => new() { WakeAt = wakeAt };

    /// <summary>The work failed. The key's wake stays as it was.</summary>
    /// <param name="after">How long to wait, such as a server's Retry-After; null for the back-off of the key.</param>
    /// <param name="error">What failed, for the log; null if that has been logged.</param>
    /// <returns>The result.</returns>
    public static WorkResult Retry(TimeSpan? after = null, Exception? error = null) =>
        new() { IsRetry = true, After = after, Error = error };
}
