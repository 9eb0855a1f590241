// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation.Tests;

/// <summary>Waits for conditions, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(15);

    /// <summary>Looks until it is so; says what was seen last when it never is.</summary>
    public static async Task<T> GetAsync<T>(Func<Task<T>> look, Func<T, bool> isSo, string what)
    {
        var began = TimeProvider.System.GetTimestamp();
        for (var pause = First; ; pause = pause * 2 < Longest ? pause * 2 : Longest)
        {
            var seen = await look();
            if (isSo(seen))
            {
                return seen;
            }

            if (TimeProvider.System.GetElapsedTime(began) > Deadline)
            {
                throw new TimeoutException($"It never came to this: {what}. Last seen: {seen}");
            }

            await Task.Delay(pause, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
