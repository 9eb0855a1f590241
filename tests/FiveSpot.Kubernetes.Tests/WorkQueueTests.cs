// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class WorkQueueTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 7, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider _clock = new(Start);

    private WorkQueue<string> Queue(Func<string, int>? priority = null) =>
        new(_clock, priority ?? (_ => 0), new WorkQueueOptions { Jitter = () => 1 });

    private static string[] TakeAll(WorkQueue<string> queue)
    {
        var keys = new List<string>();
        while (queue.TryTake(out var item))
        {
            keys.Add(item.Key);
        }

        return [.. keys];
    }

    [Fact]
    public void A_key_is_in_the_queue_once()
    {
        using var queue = Queue();
        queue.Enqueue("a");
        queue.Enqueue("b");
        queue.Enqueue("a");
        queue.Depth.ShouldBe(2);
        TakeAll(queue).ShouldBe(["a", "b"]);
    }

    [Fact]
    public void A_key_enqueued_during_its_work_gets_one_more_turn_afterwards()
    {
        using var queue = Queue();
        queue.Enqueue("a");
        TakeAll(queue).ShouldBe(["a"]);
        queue.Enqueue("a");
        queue.Enqueue("a");
        queue.Depth.ShouldBe(0);
        queue.Complete("a", WorkResult.Done());
        TakeAll(queue).ShouldBe(["a"]);
        queue.Complete("a", WorkResult.Done());
        queue.Depth.ShouldBe(0);
    }

    [Fact]
    public void A_wake_comes_at_its_instant_and_says_which_it_was()
    {
        using var queue = Queue();
        var at = Start.AddHours(5).AddTicks(3);
        queue.WakeAt("a", at);
        _clock.Advance(at - Start - TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(0);
        queue.TryTake(out _).ShouldBeFalse();
        _clock.Advance(TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(1);
        queue.TryTake(out var item).ShouldBeTrue();
        item.ShouldBe(new WorkItem<string>("a", at, at, TimeSpan.Zero, 1));
    }

    [Fact]
    public void A_later_wake_replaces_an_earlier_one_and_a_past_one_is_now()
    {
        using var queue = Queue();
        queue.WakeAt("a", Start.AddMinutes(1));
        queue.WakeAt("a", Start.AddMinutes(2));
        queue.WakeAt("b", Start.AddMinutes(1));
        queue.ForgetWake("b");
        queue.Delayed.ShouldBe(1);
        _clock.Advance(TimeSpan.FromMinutes(1));
        queue.Depth.ShouldBe(0);
        _clock.Advance(TimeSpan.FromMinutes(1));
        queue.Depth.ShouldBe(1);
        queue.WakeAt("c", Start.AddYears(-1));
        queue.Depth.ShouldBe(2);
        TakeAll(queue).ShouldBe(["c", "a"]);
    }

    [Fact]
    public void A_thousand_simultaneous_wakes_are_ready_together_and_taken_by_priority()
    {
        using var queue = Queue(key => int.Parse(key) % 256);
        for (var i = 0; i < 1000; i++)
        {
            queue.WakeAt($"{i}", Start.AddHours(1));
        }

        _clock.Advance(TimeSpan.FromHours(1) - TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(0);
        _clock.Advance(TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(1000);
        TakeAll(queue).Select(k => int.Parse(k) % 256).ShouldBe(Enumerable.Range(0, 1000).Select(i => i % 256).OrderDescending());
    }

    [Fact]
    public void Of_one_priority_the_oldest_goes_first()
    {
        using var queue = Queue(key => key == "high" ? 1 : 0);
        queue.WakeAt("woken", Start.AddSeconds(1));
        queue.Enqueue("first");
        _clock.Advance(TimeSpan.FromSeconds(2));
        queue.Enqueue("last");
        queue.Enqueue("high");
        TakeAll(queue).ShouldBe(["high", "first", "woken", "last"]);
    }

    [Fact]
    public void Back_off_doubles_up_to_its_limit_and_success_resets_it()
    {
        using var queue = Queue();
        queue.Enqueue("a");
        foreach (var seconds in (int[])[1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300])
        {
            queue.TryTake(out _).ShouldBeTrue();
            queue.Complete("a", WorkResult.Retry());
            _clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
            queue.Depth.ShouldBe(0);
            _clock.Advance(TimeSpan.FromTicks(1));
            queue.Depth.ShouldBe(1);
        }

        queue.TryTake(out var item).ShouldBeTrue();
        item.Attempt.ShouldBe(12);
        queue.Complete("a", WorkResult.Done());
        queue.Enqueue("a");
        queue.TryTake(out item).ShouldBeTrue();
        item.Attempt.ShouldBe(1);
        queue.Complete("a", WorkResult.Retry(TimeSpan.FromSeconds(7)));
        _clock.Advance(TimeSpan.FromSeconds(7) - TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(0);
        _clock.Advance(TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(1);
    }

    [Fact]
    public void Jitter_spreads_a_back_off_over_its_second_half()
    {
        using var queue = new WorkQueue<string>(_clock, _ => 0, new WorkQueueOptions { Jitter = () => 0 });
        queue.Enqueue("a");
        queue.TryTake(out _);
        queue.Complete("a", WorkResult.Retry());
        _clock.Advance(TimeSpan.FromSeconds(0.5));
        queue.Depth.ShouldBe(1);
    }

    [Fact]
    public void A_failure_leaves_the_wake_and_an_event_does_not_wait_for_the_back_off()
    {
        using var queue = Queue();
        queue.WakeAt("a", Start.AddMinutes(3));
        queue.Enqueue("a");
        queue.TryTake(out _);
        queue.Complete("a", WorkResult.Retry(TimeSpan.FromMinutes(5)));
        queue.Enqueue("a");
        queue.TryTake(out var item).ShouldBeTrue();
        item.Attempt.ShouldBe(2);
        queue.Complete("a", WorkResult.Retry(TimeSpan.FromMinutes(5)));
        _clock.Advance(TimeSpan.FromMinutes(3));
        queue.TryTake(out item).ShouldBeTrue();
        item.DueAt.ShouldBe(Start.AddMinutes(3));
    }

    [Fact]
    public void Back_offs_that_are_ended_go_on_where_they_were_if_the_next_attempt_fails_too()
    {
        using var queue = Queue();
        queue.WakeAt("waits", Start.AddHours(1));
        queue.Enqueue("fails");
        for (var i = 0; i < 4; i++)
        {
            TakeAll(queue).ShouldBe(["fails"]);
            queue.Complete("fails", WorkResult.Retry());
            queue.EndBackOffs();
        }

        TakeAll(queue).ShouldBe(["fails"]);
        queue.Complete("fails", WorkResult.Retry());
        _clock.Advance(TimeSpan.FromSeconds(16) - TimeSpan.FromTicks(1));
        TakeAll(queue).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromTicks(1));
        TakeAll(queue).ShouldBe(["fails"]);
    }

    [Fact]
    public void Done_replaces_the_wake_unless_somebody_set_an_earlier_one_meanwhile()
    {
        using var queue = Queue();
        queue.WakeAt("a", Start.AddMinutes(1));
        queue.Enqueue("a");
        queue.TryTake(out _);
        queue.Complete("a", WorkResult.Done());
        queue.Delayed.ShouldBe(0);

        queue.Enqueue("a");
        queue.TryTake(out _);
        queue.WakeAt("a", Start.AddMinutes(2));
        queue.Complete("a", WorkResult.Done(Start.AddMinutes(9)));
        _clock.Advance(TimeSpan.FromMinutes(2));
        queue.Depth.ShouldBe(1);
    }

    [Fact]
    public void A_wall_clock_that_is_put_forward_is_noticed_within_a_minute()
    {
        using var queue = Queue();
        queue.WakeAt("a", Start.AddHours(6));
        _clock.AdjustTime(Start.AddHours(7));
        queue.Depth.ShouldBe(0);
        _clock.Advance(TimeSpan.FromMinutes(1));
        TakeAll(queue).ShouldBe(["a"]);
    }

    [Fact]
    public void A_wall_clock_that_is_put_back_makes_everything_ready_within_a_minute()
    {
        var clock = new SteppedClock(_clock);
        using var queue = new WorkQueue<string>(clock, _ => 0, new WorkQueueOptions { Jitter = () => 1 });
        queue.WakeAt("waits", Start.AddHours(2));
        queue.Enqueue("fails");
        TakeAll(queue).ShouldBe(["fails"]);
        queue.Complete("fails", WorkResult.Retry(TimeSpan.FromMinutes(5)));
        queue.Enqueue("works");
        TakeAll(queue).ShouldBe(["works"]);

        clock.WallIsAhead = TimeSpan.FromHours(-1);
        _clock.Advance(TimeSpan.FromMinutes(1));
        TakeAll(queue).ShouldBe(["waits", "fails"], ignoreOrder: true);
        queue.Complete("works", WorkResult.Done());
        TakeAll(queue).ShouldBe(["works"], "it may have read the clock before");
        queue.Complete("works", WorkResult.Done());
        queue.Complete("waits", WorkResult.Done(Start.AddHours(2)));
        queue.Complete("fails", WorkResult.Retry(TimeSpan.FromMinutes(5)));

        // Once.
        _clock.Advance(TimeSpan.FromMinutes(4));
        TakeAll(queue).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromMinutes(1));
        TakeAll(queue).ShouldBe(["fails"], "by the clock as it is now");
        queue.Complete("fails", WorkResult.Done());
        _clock.Advance(TimeSpan.FromMinutes(174) - TimeSpan.FromTicks(1));
        TakeAll(queue).ShouldBeEmpty();
        _clock.Advance(TimeSpan.FromTicks(1));
        TakeAll(queue).ShouldBe(["waits"]);
    }

    [Fact]
    public void A_clock_that_is_slewed_is_none_that_is_put_back()
    {
        var clock = new SteppedClock(_clock);
        using var queue = new WorkQueue<string>(clock, _ => 0);
        queue.WakeAt("waits", Start.AddDays(1));
        for (var minute = 1; minute <= 60; minute++)
        {
            clock.WallIsAhead -= TimeSpan.FromMilliseconds(100);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        TakeAll(queue).ShouldBeEmpty();
    }

    [Fact]
    public async Task Work_stands_still_from_the_start_of_its_longest_turn_or_from_when_keys_waited_for_nobody()
    {
        var real = new FakeTimeProvider();
        using var queue = new WorkQueue<string>(_clock, _ => 0, new WorkQueueOptions { StopTime = real });
        queue.Enqueue("stuck");
        real.Advance(TimeSpan.FromHours(1));
        queue.Stalled.ShouldBe(TimeSpan.Zero, "nobody runs it");

        using var stop = new CancellationTokenSource();
        var finish = new ConcurrentDictionary<string, TaskCompletionSource>();
        var run = queue.RunAsync(2, async (item, _) =>
        {
            await finish.GetOrAdd(item.Key, _ => new TaskCompletionSource()).Task;
            return WorkResult.Done();
        }, stop.Token);
        await Until.True(() => finish.ContainsKey("stuck"));
        real.Advance(TimeSpan.FromMinutes(1));
        queue.Enqueue("quick");
        await Until.True(() => finish.ContainsKey("quick"));
        real.Advance(TimeSpan.FromMinutes(1));
        queue.Stalled.ShouldBe(TimeSpan.FromMinutes(2), "the longest turn");
        finish["stuck"].SetResult();
        await Until.True(() => queue.Running == 1);
        queue.Stalled.ShouldBe(TimeSpan.FromMinutes(1));
        finish["quick"].SetResult();
        await Until.True(() => queue.Running == 0);
        queue.Stalled.ShouldBe(TimeSpan.Zero, "nothing is to be done");
        real.Advance(TimeSpan.FromHours(1));

        await stop.CancelAsync();
        await run;
        queue.Enqueue("nobody's");
        real.Advance(TimeSpan.FromHours(1));
        queue.Stalled.ShouldBe(TimeSpan.Zero, "nobody runs it any more");
    }

    [Fact]
    public void To_enqueue_a_key_that_is_queued_allocates_nothing()
    {
        using var queue = Queue();
        queue.Enqueue("a");
        queue.Enqueue("a");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            queue.Enqueue("a");
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void Ten_thousand_keys_whose_wakes_keep_moving_do_not_pile_up()
    {
        using var queue = Queue();
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 10_000; i++)
            {
                queue.WakeAt($"{i}", Start.AddMinutes(60 + round));
            }
        }

        queue.Delayed.ShouldBe(10_000);
        _clock.Advance(TimeSpan.FromMinutes(79) - TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(0);
        _clock.Advance(TimeSpan.FromTicks(1));
        queue.Depth.ShouldBe(10_000);
    }

    [Fact]
    public async Task What_throws_is_tried_again()
    {
        using var queue = Queue();
        using var stop = new CancellationTokenSource();
        var attempts = new ConcurrentQueue<int>();
        var run = queue.RunAsync(2, (item, _) =>
        {
            attempts.Enqueue(item.Attempt);
            return item.Attempt < 3 ? throw new InvalidOperationException("no") : new(WorkResult.Done());
        }, stop.Token);
        queue.Enqueue("a");
        await Until.True(() => attempts.Count == 1 && queue.Delayed == 1);
        _clock.Advance(TimeSpan.FromSeconds(1));
        await Until.True(() => attempts.Count == 2 && queue.Delayed == 1);
        _clock.Advance(TimeSpan.FromSeconds(2));
        await Until.True(() => attempts.Count == 3);
        await stop.CancelAsync();
        await run;
        attempts.ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Stopping_lets_work_finish_and_cancels_it_after_the_grace()
    {
        var real = new FakeTimeProvider();
        using var queue = new WorkQueue<string>(_clock, _ => 0, new WorkQueueOptions { StopTime = real, StopGrace = TimeSpan.FromSeconds(5) });
        using var stop = new CancellationTokenSource();
        var finish = new TaskCompletionSource();
        var started = new ConcurrentQueue<string>();
        var cancelled = false;
        var run = queue.RunAsync(2, async (item, token) =>
        {
            started.Enqueue(item.Key);
            if (item.Key == "good")
            {
                await finish.Task;
                return WorkResult.Done();
            }

            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            }
            finally
            {
                cancelled = token.IsCancellationRequested;
            }

            return WorkResult.Done();
        }, stop.Token);
        queue.Enqueue("good");
        queue.Enqueue("bad");
        await Until.True(() => started.Count == 2);
        await stop.CancelAsync();
        queue.Enqueue("never");
        finish.SetResult();
        await Until.True(() => queue.Running == 1);
        run.IsCompleted.ShouldBeFalse();
        await Until.True(() =>
        {
            real.Advance(TimeSpan.FromSeconds(1));
            return run.IsCompleted;
        });
        await run;
        cancelled.ShouldBeTrue();
        started.ShouldNotContain("never");
        queue.Depth.ShouldBe(1);
    }

    [Fact]
    public async Task Concurrent_work_never_overlaps_on_a_key_and_misses_no_enqueue()
    {
        for (var round = 0; round < 100; round++)
        {
            await OneRound();
        }
    }

    private static async Task OneRound()
    {
        const int keys = 7, enqueuers = 3, times = 300;
        using var queue = new WorkQueue<int>(TimeProvider.System, key => key % 3);
        var versions = new int[keys];
        var seen = new int[keys];
        var busy = new int[keys];
        var overlaps = 0;
        using var stop = new CancellationTokenSource();
        var run = queue.RunAsync(4, async (item, _) =>
        {
            if (Interlocked.Increment(ref busy[item.Key]) != 1)
            {
                Interlocked.Increment(ref overlaps);
            }

            var version = Volatile.Read(ref versions[item.Key]);
            await Task.Yield();
            Volatile.Write(ref seen[item.Key], version);
            Interlocked.Decrement(ref busy[item.Key]);
            return (version & 3) == 3 ? WorkResult.Retry(TimeSpan.FromMilliseconds(1)) : WorkResult.Done(TimeProvider.System.GetUtcNow().AddMinutes(1));
        }, stop.Token);
        await Task.WhenAll(Enumerable.Range(0, enqueuers).Select(seed => Task.Run(() =>
        {
            var random = new Random(seed);
            for (var i = 0; i < times; i++)
            {
                var key = random.Next(keys);
                Interlocked.Increment(ref versions[key]);
                if (random.Next(4) == 0)
                {
                    queue.WakeAt(key, TimeProvider.System.GetUtcNow());
                }
                else
                {
                    queue.Enqueue(key);
                }
            }
        })));
        await Until.True(() => versions.SequenceEqual(seen));
        await stop.CancelAsync();
        await run;
        overlaps.ShouldBe(0);
        queue.Running.ShouldBe(0);
    }

    /// <summary>A clock whose wall somebody sets, while its timers and timestamps go on.</summary>
    private sealed class SteppedClock(TimeProvider steady) : TimeProvider
    {
        public TimeSpan WallIsAhead { get; set; }

        public override long TimestampFrequency => steady.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => steady.GetUtcNow() + WallIsAhead;

        public override long GetTimestamp() => steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            steady.CreateTimer(callback, state, dueTime, period);
    }
}
