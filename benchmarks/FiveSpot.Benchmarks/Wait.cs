// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Benchmarks;

/// <summary>Waits for a condition, with a deadline that only a broken product reaches.</summary>
internal static class Wait
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(10);

    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    public static async Task UntilAsync(string what, Func<Task<bool>> condition)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Deadline)
            {
                throw new TimeoutException($"Not within {Deadline.TotalSeconds:0} s: {what}.");
            }

            await Task.Delay(Between, TimeProvider.System);
        }
    }

    /// <summary>Waits until a number has not changed for half a second, while something else holds.</summary>
    public static async Task UntilStillAsync(string what, Func<long> number, Func<bool> also)
    {
        var (before, since) = (number(), Stopwatch.StartNew());
        await UntilAsync(what, () =>
        {
            if (number() is var now && (now != before || !also()))
            {
                before = now;
                since.Restart();
            }

            return since.ElapsedMilliseconds >= 500;
        });
    }

    public static Task PassAsync(TimeSpan time) => Task.Delay(time, TimeProvider.System);
}
