// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Contract, section 4, "Objects without an owner": provider objects that are there while the Machine is refused.</summary>
public abstract class WithoutAMachineTests(ServerKind kind)
{
    public sealed class OnEmbedded() : WithoutAMachineTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : WithoutAMachineTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task What_its_provider_holds_stays_for_the_next_opening_and_is_brought_up_to_the_template()
    {
        await using var scenario = await RefusedAsync(isHeld: true);
        var uid = await UidAsync(scenario);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("Inactive", also: static status =>
            status.Message!.Contains(" RemoteMachine stays for the next opening: its provider has put a finalizer on it, and would never let it go without a Machine.", StringComparison.Ordinal));
        (await scenario.CountAsync()).ShouldBe((0, 0, 1));

        scenario.Cluster.Traffic.Disturb = null;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """
            {"spec":{"infrastructureSpec":{"metadata":{"labels":{"rack":"b"},"annotations":{"a/b":"d"}},"spec":{"address":"192.0.2.2","user":null}} } }
            """);
        await scenario.Cluster.PhaseAsync("Inactive", also: static status => status.ObservedGeneration == 2);
        scenario.Cluster.MoveTo(Scenario.Opening.AddDays(1));
        await scenario.Cluster.PhaseAsync("Active", also: static status => status.MachineRef is not null);

        var remote = (await scenario.Cluster.GetAsync(scenario.Cluster.Providers.Infrastructure, "pc-1"))!;
        (await UidAsync(scenario)).ShouldBe(uid);
        ((string)remote["spec"]!["address"]!).ShouldBe("192.0.2.2");
        ((string)remote["metadata"]!["labels"]!["rack"]!).ShouldBe("b");
        ((string)remote["metadata"]!["annotations"]!["a/b"]!).ShouldBe("d");
        (await scenario.CountAsync()).ShouldBe((1, 1, 1));
        await scenario.SettleAsync();
    }

    [Fact]
    public async Task What_nobody_holds_goes_with_the_window()
    {
        await using var scenario = await RefusedAsync(isHeld: false);
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("Inactive");
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    [Fact]
    public async Task A_spec_that_is_mended_within_the_window_opens_with_what_is_there()
    {
        await using var scenario = await RefusedAsync(isHeld: true);
        var uid = await UidAsync(scenario);
        scenario.Cluster.Traffic.Disturb = null;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"machineTemplate":{"version":"v1.33.1"} } }""");

        await scenario.Cluster.PhaseAsync("Active", also: static status => status.MachineRef is not null);
        (await UidAsync(scenario)).ShouldBe(uid);
        scenario.Cluster.Calls.ShouldNotContain(static call => call.Verb == "patch" && call.Path.Contains("/remotemachines/", StringComparison.Ordinal), "nothing of it has changed");
    }

    [Fact]
    public async Task What_may_not_be_changed_is_made_anew()
    {
        await using var scenario = await RefusedAsync(isHeld: false);
        var uid = await UidAsync(scenario);
        scenario.Cluster.Traffic.Disturb = static (call, stage) =>
            stage is ControllerTraffic.Stage.Before && call.Verb == "patch" && call.Path.EndsWith("/remotemachines/pc-1", StringComparison.Ordinal)
                ? new(422, "Invalid", "spec.address: Invalid value: field is immutable")
                : null;
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"infrastructureSpec":{"spec":{"address":"192.0.2.2"}} } }""");

        await scenario.Cluster.PhaseAsync("Active", also: static status => status.MachineRef is not null);
        (await UidAsync(scenario)).ShouldNotBe(uid);
        ((string)(await scenario.Cluster.GetAsync(scenario.Cluster.Providers.Infrastructure, "pc-1"))!["spec"]!["address"]!).ShouldBe("192.0.2.2");
    }

    // In its window: its provider objects are there, and the Machine is refused.
    private async Task<Scenario> RefusedAsync(bool isHeld)
    {
        var scenario = await Scenario.StartAsync(kind);
        try
        {
            scenario.Cluster.Traffic.Disturb = static (call, stage) =>
                stage is ControllerTraffic.Stage.Before && call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal)
                    ? new(422, "Invalid", "spec.version: Invalid value: must be a valid semantic version")
                    : null;
            await scenario.Cluster.ScheduleAsync(extraSpec: ""","machineTemplate":{"version":"v1.32"}""");
            await scenario.Cluster.PhaseAsync("Inactive");
            scenario.Cluster.MoveTo(Scenario.Opening);
            await scenario.Cluster.PhaseAsync("Error", also: static status => status.Message!.Contains("must be a valid semantic version", StringComparison.Ordinal));
            if (isHeld)
            {
                await scenario.Cluster.PatchAsync(scenario.Cluster.Providers.Infrastructure, "pc-1", """{"metadata":{"finalizers":["remotemachine.k0smotron.io/finalizer"]} }""");
                await scenario.SettleAsync();
            }

            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    private static async Task<string> UidAsync(Scenario scenario) =>
        (string)(await scenario.Cluster.GetAsync(scenario.Cluster.Providers.Infrastructure, "pc-1"))!["metadata"]!["uid"]!;
}
