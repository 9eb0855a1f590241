// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Integration.Tests.LeaderElection;

/// <summary>Two replicas and one Lease, each with clocks and a network of its own.</summary>
public abstract class LeaderElectionTests(ServerKind kind)
{
    public sealed class OnEmbedded() : LeaderElectionTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : LeaderElectionTests(ServerKind.KubeApiServer);

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RenewDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task The_first_one_makes_the_lease_with_the_fields_of_client_go()
    {
        await using var pair = await Pair.StartAsync(kind);
        var lease = (await pair.LeaseAsync())!;
        var spec = lease["spec"]!.AsObject();
        spec.Select(field => field.Key).Order().ShouldBe(["acquireTime", "holderIdentity", "leaseDurationSeconds", "leaseTransitions", "renewTime"]);
        ((string?)spec["holderIdentity"], (int)spec["leaseDurationSeconds"]!, (int)spec["leaseTransitions"]!).ShouldBe(("a", 15, 0));
        ((string)spec["acquireTime"]!).ShouldBe("2026-01-04T12:00:00.000000Z");
        ((string)spec["renewTime"]!).ShouldBe("2026-01-04T12:00:00.000000Z");
        ((string?)lease["metadata"]!["annotations"]?["5spot.finos.org/instance-count"]).ShouldBe("1");
        (pair.A.MayWrite, pair.B.MayWrite).ShouldBe((true, false));
    }

    [Fact]
    public async Task The_leader_renews_at_each_period_and_the_other_waits()
    {
        await using var pair = await Pair.StartAsync(kind);
        for (var i = 1; i <= 20; i++)
        {
            await pair.RenewAsync();
        }

        var spec = (await pair.LeaseAsync())!["spec"]!;
        ((string)spec["acquireTime"]!, (string)spec["renewTime"]!, (int)spec["leaseTransitions"]!)
            .ShouldBe(("2026-01-04T12:00:00.000000Z", "2026-01-04T12:00:40.000000Z", 0));
        (pair.A.Elector.IsLeader, pair.B.Elector.IsLeader).ShouldBe((true, false));

        // The other one is told by its watch, and asks for nothing.
        pair.B.Traffic.Calls.Count(call => call.Verb != "get").ShouldBe(0);
        pair.B.Traffic.Calls.Count.ShouldBeLessThan(6);
    }

    [Fact]
    public async Task One_that_is_told_to_stop_gives_it_up_and_the_other_takes_it_at_once()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        await pair.A.StopAsync();
        pair.A.MayWrite.ShouldBeFalse();

        // No clock moves.
        await pair.B.LeadsAsync();
        var spec = (await pair.LeaseAsync())!["spec"]!;
        ((string)spec["holderIdentity"]!, (int)spec["leaseTransitions"]!, (int)spec["leaseDurationSeconds"]!).ShouldBe(("b", 1, 15));
    }

    [Fact]
    public async Task One_that_is_given_up_between_a_look_and_the_wait_after_it_is_taken_at_once_too()
    {
        await using var pair = await Pair.BeginAsync(kind, whenBSays: (pair, message) =>
        {
            if (!message.EndsWith("a has it.", StringComparison.Ordinal))
            {
                return;
            }

            // Here it has looked, and does not wait yet. That its watch has told it is seen by its looking at the clock.
            var before = pair.B.Clocks.Looks;
            Task.Run(pair.A.StopAsync).Wait(Wait.Deadline).ShouldBeTrue();
            SpinWait.SpinUntil(() => pair.B.Clocks.Looks > before, Wait.Deadline).ShouldBeTrue();
        });
        await pair.A.LeadsAsync();

        // Its first look fails, so that it watches before it looks for the first time.
        var looks = 0;
        pair.B.Traffic.Disturb = (call, stage) => stage == ControllerTraffic.Stage.Before && call.Query.Length == 0 && Interlocked.Increment(ref looks) == 1
            ? new ControllerTraffic.Fault(503, "ServiceUnavailable", "not now")
            : null;
        pair.B.Start();
        await pair.BWatchesAsync();
        await Wait.UntilAsync("b waits for its next look", () => pair.B.Clocks.IsAwaited(RetryPeriod));
        pair.B.Clocks.Advance(RetryPeriod);
        await pair.B.LeadsAsync();
    }

    [Fact]
    public async Task One_that_has_crashed_is_waited_for_as_long_as_its_lease_lasts()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        pair.A.CutOff();
        pair.B.Clocks.Advance(Duration - TimeSpan.FromMilliseconds(1));
        await pair.SettleAsync();
        pair.B.Elector.IsLeader.ShouldBeFalse();
        pair.B.Clocks.Advance(TimeSpan.FromMilliseconds(1));
        await pair.B.LeadsAsync();
    }

    [Fact]
    public async Task One_that_cannot_renew_stops_writing_before_the_other_may_begin()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        await pair.A.WriteAsync(pair.Cluster);
        pair.A.CutOff();
        await pair.AdvanceBothAsync(RenewDeadline - TimeSpan.FromMilliseconds(1));
        (pair.A.MayWrite, pair.B.Elector.IsLeader).ShouldBe((true, false));

        await pair.AdvanceBothAsync(TimeSpan.FromMilliseconds(1));
        pair.A.LetThrough();
        var refused = await Should.ThrowAsync<ApiUnreachableException>(() => pair.A.WriteAsync(pair.Cluster));
        refused.Failure.ShouldBe(TransportFailure.NotLeading);
        await Wait.UntilAsync("a leads no more, or again", () => !pair.A.Elector.IsLeader || pair.A.MayWrite);
    }

    [Fact]
    public async Task A_call_that_is_under_way_at_the_deadline_is_given_up()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new ManualResetEventSlim();
        pair.A.Traffic.Disturb = (call, stage) =>
        {
            if (call.Path.EndsWith("/api/v1/namespaces/" + pair.Cluster.Namespace, StringComparison.Ordinal) && stage == ControllerTraffic.Stage.After)
            {
                reached.TrySetResult();
                release.Wait(Wait.Deadline);
            }

            return call.Path.Contains("/leases", StringComparison.Ordinal) ? ControllerTraffic.Fault.Abort : null;
        };
        var write = Task.Run(() => pair.A.WriteAsync(pair.Cluster));
        await reached.Task.WaitAsync(Wait.Deadline);
        var allowed = pair.A.Elector.WritingAllowed();
        pair.A.Clocks.Advance(RenewDeadline);
        await Wait.UntilAsync("the call is given up", () => allowed.IsCancellationRequested);
        release.Set();
        await Should.ThrowAsync<ApiUnreachableException>(() => write);
        release.Dispose();
    }

    [Fact]
    public async Task A_wall_clock_that_is_put_forward_holds_writes_up_until_the_next_renewal()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        pair.A.Clocks.WallIsAhead = TimeSpan.FromHours(1);
        (pair.A.Elector.IsLeader, pair.A.MayWrite).ShouldBe((true, false));
        await pair.RenewAsync();
        (pair.A.Elector.IsLeader, pair.A.MayWrite).ShouldBe((true, true));
    }

    [Fact]
    public async Task A_wall_clock_that_is_put_back_gives_nobody_more_time()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        pair.A.CutOff();
        pair.A.Clocks.WallIsAhead = TimeSpan.FromHours(-1);
        await pair.AdvanceBothAsync(RenewDeadline);
        pair.A.MayWrite.ShouldBeFalse();
    }

    [Fact]
    public async Task The_wall_clock_of_the_other_ends_nobodys_lease()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        pair.B.Clocks.WallIsAhead = TimeSpan.FromHours(1);
        pair.B.Clocks.Advance(Duration - TimeSpan.FromMilliseconds(1));
        await pair.SettleAsync();
        (pair.A.MayWrite, pair.B.Elector.IsLeader).ShouldBe((true, false));
    }

    [Fact]
    public async Task A_renewal_whose_answer_is_lost_is_one_all_the_same()
    {
        await using var pair = await Pair.StartAsync(kind);
        var lost = 0;
        pair.A.Traffic.Disturb = (call, stage) =>
            call.Verb == "patch" && stage == ControllerTraffic.Stage.After && Interlocked.Increment(ref lost) == 1 ? ControllerTraffic.Fault.Abort : null;
        await pair.RenewAsync();
        await pair.RenewAsync();
        await pair.RenewAsync();
        lost.ShouldBeGreaterThan(1);
        (pair.A.MayWrite, pair.B.Elector.IsLeader).ShouldBe((true, false));
    }

    [Fact]
    public async Task Who_writes_something_else_to_it_disturbs_nobody()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.PatchAsync("""{"metadata":{"labels":{"seen":"yes"}}}""");
        await pair.RenewAsync();
        await pair.RenewAsync();
        (pair.A.MayWrite, pair.B.Elector.IsLeader).ShouldBe((true, false));
        ((string?)(await pair.LeaseAsync())!["metadata"]!["labels"]!["seen"]).ShouldBe("yes");
    }

    [Fact]
    public async Task One_that_finds_it_in_other_hands_stops_and_waits()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.RenewAsync();
        await pair.PatchAsync("""{"spec":{"holderIdentity":"somebody","renewTime":"2026-01-04T12:00:03.000000Z"}}""");
        await pair.AwaitedAsync();
        pair.A.Clocks.Advance(RetryPeriod);
        await Wait.UntilAsync("a leads no more", () => !pair.A.Elector.IsLeader);
        pair.A.MayWrite.ShouldBeFalse();

        // Who gives it up is followed at once.
        await pair.PatchAsync("""{"spec":{"holderIdentity":null}}""");
        await Wait.UntilAsync("one of them leads", () => pair.A.Elector.IsLeader != pair.B.Elector.IsLeader);
    }

    [Fact]
    public async Task One_that_somebody_deletes_is_made_again()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.Cluster.Api.DeleteAsync(Lease.Resource, pair.Key, null, CancellationToken.None);
        await pair.B.LeadsAsync();
        await pair.AwaitedAsync();
        pair.A.Clocks.Advance(RetryPeriod);
        await Wait.UntilAsync("a leads no more", () => !pair.A.Elector.IsLeader);
    }

    [Fact]
    public async Task Both_are_after_a_free_one_and_one_gets_it()
    {
        for (var i = 0; i < 10; i++)
        {
            await using var pair = await Pair.BeginAsync(kind);
            pair.B.Start();
            await Wait.UntilAsync("one leads", () => pair.A.Elector.IsLeader || pair.B.Elector.IsLeader);
            await pair.SettleAsync();
            (pair.A.Elector.IsLeader ^ pair.B.Elector.IsLeader).ShouldBeTrue();
        }
    }

    private sealed class Pair : IAsyncDisposable
    {
        private static int _leases;

        private Pair(Cluster cluster, Action<Pair, string>? whenBSays)
        {
            Cluster = cluster;
            var name = $"test-{Interlocked.Increment(ref _leases)}";
            Key = new ObjectKey(Candidate.Namespace, name);
            A = new Candidate(cluster, "a", name);
            B = new Candidate(cluster, "b", name, logger: whenBSays is null ? null : new Listener(message => whenBSays(this, message)));
        }

        public Cluster Cluster { get; }

        public ObjectKey Key { get; }

        public Candidate A { get; }

        public Candidate B { get; }

        /// <summary>The one leads, and the other watches the Lease.</summary>
        public static async Task<Pair> StartAsync(ServerKind kind)
        {
            var pair = await BeginAsync(kind);
            await pair.A.LeadsAsync();
            pair.B.Start();
            await pair.BWatchesAsync();
            return pair;
        }

        /// <summary>The one is after it; the other is not yet.</summary>
        /// <param name="kind">Where.</param>
        /// <param name="whenBSays">Gets what the other logs, on its own thread.</param>
        public static async Task<Pair> BeginAsync(ServerKind kind, Action<Pair, string>? whenBSays = null)
        {
            var pair = new Pair(await Cluster.StartAsync(kind), whenBSays);
            pair.A.Start();
            return pair;
        }

        public Task BWatchesAsync() =>
            Wait.UntilAsync("b watches", () => B.Traffic.Calls.Any(call => call.IsOver && call.Query.Contains("watch=true", StringComparison.Ordinal)));

        public Task<JsonObject?> LeaseAsync() => Cluster.Api.TryGetAsync(Lease.Resource, Key, Cluster.Parse, CancellationToken.None);

        public Task PatchAsync(string patch) => Cluster.Api.MergePatchAsync(
            Lease.Resource, Key, System.Text.Encoding.UTF8.GetBytes(patch), "somebody", null, Cluster.Parse, CancellationToken.None);

        /// <summary>A period passes; the leader has renewed, and the other has seen it.</summary>
        public async Task RenewAsync()
        {
            var before = (string)(await LeaseAsync())!["spec"]!["renewTime"]!;
            await AwaitedAsync();
            B.Clocks.Advance(RetryPeriod);
            var waits = B.Clocks.Begun(Duration);
            A.Clocks.Advance(RetryPeriod);
            await Wait.UntilAsync("a renews", async () => (string?)(await LeaseAsync())!["spec"]!["renewTime"] != before);
            await Wait.UntilAsync("b has seen it", () => B.Clocks.Begun(Duration) > waits);
            await SettleAsync();
        }

        /// <summary>Waits until the leader waits for its next renewal.</summary>
        public Task AwaitedAsync() => Wait.UntilAsync("a waits", () => A.Clocks.IsAwaited(RetryPeriod));

        public async Task AdvanceBothAsync(TimeSpan time)
        {
            A.Clocks.Advance(time);
            B.Clocks.Advance(time);
            await SettleAsync();
        }

        /// <summary>Waits until neither asks for anything, nor is waited for.</summary>
        public async Task SettleAsync()
        {
            var (before, still) = ((-1, -1, ""), 0);
            await Wait.UntilAsync("both come to rest", async () =>
            {
                var now = (A.Traffic.Calls.Count, B.Traffic.Calls.Count, await Cluster.RevisionAsync());
                still = now == before && A.Traffic.Calls.All(call => call.IsOver) && B.Traffic.Calls.All(call => call.IsOver) ? still + 1 : 0;
                before = now;
                return still >= 5;
            });
        }

        public async ValueTask DisposeAsync()
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
            await Cluster.DisposeAsync();
        }
    }

    private sealed class Listener(Action<string> onMessage) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            onMessage(formatter(state, exception));
    }
}
