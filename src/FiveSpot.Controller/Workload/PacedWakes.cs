// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// Wakes machines for what a workload cluster says. One that says something thousands of times a second would have its machines
/// worked on without end, before those of others where their priority is higher: beyond a pace many words are one wake.
/// </summary>
/// <param name="wake">Wakes a machine.</param>
/// <param name="share">The cluster's share; null where it is trusted.</param>
/// <param name="time">The time of the network.</param>
/// <param name="stop">Ends it.</param>
public sealed class PacedWakes(Action<ObjectKey> wake, CacheShare? share, TimeProvider time, CancellationToken stop)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly HashSet<ObjectKey> _later = [];

    /// <summary>Wakes a machine, soon.</summary>
    public void Wake(ObjectKey key)
    {
        var pause = TimeSpan.Zero;
        if (share is not null)
        {
            lock (_lock)
            {
                if (_later.Contains(key))
                {
                    return;
                }

                pause = share.PauseAfterWake(time);
                if (pause > TimeSpan.Zero && (!_later.Add(key) || _later.Count > 1))
                {
                    return;
                }
            }
        }

        if (pause > TimeSpan.Zero)
        {
            _ = WakeLaterAsync(pause < Longest ? pause : Longest);
        }
        else
        {
            wake(key);
        }
    }

    private async Task WakeLaterAsync(TimeSpan pause)
    {
        await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        ObjectKey[] keys;
        lock (_lock)
        {
            keys = [.. _later];
            _later.Clear();
        }

        Array.ForEach(keys, wake);
    }
}
