// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>The queue against a model that has no heaps, no timer and no shortcuts.</summary>
public sealed class WorkQueueModelTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 7, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Does_what_the_model_does() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 4], Gen.Int[-60, 3000]).Array[1, 120].Sample(operations =>
        {
            var clock = new FakeTimeProvider(Start);
            using var queue = new WorkQueue<int>(clock, key => key % 3, new WorkQueueOptions { Jitter = () => 1 });
            var model = new Model(clock);
            foreach (var (operation, key, number) in operations)
            {
                Apply(operation, key, number, clock, queue, model);
                model.Settle();
                queue.Depth.ShouldBe(model.Keys.Count(k => k.Ready));
                queue.Running.ShouldBe(model.Keys.Count(k => k.Running));
                queue.Delayed.ShouldBe(model.Keys.Count(k => k.Wake is not null || k.Retry is not null));
            }
        }, iter: 3000);

    private static void Apply(
        int operation, int key, int number, FakeTimeProvider clock, WorkQueue<int> queue, Model model)
    {
        var entry = model.Keys[key];
        switch (operation)
        {
            case 0:
                queue.Enqueue(key);
                entry.MakeReady(clock.GetUtcNow(), null);
                break;
            case 1:
                queue.WakeAt(key, clock.GetUtcNow().AddSeconds(number));
                entry.Wake = clock.GetUtcNow().AddSeconds(number);
                entry.WakeChanged = true;
                break;
            case 2:
                queue.ForgetWake(key);
                entry.Wake = null;
                entry.WakeChanged = true;
                break;
            case 3:
                clock.Advance(TimeSpan.FromSeconds(Math.Abs(number)));
                break;
            case 4:
                var best = model.Keys.Where(k => k.Ready).OrderByDescending(k => k.Key % 3).ThenBy(k => k.Since).FirstOrDefault();
                queue.TryTake(out var item).ShouldBe(best is not null);
                if (best is not null)
                {
                    var taken = model.Keys[item.Key];
                    taken.Ready.ShouldBeTrue();
                    (taken.Key % 3, taken.Since).ShouldBe((best.Key % 3, best.Since));
                    item.DueAt.ShouldBe(taken.DueAt);
                    item.EnqueuedAt.ShouldBe(taken.Since);
                    item.Attempt.ShouldBe(taken.Failures + 1);
                    taken.Take();
                }

                break;
            case 5 when entry.Running:
                DateTimeOffset? wake = number < 0 ? null : clock.GetUtcNow().AddSeconds(number);
                queue.Complete(key, WorkResult.Done(wake));
                entry.Wake = entry.WakeChanged && entry.Wake is { } set && (wake is null || set < wake) ? set : wake;
                entry.Retry = null;
                entry.Failures = 0;
                entry.Complete();
                break;
            case 6 when entry.Running:
                queue.Complete(key, WorkResult.Retry(number < 0 ? null : TimeSpan.FromSeconds(number)));
                entry.Failures++;
                entry.Retry = clock.GetUtcNow().AddSeconds(
                    number < 0 ? Math.Min(300, Math.Pow(2, entry.Failures - 1)) : number);
                entry.Complete();
                break;
        }
    }

    private sealed class Model(FakeTimeProvider clock)
    {
        public ModelKey[] Keys { get; } = [.. Enumerable.Range(0, 5).Select(k => new ModelKey(k))];

        public void Settle()
        {
            var now = clock.GetUtcNow();
            foreach (var key in Keys)
            {
                var wake = key.Wake <= now ? key.Wake : null;
                var retry = key.Retry <= now ? key.Retry : null;
                if (wake is not null || retry is not null)
                {
                    key.MakeReady(wake is null || retry < wake ? retry!.Value : wake.Value, wake);
                    key.Wake = wake is null ? key.Wake : null;
                    key.Retry = retry is null ? key.Retry : null;
                }
            }
        }
    }

    private sealed class ModelKey(int key)
    {
        public int Key => key;

        public bool Ready { get; private set; }

        public bool Running { get; private set; }

        public bool Again { get; private set; }

        public DateTimeOffset Since { get; private set; }

        public DateTimeOffset? DueAt { get; private set; }

        public DateTimeOffset? Wake { get; set; }

        public DateTimeOffset? Retry { get; set; }

        public bool WakeChanged { get; set; }

        public int Failures { get; set; }

        public void MakeReady(DateTimeOffset since, DateTimeOffset? dueAt)
        {
            if (Ready || Again)
            {
                DueAt = DueAt is null || dueAt < DueAt ? dueAt ?? DueAt : DueAt;
                return;
            }

            (Since, DueAt) = (since, dueAt);
            (Ready, Again) = (!Running, Running);
        }

        public void Take() => (Ready, Running, WakeChanged, DueAt, Retry) = (false, true, false, null, null);

        public void Complete() => (Running, Ready, Again) = (false, Again, false);
    }
}
