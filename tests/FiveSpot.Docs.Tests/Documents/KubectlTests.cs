// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Simulation;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>
/// The commands of kubectl that the documents show, on a server with the definitions and the examples: what reads runs as it
/// is, what writes is judged by the server and not kept.
/// </summary>
public sealed class KubectlTests
{
    private const string Example = "business-hours";

    private static readonly string[] Reads = ["get", "describe", "explain"];
    private static readonly string[] Writes = ["apply", "patch", "annotate", "delete"];

    // What concerns one connection, and what would not end.
    private static readonly string[] WithValue = ["--context", "--kubeconfig"];

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task They_do_what_they_are_there_for()
    {
        await using var server = await StartAsync();
        var commands = Document.All.SelectMany(CommandTests.CommandsOf).Select(static command => command.Words)
            .Where(static words => words[0] == "kubectl").Select(ToRun).OfType<string[]>()
            .DistinctBy(static words => string.Join(' ', words)).ToList();
        commands.Count.ShouldBeGreaterThan(30);
        foreach (var command in commands)
        {
            var errors = await RunAsync(server.Kubeconfig(), command);

            // Of one's own names a document can only give an example.
            (errors.Length == 0 || errors.Contains("(NotFound)", StringComparison.Ordinal)).ShouldBeTrue($"kubectl {string.Join(' ', command)}: {errors}");
        }
    }

    [Fact]
    public async Task The_manifests_are_taken()
    {
        await using var server = await StartAsync();
        var manifests = Document.All.SelectMany(static document => document.Blocks)
            .Where(static block => block.Language == "yaml" && block.Lines.Contains("kind: ScheduledMachine")).ToList();
        manifests.ShouldNotBeEmpty();
        foreach (var manifest in manifests)
        {
            (await RunAsync(server.Kubeconfig(), ["apply", "--dry-run=server", "-f", "-"], manifest.Text)).ShouldBeEmpty(manifest.Text);
        }
    }

    [Fact]
    public async Task The_overlays_build()
    {
        Require();
        var folder = Directory.CreateTempSubdirectory("5spot-docs-");
        try
        {
            Copy(TestFiles.PathOf("deploy"), Path.Combine(folder.FullName, "deploy"));
            var overlays = Document.All.SelectMany(static document => document.Blocks).Where(static block => block.FileName is not null).ToList();
            overlays.ShouldNotBeEmpty();
            foreach (var overlay in overlays)
            {
                var file = Path.Combine(folder.FullName, overlay.FileName!);
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                await File.WriteAllTextAsync(file, overlay.Text);
                (await RunAsync("", ["kustomize", Path.GetDirectoryName(file)!])).ShouldBeEmpty(overlay.FileName);
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // Null for what needs more than an API server, or what somebody is to put in.
    private static string[]? ToRun(IReadOnlyList<string> words)
    {
        if (words.Any(static word => word.Contains('$', StringComparison.Ordinal) || word is "-w" or "-k"))
        {
            return null;
        }

        List<string> typed = [];
        for (var i = 1; i < words.Count; i++)
        {
            if (WithValue.Contains(words[i]))
            {
                i++;
            }
            else
            {
                typed.Add(words[i] == "NAME" ? Example : words[i]);
            }
        }

        var verb = typed.FirstOrDefault(word => Reads.Contains(word) || Writes.Contains(word));
        var isFirst = verb is not null && (typed[0] == verb || (typed[0] == "-n" && typed[2] == verb));
        return !isFirst ? null
            : Reads.Contains(verb) ? [.. typed]
            : typed.Contains("--dry-run=server") ? [.. typed]
            : [.. typed, "--dry-run=server"];
    }

    private static async Task<EmbeddedApiServer> StartAsync()
    {
        Require();
        var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "management" });
        using var api = new ApiClient(ClusterConnection.FromKubeconfig(System.Text.Encoding.UTF8.GetBytes(server.Kubeconfig()), "embedded", new KubeconfigPolicy()));
        await DefinitionInstaller.InstallMissingAsync(api, TestContext.Current.CancellationToken);
        (await RunAsync(server.Kubeconfig(), ["create", "-f", "examples"])).ShouldBeEmpty();
        return server;
    }

    private static void Require() => Assert.SkipUnless(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(static folder => File.Exists(Path.Combine(folder, "kubectl"))), "no kubectl on the path");

    /// <summary>Runs kubectl at the root of the repository.</summary>
    /// <returns>What it says on its standard error if it fails; else nothing.</returns>
    private static async Task<string> RunAsync(string kubeconfig, string[] arguments, string input = "")
    {
        var folder = Directory.CreateTempSubdirectory("5spot-kubectl-");
        try
        {
            var file = Path.Combine(folder.FullName, "kubeconfig");
            await File.WriteAllTextAsync(file, kubeconfig);
            var start = new ProcessStartInfo("kubectl", arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                WorkingDirectory = TestFiles.PathOf("."),
            };
            start.Environment["KUBECONFIG"] = file;
            start.Environment["KUBECACHEDIR"] = Path.Combine(folder.FullName, "cache");
            using var process = Process.Start(start)!;
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync();
            var errors = process.StandardError.ReadToEndAsync();
            using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
            await process.WaitForExitAsync(deadline.Token);
            await Task.WhenAll(output, errors);
            return process.ExitCode == 0 ? "" : $"exit code {process.ExitCode}: {await errors}";
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }
}
