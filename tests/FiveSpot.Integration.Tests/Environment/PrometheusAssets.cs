// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// The folder with <c>prometheus</c> and <c>promtool</c>: what <c>PROMETHEUS_ASSETS</c> names, the path has, or
/// <c>make prometheus</c> has fetched.
/// </summary>
internal static class PrometheusAssets
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);
    private static readonly Lazy<string> Folder = new(Look);

    /// <summary>The path of a program of it; skips the test where there is none.</summary>
    public static string Require(string program)
    {
        Assert.SkipWhen(
            Folder.Value.Length == 0, "no Prometheus here: `make prometheus` fetches it on Debian; elsewhere set PROMETHEUS_ASSETS to a folder with prometheus and promtool");
        return Path.Combine(Folder.Value, program);
    }

    /// <summary>Runs promtool in a folder; fails the test when it fails.</summary>
    public static async Task<string> PromtoolAsync(TemporaryFolder folder, params string[] arguments)
    {
        using var process = Start(Require("promtool"), folder.PathOf(""), arguments);
        using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
        var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
        var errors = process.StandardError.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);
        process.ExitCode.ShouldBe(0, $"promtool {string.Join(' ', arguments)}:\n{await output}{await errors}");
        return await output;
    }

    private static string Look()
    {
        using var process = Start("bash", Repository.Root, Repository.PathOf("eng/prometheus.sh"), "--if-there");
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output.Trim();
    }

    private static Process Start(string program, string folder, params string[] arguments) => Process.Start(
        new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = folder })!;
}
