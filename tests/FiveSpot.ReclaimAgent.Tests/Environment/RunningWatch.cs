// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.ReclaimAgent.Tests.Environment;

/// <summary>A watch of processes, running, and what it noticed.</summary>
internal sealed class RunningWatch : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<ProcessMatch> _matches = new();
    private readonly MetricRegistry _registry;
    private readonly AgentMetrics _metrics;
    private readonly ProcessWatch _watch;
    private readonly Task _running;

    public RunningWatch(ProcConnector? connector, ReclaimConfig config, string procRoot = "/proc", TimeProvider? time = null, Action? onMatch = null)
    {
        _registry = new MetricRegistry(meter => ReferenceEquals(meter.Scope, this));
        _metrics = new AgentMetrics(this);
        _watch = new ProcessWatch(
            procRoot,
            connector,
            time ?? TimeProvider.System,
            TimeProvider.System,
            _metrics,
            NullLogger.Instance,
            match =>
            {
                _matches.Enqueue(match);
                onMatch?.Invoke();
            });
        _running = _watch.RunAsync(_stop.Token);
        _watch.LookFor(config);
    }

    public IEnumerable<ProcessMatch> Matches => _matches;

    public DetectorKind Detector => _watch.Detector;

    public string Metrics => _registry.Render();

    public void LookFor(ReclaimConfig config) => _watch.LookFor(config);

    public int Count(int pid) => _matches.Count(match => match.Pid == pid);

    public Task NoticesAsync(int pid) => Wait.UntilAsync($"process {pid} is noticed", () => Count(pid) > 0, () => Metrics);

    public Task SweepsAsync(int times) => Wait.UntilAsync($"{times} sweeps", () => Metrics.Contains($"fivespot_reclaim_sweeps_total {times}\n", StringComparison.Ordinal), () => Metrics);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _watch.Dispose();
        _metrics.Dispose();
        _registry.Dispose();
        _stop.Dispose();
    }
}
