// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.Workload;

/// <summary>
/// How soon the Pods of a Node may be watched anew. A drain begins its watch once, perhaps twice. Whatever would have it begin
/// again and again, it costs at most ten requests a minute (contract, section 5).
/// </summary>
/// <param name="time">The time of the network.</param>
public sealed class PodWatchPace(TimeProvider time)
{
    // Each costs a list and a watch: three at once, and two more within the minute.
    private const int AtOnce = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Forgotten = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _last = DateTimeOffset.MinValue;
    private int _inARow;

    /// <summary>Waits until a watch may begin, which is then the last that has.</summary>
    /// <exception cref="OperationCanceledException">It is not wanted any more, and has not begun.</exception>
    public async Task AwaitTurnAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (Begin() is { } pause)
        {
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    // How long there is to wait yet; null when there is nothing to wait for.
    private TimeSpan? Begin()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            if (now - _last >= Forgotten)
            {
                _inARow = 0;
            }

            if (_inARow >= AtOnce)
            {
                var pause = FirstPause * Math.Pow(2, Math.Min(_inARow - AtOnce, 16));
                var turn = _last + (pause < LongestPause ? pause : LongestPause);
                if (turn > now)
                {
                    return turn - now;
                }
            }

            _inARow++;
            _last = now;
            return null;
        }
    }
}
