// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>Bad days of the controller as it is delivered, in real time: signals, kills, a log that can't be written.</summary>
public sealed class NativeTests
{
    private const string Always = """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""";

    private static readonly ObjectKey Key = new("5spot-system", "5spot-leader");
    private static readonly string[] Election = ["--enable-leader-election", "--lease-name", Key.Name, "--lease-duration", "4", "--lease-renew-deadline", "3", "--lease-retry-period", "1"];
    private static readonly TimeSpan Ends = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_standby_takes_over_at_once_from_one_that_is_told_to_stop_and_in_time_from_one_that_is_killed()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        await using var first = await NativeController.StartAsync(cluster.Kubeconfig, flags: Election);
        var firstHolder = await HolderAsync(cluster, other: "");
        await using var second = await NativeController.StartAsync(cluster.Kubeconfig, flags: Election);
        await Wait.UntilAsync("the second one is a standby", () => second.Log.Contains($"{firstHolder} has it", StringComparison.Ordinal));

        var watch = Stopwatch.StartNew();
        await first.TerminateAsync();
        var secondHolder = await HolderAsync(cluster, firstHolder);
        var afterStop = watch.Elapsed;
        (await first.EndAsync(Ends)).ShouldBe(0);

        await using var third = await NativeController.StartAsync(cluster.Kubeconfig, flags: Election);
        await Wait.UntilAsync("the third one is a standby", () => third.Log.Contains($"{secondHolder} has it", StringComparison.Ordinal));
        watch.Restart();
        await second.KillAsync();
        await HolderAsync(cluster, secondHolder);
        var afterKill = watch.Elapsed;
        TestContext.Current.TestOutputHelper?.WriteLine($"leads {afterStop.TotalSeconds:0.000} s after SIGTERM of the leader, {afterKill.TotalSeconds:0.000} s after SIGKILL");
        afterStop.ShouldBeLessThan(TimeSpan.FromSeconds(2));

        // The duration of the Lease, a period, and a second for a busy machine.
        afterKill.ShouldBeLessThan(TimeSpan.FromSeconds(6));
        await third.TerminateAsync();
        (await third.EndAsync(Ends)).ShouldBe(0);
        var spec = (await LeaseAsync(cluster))!["spec"]!;
        ((string?)spec["holderIdentity"] ?? "").ShouldBe("");
        ((int)spec["leaseTransitions"]!).ShouldBe(2);
    }

    [Theory]
    [InlineData(Trouble.None)]
    [InlineData(Trouble.Slow)]
    [InlineData(Trouble.Down)]
    public async Task It_ends_with_0_within_ten_seconds_whatever_the_API_server_does(Trouble trouble)
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        await using var server = new TroubledServer(cluster.Address);
        await using var controller = await NativeController.StartAsync(server.Kubeconfig(cluster.Kubeconfig), flags: Election);
        await HolderAsync(cluster, other: "");
        await cluster.ScheduleAsync(schedule: Always);
        await cluster.PhaseAsync("Active");
        if (trouble != Trouble.None)
        {
            await server.BeginAsync(trouble);
        }

        if (trouble == Trouble.Slow)
        {
            await Wait.UntilAsync("it waits for an answer", () => server.Unanswered > 0);
        }

        var watch = Stopwatch.StartNew();
        await controller.TerminateAsync();
        (await controller.EndAsync(Ends)).ShouldBe(0, controller.Log);
        TestContext.Current.TestOutputHelper?.WriteLine($"{trouble}: ends {watch.Elapsed.TotalSeconds:0.000} s after SIGTERM");
    }

    [Theory]
    [InlineData("/dev/full", 40)]
    [InlineData("pipe", 600)] // Their lines are more than a pipe and the queue before it hold.
    public async Task A_log_that_cannot_be_written_keeps_it_from_nothing(string errors, int machines)
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        await using var controller = await NativeController.StartAsync(cluster.Kubeconfig, errors, environment: null, "--verbose");
        await Parallel.ForAsync(0, machines, async (number, _) => await cluster.ScheduleAsync($"pc-{number}", schedule: Always));
        await Wait.UntilAsync("all are active", async () => (await cluster.ListAsync(Kinds.ScheduledMachine)).All(machine => (string?)machine["status"]?["phase"] == "Active"));
        await controller.TerminateAsync();
        (await controller.EndAsync(Ends)).ShouldBe(0);
    }

    [Fact]
    public async Task Two_replicas_of_which_one_after_the_other_is_killed_at_any_moment_lose_nothing_and_make_nothing_twice()
    {
        var random = new Random();
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        string[] quick = ["--enable-leader-election", "--lease-name", Key.Name, "--lease-duration", "3", "--lease-renew-deadline", "2", "--lease-retry-period", "1"];
        var replicas = new List<NativeController>
        {
            await NativeController.StartAsync(cluster.Kubeconfig, flags: quick),
            await NativeController.StartAsync(cluster.Kubeconfig, flags: quick),
        };
        var capi = new ClusterApiByHand(cluster);
        try
        {
            await cluster.ScheduleAsync(schedule: Always, extraSpec: ",\"enabled\":false");
            await cluster.PhaseAsync("Disabled");
            for (var round = 0; round < 2; round++)
            {
                var opens = round % 2 == 0;
                await cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", opens ? """{"spec":{"enabled":true}}""" : """{"spec":{"enabled":false}}""");

                // Whichever it is: the standby stays behind as the one that is next, so that each leads at some time.
                var moment = Stopwatch.StartNew();
                var at = TimeSpan.FromMilliseconds(random.Next(0, 40));
                await Wait.UntilAsync("it is the moment", () => moment.Elapsed >= at);
                await replicas[0].KillAsync();
                await replicas[0].DisposeAsync();
                replicas.RemoveAt(0);
                replicas.Add(await NativeController.StartAsync(cluster.Kubeconfig, flags: quick));
                if (opens)
                {
                    await cluster.PhaseAsync("Active");
                    await capi.JoinAsync();
                    await cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
                    (await UidsAsync()).Count.ShouldBe(1);
                    (await cluster.ListAsync(Kinds.Bootstrap)).Count.ShouldBe(1);
                }
                else
                {
                    await capi.LetGoAsync();
                    await cluster.PhaseAsync("Disabled");
                    (await UidsAsync()).ShouldBeEmpty();
                    (await cluster.ListAsync(Kinds.Bootstrap)).ShouldBeEmpty();
                }
            }

            foreach (var replica in replicas)
            {
                await replica.TerminateAsync();
                (await replica.EndAsync(Ends)).ShouldBe(0, replica.Log);
            }
        }
        finally
        {
            foreach (var replica in replicas)
            {
                await replica.DisposeAsync();
            }
        }

        async Task<IReadOnlyList<string>> UidsAsync() => [.. (await cluster.ListAsync(cluster.MachineKind)).Select(machine => (string)machine["metadata"]!["uid"]!)];
    }

    private static Task<JsonObject?> LeaseAsync(Cluster cluster) => cluster.Api.TryGetAsync(Lease.Resource, Key, Cluster.Parse, CancellationToken.None);

    private static async Task<string> HolderAsync(Cluster cluster, string other)
    {
        var holder = "";
        await Wait.UntilAsync("another one leads", async () =>
        {
            holder = (string?)(await LeaseAsync(cluster))?["spec"]?["holderIdentity"] ?? "";
            return holder.Length > 0 && holder != other;
        });
        return holder;
    }
}
