// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Benchmarks;

/// <summary>How late things were, sorted.</summary>
internal sealed class Lags
{
    private readonly TimeSpan[] _sorted;

    public Lags(IEnumerable<TimeSpan> lags)
    {
        _sorted = [.. lags.Order()];
        if (_sorted.Length == 0)
        {
            throw new ArgumentException("Nothing happened.", nameof(lags));
        }
    }

    public TimeSpan First => _sorted[0];

    public TimeSpan Last => _sorted[^1];

    /// <summary>The least that is not passed by this share of them, 0 to 1.</summary>
    public TimeSpan Percentile(double share) => _sorted[Math.Max(0, (int)Math.Ceiling(share * _sorted.Length) - 1)];

    public override string ToString() => string.Join(
        " / ", Report.Milliseconds(First), Report.Milliseconds(Percentile(0.5)), Report.Milliseconds(Percentile(0.99)), Report.Milliseconds(Last));
}
