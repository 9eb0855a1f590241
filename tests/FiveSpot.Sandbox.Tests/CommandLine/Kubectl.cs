// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Sandbox.Tests.CommandLine;

/// <summary>kubectl, as found on the path.</summary>
internal static class Kubectl
{
    public static bool IsThere { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, "kubectl")));

    /// <summary>Runs it; fails the test when it fails.</summary>
    public static async Task<string> RunAsync(string kubeconfig, params string[] args)
    {
        var start = new ProcessStartInfo("kubectl", args) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.Environment["KUBECONFIG"] = kubeconfig;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System);
        process.ExitCode.ShouldBe(0, $"kubectl {string.Join(' ', args)}: {await errors}{await output}");
        return await output;
    }
}
