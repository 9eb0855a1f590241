// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>kubectl, as found on the path.</summary>
internal static class Kubectl
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private static bool IsThere { get; } = (System.Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "kubectl")));

    /// <summary>Skips the test where there is none.</summary>
    public static void Require() => Assert.SkipUnless(IsThere, "no kubectl on the path");

    /// <summary>The objects that it makes of a folder with a kustomization; skips the test where there is no kubectl.</summary>
    public static async Task<IReadOnlyList<JsonObject>> KustomizeAsync(string folder)
    {
        Require();
        var (output, errors) = await RunAsync("", "kustomize", folder);
        errors.ShouldBe("");
        return [.. output.Split("\n---\n").Select(text => YamlText.Parse(Encoding.UTF8.GetBytes(text))!.AsObject())];
    }

    /// <summary>Runs it once.</summary>
    /// <param name="kubeconfig">The kubeconfig, as text.</param>
    /// <param name="arguments">What is typed.</param>
    /// <returns>What it printed, and on its standard error.</returns>
    public static async Task<(string Output, string Errors)> RunAsync(string kubeconfig, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        var start = new ProcessStartInfo("kubectl", arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Repository.Root };
        start.Environment["KUBECONFIG"] = folder.Write("kubeconfig", kubeconfig);
        start.Environment["KUBECACHEDIR"] = folder.PathOf("cache");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
        await process.WaitForExitAsync(deadline.Token);
        return (await output, await errors);
    }
}
