// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4: Ready means that the machine works, at either version of Cluster API.</summary>
public abstract class ReadyTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ReadyTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ReadyTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("v1beta1")]
    [InlineData("v1beta2")]
    public async Task It_is_ready_with_its_Node_and_not_before_and_no_longer(string version)
    {
        await using var scenario = await Scenario.StartAsync(kind, version);
        var cluster = scenario.Cluster;
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active");
        await scenario.ClusterApi.TakeOverAsync();
        await scenario.ClusterApi.ProvisionAsync();
        await cluster.PhaseAsync("Active", also: status => status.ProviderID is not null);
        await scenario.SettleAsync();
        var before = await cluster.StatusAsync();
        before.Ready.ShouldBeFalse();
        before.Conditions.Single(c => c.Type == "MachineReady").ShouldSatisfyAllConditions(
            c => c.Status.ShouldBe(ConditionStatus.False), c => c.Message.ShouldContain("waiting for the Node"));
        (await cluster.EventsAsync()).ShouldNotContain("MachineReady");

        await scenario.ClusterApi.RegisterAsync();
        await scenario.ClusterApi.SeeNodeAsync();
        await cluster.PhaseAsync("Active", also: status => status.Ready
            && status.Conditions.Single(c => c.Type == "MachineReady").Message.Contains("ready as Node pc-1.", StringComparison.Ordinal));

        await scenario.ClusterApi.SeeNodeAsync(healthy: false);
        await cluster.PhaseAsync("Active", also: status => !status.Ready
            && status.Conditions.Single(c => c.Type == "MachineReady").Message.Contains("waiting for the Node", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("1.9", "\"failureReason\":\"CreateError\",\"failureMessage\":\"no machine\\nin the pool\"")]
    [InlineData("1.14", "\"deprecated\":{\"v1beta1\":{\"failureReason\":\"CreateError\",\"failureMessage\":\"no machine\\nin the pool\"}}")]
    public async Task What_Cluster_API_says_of_a_failed_Machine_is_in_the_message(string core, string failure)
    {
        await using var scenario = await Scenario.StartAsync(kind, core == "1.14" ? Definitions.ClusterApi114 : Definitions.ClusterApi19);
        var cluster = scenario.Cluster;
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active");
        await scenario.ClusterApi.SetStatusAsync("pc-1", $"\"phase\":\"Failed\",{failure}");

        await cluster.PhaseAsync("Active", also: status =>
            status.Message!.Contains("Cluster API says that it failed: CreateError: no machine in the pool", StringComparison.Ordinal)
            && status.Conditions.Single(c => c.Type == "MachineReady").Message.Contains("CreateError: no machine in the pool", StringComparison.Ordinal));
    }
}
