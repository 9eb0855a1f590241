// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, sections 4 and 5: each call of the controller fails in each way, for a minute each; it costs little, nothing is lost,
/// and all goes on when it succeeds.
/// </summary>
public abstract class FailingCallTests(ServerKind kind)
{
    // What a machine may cost in a minute in which a call of its keeps failing.
    private const int AllowedRequests = 10;

    private static readonly (string Name, ControllerTraffic.Fault Fault, ControllerTraffic.Stage Stage)[] Faults =
    [
        ("refused", new(403, "Forbidden", "policy says no"), ControllerTraffic.Stage.Before),
        ("failing", new(500, "InternalError", "failed calling webhook"), ControllerTraffic.Stage.Before),
        ("conflicting", new(409, "Conflict", "the object has been modified"), ControllerTraffic.Stage.Before),
        ("not served", ControllerTraffic.Fault.NotServed, ControllerTraffic.Stage.Before),
        ("answered by a proxy", new(404) { Body = "<html><head><title>Not found</title></head></html>", MediaType = "text/html" }, ControllerTraffic.Stage.Before),
        ("never sent", ControllerTraffic.Fault.Abort, ControllerTraffic.Stage.Before),
        ("without an answer", ControllerTraffic.Fault.Abort, ControllerTraffic.Stage.After),
    ];

    // A fault is on the way to the server: what the real one adds shows with these, one of them for each call.
    private static readonly string[] OnReal = ["refused", "not served", "without an answer"];

    public static TheoryData<string> Calls => [.. FailingCall.All.Keys];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task It_costs_at_most_ten_requests_a_minute_and_all_goes_on_when_it_succeeds(string name)
    {
        var failing = FailingCall.All[name];
        var network = failing.IsOfNetworkTime ? new ScenarioClock(Cluster.Sunday) : null;
        await using var scenario = await BeginAsync(failing.Before, network);
        await scenario.SettleAsync();
        var before = scenario.Cluster.Calls.Count;
        var first = true;
        var onReal = OnReal[FailingCall.All.Keys.Order(StringComparer.Ordinal).ToList().IndexOf(name) % OnReal.Length];
        foreach (var (how, fault, stage) in Faults.Where(fault => kind == ServerKind.Embedded || fault.Name == onReal))
        {
            scenario.Cluster.Traffic.Disturb = (call, at) => at == stage && failing.Is(call) ? fault : null;
            if (first)
            {
                await failing.Trigger(scenario);
                await Wait.UntilAsync("the call is made", () => scenario.Cluster.Calls.Skip(before).Any(failing.Is));
                first = false;
            }
            else
            {
                // Another spec, so that what failed before is tried at once.
                await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", $$"""{"spec":{"priority":{{Array.FindIndex(Faults, other => other.Name == how)}} } }""");
            }

            var from = scenario.Cluster.Clock.GetUtcNow();
            await PassMinuteAsync(scenario, network);
            // What the machine went through before is not the failure's.
            var calls = scenario.Cluster.Calls.Skip(before).Where(call => call.At >= from && call.At < from.AddMinutes(1)).SkipWhile(call => !failing.Is(call)).ToList();
            var made = $"{name}, {how}: {string.Join(", ", calls.Select(call => $"{call.At:mm:ss} {call.Verb} {call.Path}"))}";

            // A start is some ten calls; what goes round and round makes hundreds.
            calls.Count.ShouldBeLessThanOrEqualTo(3 * AllowedRequests, made);

            // What was done all the same takes the machine on, which costs what it costs.
            calls.Count(call => failing.Is(call) || (call.At > from && stage is ControllerTraffic.Stage.Before && !failing.IsOfNetworkTime)).ShouldBeLessThanOrEqualTo(
                AllowedRequests, made);
            await SoundAsync(scenario, failing);
        }

        scenario.Cluster.Traffic.Disturb = null;
        var recovered = failing.After(scenario);
        await Wait.UntilAsync("it goes on", async () =>
        {
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(10));
            network?.Advance(TimeSpan.FromSeconds(10));
            await IdleAsync(scenario);
            return recovered.IsCompleted;
        });
        await recovered;
    }

    private async Task<WorkloadScenario> BeginAsync(FailingCall.Life life, TimeProvider? networkTime)
    {
        if (life is FailingCall.Life.Running)
        {
            return await WorkloadScenario.RunningMachineAsync(kind, networkTime: networkTime);
        }

        var scenario = await WorkloadScenario.StartAsync(kind);
        try
        {
            if (life is FailingCall.Life.Inactive)
            {
                await scenario.Cluster.ScheduleAsync();
                await scenario.Cluster.PhaseAsync("Inactive");
            }

            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    // No provider object of a Machine that is there is ever deleted.
    private static async Task SoundAsync(WorkloadScenario scenario, FailingCall failing)
    {
        if (failing.Before is FailingCall.Life.Running && await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1") is not null)
        {
            (await scenario.Cluster.GetAsync(scenario.Cluster.Providers.Infrastructure, "pc-1"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
            (await scenario.Cluster.GetAsync(scenario.Cluster.Providers.Bootstrap, "pc-1"))!["metadata"]!["deletionTimestamp"].ShouldBeNull();
        }
    }

    private static async Task PassMinuteAsync(WorkloadScenario scenario, ScenarioClock? network)
    {
        await IdleAsync(scenario);
        for (var second = 0; second < 60; second += 3)
        {
            var before = Fired();
            scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(3));
            network?.Advance(TimeSpan.FromSeconds(3));
            if (Fired() != before)
            {
                await IdleAsync(scenario);
            }
        }

        int Fired() => scenario.Cluster.Clock.Fired + (network?.Fired ?? 0);
    }

    // Nothing is under way, and nothing begins.
    private static async Task IdleAsync(WorkloadScenario scenario)
    {
        var (before, still) = (-1, 0);
        await Wait.UntilAsync("nothing is under way", () =>
        {
            var now = scenario.Cluster.Calls.Count;
            still = now == before && scenario.Controller.IsIdle ? still + 1 : 0;
            before = now;
            return still >= 3;
        });
    }

    public sealed class OnEmbedded() : FailingCallTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : FailingCallTests(ServerKind.KubeApiServer);
}
