// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;
using FiveSpot.LyingServer;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>
/// Two replicas, of which one leads: its work passes to the other after each of its writes in turn. Nothing is lost, nothing
/// is made twice, and no write of the old one comes after the first of the new one.
/// </summary>
public abstract class TakeoverTests(ServerKind kind)
{
    public sealed class OnEmbedded() : TakeoverTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : TakeoverTests(ServerKind.KubeApiServer);

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan RenewDeadline = TimeSpan.FromSeconds(10);

    private static int _leases;

    [Theory]
    [InlineData(Farewell.Stop)]
    [InlineData(Farewell.Crash)]
    [InlineData(Farewell.LosesSightOfItsLease)]
    public Task Opening(Farewell how) => PassesOnAsync(how, static _ => Task.CompletedTask, static async pair =>
    {
        await pair.Cluster.ScheduleAsync();
        await pair.Cluster.PhaseAsync("Inactive");
        await OpenAsync(pair);
        (await pair.CountAsync()).ShouldBe((1, 1, 1));
        pair.A.Writes.Concat(pair.B.Writes).ShouldNotContain(call => call.Verb == "delete");
    });

    [Theory]
    [InlineData(Farewell.Stop)]
    [InlineData(Farewell.Crash)]
    [InlineData(Farewell.LosesSightOfItsLease)]
    public Task Closing(Farewell how) => PassesOnAsync(how, PrepareRunningAsync, static async pair =>
    {
        await CloseAsync(pair);
        (await pair.CountAsync()).ShouldBe((0, 0, 0));
    });

    [Fact]
    public async Task One_that_is_cut_off_from_all_but_its_Lease_keeps_it_and_goes_on_later()
    {
        await using var pair = await Pair.StartAsync(kind);
        await pair.Cluster.ScheduleAsync();
        await pair.Cluster.PhaseAsync("Inactive");
        pair.A.Traffic.Disturb = static (call, _) => Replica.IsOfLease(call) ? null : ControllerTraffic.Fault.Abort;
        pair.Cluster.MoveTo(Scenario.Opening);
        for (var period = 0; period < 10; period++)
        {
            var renewed = Renewals();
            await Wait.UntilAsync("it waits for its next renewal", () => pair.A.Clocks.IsAwaited(TimeSpan.FromSeconds(2)));
            pair.A.Clocks.Advance(TimeSpan.FromSeconds(2));
            await Wait.UntilAsync("it renews", () => Renewals() > renewed);
            pair.B.Clocks.Advance(TimeSpan.FromSeconds(2));
        }

        (pair.A.Leads, pair.B.Leads, pair.B.Writes.Count).ShouldBe((true, false, 0));
        (await pair.Cluster.StatusAsync()).Phase.ShouldBe("Inactive");

        pair.A.LetThrough();
        await Wait.UntilAsync("it goes on", async () =>
        {
            // A back-off ends.
            pair.Cluster.Clock.Advance(TimeSpan.FromSeconds(10));
            return (await pair.Cluster.StatusAsync()).Phase == "Active";
        });
        pair.B.Writes.ShouldBeEmpty();

        int Renewals() => pair.A.Traffic.Calls.Count(call => call.Verb == "patch" && Replica.IsOfLease(call) && call.IsOver);
    }

    [Fact]
    public async Task A_standby_lists_nothing_when_it_takes_over()
    {
        await using var pair = await Pair.StartAsync(kind);
        await PrepareRunningAsync(pair);
        await pair.B.SettleAsync();
        await pair.A.StopAsync();
        var before = pair.B.Traffic.Calls.Count;
        await pair.B.LeadsAsync();
        await CloseAsync(pair);

        // The Pods of a Node are listed when it is drained, by whoever does that.
        pair.B.Traffic.Calls.Skip(before)
            .Where(call => call.Query.Contains("limit=", StringComparison.Ordinal) && !Replica.IsOfLease(call) && !call.Path.EndsWith("/pods", StringComparison.Ordinal))
            .ShouldBeEmpty();
        pair.B.Writes.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_standby_hears_a_cluster_that_lies_within_the_same_bounds_and_takes_over_as_fast()
    {
        await using var pair = await Pair.StartAsync(kind);
        await PrepareRunningAsync(pair);
        await using var liar = await LyingApiServer.StartAsync(Lie.EndlessPages, "pc-2", "remote://pc-2");
        await pair.Cluster.CreateAsync(Kinds.Secret, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["metadata"] = new JsonObject { ["name"] = "liar" },
            ["stringData"] = new JsonObject { ["value"] = liar.Kubeconfig },
        });
        await pair.Cluster.ScheduleAsync("pc-2", ",\"kubeconfigSecretRef\":{\"name\":\"liar\"}");
        await pair.Cluster.PhaseAsync("Active", "pc-2");
        await pair.ClusterApi.JoinAsync("pc-2");
        await pair.Cluster.PhaseAsync("Active", "pc-2", status => status.Conditions.Any(condition => condition is { Type: "WorkloadClusterReachable", Reason: "TooLarge" }));

        // More than 20,000 Nodes in pages of 501, by each of the two; again only when a back-off ends, and their clocks stand.
        foreach (var replica in (Replica[])[pair.A, pair.B])
        {
            await Wait.UntilAsync("it has heard enough", () => Pages(replica) >= 40 && replica.Traffic.Calls.All(call => call.IsOver));
            await replica.SettleAsync();
            Pages(replica).ShouldBeInRange(40, 44);
        }

        // No clock moves.
        await pair.A.StopAsync();
        var before = pair.B.Traffic.Calls.Count;
        await pair.B.LeadsAsync();
        await CloseAsync(pair);
        pair.B.Traffic.Calls.Skip(before).Where(call => call.Server != AddressOf(liar) && call.Query.Contains("limit=", StringComparison.Ordinal) && !Replica.IsOfLease(call) && !call.Path.EndsWith("/pods", StringComparison.Ordinal))
            .ShouldBeEmpty("it lists nothing");
        Pages(pair.B).ShouldBeInRange(40, 44);

        int Pages(Replica replica) => replica.Traffic.Calls.Count(call => call.Server == AddressOf(liar) && call.Path == "/api/v1/nodes");
    }

    private static string AddressOf(LyingApiServer server) =>
        new Uri((string)JsonNode.Parse(server.Kubeconfig)!["clusters"]![0]!["cluster"]!["server"]!).Authority;

    private static async Task PrepareRunningAsync(Pair pair)
    {
        await pair.Cluster.ScheduleAsync();
        await pair.Cluster.PhaseAsync("Inactive");
        await OpenAsync(pair);
        await pair.A.SettleAsync();
    }

    private static async Task OpenAsync(Pair pair)
    {
        pair.Cluster.MoveTo(Scenario.Opening);
        await pair.Cluster.PhaseAsync("Active");
        await pair.ClusterApi.JoinAsync();
        await pair.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
    }

    private static async Task CloseAsync(Pair pair)
    {
        pair.Cluster.MoveTo(Scenario.Closing);
        await pair.ClusterApi.LetGoAsync();
        await pair.Cluster.PhaseAsync("Inactive");
    }

    private async Task PassesOnAsync(Farewell how, Func<Pair, Task> prepare, Func<Pair, Task> act)
    {
        var writes = await RunAsync(how, prepare, act, after: null);
        writes.ShouldBeGreaterThanOrEqualTo(5, "there must be writes to take over after");

        // A real server costs more, and makes no difference to the order of what two programs do.
        foreach (var after in kind == ServerKind.Embedded ? Enumerable.Range(1, writes) : [(writes + 1) / 2])
        {
            await RunAsync(how, prepare, act, after);
        }
    }

    private async Task<int> RunAsync(Farewell how, Func<Pair, Task> prepare, Func<Pair, Task> act, int? after)
    {
        await using var pair = await Pair.StartAsync(kind);
        await prepare(pair);
        var before = pair.A.Writes.Count;
        var written = 0;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        pair.A.Traffic.Disturb = (call, stage) =>
        {
            if (stage == ControllerTraffic.Stage.After && Replica.IsWork(call) && Interlocked.Increment(ref written) == after)
            {
                reached.TrySetResult();
            }

            return reached.Task.IsCompleted && (how == Farewell.Crash || (how == Farewell.LosesSightOfItsLease && Replica.IsOfLease(call)))
                ? ControllerTraffic.Fault.Abort
                : null;
        };
        var acting = act(pair);
        if (after is not null)
        {
            await await Task.WhenAny(reached.Task, acting);
            if (reached.Task.IsCompleted)
            {
                await HandOverAsync(pair, how);
            }
        }

        await acting;
        await pair.B.SettleAsync();
        var told = await pair.Cluster.EventsAsync();
        told.Where(reason => reason != "ScheduleInactive").ShouldBeUnique($"{how} after write {after}");
        if (reached.Task.IsCompleted && pair.B.Writes is [var first, ..])
        {
            pair.A.Writes.Max(call => Math.Max(call.Left, call.Answered)).ShouldBeLessThan(first.Left, $"{how} after write {after}");
        }

        return pair.A.Writes.Count - before;
    }

    private static async Task HandOverAsync(Pair pair, Farewell how)
    {
        if (how == Farewell.Stop)
        {
            // No clock moves.
            await pair.A.StopAsync();
            await pair.B.LeadsAsync();
            return;
        }

        // The one must be silent before the other may begin, however busy it is.
        pair.A.Clocks.Advance(RenewDeadline);
        pair.A.MayWrite.ShouldBeFalse();
        await pair.B.LeadsInTimeAsync(Duration);
    }

    private sealed class Pair : IAsyncDisposable
    {
        private Pair(Cluster cluster, Replica a, Replica b)
        {
            (Cluster, A, B) = (cluster, a, b);
            ClusterApi = new ClusterApiByHand(cluster);
        }

        public Cluster Cluster { get; }

        public Replica A { get; }

        public Replica B { get; }

        public ClusterApiByHand ClusterApi { get; }

        /// <summary>The one leads, and the other is ready to.</summary>
        public static async Task<Pair> StartAsync(ServerKind kind)
        {
            var lease = $"takeover-{Interlocked.Increment(ref _leases)}";
            var cluster = await Cluster.StartAsync(kind);
            var a = await Replica.StartAsync(cluster, "a", lease);
            await a.LeadsAsync();
            var pair = new Pair(cluster, a, await Replica.StartAsync(cluster, "b", lease));
            await Wait.UntilAsync("b watches the Lease", () =>
                pair.B.Traffic.Calls.Any(call => Replica.IsOfLease(call) && call.IsOver && call.Query.Contains("watch=true", StringComparison.Ordinal)));
            return pair;
        }

        /// <summary>How many objects of machines there are.</summary>
        public async Task<(int Machines, int Bootstraps, int Infrastructures)> CountAsync() =>
        (
            (await Cluster.ListAsync(Cluster.MachineKind)).Count,
            (await Cluster.ListAsync(Cluster.Providers.Bootstrap)).Count,
            (await Cluster.ListAsync(Cluster.Providers.Infrastructure)).Count);

        public async ValueTask DisposeAsync()
        {
            await A.DisposeAsync();
            await B.DisposeAsync();
            await Cluster.DisposeAsync();
        }
    }
}
