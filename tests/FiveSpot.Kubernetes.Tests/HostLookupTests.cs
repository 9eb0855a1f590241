// SPDX-License-Identifier: Apache-2.0

using System.Net;

namespace FiveSpot.Kubernetes.Tests;

public sealed class HostLookupTests
{
    [Fact]
    public async Task Names_of_strangers_are_looked_up_on_no_thread_of_the_pool_and_a_few_at_once()
    {
        using var places = new SemaphoreSlim(2);
        using var answers = new ManualResetEventSlim();
        var (under, most, pooled) = (0, 0, 0);
        var all = Enumerable.Range(0, 20).Select(i => HostLookup.FindAsync(LookUp, $"host-{i}", places, CancellationToken.None)).ToArray();
        await Until.True(() => Volatile.Read(ref under) == 2);
        using var late = new CancellationTokenSource(TimeSpan.Zero, TimeProvider.System);
        await Should.ThrowAsync<OperationCanceledException>(HostLookup.FindAsync(LookUp, "late", places, late.Token));
        answers.Set();
        await Task.WhenAll(all);
        (most, pooled).ShouldBe((2, 0));

        IPAddress[] LookUp(string host)
        {
            most = Math.Max(most, Interlocked.Increment(ref under));
            pooled += Thread.CurrentThread.IsThreadPoolThread ? 1 : 0;
            answers.Wait();
            Interlocked.Decrement(ref under);
            return [IPAddress.Loopback];
        }
    }
}
