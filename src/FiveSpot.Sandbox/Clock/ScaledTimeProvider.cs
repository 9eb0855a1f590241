// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Sandbox.Clock;

/// <summary>
/// Simulated time: it begins where it is told to and passes as many times faster than the time within. The product is
/// taken in whole numbers, so that it neither drifts nor runs backwards, and a timer never fires before its time.
/// </summary>
public sealed class ScaledTimeProvider : TimeProvider
{
    /// <summary>The slowest and the fastest that time may pass.</summary>
    public const double SlowestSpeed = 0.001, FastestSpeed = 1_000_000;

    // The speed is kept in units of this: exact for whole numbers, and for up to 12 digits behind the point.
    private static readonly Int128 One = 1_000_000_000_000;

    // Timers of the time within count whole milliseconds, and up to 49 days of them: no more is asked of it at once.
    private static readonly TimeSpan LongestArm = TimeSpan.FromDays(20);

    private readonly Lock _lock = new();
    private readonly TimeProvider _inner;
    private readonly DateTimeOffset _start;
    private readonly Int128 _speed;
    private List<ScaledTimer>? _held;
    private long _origin;

    /// <summary>Simulated time that passes from now on, or from <see cref="Start"/> on.</summary>
    /// <param name="inner">The time within.</param>
    /// <param name="start">The simulated instant to begin at.</param>
    /// <param name="speed">Simulated seconds a second, from <see cref="SlowestSpeed"/> to <see cref="FastestSpeed"/>.
    /// </param>
    /// <param name="held">Stands still until <see cref="Start"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The speed is out of its range.</exception>
    public ScaledTimeProvider(TimeProvider inner, DateTimeOffset start, double speed, bool held = false)
    {
        if (!(speed is >= SlowestSpeed and <= FastestSpeed))
        {
            throw new ArgumentOutOfRangeException(nameof(speed), speed, $"The speed goes from {SlowestSpeed} to {FastestSpeed}.");
        }

        _inner = inner;
        _start = start.ToUniversalTime();
        _speed = (Int128)decimal.Round((decimal)speed * (decimal)One);
        Speed = speed;
        _origin = inner.GetTimestamp();
        _held = held ? [] : null;
    }

    /// <summary>Simulated seconds a second.</summary>
    public double Speed { get; }

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>Ticks of <see cref="TimeSpan"/>.</summary>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Lets time pass that was held. Does nothing when it passes already.</summary>
    public void Start()
    {
        List<ScaledTimer> waiting;
        lock (_lock)
        {
            if (_held is null)
            {
                return;
            }

            _origin = _inner.GetTimestamp();
            waiting = _held;
            _held = null;
        }

        waiting.ForEach(timer => timer.Arm());
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        var elapsed = GetTimestamp();
        return elapsed < (DateTimeOffset.MaxValue - _start).Ticks ? _start.AddTicks(elapsed) : DateTimeOffset.MaxValue;
    }

    /// <summary>Simulated ticks since the beginning.</summary>
    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _held is null ? ToSimulated(InnerElapsed()) : 0;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ScaledTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private long InnerElapsed() => _inner.GetElapsedTime(_origin).Ticks;

    private long ToSimulated(long ticks) => (long)Int128.Min(ticks * _speed / One, long.MaxValue);

    // How long until simulated ticks since the beginning are reached: rounded up, so that they are.
    private TimeSpan InnerUntil(long target)
    {
        var needed = ((target * One) + _speed - 1) / _speed;
        var left = Int128.Max(needed - InnerElapsed(), 0);
        var milliseconds = (left + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
        return milliseconds > (Int128)LongestArm.TotalMilliseconds ? LongestArm : TimeSpan.FromMilliseconds((long)milliseconds);
    }

    private sealed class ScaledTimer : ITimer
    {
        private const long Never = long.MaxValue;

        private readonly Lock _lock = new();
        private readonly ScaledTimeProvider _owner;
        private readonly TimerCallback _callback;
        private readonly object? _state;
        private readonly ITimer _timer;
        private long _target = Never;
        private long _period;
        private bool _disposed;

        public ScaledTimer(ScaledTimeProvider owner, TimerCallback callback, object? state)
        {
            _owner = owner;
            _callback = callback;
            _state = state;
            _timer = owner._inner.CreateTimer(
                static self => ((ScaledTimer)self!).OnInner(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            ThrowIfNegative(dueTime, nameof(dueTime));
            ThrowIfNegative(period, nameof(period));
            lock (_lock)
            {
                if (_disposed)
                {
                    return false;
                }

                var now = _owner.GetTimestamp();
                _target = dueTime == Timeout.InfiniteTimeSpan || dueTime.Ticks > Never - now ? Never : now + dueTime.Ticks;
                _period = period == Timeout.InfiniteTimeSpan ? 0 : period.Ticks;
            }

            Arm();
            return true;
        }

        public void Arm()
        {
            lock (_owner._lock)
            {
                if (_owner._held is { } held)
                {
                    if (!held.Contains(this))
                    {
                        held.Add(this);
                    }

                    return;
                }
            }

            lock (_lock)
            {
                if (!_disposed)
                {
                    _timer.Change(_target == Never ? Timeout.InfiniteTimeSpan : _owner.InnerUntil(_target), Timeout.InfiniteTimeSpan);
                }
            }
        }

        public void Dispose()
        {
            lock (_lock)
            {
                _disposed = true;
                _target = Never;
            }

            _timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            lock (_lock)
            {
                _disposed = true;
                _target = Never;
            }

            return _timer.DisposeAsync();
        }

        private void OnInner()
        {
            bool due;
            lock (_lock)
            {
                var now = _owner.GetTimestamp();
                due = _target <= now;
                if (due)
                {
                    // Those that were missed are not made up for: at a high speed they could be many at once.
                    _target = _period == 0 ? Never : _target + _period + ((now - _target) / _period * _period);
                }
            }

            if (due)
            {
                _callback(_state);
            }

            Arm();
        }

        private static void ThrowIfNegative(TimeSpan time, string name)
        {
            if (time < TimeSpan.Zero && time != Timeout.InfiniteTimeSpan)
            {
                throw new ArgumentOutOfRangeException(name, time, "A time is positive, zero or infinite.");
            }
        }
    }
}
