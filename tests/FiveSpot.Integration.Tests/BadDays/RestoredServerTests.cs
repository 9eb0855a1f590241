// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>
/// The store of a real API server is restored from a backup: what was made since is gone, what was deleted since is back, and
/// resource versions begin again from where they were. The controller runs all the while.
/// </summary>
public sealed class RestoredServerTests
{
    [Fact]
    public async Task The_caches_follow_back_and_what_is_wanted_is_there_once()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer, Definitions.BothVersions with { Name = "restored" });

        // As its administrator: a server that has just come up refuses everybody else until it has read who may do what.
        await using var controller = await RunningController.StartAsync(cluster, token: KubeApiServer.AdminToken);
        var capi = new ClusterApiByHand(cluster);
        await cluster.ScheduleAsync("opens");
        await cluster.ScheduleAsync("deleted");
        await cluster.PhaseAsync("Inactive", "opens");
        await cluster.PhaseAsync("Inactive", "deleted");
        await controller.SettleAsync(cluster);
        using var backup = await cluster.RealServer!.BackUpAsync();

        // After it a machine is made and works, and another one is deleted.
        await cluster.DeleteAsync(Kinds.ScheduledMachine, "deleted");
        await Wait.UntilAsync("it is gone", async () => await cluster.GetAsync(Kinds.ScheduledMachine, "deleted") is null);
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active", "opens");
        await capi.JoinAsync("opens");
        await cluster.PhaseAsync("Active", "opens", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await controller.SettleAsync(cluster);
        var uid = await UidAsync("opens");
        var ahead = long.Parse(await cluster.RevisionAsync(), System.Globalization.CultureInfo.InvariantCulture);

        await backup.RestoreAsync();
        long.Parse(await cluster.RevisionAsync(), System.Globalization.CultureInfo.InvariantCulture).ShouldBeLessThan(ahead, "else it is no test");
        foreach (var name in (string[])["opens", "deleted"])
        {
            await Wait.UntilAsync(
                $"{name} has a Machine, and its status is about that one",
                async () => await UidAsync(name) is not null && (await cluster.StatusAsync(name)) is { Phase: "Active", MachineRef: not null, NodeRef: null },
                async () => $"{await cluster.GetAsync(Kinds.ScheduledMachine, name)}");
        }

        await controller.SettleAsync(cluster);
        (await UidAsync("opens")).ShouldNotBe(uid);
        (await cluster.ListAsync(cluster.MachineKind)).Select(machine => (string?)machine["metadata"]!["name"]).Order().ShouldBe(["deleted", "opens"]);

        async Task<string?> UidAsync(string name) => (string?)(await cluster.GetAsync(cluster.MachineKind, name))?["metadata"]!["uid"];
    }
}
