// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests;

/// <summary>The README's walk on a cluster of one's own, as it stands there, on a real API server with Cluster API's definitions.</summary>
public sealed partial class OwnClusterTests
{
    private const string Executable = "artifacts/5spot/5spot ";

    [Fact]
    public async Task A_newcomer_brings_up_a_machine_with_kubectl_apply_alone()
    {
        Kubectl.Require();
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer, Definitions.WithoutOurs);
        await cluster.Api.CreateAsync(
            cluster.ClusterKind, "default", System.Text.Encoding.UTF8.GetBytes(Cluster.ClusterJson(cluster.ClusterKind.Version, "trading").ToJsonString()), "scenario", Cluster.Parse, CancellationToken.None);
        using var folder = new TemporaryFolder();
        var kubeconfig = folder.Write("kubeconfig", cluster.Kubeconfig);
        await using var processes = new Processes();
        var commands = Commands(await File.ReadAllTextAsync(Repository.PathOf("README.md")));
        commands.ShouldContain(command => command.StartsWith("kubectl apply -f examples/", StringComparison.Ordinal));
        commands.ShouldContain(command => command.StartsWith(Executable, StringComparison.Ordinal));
        foreach (var command in commands)
        {
            if (command == "make publish")
            {
                continue; // The gate does; here the same program runs unpublished.
            }

            if (command.StartsWith(Executable, StringComparison.Ordinal))
            {
                processes.Add(Start(kubeconfig, $"exec dotnet {Repository.ProgramOf("FiveSpot.Controller", "5spot")} {command[Executable.Length..]}"));
                continue;
            }

            var line = command == "kubectl apply -f deploy/crds" && !cluster.EvaluatesRules ? $"{command} --validate=false" : command;
            using var process = Start(kubeconfig, line);
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            await process.WaitForExitAsync().WaitAsync(2 * Wait.Deadline, TimeProvider.System);
            process.ExitCode.ShouldBe(0, $"{line}: {await output}{await errors}");
            if (line.StartsWith("kubectl get sm,machines", StringComparison.Ordinal))
            {
                foreach (var made in (string[])["scheduledmachine.5spot.finos.org", "machine.cluster.x-k8s.io", "k0sworkerconfig.bootstrap.cluster.x-k8s.io", "remotemachine.infrastructure.cluster.x-k8s.io"])
                {
                    (await output).ShouldContain($"{made}/around-the-clock");
                }
            }
        }

        // It never joined, so that nothing has to be drained, and 5-Spot lets go of all of it by itself.
        await Wait.UntilAsync("it is gone", async () => !(await cluster.ListAllAsync(Kinds.ScheduledMachine)).Any() && !(await cluster.ListAllAsync(cluster.MachineKind)).Any());
    }

    private static Process Start(string kubeconfig, string line)
    {
        var start = new ProcessStartInfo("bash", ["-c", line])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Repository.Root,
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        start.Environment["HEALTH_PORT"] = "0";
        start.Environment["METRICS_PORT"] = "0";
        return Process.Start(start)!;
    }

    private static List<string> Commands(string page) =>
    [
        .. Blocks().Matches(Section().Match(page).Value)
            .SelectMany(block => block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    ];

    [GeneratedRegex(@"^## On your own cluster$.*?(?=^## )", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex("```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Blocks();

    /// <summary>What runs until the walk is over.</summary>
    private sealed class Processes : IAsyncDisposable
    {
        private readonly List<Process> _running = [];

        public void Add(Process process) => _running.Add(process);

        public async ValueTask DisposeAsync()
        {
            foreach (var process in _running)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
                process.Dispose();
            }
        }
    }
}
