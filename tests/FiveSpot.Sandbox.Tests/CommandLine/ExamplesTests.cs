// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.Hosting;
using FiveSpot.Simulation;
using FiveSpot.Simulation.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Sandbox.Tests.CommandLine;

/// <summary>Each example by itself: applied with kubectl, and run by the real controller.</summary>
public sealed class ExamplesTests
{
    // At this instant, a Monday, and what must be then.
    private static readonly DateTimeOffset At = new(2026, 1, 5, 10, 0, 0, TimeSpan.Zero);

    private static readonly Dictionary<string, Dictionary<string, string>> Phases = new()
    {
        ["business-hours.yaml"] = new() { ["default/business-hours"] = "Active" },
        ["nights-and-weekends.yaml"] = new() { ["workstations/desk-7-nights"] = "Inactive", ["workstations/desk-7-weekend"] = "Inactive" },
        ["follow-the-sun.yaml"] = new() { ["default/sun-london"] = "Active", ["default/sun-new-york"] = "Inactive" },
        ["tainted.yaml"] = new() { ["default/tainted-gpu"] = "Active" },
        ["kill-switch.yaml"] = new() { ["default/kill-switch"] = "Terminated" },
        ["kill-if-commands.yaml"] = new() { ["default/kill-if-commands"] = "Active" },
        ["clusters.yaml"] = [],
        ["around-the-clock.yaml"] = new() { ["default/around-the-clock"] = "Active" },
    };

    public static TheoryData<string> Files => [.. Phases.Keys];

    [Fact]
    public void Every_example_is_tested_and_comes_with_the_sandbox()
    {
        Directory.GetFiles(Folder(), "*.yaml").Select(Path.GetFileName).ShouldBe(Phases.Keys, ignoreOrder: true);
        Manifest.Examples().Where(manifest => manifest.Kind == "ScheduledMachine").Select(manifest => $"{manifest.Namespace}/{manifest.Name}")
            .ShouldBe(Phases.Values.SelectMany(phases => phases.Keys), ignoreOrder: true);
    }

    [Fact]
    public void Each_machine_of_an_example_joins_a_Cluster_that_comes_with_them()
    {
        var clusters = Manifest.Examples().Where(manifest => manifest.Kind == "Cluster").Select(manifest => $"{manifest.Namespace}/{manifest.Name}").ToList();
        foreach (var machine in Manifest.Examples().Where(manifest => manifest.Kind == "ScheduledMachine"))
        {
            var name = Encoding.UTF8.GetString(machine.Utf8Yaml.Span).Split('\n').Single(line => line.StartsWith("  clusterName: ", StringComparison.Ordinal))["  clusterName: ".Length..];
            clusters.ShouldContain($"{machine.Namespace}/{name}", machine.Name);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task An_example_applies_by_itself_and_does_what_it_says(string file)
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        var stop = TestContext.Current.CancellationToken;
        var clock = new FakeTimeProvider(At);
        await using var files = TemporaryFolder.Create();
        await using var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Clock = clock }, stop);
        var kubeconfig = files.Write("kubeconfig", server.Kubeconfig());
        using var api = new ApiClient(ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(server.Kubeconfig()), "test"));
        await DefinitionInstaller.InstallMissingAsync(api, stop);
        using var controller = new FiveSpotController(api, new ControllerSettings { Clock = clock, Workload = new() { Kubeconfigs = new() { AllowOwnAddresses = true } } }, NullLoggerFactory.Instance);
        using var running = new CancellationTokenSource();
        var run = controller.RunAsync(running.Token);
        await controller.Ready.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, stop);
        var path = Path.Combine(Folder(), file);

        // A dry run makes no namespace for what comes after it in the same file.
        if (!(await File.ReadAllTextAsync(path, stop)).Contains("kind: Namespace", StringComparison.Ordinal))
        {
            await Kubectl.RunAsync(kubeconfig, "apply", "--dry-run=server", "-f", path);
        }

        // Where Cluster API runs, these are there.
        await Kubectl.RunAsync(kubeconfig, "apply", "-f", Path.Combine(Folder(), "clusters.yaml"));
        await Kubectl.RunAsync(kubeconfig, "apply", "-f", path);
        await Kubectl.RunAsync(kubeconfig, "apply", "--dry-run=server", "-f", path);

        await Eventually.GetAsync(PhasesAsync, seen => seen == string.Join(", ", Phases[file].Select(phase => $"{phase.Key} {phase.Value}").Order()), "the phases");
        await running.CancelAsync();
        await run;

        async Task<string> PhasesAsync()
        {
            var list = JsonNode.Parse(await Kubectl.RunAsync(kubeconfig, "get", "sm", "-A", "-o", "json"))!;
            return string.Join(", ", list["items"]!.AsArray().Select(item => $"{item!["metadata"]!["namespace"]}/{item["metadata"]!["name"]} {item["status"]?["phase"]}").Order());
        }
    }

    [Fact]
    public async Task The_work_of_the_examples_is_done_by_two_machines_within_its_budget()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        var folder = Path.Combine(Folder(), "workload");
        Manifest.WorkloadExamples().Select(manifest => manifest.Source).Distinct()
            .ShouldBe(Directory.GetFiles(folder, "*.yaml").Select(file => $"examples/workload/{Path.GetFileName(file)}"), ignoreOrder: true);
        await using var files = TemporaryFolder.Create();
        await using var world = await SimulationFixture.StartAsync();
        await world.KeepWorkloadsAsync();
        var kubeconfig = files.Write("kubeconfig", world.Server.Kubeconfig());
        await Kubectl.RunAsync(kubeconfig, "apply", "--dry-run=server", "-f", folder);
        await world.CreateRunningMachineAsync("a");
        await world.CreateRunningMachineAsync("b");
        await Kubectl.RunAsync(kubeconfig, "apply", "-f", folder);
        await world.AdvanceAsync(44);
        (await Kubectl.RunAsync(kubeconfig, "get", "deployments", "--no-headers")).ShouldMatch(@"slow +2/2 +2 +2 [\s\S]*web +0/5 +5 +0 ");
        await world.AdvanceAsync(1);
        await Kubectl.RunAsync(kubeconfig, "rollout", "status", "deployment/web", "--timeout=30s");
        (await Kubectl.RunAsync(kubeconfig, "get", "poddisruptionbudgets", "--no-headers")).ShouldMatch(@"web +4 +N/A +1 ");
        (await Kubectl.RunAsync(kubeconfig, "describe", "deployment", "web")).ShouldMatch(@"NewReplicaSet: +web-\w+ \(5/5 replicas created\)");

        // A drain waits for what is slow, no longer than four minutes.
        var slow = (await Kubectl.RunAsync(kubeconfig, "get", "pods", "-l", "app=slow", "-o", "name")).Split('\n')[0];
        await Kubectl.RunAsync(kubeconfig, "delete", slow, "--wait=false");
        await world.AdvanceAsync(239);
        (await Kubectl.RunAsync(kubeconfig, "get", "pods", "-l", "app=slow", "--no-headers")).ShouldContain("Terminating");
        await world.AdvanceAsync(1);
        await Eventually.GetAsync(
            () => Kubectl.RunAsync(kubeconfig, "get", "pods", "-l", "app=slow", "--no-headers"),
            pods => !pods.Contains("Terminating", StringComparison.Ordinal),
            "it has stopped");
    }

    private static string Folder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "5spot.slnx")))
            {
                return Path.Combine(folder.FullName, "examples");
            }
        }

        throw new DirectoryNotFoundException("No folder above the tests holds 5spot.slnx.");
    }
}
