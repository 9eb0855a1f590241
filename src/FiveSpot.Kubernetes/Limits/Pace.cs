// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>So much at once, and after that so much a second.</summary>
/// <param name="burst">How much at once.</param>
/// <param name="perSecond">How much a second.</param>
internal sealed class Pace(double burst, double perSecond)
{
    private readonly Lock _lock = new();

    // How much less there is than at first.
    private double _taken;
    private long _last;

    /// <summary>Takes some of it that is made up for later.</summary>
    public void Charge(double amount)
    {
        lock (_lock)
        {
            _taken += amount;
        }
    }

    /// <summary>How long to wait after that much more.</summary>
    public TimeSpan PauseAfter(double amount, TimeProvider time)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            var elapsed = _last == 0 ? TimeSpan.Zero : time.GetElapsedTime(_last, now);
            _last = now;
            _taken = Math.Max(0, _taken - (elapsed.TotalSeconds * perSecond)) + amount;
            return _taken <= burst ? TimeSpan.Zero : TimeSpan.FromSeconds((_taken - burst) / perSecond);
        }
    }
}
