// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>
/// A real process that runs a program when it is told to, and has nothing of it in its command line before. It is nobody's child
/// by then: what the tests' own process starts is the agent's own, as far as an agent in it can know.
/// </summary>
internal sealed class StartedProgram : IDisposable
{
    private const string Wait = """exec 3<&0; ( read -r _ <&3; . "$1" ) >/dev/null 2>&1 </dev/null & echo $!""";

    private readonly Process _shell;
    private readonly string _script;

    private StartedProgram(Process shell, string script, int pid)
    {
        _shell = shell;
        _script = script;
        Pid = pid;
    }

    public int Pid { get; }

    public static async Task<StartedProgram> PrepareAsync(params string[] command)
    {
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(
            script, $"exec {string.Join(' ', command.Select(word => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'"))} 3<&-\n", TestContext.Current.CancellationToken);
        var shell = Process.Start(new ProcessStartInfo("sh", ["-c", Wait, "sh", script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var pid = int.Parse((await shell.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new StartedProgram(shell, script, pid);
    }

    /// <summary>Runs the program.</summary>
    public void Run()
    {
        _shell.StandardInput.WriteLine();
        _shell.StandardInput.Close();
    }

    public void Dispose()
    {
        try
        {
            using var process = Process.GetProcessById(Pid);
            process.Kill();
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // It has ended.
        }

        _shell.Dispose();
        File.Delete(_script);
    }
}
