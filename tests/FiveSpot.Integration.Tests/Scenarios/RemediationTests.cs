// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4, "Remediation": 5-Spot is the Machine's controller, for which a MachineHealthCheck waits.</summary>
public abstract class RemediationTests(ServerKind kind)
{
    public sealed class OnEmbedded() : RemediationTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : RemediationTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("v1beta2")]
    [InlineData("v1beta1")]
    public async Task An_unhealthy_Machine_is_made_again_once_and_then_no_sooner_than_it_should_be_also_by_another_controller(string version)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind, version);
        var first = await UidAsync(scenario);
        await UnhealthyAsync(scenario);
        await scenario.Cluster.PhaseAsync("Pending", also: status => status.Message!.Contains("a MachineHealthCheck found unhealthy (the Node is not there)", StringComparison.Ordinal));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Active");
        (await UidAsync(scenario)).ShouldNotBe(first);
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
        await scenario.SettleAsync();
        (await scenario.Cluster.EventsAsync()).Count(reason => reason == "MachineRemediated").ShouldBe(1);

        var second = await UidAsync(scenario);
        await scenario.ClusterApi.TakeOverAsync();
        await UnhealthyAsync(scenario);
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Message!.Contains("it is made again, but not before 2026-01-05 09:05:00 UTC", StringComparison.Ordinal));
        await scenario.RestartAsync();
        await scenario.SettleAsync();
        (await UidAsync(scenario)).ShouldBe(second);
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

        scenario.Cluster.MoveTo(Scenario.Opening.AddMinutes(5));
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is made again", async () =>
            (string?)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))?["metadata"]!["uid"] is { } third && third != second);
    }

    [Fact]
    public async Task One_whose_deletion_fails_is_not_counted_twice_and_goes_as_soon_as_it_can()
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            call.Verb == "delete" && call.Path.EndsWith("/machines/pc-1", StringComparison.Ordinal) && stage == ControllerTraffic.Stage.Before
                ? new ControllerTraffic.Fault(500, "InternalError", "the webhook is down")
                : null;
        await UnhealthyAsync(scenario);
        await Wait.UntilAsync("it was tried", () => scenario.Cluster.Calls.Any(call => call.Verb == "delete"));
        await scenario.SettleAsync();
        await scenario.RestartAsync();
        scenario.Cluster.Traffic.Disturb = null;
        await Wait.UntilAsync("it is being deleted", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return await scenario.MachineIsBeingDeletedAsync();
        });
        scenario.Cluster.Clock.GetUtcNow().ShouldBeLessThan(Scenario.Opening.AddMinutes(2));
        ((string)(await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!["metadata"]!["annotations"]!["5spot.finos.org/remediations"]!).ShouldBe("2026-01-05T09:00:00Z");
    }

    private static async Task<string> UidAsync(Scenario scenario) =>
        (string)(await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!["metadata"]!["uid"]!;

    // What a MachineHealthCheck writes.
    private static Task UnhealthyAsync(Scenario scenario) => scenario.Cluster.PatchAsync(scenario.Cluster.MachineKind, "pc-1", """
        {"status":{"conditions":[
          {"type":"Ready","status":"False","reason":"NotReady","message":"the Node is not there","lastTransitionTime":"2026-01-05T09:02:00Z"},
          {"type":"HealthCheckSucceeded","status":"False","reason":"NodeDeleted","message":"","lastTransitionTime":"2026-01-05T09:02:00Z"},
          {"type":"OwnerRemediated","status":"False","reason":"WaitingForRemediation","message":"","lastTransitionTime":"2026-01-05T09:02:00Z"}]}}
        """, "status");
}
