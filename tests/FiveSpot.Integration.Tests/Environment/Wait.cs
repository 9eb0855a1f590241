// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>Waits for a condition, with a deadline that only a broken product reaches.</summary>
internal static class Wait
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(5);

    public static Task UntilAsync(string what, Func<bool> condition, Func<Task<string>>? describe = null, TimeSpan? deadline = null) =>
        UntilAsync(what, () => Task.FromResult(condition()), describe, deadline);

    public static async Task UntilAsync(string what, Func<Task<bool>> condition, Func<Task<string>>? describe = null, TimeSpan? deadline = null)
    {
        var within = deadline ?? Deadline;
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > within)
            {
                var seen = describe is null ? "" : $" Seen: {await describe()}";
                throw new TimeoutException($"Not within {within.TotalSeconds:0} s: {what}.{seen}");
            }

            // What takes long is asked for less and less often: the asking costs the server time too.
            await Task.Delay(Between + (watch.Elapsed / 50), TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
