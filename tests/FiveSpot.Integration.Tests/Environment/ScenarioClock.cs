// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A clock that the scenario moves, and that tells whether anybody had waited for the time that came.</summary>
/// <param name="start">When it begins.</param>
internal sealed class ScenarioClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private int _fired;

    /// <summary>How many times somebody's time has come. As long as it stays the same, no time that passes makes anything happen.</summary>
    public int Fired => Volatile.Read(ref _fired);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => base.CreateTimer(
        passed =>
        {
            Interlocked.Increment(ref _fired);
            callback(passed);
        },
        state,
        dueTime,
        period);
}
