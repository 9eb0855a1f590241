// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Lifecycle.Reclaim;

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
    public async Task It_says_on_its_node_by_which_configuration_it_watches_until_it_stops()
    {
        await using var desk = await Desk.StartAsync(kind, "java");
        await Wait.UntilAsync("it says so", async () => await desk.SaysAsync() == Desk.HashOf("java"));
        if ((await desk.NodeAsync())["metadata"]!["managedFields"]?.AsArray() is { } managers)
        {
            managers
                .Where(entry => entry!["fieldsV1"]?["f:metadata"]?["f:annotations"]?.AsObject().ContainsKey("f:5spot.finos.org/reclaim-agent-watching") ?? false)
                .Select(entry => (string?)entry!["manager"])
                .ShouldBe(["5spot-reclaim-agent"]);
        }

        await desk.LookForAsync("idea");
        await Wait.UntilAsync("it says so", async () => await desk.SaysAsync() == Desk.HashOf("idea"));
        await desk.LookForNothingAsync();
        await Wait.UntilAsync("it says nothing", async () => await desk.SaysAsync() is null);
        await desk.LookForAsync("idea");
        await Wait.UntilAsync("it says so", async () => await desk.SaysAsync() == Desk.HashOf("idea"));
        await desk.StopAsync();
        (await desk.SaysAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task What_the_cluster_runs_on_the_machine_is_not_its_owners()
    {
        // As the controller tells it: of a machine whose name begins with what its owner runs.
        const string Id = "4be0643f1d98573b97cdca98a65347dd4be0643f1d98573b97cdca98a65347dd";
        await using var desk = await Desk.StartAsync(kind, command: null);
        desk.Start(
            7, "k0s", "/usr/local/bin/k0s\0worker\0--labels=k0smotron.io/machine-name=java-farm-07\0--kubelet-extra-args=--hostname-override=java-farm-07\0",
            "0::/system.slice/k0sworker.service");
        desk.Start(8, "runc", "runc\0create\0java\0", "0::/system.slice/containerd.service");
        desk.Start(9, "java", "java\0-jar\0spark.jar\0", $"12:pids:/\n11:cpuset:/kubepods/burstable/pod7f3b6a52-1d0e-4c35-9c5b-2f1f6f0b8d11/{Id}\n0::/");
        desk.Start(10, "java", "java\0", $"0::/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod7f3b6a52_1d0e_4c35_9c5b_2f1f6f0b8d11.slice/crio-{Id}.scope");
        desk.Start(11, "mongod", "mongod\0--bind_ip_all\0");
        var sweeps = desk.Sweeps;
        await desk.TellAsync(ReclaimToml.Of(["java", "go"]));
        await Wait.UntilAsync("it has looked at all of them", () => desk.Sweeps > sweeps);
        desk.Metrics.ShouldContain("fivespot_reclaim_matches_total{noticed_by=\"sweep\"} 0\n");

        // A container of the owner's.
        desk.Start(12, "java", "java\0-jar\0idea.jar\0", $"0::/system.slice/docker-{Id}.scope");
        await desk.RequestedAsync();
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
