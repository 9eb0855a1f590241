// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A server of the tests as a process of its own, which ends with the tests, also when those are killed.</summary>
internal sealed class GuardedProcess : IAsyncDisposable
{
    // The shell ends the program when its own standard input ends, which the kernel sees to when this process is gone.
    private const string Guard = """
        log=$1; signal=$2; shift 2
        exec 3<&0
        "$@" </dev/null 3<&- >>"$log" 2>&1 &
        child=$!
        { while read -r _ <&3; do :; done; kill -$signal $child; } 2>/dev/null &
        watcher=$!
        exec 3<&-
        wait $child
        kill $watcher 2>/dev/null
        """;

    private readonly Process _process;
    private readonly string _log;
    private readonly string _name;

    private GuardedProcess(Process process, string name, string log)
    {
        _process = process;
        _name = name;
        _log = log;
    }

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program, which is ended by a signal.</summary>
    public static GuardedProcess Start(string program, string folder, IEnumerable<string> arguments, string signal = "TERM")
    {
        var name = Path.GetFileName(program);
        var log = Path.Combine(folder, $"{name}.log");
        var start = new ProcessStartInfo("bash") { RedirectStandardInput = true, UseShellExecute = false, WorkingDirectory = folder };
        foreach (var argument in (IEnumerable<string>)["-c", Guard, "guard", log, signal, program, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return new GuardedProcess(Process.Start(start)!, name, log);
    }

    /// <summary>What to tell when it did not come up: its last words.</summary>
    public string LastWords() => Words is { Count: > 0 } words ? $"{_name} said: {string.Join('\n', words.TakeLast(15))}" : $"{_name} said nothing.";

    /// <summary>All that it has said so far, by lines.</summary>
    public IReadOnlyList<string> Words => File.Exists(_log) ? [.. File.ReadLines(_log)] : [];

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }
}
