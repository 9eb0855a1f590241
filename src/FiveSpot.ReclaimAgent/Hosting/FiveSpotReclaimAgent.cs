// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Nodes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Hosting;

/// <summary>
/// The reclaim agent of one machine: it notices that the owner starts a program, and requests the machine's reclaim on its
/// Node. It ends no process, and goes on watching. There may be several in a process.
/// </summary>
public sealed partial class FiveSpotReclaimAgent : IDisposable
{
    /// <summary>Name of the meter; its scope is the agent.</summary>
    public const string MeterName = "FiveSpot.ReclaimAgent";

    private readonly ReclaimAgentSettings _settings;
    private readonly ILogger _logger;
    private readonly AgentMetrics _metrics;
    private readonly ReclaimRequester _requester;
    private readonly WatchingReporter _reporter;
    private readonly ReclaimConfigWatch _configs;
    private readonly ProcessWatch _processes;
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>An agent that does nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="api">The API server of the Node's cluster.</param>
    /// <param name="settings">How it is to run.</param>
    /// <param name="loggers">Where it logs.</param>
    /// <exception cref="IOException">The directory of the processes can't be read.</exception>
    /// <exception cref="DetectorRefusedException"><see cref="DetectorKind.Netlink"/> was asked for, and the kernel refuses
    /// it.</exception>
    public FiveSpotReclaimAgent(ApiClient api, ReclaimAgentSettings settings, ILoggerFactory loggers)
    {
        _settings = settings;
        _logger = loggers.CreateLogger<FiveSpotReclaimAgent>();
        _metrics = new AgentMetrics(this);
        _requester = new ReclaimRequester(api, settings, () => _configs!.Current, _metrics, _logger);
        _reporter = new WatchingReporter(api, settings, () => _configs!.Current.Hash, _logger);
        _configs = new ReclaimConfigWatch(api, settings.Namespace, settings.NodeName, _metrics, _logger, TakeUp);
        try
        {
            _processes = new ProcessWatch(
                settings.ProcRoot, ProcessWatch.Connect(settings.Detector, _logger), api.NetworkTime, settings.Clock, _metrics, _logger, _requester.Request);
        }
        catch
        {
            _requester.Dispose();
            _reporter.Dispose();
            _metrics.Dispose();
            throw;
        }
    }

    /// <summary>How processes are noticed: <see cref="DetectorKind.Netlink"/> or <see cref="DetectorKind.Poll"/>.</summary>
    public DetectorKind Detector => _processes.Detector;

    /// <summary>Ends when it is known what to look for.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Runs until told to stop.</summary>
    /// <param name="stop">Stops.</param>
    /// <returns>A task that ends, without an exception, when it has stopped.</returns>
    /// <exception cref="IOException">The kernel does not give what it gave before; in the task.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        LogStarted(_settings.NodeName, Detector == DetectorKind.Netlink ? "the proc connector" : "polling", _settings.ProcRoot);
        Task[] running = [_processes.RunAsync(ending.Token), _configs.RunAsync(ending.Token), _requester.RunAsync(ending.Token), _reporter.RunAsync(ending.Token)];
        var telling = TellReadyAsync(ending.Token);

        // All run until told to stop; should one end before that, the agent is not whole.
        await Task.WhenAny(running);
        await ending.CancelAsync();
        await Task.WhenAll([.. running, telling]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _processes.Dispose();
        _requester.Dispose();
        _reporter.Dispose();
        _metrics.Dispose();
    }

    private void TakeUp(ReclaimConfig config)
    {
        _processes.LookFor(config);
        _reporter.Report();
    }

    private async Task TellReadyAsync(CancellationToken stop)
    {
        try
        {
            await _configs.WaitForSyncAsync(stop);
            if (_configs.Current.Hash is null)
            {
                // Nobody tells of a ConfigMap that is not there; one before this agent may have left its word.
                _reporter.Report();
            }

            _ready.TrySetResult();
        }
        catch (OperationCanceledException)
        {
            _ready.TrySetCanceled(stop);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Watching the processes of Node {Node} by {Detector} ({ProcRoot}).")]
    private partial void LogStarted(string node, string detector, string procRoot);
}
