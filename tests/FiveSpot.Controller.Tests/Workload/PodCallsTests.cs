// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using CsCheck;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>Contract, section 5: a call that keeps failing costs a machine at most ten requests a minute, whatever the number of Pods.</summary>
public sealed class PodCallsTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 5, 18, 0, 0, TimeSpan.Zero);
    private static readonly PodAnswer Failed = new(PodAnswerKind.Failed, "can't be evicted: the webhook is down");
    private static readonly PodAnswer Blocked = new(PodAnswerKind.NotNow, "blocked by budget web", "team/web");
    private static readonly PodAnswer NotNow = new(PodAnswerKind.NotNow, "can't be evicted: a webhook asks for patience");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(1_000)]
    public void What_fails_for_every_pod_is_asked_for_at_most_ten_times_a_minute(int pods)
    {
        var node = new SimulatedNode(pods, (_, _) => Failed);
        node.RunUntil(Start.AddMinutes(30));
        node.MostInAMinute().ShouldBeLessThanOrEqualTo(10);
        node.Asked.Count(asked => asked.At >= Start.AddMinutes(29)).ShouldBeGreaterThan(0, "it is tried again for as long as it lasts");
        node.Asked.Select(asked => asked.Pod).Distinct().Count().ShouldBeGreaterThan(Math.Min(pods, 20) - 1, "each in its turn");
    }

    [Fact]
    public void No_more_are_begun_than_can_be_asked_for_at_once()
    {
        var calls = new PodCalls(atOnce: 8);
        var pods = Pods(100_000);
        foreach (var pod in calls.Due(pods, Start, out _))
        {
            calls.Begin(pod);
            calls.Answered(pod, PodAnswer.Accepted, Start);
        }

        var due = calls.Due(pods, Start, out _);
        due.Length.ShouldBe(8);
        foreach (var pod in due)
        {
            calls.Begin(pod);
        }

        calls.Due(pods, Start, out _).ShouldBeEmpty();
        calls.Answered(due[0], PodAnswer.Accepted, Start);
        calls.Due(pods, Start, out _).Length.ShouldBe(1);
    }

    [Fact]
    public void Of_what_a_server_says_of_each_of_very_many_pods_little_is_kept()
    {
        var calls = new PodCalls(atOnce: 8);
        var pods = Pods(5_000);
        foreach (var pod in pods)
        {
            calls.Begin(pod);
            calls.Answered(pod, new PodAnswer(PodAnswerKind.NotNow, new string('x', 1_000) + pod.Uid, new string('b', 300) + pod.Uid), Start);
        }

        var kept = pods.Select(calls.TroubleOf).OfType<string>().ToList();
        kept.Count.ShouldBe(100);
        kept.ShouldAllBe(words => words.Length <= 401);
        calls.Due(pods, Start.AddSeconds(5), out _).Length.ShouldBeLessThanOrEqualTo(108, "no more are begun than are asked for at once, and one for each budget that is remembered");
    }

    [Fact]
    public void It_goes_on_at_once_for_all_when_what_failed_does_no_more()
    {
        var node = new SimulatedNode(30, (_, at) => at < Start.AddMinutes(3) ? Failed : PodAnswer.Accepted);
        node.RunUntil(Start.AddMinutes(4));
        node.Left.ShouldBe(0);
        var went = node.Asked.Where(asked => asked.At >= Start.AddMinutes(3)).ToList();
        went.Count.ShouldBe(30);
        went.Select(asked => asked.At).Distinct().Count().ShouldBe(1, "from the moment that one is accepted nobody waits any more");
        (went[0].At - Start.AddMinutes(3)).ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public void After_a_first_answer_all_are_asked_for_side_by_side()
    {
        var calls = new PodCalls(atOnce: 1000);
        var pods = Pods(100);
        var first = calls.Due(pods, Start, out _);
        first.Length.ShouldBe(4, "an answer is awaited before there are many");
        foreach (var pod in first)
        {
            calls.Begin(pod).ShouldBeTrue();
        }

        calls.Due(pods, Start, out var lookAgain).ShouldBeEmpty();
        lookAgain.ShouldBeNull("the answers will show");
        calls.Answered(first[0], PodAnswer.Accepted, Start);
        calls.Due(pods, Start, out _).Length.ShouldBe(96);
    }

    [Fact]
    public void Those_that_wait_for_their_turn_are_not_asked_for_when_the_others_fail()
    {
        var calls = new PodCalls(atOnce: 1000);
        var pods = Pods(100);
        foreach (var pod in calls.Due(pods, Start, out _))
        {
            calls.Begin(pod);
            calls.Answered(pod, PodAnswer.Accepted, Start);
        }

        var side = calls.Due(pods, Start, out _);
        side.Length.ShouldBe(96);
        foreach (var pod in side)
        {
            calls.Begin(pod);
        }

        foreach (var pod in side[..4])
        {
            calls.GoesOn(pod).ShouldBeTrue();
            calls.Answered(pod, Failed, Start);
        }

        foreach (var pod in side[4..])
        {
            calls.GoesOn(pod).ShouldBeFalse();
        }

        calls.UnderWay.ShouldBe(0);
        calls.Due(pods, Start, out var lookAgain).ShouldBeEmpty();
        lookAgain.ShouldBe(Start.AddSeconds(1));
        calls.Due(pods, Start.AddSeconds(1), out _).ShouldBe([side[4]], "one that was not asked for yet");
    }

    [Fact]
    public void One_pod_that_fails_keeps_no_other()
    {
        var node = new SimulatedNode(30, (pod, _) => pod == "web-007" ? Failed : PodAnswer.Accepted);
        node.RunUntil(Start.AddMinutes(10));
        node.Left.ShouldBe(1);
        node.Asked.Where(asked => asked.Pod != "web-007").ShouldAllBe(asked => asked.At == Start);
        node.MostInAMinute("web-007").ShouldBeLessThanOrEqualTo(10);
        node.Asked.Last().At.ShouldBeGreaterThan(Start.AddMinutes(9));
    }

    [Fact]
    public void Thirty_that_fail_among_two_hundred_that_go_are_asked_for_ten_times_a_minute_together()
    {
        var node = new SimulatedNode(200, (pod, _) => string.CompareOrdinal(pod, "web-170") >= 0 ? Failed : PodAnswer.Accepted);
        node.RunUntil(Start.AddMinutes(10));
        node.Left.ShouldBe(30);
        node.Asked.Where(asked => asked.At > Start).GroupBy(asked => (asked.At - Start).Minutes).ShouldAllBe(minute => minute.Count() <= 10);
    }

    [Fact]
    public void A_budget_is_asked_for_one_pod_of_it_and_for_the_next_as_soon_as_it_allows_one()
    {
        var allows = 0;
        var node = new SimulatedNode(200, (_, _) => allows > 0 && allows-- > 0 ? PodAnswer.Accepted : Blocked);
        node.RunUntil(Start.AddMinutes(5));
        node.Left.ShouldBe(200);
        node.Asked.Count(asked => asked.At == Start).ShouldBe(200, "each once: only the answer says that they have one budget");
        node.Asked.Where(asked => asked.At > Start.AddSeconds(8)).GroupBy(asked => (int)(asked.At - Start.AddSeconds(8)).TotalMinutes)
            .ShouldAllBe(minute => minute.Count() <= 12);

        var asked = node.Asked.Count;
        allows = 150;
        node.RunUntil(node.Now.AddSeconds(5));
        node.Left.ShouldBe(50);
        node.Asked.Count.ShouldBeLessThanOrEqualTo(asked + 150 + 3);
    }

    [Fact]
    public void What_is_refused_for_a_pod_alone_is_asked_for_each_five_seconds()
    {
        var node = new SimulatedNode(2, (_, _) => NotNow);
        node.RunUntil(Start.AddMinutes(2));
        node.MostInAMinute("web-000").ShouldBeInRange(12, 15);
        node.MostInAMinute("web-001").ShouldBeInRange(12, 15);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void However_many_pods_are_refused_and_for_however_many_reasons_the_requests_are_bounded(bool named)
    {
        var isOver = false;
        var node = new SimulatedNode(5_000, (pod, _) => isOver ? PodAnswer.Accepted : NotNow with { HeldBy = named ? $"team/{pod}" : null });
        node.RunUntil(Start.AddMinutes(10));
        node.Asked.Count(asked => asked.At == Start).ShouldBeLessThanOrEqualTo(1_500, "one answer after the other, and no more than are awaited at once");
        node.Asked.Where(asked => asked.At > Start).GroupBy(asked => (int)(asked.At - Start).TotalMinutes).ShouldAllBe(minute => minute.Count() <= 500);
        isOver = true;
        node.RunUntil(node.Now.AddSeconds(5));
        node.Left.ShouldBe(0, "all go as soon as one may");
    }

    [Fact]
    public void A_server_that_asks_for_time_gets_it_up_to_a_minute()
    {
        var node = new SimulatedNode(30, (_, _) => Failed with { RetryAfter = TimeSpan.FromHours(1) });
        node.RunUntil(Start.AddMinutes(5));
        node.Asked.Select(asked => asked.At - Start).Distinct().ShouldBe([TimeSpan.Zero, .. Enumerable.Range(1, 5).Select(i => TimeSpan.FromMinutes(i))]);
    }

    [Fact]
    public void What_is_accepted_and_not_shown_is_asked_for_again_one_by_one()
    {
        var node = new SimulatedNode(30, (_, _) => PodAnswer.Accepted) { Shows = false };
        node.RunUntil(Start.AddMinutes(20));
        node.Asked.Count(asked => asked.At == Start).ShouldBe(30);
        node.Asked.Where(asked => asked.At > Start).GroupBy(asked => (int)(asked.At - Start).TotalMinutes).ShouldAllBe(minute => minute.Count() <= 10);
        node.Asked.Count.ShouldBeGreaterThan(40);
    }

    [Fact]
    public void Whatever_the_answers_are_each_pod_is_asked_for_in_time_and_failures_stay_within_the_bound()
    {
        var answer = Gen.Int[0, 5].Select(i => new[] { PodAnswer.Accepted, Failed, Failed, Blocked, Blocked with { HeldBy = "team/db" }, NotNow }[i]);
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 300], answer.Array[1, 200]).Sample((pods, mended, answers) =>
        {
            var next = 0;
            var node = new SimulatedNode(pods, (_, at) => at < Start.AddSeconds(mended) ? answers[next++ % answers.Length] : PodAnswer.Accepted);
            node.RunUntil(Start.AddSeconds(mended).AddMinutes(1));
            node.Left.ShouldBe(0, "a minute after all is well every pod has gone");
            node.FailuresInARow.ShouldBeLessThanOrEqualTo(10);
        });
    }

    private static List<Pod> Pods(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new Pod { Metadata = new ObjectMetadata { Name = $"web-{i:000}", Namespace = "team", Uid = $"uid-{i}" } })];

    /// <summary>A Node whose Pods are evicted as a controller does it that looks whenever it is told to. Answers come at once.</summary>
    private sealed class SimulatedNode(int count, Func<string, DateTimeOffset, PodAnswer> answer)
    {
        private readonly List<Pod> _pods = Pods(count);
        private readonly PodCalls _calls = new(atOnce: 1000);

        public DateTimeOffset Now { get; private set; } = Start;

        public List<(string Pod, DateTimeOffset At, PodAnswerKind Answer)> Asked { get; } = [];

        /// <summary>Whether a Pod whose eviction was accepted is gone.</summary>
        public bool Shows { get; init; } = true;

        public int Left => _pods.Count;

        /// <summary>The most failures that came within a minute with nothing else between them.</summary>
        public int FailuresInARow
        {
            get
            {
                var most = 0;
                var run = new Queue<DateTimeOffset>();
                foreach (var (_, at, kind) in Asked)
                {
                    if (kind is not PodAnswerKind.Failed)
                    {
                        run.Clear();
                        continue;
                    }

                    run.Enqueue(at);
                    while (run.Peek() <= at.AddMinutes(-1))
                    {
                        run.Dequeue();
                    }

                    most = Math.Max(most, run.Count);
                }

                return most;
            }
        }

        public void RunUntil(DateTimeOffset end)
        {
            while (true)
            {
                ImmutableArray<Pod> due;
                DateTimeOffset? lookAgain;
                while ((due = _calls.Due(_pods, Now, out lookAgain)).Length > 0)
                {
                    foreach (var pod in due)
                    {
                        _calls.Begin(pod).ShouldBeTrue();
                    }

                    foreach (var pod in due)
                    {
                        Answer(pod);
                    }
                }

                _calls.UnderWay.ShouldBe(0);
                if (_pods.Count > 0)
                {
                    lookAgain.ShouldNotBeNull("else nothing would ever happen again");
                }

                if (lookAgain is not { } next || next > end)
                {
                    Now = end;
                    return;
                }

                next.ShouldBeGreaterThan(Now);
                Now = next;
            }
        }

        public int MostInAMinute(string? pod = null)
        {
            var times = Asked.Where(asked => pod is null || asked.Pod == pod).Select(asked => asked.At).ToList();
            return times.Max(first => times.Count(at => at >= first && at < first.AddMinutes(1)));
        }

        private void Answer(Pod pod)
        {
            if (!_calls.GoesOn(pod))
            {
                return;
            }

            var came = answer(pod.Metadata.Name, Now);
            Asked.Add((pod.Metadata.Name, Now, came.Kind));
            _calls.Answered(pod, came, Now);
            if (came.Kind is PodAnswerKind.Accepted && Shows)
            {
                _pods.Remove(pod);
            }
        }
    }
}
