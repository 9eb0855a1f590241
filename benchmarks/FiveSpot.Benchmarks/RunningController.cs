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

    private RunningController(Cluster cluster, TimeProvider clock, Func<HttpMessageHandler, HttpMessageHandler>? wrap)
    {
        // The first client is the management cluster's; those of workload clusters come of it.
        _api = cluster.Connect("5spot", inner =>
        {
            var recorder = new CallRecorder(wrap?.Invoke(inner) ?? inner);
            Recorder ??= recorder;
            return recorder;
        });
        var settings = new ControllerSettings { Clock = clock, Instance = "bench", Workload = new() { Kubeconfigs = new() { AllowOwnAddresses = true } } };
        Workers = settings.Workers;
        _controller = new FiveSpotController(_api, settings, NullLoggerFactory.Instance);
        _running = _controller.RunAsync(_stop.Token);
    }

    public int Workers { get; }

    /// <summary>What is asked of the management cluster.</summary>
    public CallRecorder Recorder { get; private set; } = null!;

    /// <summary>Whether nothing is being worked on.</summary>
    public bool IsIdle => _controller.IsIdle;

    /// <summary>Starts it and waits until it has nothing more to do.</summary>
    /// <param name="cluster">The management cluster.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="wrap">Wraps the handlers of all its clients, those of workload clusters too; null for none.</param>
    public static async Task<RunningController> StartAsync(
        Cluster cluster, TimeProvider clock, Func<HttpMessageHandler, HttpMessageHandler>? wrap = null)
    {
        var controller = new RunningController(cluster, clock, wrap);
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
