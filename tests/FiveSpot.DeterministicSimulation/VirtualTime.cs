// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// Time that passes when nothing else is left to do: it jumps to the next timer. Timers of one instant fire in the order in which
/// they were set. For one thread.
/// </summary>
internal sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    private const int MostAtOnce = 1_000_000;

    private readonly PriorityQueue<(Timer Timer, int Version), (long At, long Order)> _timers = new();
    private long _now;
    private long _order;
    private int _firedNow;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How much has passed.</summary>
    public TimeSpan Elapsed => new(_now);

    public override long GetTimestamp() => _now;

    public override DateTimeOffset GetUtcNow() => start.AddTicks(_now);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Goes on to the next timer and fires it.</summary>
    /// <param name="until">No further than this.</param>
    /// <returns>Whether there was one.</returns>
    public bool FireNext(TimeSpan until)
    {
        while (_timers.TryPeek(out var next, out var when))
        {
            if (next.Timer.Version != next.Version)
            {
                _timers.Dequeue();
                continue;
            }

            if (when.At > until.Ticks)
            {
                break;
            }

            _timers.Dequeue();
            _firedNow = when.At > _now ? 0 : _firedNow + 1;
            if (_firedNow > MostAtOnce)
            {
                throw new InvalidOperationException($"{MostAtOnce} timers of one instant: somebody waits for no time, again and again.");
            }

            _now = Math.Max(_now, when.At);
            next.Timer.Fire();
            return true;
        }

        _now = Math.Max(_now, until.Ticks);
        return false;
    }

    private void Set(Timer timer, TimeSpan dueTime) =>
        _timers.Enqueue((timer, timer.Version), (dueTime > TimeSpan.Zero ? _now + dueTime.Ticks : _now, _order++));

    private sealed class Timer(VirtualTime time, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan _period;
        private bool _isDisposed;

        public int Version { get; private set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (_isDisposed)
            {
                return false;
            }

            Version++;
            _period = period;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                time.Set(this, dueTime);
            }

            return true;
        }

        public void Fire()
        {
            Version++;
            if (_period > TimeSpan.Zero)
            {
                time.Set(this, _period);
            }

            callback(state);
        }

        public void Dispose()
        {
            Version++;
            _isDisposed = true;
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
