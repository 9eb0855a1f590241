// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Sandbox.Display;

/// <summary>A ScheduledMachine went from one phase to another, or got on within one.</summary>
/// <param name="At">When that was seen, in simulated time.</param>
/// <param name="Key">Which one.</param>
/// <param name="From">The phase before; null of a new one.</param>
/// <param name="To">The phase now; null when it is gone.</param>
/// <param name="Message">What it says of itself now.</param>
public sealed record Transition(DateTimeOffset At, ObjectKey Key, string? From, string? To, string? Message)
{
    /// <summary>One line, for standard output.</summary>
    public override string ToString()
    {
        var what = From == To ? To : $"{From ?? "(new)"} → {To ?? "(gone)"}";
        return $"{At.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z {Key} {what}  {Message}".TrimEnd();
    }
}
