// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>Waits for a condition, with a deadline that only a broken product reaches.</summary>
internal static class Wait
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    public static Task UntilAsync(string what, Func<bool> condition) => UntilAsync(what, () => Task.FromResult(condition()));

    public static async Task UntilAsync(string what, Func<Task<bool>> condition, Func<Task<string>>? describe = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > Deadline)
            {
                var seen = describe is null ? "" : $" Seen: {await describe()}";
                throw new TimeoutException($"Not within {Deadline.TotalSeconds:0} s: {what}.{seen}");
            }

            await Task.Delay(Between, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
