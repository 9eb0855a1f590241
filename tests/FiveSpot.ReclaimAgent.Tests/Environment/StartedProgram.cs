// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>
/// A real process that runs a program when it is told to. It is nobody's child by then: what the tests' own process starts is
/// the agent's own, as far as an agent in it can know.
/// </summary>
internal sealed class StartedProgram : IDisposable
{
    private const string Wait = """exec 3<&0; ( read -r _ <&3; exec "$@" 3<&- ) >/dev/null 2>&1 </dev/null & echo $!""";

    private readonly Process _shell;

    private StartedProgram(Process shell, int pid)
    {
        _shell = shell;
        Pid = pid;
    }

    public int Pid { get; }

    public static async Task<StartedProgram> PrepareAsync(params string[] command)
    {
        var shell = Process.Start(new ProcessStartInfo("sh", ["-c", Wait, "sh", .. command])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        var pid = int.Parse((await shell.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken))!, CultureInfo.InvariantCulture);
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new StartedProgram(shell, pid);
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
    }
}
