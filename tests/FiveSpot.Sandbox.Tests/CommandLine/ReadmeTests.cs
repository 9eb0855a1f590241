// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.RegularExpressions;

namespace FiveSpot.Sandbox.Tests.CommandLine;

/// <summary>The README tells the truth: its commands are run as they stand there.</summary>
public sealed class ReadmeTests
{
    // The gate itself runs these.
    private static readonly string[] RunByTheGate = ["make build", "make test"];

    // Starting the sandbox is what the walk begins with.
    private const string StartsTheSandbox = "make sandbox";

    private static readonly string? Root = FindRoot();

    [Fact]
    public async Task Every_command_runs()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        Assert.SkipWhen(Root is null, "the tests don't run inside of the repository");
        await using var sandbox = SandboxProcess.Start();
        await sandbox.AwaitReadyAsync();
        var kubeconfig = "";
        var makefile = await File.ReadAllTextAsync(Path.Combine(Root, "Makefile"), TestContext.Current.CancellationToken);

        // The walk on a cluster of one's own is run on a real API server, by the integration tests.
        var commands = Commands(OwnCluster().Replace(await File.ReadAllTextAsync(Path.Combine(Root, "README.md"), TestContext.Current.CancellationToken), ""));
        commands.Count.ShouldBeGreaterThan(12);
        commands.ShouldContain(StartsTheSandbox);
        foreach (var command in commands)
        {
            if (command.StartsWith("make ", StringComparison.Ordinal))
            {
                command.ShouldBeOneOf([StartsTheSandbox, .. RunByTheGate]);
                makefile.ShouldContain($"\n{command["make ".Length..]}:");
            }
            else if (command.StartsWith("export KUBECONFIG=", StringComparison.Ordinal))
            {
                kubeconfig = Path.Combine(sandbox.Directory, command["export KUBECONFIG=".Length..]);
                File.Exists(kubeconfig).ShouldBeTrue(command);
            }
            else
            {
                // It runs in the repository, for the examples; the sandbox has a folder of its own.
                command.ShouldStartWith("kubectl ");
                await RunAsync(command.Replace(" .sandbox/", $" {sandbox.Directory}/.sandbox/", StringComparison.Ordinal), kubeconfig);
            }
        }
    }

    private static List<string> Commands(string page) =>
    [
        .. Blocks().Matches(page)
            .SelectMany(block => block.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Where(line => !line.StartsWith('#')),
    ];

    private static async Task RunAsync(string command, string kubeconfig)
    {
        var start = new ProcessStartInfo("bash", ["-c", command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Root!,
        };
        start.Environment["KUBECONFIG"] = kubeconfig;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        process.ExitCode.ShouldBe(0, $"{command}: {await errors}{await output}");
        (await output).ShouldNotBeEmpty(command);
    }

    private static string? FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "5spot.slnx")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    private static Regex OwnCluster() => new(@"^## On your own cluster$.*?(?=^## )", RegexOptions.Singleline | RegexOptions.Multiline, TimeSpan.FromSeconds(1));

    private static Regex Blocks() => new("```sh\n(.*?)```", RegexOptions.Singleline, TimeSpan.FromSeconds(1));
}
