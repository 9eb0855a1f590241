// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FiveSpot.Benchmarks;

/// <summary>One run of the native executable.</summary>
internal sealed class NativeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(1);

    private readonly Process _process;
    private readonly Task<string> _log;

    private NativeProcess(Process process, int port)
    {
        _process = process;
        Port = port;
        _log = process.StandardError.ReadToEndAsync();
    }

    /// <summary>From exec until <c>/readyz</c> said 200.</summary>
    public TimeSpan TimeToReady { get; private set; }

    /// <summary>The port of its probes.</summary>
    public int Port { get; }

    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Bytes of physical memory now.</summary>
    public long Resident => Status("VmRSS");

    /// <summary>The most bytes of physical memory there ever were.</summary>
    public long PeakResident => Status("VmHWM");

    /// <summary>Starts it, and waits until it is ready.</summary>
    /// <param name="executable">The executable.</param>
    /// <param name="portFlag">The flag that takes the port of its probes.</param>
    /// <param name="arguments">Further arguments.</param>
    public static async Task<NativeProcess> StartAsync(string executable, string portFlag, params string[] arguments)
    {
        var port = FreePort();
        var start = new ProcessStartInfo(executable, [.. arguments, portFlag, port.ToString(CultureInfo.InvariantCulture)])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
        };
        var watch = Stopwatch.StartNew();
        var process = new NativeProcess(Process.Start(start)!, port);
        using var http = new HttpClient();
        while (!await process.IsReadyAsync(http, port))
        {
            if (watch.Elapsed > Deadline || process._process.HasExited)
            {
                await process.DisposeAsync();
                throw new InvalidOperationException($"{Path.GetFileName(executable)} did not become ready. It says: {await process._log}");
            }

            await Task.Delay(Between, TimeProvider.System);
        }

        process.TimeToReady = watch.Elapsed;
        return process;
    }

    /// <summary>Asks it to end, and waits.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        using var patience = new CancellationTokenSource(Deadline, TimeProvider.System);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _log;
        _process.Dispose();
    }

    private async Task<bool> IsReadyAsync(HttpClient http, int port)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://127.0.0.1:{port}/readyz"));
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // The kernel's kB are KiB.
    private long Status(string field)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith($"{field}:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1], CultureInfo.InvariantCulture) * 1024;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
