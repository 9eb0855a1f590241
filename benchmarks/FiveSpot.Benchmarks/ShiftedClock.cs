// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Benchmarks;

/// <summary>
/// The real clock and the real timers, on another date: a boundary comes when it is convenient, and as late as it really
/// would.
/// </summary>
internal sealed class ShiftedClock : TimeProvider
{
    private readonly TimeSpan _shift;

    /// <summary>A clock that shows this instant now.</summary>
    public ShiftedClock(DateTimeOffset now) => _shift = now - System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + _shift;

    /// <summary>When this clock shows an instant, in real time.</summary>
    public DateTimeOffset RealTimeOf(DateTimeOffset instant) => instant - _shift;
}
