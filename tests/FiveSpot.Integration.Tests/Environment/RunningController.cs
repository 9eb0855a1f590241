// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>The real controller against a scenario's cluster.</summary>
internal sealed class RunningController : IAsyncDisposable
{
#pragma warning disable CA2213 // Asked whether it was cancelled after that; it holds nothing to let go of.
    private readonly CancellationTokenSource _stop = new();
#pragma warning restore CA2213
    private readonly ApiClient _api;
    private readonly FiveSpotController _controller;
    private readonly TimeProvider? _networkTime;
    private readonly Task _running;

    private RunningController(
        Cluster cluster, ControllerSettings settings, string? token, TimeProvider? networkTime, Candidate? candidate, string? kubeconfig, ILoggerFactory? loggers)
    {
        _networkTime = networkTime;
        _api = cluster.Connect(
            Cluster.ControllerUserAgent,
            (candidate?.Traffic ?? cluster.Traffic).Watch,
            token ?? cluster.ControllerToken,
            networkTime ?? candidate?.Clocks,
            candidate is null ? null : candidate.Elector.WritingAllowed,
            kubeconfig);
        _controller = new FiveSpotController(_api, settings, loggers ?? NullLoggerFactory.Instance, candidate?.Elector);
        _running = _controller.RunAsync(_stop.Token);
    }

    /// <summary>The clusters of scenarios are on loopback.</summary>
    public static readonly KubeconfigPolicy OnThisMachine = new() { AllowOwnAddresses = true };

    public static async Task<RunningController> StartAsync(
        Cluster cluster, DecisionOptions? decisions = null, int workers = 4, string? token = null, TimeProvider? networkTime = null,
        KubeconfigPolicy? kubeconfigs = null, Candidate? candidate = null, InstanceShare? share = null, TimeProvider? clock = null, string? kubeconfig = null,
        ILoggerFactory? loggers = null)
    {
        var settings = new ControllerSettings
        {
            Clock = clock ?? cluster.Clock,
            Decisions = decisions ?? new DecisionOptions(),
            Workload = new WorkloadSettings { Kubeconfigs = kubeconfigs ?? OnThisMachine },
            Workers = workers,
            Instances = share ?? new InstanceShare(),
            Instance = "test",
        };
        var controller = new RunningController(cluster, settings, token, networkTime, candidate, kubeconfig, loggers);
        await await Task.WhenAny(controller._controller.Ready, controller._running).WaitAsync(Wait.Deadline);
        return controller;
    }

    /// <summary>Whether it works on its machines.</summary>
    public bool Leads => _controller.Leads;

    /// <summary>Why it must be started anew; null while it can go on.</summary>
    public string? Dead => _controller.Dead;

    /// <summary>Why it is not ready; null when it is.</summary>
    public string? Unready => _controller.Unready;

    /// <summary>Whether nothing is being worked on.</summary>
    public bool IsIdle => _controller.IsIdle;

    /// <summary>
    /// Waits until nothing is going on any more: the controller is idle, and neither the store nor its log of requests has
    /// moved in a while.
    /// </summary>
    public async Task SettleAsync(Cluster cluster)
    {
        var (before, still) = (("", -1), 0);
        await Wait.UntilAsync("the controller comes to rest", async () =>
        {
            var now = (await cluster.RevisionAsync(), cluster.Calls.Count);
            still = now == before && IsIdle ? still + 1 : 0;
            before = now;
            return still >= 10;
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        if (_networkTime is FakeTimeProvider stands)
        {
            // What it waits for on its way out would never come.
            await Wait.UntilAsync("the controller ends", () =>
            {
                stands.Advance(TimeSpan.FromSeconds(1));
                return _running.IsCompleted;
            });
        }

        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _controller.Dispose();
        _api.Dispose();
    }
}
