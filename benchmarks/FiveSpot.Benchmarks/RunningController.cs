// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Benchmarks;

/// <summary>The real controller in this process, over HTTP, with all of its requests on record.</summary>
internal sealed class RunningController : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ApiClient _api;
    private readonly FiveSpotController _controller;
    private readonly Task _running;

    private RunningController(Cluster cluster, TimeProvider clock)
    {
        _api = cluster.Connect("5spot", inner => Recorder = new CallRecorder(inner));
        var settings = new ControllerSettings { Clock = clock, Instance = "bench" };
        Workers = settings.Workers;
        _controller = new FiveSpotController(_api, settings, NullLoggerFactory.Instance);
        _running = _controller.RunAsync(_stop.Token);
    }

    public int Workers { get; }

    public CallRecorder Recorder { get; private set; } = null!;

    /// <summary>Starts it and waits until it has nothing more to do.</summary>
    public static async Task<RunningController> StartAsync(Cluster cluster, TimeProvider clock)
    {
        var controller = new RunningController(cluster, clock);
        await await Task.WhenAny(controller._controller.Ready, controller._running);
        await controller.SettleAsync(cluster);
        return controller;
    }

    public Task SettleAsync(Cluster cluster) => Wait.UntilStillAsync(
        "the controller comes to rest",
        () => (cluster.Embedded?.ResourceVersion ?? 0) + Recorder.Requests,
        () => _controller.IsIdle && Recorder.InFlight == 0);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _controller.Dispose();
        _api.Dispose();
        _stop.Dispose();
    }
}
