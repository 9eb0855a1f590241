// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Reclaim;

/// <summary>Contract, section 9, the agent's side: a Node, its ConfigMap, and programs that start on the machine.</summary>
public abstract class ReclaimAgentTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ReclaimAgentTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ReclaimAgentTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task A_program_of_the_owner_is_written_on_their_node()
    {
        await using var desk = await Desk.StartAsync(kind, "java");
        desk.Start(7, "java");
        var node = await desk.RequestedAsync();
        var annotations = node["metadata"]!["annotations"]!;
        ((string?)annotations["5spot.finos.org/reclaim-reason"]).ShouldBe("process-match: java");
        ((string?)annotations["5spot.finos.org/reclaim-requested-at"]).ShouldBe("2026-01-04T12:00:00.000Z");

        // Kubernetes 1.20 keeps no managers of an object that was never applied.
        if (node["metadata"]!["managedFields"]?.AsArray() is { } managers)
        {
            managers
                .Where(entry => entry!["fieldsV1"]?["f:metadata"]?["f:annotations"]?.AsObject().ContainsKey("f:5spot.finos.org/reclaim-requested") ?? false)
                .Select(entry => (string?)entry!["manager"])
                .ShouldBe(["5spot-reclaim-agent"]);
        }
    }

    [Fact]
    public async Task On_the_node_of_another_machine_nothing_is_written()
    {
        await using var desk = await Desk.StartAsync(kind, "java", machineOfNode: "0123456789abcdef0123456789abcdef");
        var before = await desk.NodeAsync();
        desk.Start(7, "java");
        await Wait.UntilAsync("it refuses", () => desk.Metrics.Contains("writes_total{result=\"wrong_host\"} 1\n", StringComparison.Ordinal));
        JsonNode.DeepEquals(await desk.NodeAsync(), before).ShouldBeTrue();
    }

    [Fact]
    public async Task A_changed_config_map_takes_effect_on_what_runs_already()
    {
        await using var desk = await Desk.StartAsync(kind, "java");
        desk.Start(7, "idea");
        await desk.LookForAsync("idea");
        ((string?)(await desk.RequestedAsync())["metadata"]!["annotations"]!["5spot.finos.org/reclaim-reason"]).ShouldBe("process-match: idea");
    }

    [Fact]
    public async Task A_config_map_that_comes_late_or_goes_away_is_followed()
    {
        await using var desk = await Desk.StartAsync(kind, command: null);
        desk.Start(7, "java");
        await desk.LookForAsync("java");
        await desk.RequestedAsync();
        await desk.LookForNothingAsync();
        await desk.ClearAsync();
        await desk.LookForAsync("java");

        // What is noticed within a second of a request is of that one.
        var pid = 8;
        await desk.RequestedAsync(() => desk.Start(pid++, "java"));
    }

    [Theory]
    [InlineData(Trouble.Down)]
    [InlineData(Trouble.Slow)]
    [InlineData(Trouble.Forbidden)]
    [InlineData(Trouble.ClosesAtOnce)]
    public async Task A_request_that_can_not_be_made_is_made_when_it_can(Trouble trouble)
    {
        await using var desk = await Desk.StartAsync(kind, "java", isTroubled: true);
        await desk.Trouble!.BeginAsync(trouble);
        desk.Start(7, "java");
        await Wait.UntilAsync("it fails", () => desk.Metrics.Contains("writes_total{result=\"failed\"}", StringComparison.Ordinal));
        desk.End(7);
        await desk.Trouble.EndAsync();
        await desk.RequestedAsync();
    }

    [Fact]
    public async Task The_executable_notices_a_program_of_this_machine_and_ends_when_it_is_told_to()
    {
        await using var desk = await Desk.PrepareAsync(kind, machineOfNode: Desk.Machine);
        var name = $"owners{System.Environment.ProcessId}{kind}"[..15];
        await desk.LookForAsync(name);
        File.Copy("/bin/sleep", desk.Folder.PathOf(name));
        using var agent = Process.Start(new ProcessStartInfo("dotnet",
        [
            Repository.ProgramOf("FiveSpot.ReclaimAgent", "5spot-reclaim-agent"), "--kubeconfig", desk.Folder.Write("kubeconfig", desk.Cluster.AgentKubeconfig),
            "--node-name", Desk.NodeName, "--namespace", WellKnown.SystemNamespace, "--machine-id-path", desk.Folder.PathOf("machine-id"), "--log-format", "text",
        ])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        })!;
        var log = agent.StandardError.ReadToEndAsync();
        using var program = Process.Start(desk.Folder.PathOf(name), "60");
        try
        {
            await desk.RequestedAsync();
        }
        finally
        {
            program.Kill();
            using var kill = Process.Start("kill", ["-TERM", $"{agent.Id}"]);
            await agent.WaitForExitAsync().WaitAsync(Wait.Deadline, TimeProvider.System);
        }

        agent.ExitCode.ShouldBe(0, await log);
        (await log).ShouldContain($"process-match: {name}");
    }
}
