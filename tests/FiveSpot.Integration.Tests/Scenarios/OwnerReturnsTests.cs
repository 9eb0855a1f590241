// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 9, from end to end: a program is really started on this machine, the native agent sees it, and the
/// controller gives the machine back. How soon is for the benchmark to say.
/// </summary>
public abstract class OwnerReturnsTests(ServerKind kind)
{
    public sealed class OnEmbedded() : OwnerReturnsTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : OwnerReturnsTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("auto")]
    [InlineData("poll")]
    public async Task A_program_that_its_owner_starts_gives_the_machine_back(string detector)
    {
        using var ide = new OwnersProgram();
        await using var scenario = await LentAsync(ide);
        await using (await NativeAgent.StartAsync(scenario.Workload, detector))
        {
            await scenario.Cluster.PhaseAsync("Active", also: status => status.Conditions.Any(c => c is { Type: "ReclaimAgentReady", Status: "True" }));
            await scenario.SettleAsync();
            (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();

            ide.Start();
            await BackAsync(scenario, ide);
            ide.IsRunning.ShouldBeTrue("it is for its owner to end it");
        }

        // Switched on though it still runs: the agent finds it on its first look round.
        await scenario.Cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"schedule":{"enabled":true}}}""");
        await scenario.Cluster.PhaseAsync("Active");
        await JoinAsync(scenario);
        await using var again = await NativeAgent.StartAsync(scenario.Workload, detector);
        await BackAsync(scenario, ide);
    }

    [Fact]
    public async Task A_pod_that_will_not_go_keeps_it_for_a_minute()
    {
        using var ide = new OwnersProgram();
        await using var scenario = await LentAsync(ide);
        await scenario.Pods.RunAsync("stubborn", metadata: ",\"finalizers\":[\"example.com/stays\"]");
        await using var agent = await NativeAgent.StartAsync(scenario.Workload);

        ide.Start();
        await scenario.Cluster.PhaseAsync("EmergencyRemove", also: status => status.Message!.Contains("1 pod left", StringComparison.Ordinal));
        await scenario.SettleAsync();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
        scenario.Cluster.Clock.Advance(TimeSpan.FromSeconds(60));
        await BackAsync(scenario, ide);
    }

    [Fact]
    public async Task An_agent_that_is_pointed_at_another_machines_Node_writes_nothing()
    {
        using var ide = new OwnersProgram();
        await using var scenario = await LentAsync(ide, machineId: "00000000000000000000000000000000");
        await using var agent = await NativeAgent.StartAsync(scenario.Workload);

        ide.Start();
        await Wait.UntilAsync("it says why not", () => Task.FromResult(agent.Words.Contains("Nothing is written on Node pc-1", StringComparison.Ordinal)));
        await scenario.SettleAsync();
        (await scenario.RequestIsOnNodeAsync()).ShouldBeFalse();
        (await scenario.MachineIsBeingDeletedAsync()).ShouldBeFalse();
    }

    private async Task<WorkloadScenario> LentAsync(OwnersProgram ide, string? machineId = null)
    {
        var scenario = await WorkloadScenario.RunningMachineAsync(kind, $",\"killIfCommands\":[\"{ide.Name}\"]");
        try
        {
            await JoinAsync(scenario, machineId);
            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    /// <summary>It is a Node, the one of this very machine unless told otherwise, and its agent is wanted.</summary>
    private static async Task JoinAsync(WorkloadScenario scenario, string? machineId = null)
    {
        await scenario.ClusterApi.JoinAsync();
        await scenario.Workload.PatchAsync(Kinds.Node, "pc-1", $$"""
            {"status":{"nodeInfo":{"machineID":"{{machineId ?? NativeAgent.MachineId}}","systemUUID":"","bootID":"","kernelVersion":"","osImage":"",
             "containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"","operatingSystem":"linux","architecture":"amd64"} } }
            """, "status");
        await scenario.Cluster.PhaseAsync("Active", also: status => status.Conditions.Any(c => c is { Type: "ReclaimAgentReady", Reason: "AgentStarting" }));
    }

    private static async Task BackAsync(WorkloadScenario scenario, OwnersProgram ide)
    {
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Disabled", also: status =>
            status.Conditions.Single(c => c.Type == "Scheduled") is { Reason: "EmergencyReclaimDisabledSchedule" } scheduled
            && scheduled.Message.Contains($"process-match: {ide.Name}", StringComparison.Ordinal));
    }

    /// <summary>A program that nothing else on this machine is called like.</summary>
    private sealed class OwnersProgram : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private Process? _process;

        public string Name { get; } = $"ide-{Guid.NewGuid().ToString("N")[..8]}";

        public bool IsRunning => _process is { HasExited: false };

        public void Start()
        {
            var program = _folder.PathOf(Name);
            File.Copy("/bin/sleep", program);
            _process = Process.Start(new ProcessStartInfo(program, "600") { UseShellExecute = false });
        }

        public void Dispose()
        {
            _process?.Kill();
            _process?.WaitForExit();
            _process?.Dispose();
            _folder.Dispose();
        }
    }
}
