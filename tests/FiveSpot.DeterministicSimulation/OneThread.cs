// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// Runs everything that is asynchronous on the one thread of this process's pool, which has no other (see the project file): what is
/// ready runs in the order in which it became so, and time goes on when nothing is. So the order of all that happens is the same
/// in each run, whoever awaits whom, and the code under test needs to know nothing of it.
/// </summary>
internal static class OneThread
{
    private const int MostTurns = 1_000_000;

    /// <summary>Runs something to its end on that thread.</summary>
    public static T Run<T>(Func<Task<T>> run)
    {
        ThreadPool.GetMaxThreads(out var most, out _);
        if (most != 1)
        {
            throw new InvalidOperationException($"The pool of this process may have {most} threads; the order of what happens is repeatable with 1.");
        }

        return Task.Run(run).GetAwaiter().GetResult();
    }

    /// <summary>Lets all that is ready run; then nothing more happens before time passes.</summary>
    public static async Task SettleAsync()
    {
        for (var turns = 0; turns == 0 || ThreadPool.PendingWorkItemCount > 0; turns++)
        {
            if (turns == MostTurns)
            {
                throw new InvalidOperationException($"Something is ready again after {MostTurns} turns, and no time has passed.");
            }

            await Task.Yield();
        }
    }
}
