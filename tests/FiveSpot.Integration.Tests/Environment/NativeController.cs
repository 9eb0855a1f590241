// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The controller as it is delivered: the native executable, which can be told to stop, and killed.</summary>
internal sealed class NativeController : IAsyncDisposable
{
    // As of a server of the tests (GuardedProcess), but that its end and its error stream are the test's: one that is a named
    // pipe is held open for reading here, by somebody who never reads.
    private const string Guard = """
        errors=$1; shift
        exec 3<&0
        if [ -p "$errors" ]; then exec 4<>"$errors"; fi
        "$@" </dev/null 3<&- 4<&- 2>"$errors" &
        child=$!
        echo $child
        { while read -r _ <&3; do :; done; kill -KILL $child; } 2>/dev/null &
        watcher=$!
        exec 3<&-
        wait $child
        code=$?
        kill $watcher 2>/dev/null
        exit $code
        """;

    private readonly Process _guard;
    private readonly TemporaryFolder _folder;
    private readonly int _process;

    private NativeController(Process guard, TemporaryFolder folder, int process) => (_guard, _folder, _process) = (guard, folder, process);

    /// <summary>Where it is; skips the test if it was not made.</summary>
    public static string Executable
    {
        get
        {
            var executable = Repository.PathOf("artifacts/5spot/5spot");
            Assert.SkipUnless(File.Exists(executable), "The native executable is not there: make publish.");
            return executable;
        }
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _guard.HasExited;

    /// <summary>What it logged, if that went to a file.</summary>
    public string Log => File.Exists(_folder.PathOf("errors")) ? File.ReadAllText(_folder.PathOf("errors")) : "";

    /// <summary>Starts it.</summary>
    /// <param name="kubeconfig">Of the management cluster.</param>
    /// <param name="errors">Where its error stream goes: null for a file, "pipe" for a pipe that nobody reads, else a path.</param>
    /// <param name="environment">Variables besides those of the tests.</param>
    /// <param name="flags">Flags besides those for ports and kubeconfig.</param>
    public static async Task<NativeController> StartAsync(string kubeconfig, string? errors = null, IReadOnlyDictionary<string, string>? environment = null, params IEnumerable<string> flags)
    {
        var executable = Executable;
        var folder = new TemporaryFolder();
        var target = errors switch
        {
            null or "pipe" => folder.PathOf("errors"),
            var path => path,
        };
        if (errors == "pipe")
        {
            using var make = Process.Start("mkfifo", [target]);
            await make.WaitForExitAsync(CancellationToken.None);
        }

        var start = new ProcessStartInfo("bash") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in (IEnumerable<string>)
        [
            "-c", Guard, "guard", target, executable, "--kubeconfig", folder.Write("kubeconfig", kubeconfig), "--metrics-port", "0", "--health-port", "0", "--allow-kubeconfig-own-addresses", .. flags,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        var guard = Process.Start(start)!;
        return new NativeController(guard, folder, int.Parse((await guard.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture));
    }

    /// <summary>SIGTERM.</summary>
    public Task TerminateAsync() => SignalAsync("TERM");

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => SignalAsync("KILL");

    /// <summary>Waits for its end.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(TimeSpan? deadline = null)
    {
        await Wait.UntilAsync("the process ends", () => Task.FromResult(_guard.HasExited), () => Task.FromResult(Log), deadline);
        return _guard.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync(CancellationToken.None);
        _guard.Dispose();
        _folder.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }
}
