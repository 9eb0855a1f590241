// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>Waits for a condition, with a deadline that only a broken product reaches.</summary>
internal static class Wait
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(2);

    public static async Task UntilAsync(string what, Func<bool> condition, Func<string>? seen = null)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > Deadline)
            {
                throw new TimeoutException($"Not within {Deadline.TotalSeconds:0} s: {what}. {seen?.Invoke()}");
            }

            await Task.Delay(Between, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
