// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Benchmarks;

/// <summary>The kubelets of all Nodes: a Pod that is told to end takes its time, and is gone.</summary>
internal sealed class Kubelet : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _told = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<ObjectKey, DateTimeOffset> _gone = new();
    private readonly ApiClient _api;
    private readonly Informer<Pod> _pods;
    private readonly Func<ObjectKey, TimeSpan> _takes;
    private readonly Task _running;

    private Kubelet(Cluster workload, Func<ObjectKey, TimeSpan> takes)
    {
        _takes = takes;
        _api = workload.Connect("kubelet");
        _pods = new Informer<Pod>(_api, Cluster.Pods, options: null, PodReader.Read);
        _pods.Changed += change =>
        {
            if (change.New is { IsTerminating: true } pod && _told.TryAdd(pod.Uid, TimeProvider.System.GetUtcNow()))
            {
                _ = EndAsync(pod);
            }
        };
        _running = _pods.RunAsync(_stop.Token);
    }

    /// <summary>When each Pod was gone, real time.</summary>
    public IReadOnlyDictionary<ObjectKey, DateTimeOffset> Gone => _gone;

    public static async Task<Kubelet> StartAsync(Cluster workload, Func<ObjectKey, TimeSpan> takes)
    {
        var kubelet = new Kubelet(workload, takes);
        await kubelet._pods.WaitForSyncAsync(CancellationToken.None);
        return kubelet;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _api.Dispose();
        _stop.Dispose();
    }

    private async Task EndAsync(Pod pod)
    {
        await Task.Delay(_takes(pod.Key), TimeProvider.System, CancellationToken.None);
        await _api.DeleteAsync(Cluster.Pods, pod.Key, new DeleteOptions { GracePeriodSeconds = 0, Uid = pod.Uid }, CancellationToken.None);
        _gone[pod.Key] = TimeProvider.System.GetUtcNow();
    }
}
