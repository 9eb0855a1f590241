// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text;

namespace FiveSpot.Sandbox.Tests.CommandLine;

/// <summary>The sandbox as a person runs it: a process of its own, with its output read from pipes.</summary>
internal sealed class SandboxProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _output = [];
    private readonly StringBuilder _errors = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SandboxProcess(string directory, string[] args)
    {
        Directory = directory;
        _process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "5spot-sandbox.dll"), .. args])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
                WorkingDirectory = directory,
            },
        };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_lock)
            {
                _errors.AppendLine(line.Data);
            }
        };
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Directory { get; }

    public string Errors
    {
        get
        {
            lock (_lock)
            {
                return _errors.ToString().Trim();
            }
        }
    }

    public IReadOnlyList<string> Output
    {
        get
        {
            lock (_lock)
            {
                return [.. _output];
            }
        }
    }

    public static SandboxProcess Start(params string[] args) =>
        new(System.IO.Directory.CreateTempSubdirectory("sandbox-test-").FullName, args);

    /// <summary>The first line that is so, from now or from before.</summary>
    public async Task<string> AwaitLineAsync(Func<string, bool> isSo, string what)
    {
        using var deadline = new CancellationTokenSource(Deadline, TimeProvider.System);
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_output.Find(line => isSo(line)) is { } found)
                {
                    return found;
                }

                more = _more.Task;
            }

            try
            {
                await more.WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException late)
            {
                throw new TimeoutException($"No line came: {what}. Output:\n{string.Join('\n', Output)}\n{Errors}", late);
            }
        }
    }

    public Task<string> AwaitReadyAsync() => AwaitLineAsync(line => line.StartsWith("Sandbox is ready", StringComparison.Ordinal), "Sandbox is ready");

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process.Id}"]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline, TimeProvider.System, TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        TaskCompletionSource more;
        lock (_lock)
        {
            _output.Add(line);
            more = _more;
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        more.SetResult();
    }
}
