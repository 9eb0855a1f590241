// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Lifecycle;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>What is said in a workload cluster, again and again, must not be as many writes on the management cluster.</summary>
public abstract class FlappingNodeTests(ServerKind kind)
{
    private const int Minutes = 3;

    public sealed class OnEmbedded() : FlappingNodeTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : FlappingNodeTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("whether it is ready")]
    [InlineData("which of two Nodes it is")]
    public async Task What_flaps_for_ever_is_ten_writes_a_minute_the_first_ones_at_once_and_the_last_is_true(string what)
    {
        await using var scenario = await WorkloadScenario.RunningMachineAsync(kind);
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls.Count;
        await FlapAsync(isWell: false);
        await scenario.Cluster.PhaseAsync("Active", also: static status => !status.Ready);
        await FlapAsync(isWell: true);
        await scenario.Cluster.PhaseAsync("Active", also: static status => status.Ready);

        for (var i = 0; i < 30 * Minutes; i++)
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(2));
            await FlapAsync(isWell: i % 2 == 1);
            await scenario.SettleAsync();
        }

        StatusWrites().ShouldBeInRange(StatusPace.Burst, StatusPace.Burst + (10 * Minutes) + 1, what);
        await FlapAsync(isWell: false);
        scenario.Cluster.Clock.Advance(StatusPace.Interval);
        await scenario.Cluster.PhaseAsync("Active", also: static status => !status.Ready);

        // What matters is not waited for: while there is no room left, the window closes on time.
        await FlapAsync(isWell: true);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        int StatusWrites() => scenario.Cluster.Calls.Skip(before).Count(call => call.IsWrite && call.Path.EndsWith("/scheduledmachines/pc-1/status", StringComparison.Ordinal));

        async Task FlapAsync(bool isWell)
        {
            if (what == "whether it is ready")
            {
                await scenario.ClusterApi.SeeNodeAsync(healthy: isWell);
            }
            else if (isWell)
            {
                await scenario.Workload.DeleteAsync(Kinds.Node, "other");
            }
            else
            {
                await scenario.ClusterApi.RegisterAsync("other", "remote://pc-1");
            }
        }
    }
}
