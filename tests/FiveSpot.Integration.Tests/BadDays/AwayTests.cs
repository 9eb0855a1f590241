// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>The API server goes away for ten minutes, in which windows open and close, and comes back.</summary>
public abstract class AwayTests(ServerKind kind)
{
    public sealed class OnEmbedded() : AwayTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : AwayTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData(Trouble.Down)]
    [InlineData(Trouble.Slow)]
    public async Task What_was_due_is_done_once_it_is_back_and_nothing_twice(Trouble trouble)
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var server = new TroubledServer(cluster.Address);
        var network = new FakeTimeProvider(Cluster.Sunday);
        await using var controller = await RunningController.StartAsync(cluster, networkTime: network, kubeconfig: server.Kubeconfig(cluster.Kubeconfig));
        var capi = new ClusterApiByHand(cluster);
        await cluster.ScheduleAsync("closes", schedule: """{"daysOfWeek":["mon"],"hoursOfDay":["8"]}""");
        await cluster.ScheduleAsync("opens");
        await cluster.ScheduleAsync("stays", schedule: """{"daysOfWeek":["mon"],"hoursOfDay":["8-9"]}""");
        await cluster.PhaseAsync("Inactive", "opens");
        cluster.MoveTo(Scenario.Opening.AddMinutes(-5));
        foreach (var name in (string[])["closes", "stays"])
        {
            await cluster.PhaseAsync("Active", name);
            await capi.JoinAsync(name);
            await cluster.PhaseAsync("Active", name, status => status is { Ready: true, NodeRef.Uid: not null });
        }

        await controller.SettleAsync(cluster);
        var before = cluster.Calls.Count;
        await server.BeginAsync(trouble);
        for (var second = 0; second < 600; second++)
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            network.Advance(TimeSpan.FromSeconds(1));
            await Wait.UntilAsync("what is due has been tried", () => trouble is Trouble.Slow
                ? controller.IsIdle || cluster.Calls.Any(call => !call.IsOver && call.IsWrite)
                : controller.IsIdle && AllOver());
        }

        var meanwhile = cluster.Calls.Skip(before).ToList();
        meanwhile.Count(call => call.Answered > 0).ShouldBe(0);

        // Of Machines there are two watches, of our own and of the others.
        foreach (var watch in meanwhile.Where(call => call.Verb == "get").GroupBy(call => $"{call.Path} {Regex.Match(call.Query, "labelSelector=[^&]*")}"))
        {
            // Half a second, doubled up to half a minute.
            watch.Count().ShouldBeLessThan(60, watch.Key);
        }

        // A second, doubled up to five minutes, of the two whose time it was; each time a write and a report.
        var writes = meanwhile.Where(call => call.IsWrite).ToList();
        writes.Count.ShouldBeInRange(1, 60, string.Join('\n', writes.GroupBy(call => $"{call.Verb} {call.Path}", (what, calls) => $"{what}: {string.Join(' ', calls.Select(call => $"{call.At:mm:ss}"))}")));
        await server.EndAsync();

        // The schedules' time stands still meanwhile: a machine that waited out its back-off would wait for ever.
        await Wait.UntilAsync("what opens does", async () =>
        {
            NetworkSecond();
            return (await cluster.StatusAsync("opens")).Phase == "Active";
        });
        await Wait.UntilAsync("what closes does", async () =>
        {
            NetworkSecond();
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await cluster.GetAsync(cluster.MachineKind, "closes"))?["metadata"]!["deletionTimestamp"] is not null;
        });
        await capi.LetGoAsync("closes");
        await Wait.UntilAsync("it is told", async () =>
        {
            NetworkSecond();
            return (await cluster.StatusAsync("closes")).Phase == "Inactive";
        });
        await controller.SettleAsync(cluster);
        (await cluster.ListAsync(cluster.MachineKind)).Select(machine => (string?)machine["metadata"]!["name"]).Order().ShouldBe(["opens", "stays"]);
        (await cluster.StatusAsync("stays")).Phase.ShouldBe("Active");
        foreach (var name in (string[])["opens", "stays"])
        {
            (await cluster.EventsAsync(name)).ShouldBeUnique(name);
        }

        // One whose answer was lost, or that a cache did not show yet, is asked for again, and refused: it is there.
        cluster.Writes
            .Count(call => call.Answer == HttpStatusCode.Created && call.Path.EndsWith("/machines", StringComparison.Ordinal))
            .ShouldBe(3);

        // Not past a call that is under way: it would be given up for an answer that only this computer is slow with.
        void NetworkSecond()
        {
            if (AllOver())
            {
                network.Advance(TimeSpan.FromSeconds(1));
            }
        }

        bool AllOver() => cluster.Calls.All(call => call.IsOver);
    }
}
