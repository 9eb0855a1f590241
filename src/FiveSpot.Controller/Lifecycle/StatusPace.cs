// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// How often a machine's status may be written because of what is said of it elsewhere: a Node that comes and goes for ever, in a
/// cluster of somebody's own, must not be as many writes on the management cluster. A burst is written at once, and then one each
/// six seconds.
/// </summary>
/// <remarks>Lost with the process, which then begins with a burst.</remarks>
public sealed class StatusPace(TimeProvider clock)
{
    /// <summary>How many are written at once.</summary>
    public const int Burst = 20;

    /// <summary>From one to the next after that: ten a minute.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(6);

    private const int Remembered = 1000;

    // When there is room for a whole burst again. Of a machine that is not here there is.
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _whole = new();
    private readonly Lock _lock = new();
    private DateTimeOffset _cleaned;

    /// <summary>When the next may be written; null for now.</summary>
    public DateTimeOffset? NotBefore(ObjectKey machine)
    {
        var now = clock.GetUtcNow();
        return _whole.TryGetValue(machine, out var whole) && Counts(whole, now) && whole - ((Burst - 1) * Interval) is var next && next > now ? next : null;
    }

    /// <summary>One is about to be written.</summary>
    public void Write(ObjectKey machine)
    {
        var now = clock.GetUtcNow();
        _whole[machine] = (_whole.TryGetValue(machine, out var whole) && Counts(whole, now) ? whole : now) + Interval;
        Clean(now);
    }

    /// <summary>The machine is gone.</summary>
    public void Forget(ObjectKey machine) => _whole.TryRemove(machine, out _);

    // A clock that was put back gives nobody a longer wait.
    private static bool Counts(DateTimeOffset whole, DateTimeOffset now) => whole > now && whole <= now + (Burst * Interval);

    private void Clean(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_whole.Count <= Remembered || (now - _cleaned).Duration() < Interval)
            {
                return;
            }

            _cleaned = now;
        }

        foreach (var (machine, whole) in _whole)
        {
            if (!Counts(whole, now))
            {
                _whole.TryRemove(new(machine, whole));
            }
        }
    }
}
