// SPDX-License-Identifier: Apache-2.0


namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The reclaim agent as it is delivered: the native executable, on the machine that the tests run on.</summary>
internal sealed class NativeAgent : IAsyncDisposable
{
    private readonly GuardedProcess _process;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _http = new();
    private readonly int _port;

    private NativeAgent(GuardedProcess process, TemporaryFolder folder, int port)
    {
        _process = process;
        _folder = folder;
        _port = port;
    }

    /// <summary>The id of the machine that the tests run on, which its Node has to have.</summary>
    public static string MachineId => File.ReadAllText("/etc/machine-id").Trim();

    /// <summary>Where it is; skips the test if it was not made.</summary>
    public static string Executable
    {
        get
        {
            var executable = Path.Combine(Repository.Root, "artifacts", "5spot-reclaim-agent", "5spot-reclaim-agent");
            Assert.SkipUnless(File.Exists(executable), "The native executable is not there: make publish.");
            return executable;
        }
    }

    /// <summary>Starts it for a Node, and waits until it knows what to look for.</summary>
    /// <param name="workload">Where the Node is.</param>
    /// <param name="detector">The detector; null as it can be had.</param>
    /// <param name="node">The Node.</param>
    public static async Task<NativeAgent> StartAsync(Cluster workload, string detector = "auto", string node = "pc-1")
    {
        var executable = Executable;
        Assert.SkipUnless(File.Exists("/etc/machine-id"), "This machine has no /etc/machine-id.");
        var folder = new TemporaryFolder();
        var port = Loopback.FreePort();
        var process = GuardedProcess.Start(executable, folder.PathOf("."), [
            "--node-name", node,
            "--kubeconfig", folder.Write("kubeconfig", workload.AgentKubeconfig),
            "--detector", detector,
            "--log-format", "text",
            "--metrics-port", port.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ]);
        var agent = new NativeAgent(process, folder, port);
        try
        {
            await Wait.UntilAsync("the agent is ready", agent.IsReadyAsync, () => Task.FromResult(process.LastWords()));
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>What it says, its latest words.</summary>
    public string Words => _process.LastWords();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException(_process.LastWords());
        }

        try
        {
            using var answer = await _http.GetAsync($"http://127.0.0.1:{_port}/readyz");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
