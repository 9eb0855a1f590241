// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>The clocks of one machine that a replica runs on: they may be wrong, run fast or slow, and stop with the process.</summary>
/// <param name="time">What time it is in truth.</param>
internal sealed class ReplicaClock(TimeProvider time) : TimeProvider
{
    private bool _isStopped;

    public override long TimestampFrequency => time.TimestampFrequency;

    /// <summary>How far the clock on the wall is ahead; it jumps when this is set.</summary>
    public TimeSpan Ahead { get; set; }

    /// <summary>How much faster than time it runs: 0.001 gains a second in a thousand.</summary>
    public double Drift { get; init; }

    /// <summary>No timer fires any more: the process is gone.</summary>
    public void Stop() => _isStopped = true;

    public override long GetTimestamp() => (long)(time.GetTimestamp() * (1 + Drift));

    public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + Ahead + (Drift * time.GetElapsedTime(0));

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(this, callback, state, dueTime, period);

    private sealed class Timer : ITimer
    {
        private readonly ReplicaClock _clock;
        private readonly ITimer _timer;

        public Timer(ReplicaClock clock, TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _clock = clock;
            _timer = clock.Underlying.CreateTimer(
                _ =>
                {
                    if (!clock._isStopped)
                    {
                        callback(state);
                    }
                },
                null,
                Round(dueTime),
                Round(period));
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => _timer.Change(Round(dueTime), Round(period));

        public void Dispose() => _timer.Dispose();

        public ValueTask DisposeAsync() => _timer.DisposeAsync();

        private TimeSpan Round(TimeSpan wait) => wait <= TimeSpan.Zero ? wait : TimeSpan.FromTicks(Math.Max(1, (long)Math.Ceiling(wait.Ticks / (1 + _clock.Drift))));
    }

    private TimeProvider Underlying => time;
}
