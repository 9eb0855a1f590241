// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using static FiveSpot.Simulation.Tests.SimulationFixture;

namespace FiveSpot.Simulation.Tests;

/// <summary>The real agent on simulated machines. The tests run one after another: they count threads.</summary>
public sealed class ReclaimAgentsTests
{
    private const string ConfigMaps = "/api/v1/namespaces/5spot-system/configmaps";
    private const string Merge = "application/merge-patch+json";

    [Fact]
    public async Task The_owner_comes_back_and_gets_the_machine_and_it_returns_when_they_are_done()
    {
        await using var world = await WithMachineAsync("a");
        await RunAsync(world, "a", "vim");
        await AwaitAgentAsync(world, "a");

        await RunAsync(world, "a", "vim,java -jar editor.jar");
        var off = await AwaitReclaimsAsync(world, "a", 1);

        off["spec"]!["schedule"]!["enabled"]!.GetValue<bool>().ShouldBeFalse();
        off["status"]!["message"]!.ToString().ShouldBe("Its owner wants it back (process-match: java). It stays switched off until somebody sets spec.schedule.enabled to true again.");
        DateTimeOffset.Parse(Annotation(off, "reclaim-requested-at")!, null).ShouldBeInRange(NewClock().GetUtcNow(), world.Clock.GetUtcNow(), "the sandbox's time, not ours");
        (await world.FindAsync($"{Machines}/a")).ShouldBeNull();
        (await world.FindAsync("/api/v1/nodes/a")).ShouldBeNull();
        (await world.FindAsync($"{ConfigMaps}/reclaim-agent-a")).ShouldBeNull();
        ProgramsOn(world, "a").ShouldBe(["vim", "java"], "they go on without the Node");
        await AwaitAgentsAsync(world, 0);

        // The one reclaim that there is when another program starts is that of java: in between there was none.
        await RunAsync(world, "a", "vim");
        await SwitchOnAsync(world, "a");
        await AwaitAgentAsync(world, "a", times: 2);
        Annotation(await ScheduledMachineAsync(world, "a"), "reclaim-reason").ShouldBeNull();
        await RunAsync(world, "a", "vim,/opt/idea/bin/idea");
        Annotation(await AwaitReclaimsAsync(world, "a", 2), "reclaim-reason").ShouldBe("process-match: idea");
    }

    [Fact]
    public async Task Switched_on_while_the_program_still_runs_it_is_given_back_again()
    {
        await using var world = await WithMachineAsync("a");
        await RunAsync(world, "a", "java");
        await AwaitReclaimsAsync(world, "a", 1);
        var process = ProcessesOf(world, "a");

        await SwitchOnAsync(world, "a");

        await AwaitReclaimsAsync(world, "a", 2);
        (await world.FindAsync($"{Machines}/a")).ShouldBeNull();
        ProcessesOf(world, "a").ShouldBe(process, "nobody has ended or started anything");
    }

    [Fact]
    public async Task Of_several_machines_the_one_goes_whose_owner_is_back()
    {
        SkipWithoutLinux();
        await using var world = await SimulationFixture.StartAsync();
        await world.RunFiveSpotAsync();
        string[] others = ["a", "c"];
        foreach (var name in (string[])["a", "b", "c"])
        {
            await CreateAsync(world, name);
        }

        foreach (var name in (string[])["a", "b", "c"])
        {
            await AwaitAgentAsync(world, name);
        }

        var before = await Task.WhenAll(others.Select(name => world.FindAsync($"{Machines}/{name}")));
        await RunAsync(world, "a", "vim");
        await RunAsync(world, "b", "java");
        await AwaitReclaimsAsync(world, "b", 1);

        await AwaitAgentsAsync(world, 2);
        for (var i = 0; i < others.Length; i++)
        {
            var machine = await ScheduledMachineAsync(world, others[i]);
            machine["status"]!["phase"]!.ToString().ShouldBe("Active");
            Annotation(machine, "reclaims").ShouldBeNull();
            (await world.FindAsync($"{Machines}/{others[i]}"))!["metadata"]!["uid"]!.ToString().ShouldBe(before[i]!["metadata"]!["uid"]!.ToString());
        }
    }

    [Fact]
    public async Task An_agent_goes_with_its_label_and_with_its_Node_and_leaves_nothing_behind()
    {
        SkipWithoutLinux();
        await using var world = await SimulationFixture.StartAsync();
        await world.CreateRunningMachineAsync("a");
        await world.SendAsync(HttpMethod.Post, ConfigMaps, """
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"reclaim-agent-a"},"data":{"reclaim.toml":"match_commands = [\"java\"]\n"}}
            """);
        for (var i = 0; i < 20; i++)
        {
            await LabelAsync("enabled");
            await AwaitAgentsAsync(world, 1);
            await LabelAsync(i % 2 == 0 ? null : "disabled");
            await AwaitAgentsAsync(world, 0);
            await AwaitNoMachineAsync(world);
        }

        await LabelAsync("enabled");
        await AwaitAgentsAsync(world, 1);
        await world.SendAsync(HttpMethod.Delete, $"{Machines}/a");
        await world.PassUntilAsync("/api/v1/nodes/a", node => node is null, "the Node is gone");
        await AwaitAgentsAsync(world, 0);
        await AwaitNoMachineAsync(world);
        world.Logs.Lines.ShouldNotContain(line => line.Contains("has failed", StringComparison.Ordinal));

        Task LabelAsync(string? value) => LabelNodeAsync(world, value);
    }

    [Fact]
    public async Task All_agents_end_with_the_simulation_and_the_folder_goes()
    {
        SkipWithoutLinux();
        string folder;
        await using (var world = await SimulationFixture.StartAsync())
        {
            folder = world.PhysicalMachines.Folder;
            await world.CreateRunningMachineAsync("a");
            await LabelNodeAsync(world, "enabled");
            await AwaitAgentsAsync(world, 1);
            await world.StopAsync();
            Directory.GetDirectories(Path.Combine(folder, "default")).ShouldBeEmpty("whoever stops the simulation waits for its agents");
        }

        Threads().ShouldBe(0);
        Directory.Exists(folder).ShouldBeFalse();
    }

    [Fact]
    public async Task An_agent_that_fails_is_started_again()
    {
        SkipWithoutLinux();
        await using var world = await SimulationFixture.StartAsync();
        var inTheWay = Path.Combine(world.PhysicalMachines.Folder, "default");
        await File.WriteAllTextAsync(inTheWay, "", TestContext.Current.CancellationToken);
        await world.CreateRunningMachineAsync("a");
        await LabelNodeAsync(world, "enabled");
        await Eventually.GetAsync(
            () => Task.FromResult(string.Join('\n', world.Logs.Lines)),
            lines => lines.Contains("The reclaim agent of Node a has failed, and is started again in 2 s.", StringComparison.Ordinal),
            "it is said");
        Threads().ShouldBe(0);

        // A change of the Node meanwhile does not make it forget.
        File.Delete(inTheWay);
        await world.SendAsync(HttpMethod.Patch, "/api/v1/nodes/a", """{"metadata":{"labels":{"looked-at":"again"}}}""", Merge);
        await AwaitAgentsAsync(world, 1);
    }

    [Fact]
    public async Task A_machine_goes_with_its_ScheduledMachine()
    {
        await using var world = await WithMachineAsync("a");
        await RunAsync(world, "a", "vim");
        await AwaitAgentAsync(world, "a");

        await world.SendAsync(HttpMethod.Delete, $"{ScheduledMachines}/a");

        await world.PassUntilAsync($"{ScheduledMachines}/a", seen => seen is null, "it is gone");
        await AwaitAgentsAsync(world, 0);
        await AwaitNoMachineAsync(world);
    }

    // Its file system calls, and the counting below.
    private static void SkipWithoutLinux() => Assert.SkipUnless(OperatingSystem.IsLinux(), "the reclaim agent needs Linux");

    private static async Task<SimulationFixture> WithMachineAsync(string name)
    {
        SkipWithoutLinux();
        var world = await SimulationFixture.StartAsync();
        try
        {
            await world.RunFiveSpotAsync();
            await CreateAsync(world, name);
            return world;
        }
        catch
        {
            await world.DisposeAsync();
            throw;
        }
    }

    private static async Task CreateAsync(SimulationFixture world, string name)
    {
        await world.CreateClusterAsync("c");
        await world.SendAsync(HttpMethod.Post, ScheduledMachines, ScheduledMachine(name));
    }

    private static string ScheduledMachine(string name) => $$$"""
        {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"{{{name}}}"},
         "spec":{"clusterName":"c","killIfCommands":["java","idea"],"schedule":{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]},
          "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{}},
          "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","spec":{"address":"{{{name}}}.example","sshKeyRef":{"name":"key"}} } } }
        """;

    private static Task RunAsync(SimulationFixture world, string name, string programs) => world.SendAsync(
        HttpMethod.Patch, $"{ScheduledMachines}/{name}", $$$"""{"metadata":{"annotations":{"{{{OwnerPrograms.Annotation}}}":"{{{programs}}}"} } }""", Merge);

    private static Task SwitchOnAsync(SimulationFixture world, string name) =>
        world.SendAsync(HttpMethod.Patch, $"{ScheduledMachines}/{name}", """{"spec":{"schedule":{"enabled":true}}}""", Merge);

    private static Task LabelNodeAsync(SimulationFixture world, string? value) => world.SendAsync(
        HttpMethod.Patch,
        "/api/v1/nodes/a",
        $$$"""{"metadata":{"labels":{"5spot.finos.org/reclaim-agent":{{{(value is null ? "null" : $"\"{value}\"")}}} } } }""",
        Merge);

    private static async Task<JsonNode> ScheduledMachineAsync(SimulationFixture world, string name) => (await world.FindAsync($"{ScheduledMachines}/{name}"))!;

    private static string? Annotation(JsonNode machine, string name) => machine["metadata"]!["annotations"]?[$"5spot.finos.org/{name}"]?.ToString();

    /// <summary>Lets the machine join, until an agent on it knows what to look for, for the so many-th time.</summary>
    private static async Task AwaitAgentAsync(SimulationFixture world, string name, int times = 1)
    {
        var told = $"ConfigMap 5spot-system/reclaim-agent-{name}: looking for 2 commands";
        await world.PassUntilAsync($"{ConfigMaps}/reclaim-agent-{name}", config => config is not null, "the agent has its ConfigMap");
        await world.PassUntilAsync("/api/v1/nodes/" + name, node => node!["metadata"]!["labels"]!["5spot.finos.org/reclaim-agent"] is not null, "the Node has the label");
        await Eventually.GetAsync(
            () => Task.FromResult(world.Logs.Lines.Count(line => line.StartsWith(told, StringComparison.Ordinal))), count => count >= times, told);
    }

    /// <summary>Lets time pass until the machine was given back so many times, and is gone.</summary>
    private static async Task<JsonNode> AwaitReclaimsAsync(SimulationFixture world, string name, int count) => (await world.PassUntilAsync(
        $"{ScheduledMachines}/{name}",
        seen => Annotation(seen!, "reclaims")?.Split(' ').Length == count && seen!["status"]!["phase"]!.ToString() == "Disabled",
        $"it was given back {count} times"))!;

    private static string[] ProcessesOf(SimulationFixture world, string name) =>
        [.. Directory.GetDirectories(Path.Combine(world.PhysicalMachines.Folder, "default", name, "proc")).Order()];

    private static IEnumerable<string> ProgramsOn(SimulationFixture world, string name) => ProcessesOf(world, name)
        .Where(process => Path.GetFileName(process).Length == 4)
        .Select(process => File.ReadAllText(Path.Combine(process, "comm")).TrimEnd());

    /// <summary>Waits until so many agents run, and nothing is left of any other.</summary>
    private static Task AwaitAgentsAsync(SimulationFixture world, int count) => Eventually.GetAsync(
        () => Task.FromResult($"{Threads()} threads, {(HasOpenFiles(world) ? "files" : "no files")}"),
        seen => seen == $"{count} threads, {(count > 0 ? "files" : "no files")}",
        $"{count} agents run");

    private static Task AwaitNoMachineAsync(SimulationFixture world) => Eventually.GetAsync(
        () => Task.FromResult(Directory.GetDirectories(Path.Combine(world.PhysicalMachines.Folder, "default")).Length), count => count == 0, "no machine is left");

    // By the name that the agent gives its thread.
    private static int Threads() => Directory.GetDirectories("/proc/self/task")
        .Count(thread => IfThere(() => File.ReadAllText(Path.Combine(thread, "comm"))) == "processes\n");

    private static bool HasOpenFiles(SimulationFixture world) => Directory.GetFileSystemEntries("/proc/self/fd")
        .Any(file => IfThere(() => new FileInfo(file).LinkTarget)?.StartsWith(world.PhysicalMachines.Folder, StringComparison.Ordinal) == true);

    private static string? IfThere(Func<string?> read)
    {
        try
        {
            return read();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
