// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The time of one machine: its steady clock, which the test moves, and a wall clock that somebody may set.</summary>
internal sealed class TwoClocks : TimeProvider
{
    private readonly FakeTimeProvider _steady = new(new DateTimeOffset(2026, 1, 4, 12, 0, 0, TimeSpan.Zero));

    private readonly ConcurrentDictionary<ITimer, TimeSpan> _timers = new();
    private readonly ConcurrentDictionary<TimeSpan, int> _begun = new();

    // Ticks; read and set by several threads.
    private long _wallIsAhead;
    private int _looks;

    /// <summary>How far somebody has put the wall clock forward; negative for back.</summary>
    public TimeSpan WallIsAhead
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _wallIsAhead));
        set => Interlocked.Exchange(ref _wallIsAhead, value.Ticks);
    }

    public override long TimestampFrequency => _steady.TimestampFrequency;

    public void Advance(TimeSpan time) => _steady.Advance(time);

    public override DateTimeOffset GetUtcNow() => _steady.GetUtcNow() + WallIsAhead;

    public override long GetTimestamp()
    {
        Interlocked.Increment(ref _looks);
        return _steady.GetTimestamp();
    }

    /// <summary>How often somebody has looked at the steady clock.</summary>
    public int Looks => Volatile.Read(ref _looks);

    /// <summary>Whether somebody waits for a time of this length, as it was when they began.</summary>
    public bool IsAwaited(TimeSpan time) => _timers.Values.Contains(time);

    /// <summary>How often somebody has begun to wait for a time of this length.</summary>
    public int Begun(TimeSpan time) => _begun.GetValueOrDefault(time);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, _steady.CreateTimer(callback, state, dueTime, period));
        _timers[timer] = dueTime;
        _begun.AddOrUpdate(dueTime, 1, static (_, count) => count + 1);
        return timer;
    }

    private sealed class Timer(TwoClocks clocks, ITimer inner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => inner.Change(dueTime, period);

        public void Dispose()
        {
            clocks._timers.TryRemove(this, out _);
            inner.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
