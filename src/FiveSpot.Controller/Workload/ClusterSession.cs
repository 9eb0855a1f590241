// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;
using FiveSpot.Controller.Reclaim;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// A workload cluster as one kubeconfig reaches it: a client, one watch on the Nodes, and what is under way on them. Another
/// kubeconfig makes another session; what was under way in the former is forgotten, and begun again from what is seen.
/// </summary>
internal sealed class ClusterSession : IDisposable
{
    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", Namespaced: true);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, NodeWork> _work = [];
    private readonly Dictionary<ObjectKey, bool> _shown = [];
    private readonly CancellationTokenSource _stop;
    private readonly Discovery _discovery;
    private readonly SemaphoreSlim _evictions;
    private readonly Action<ObjectKey> _wake;
    private readonly Action _failed;
    private readonly ILoggerFactory _loggers;

    public ClusterSession(
        NodeWatch nodes,
        WorkloadSettings settings,
        Action<ObjectKey> wake,
        Action<string> wakeMachinesOf,
        Action failed,
        ILoggerFactory loggers,
        CancellationToken stop)
    {
        Nodes = nodes;
        Clock = settings.Clock;
        DrainRules = settings.DrainRules;
        _discovery = new Discovery(nodes.Api);
        ConcurrentEvictions = settings.ConcurrentEvictions;
        _evictions = new SemaphoreSlim(settings.ConcurrentEvictions);
        _wake = wake;
        _failed = failed;
        _loggers = loggers;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        Stopped = _stop.Token;
        ReclaimConfigs = new ReclaimConfigWatch(nodes.Api, wakeMachinesOf, OnReclaimConfigsChanged, loggers, Stopped);
    }

    /// <summary>Whether it is not known to be the cluster of every machine: there was no kubeconfig to say so.</summary>
    public bool IsGuess { get; init; }

    /// <summary>Whether it is known to be the cluster of some machine.</summary>
    public bool IsShown
    {
        get
        {
            lock (_lock)
            {
                return !IsGuess || _shown.ContainsValue(true);
            }
        }
    }

    /// <summary>Whether it is not known to be the cluster of some machine.</summary>
    public bool IsDoubted
    {
        get
        {
            lock (_lock)
            {
                return _shown.ContainsValue(false);
            }
        }
    }

    /// <summary>Remembers of a guess whether it is known to be the cluster of a machine.</summary>
    /// <returns>Whether that is new.</returns>
    public bool SetShown(ObjectKey machine, bool isShown)
    {
        lock (_lock)
        {
            if (_shown.TryGetValue(machine, out var before) && before == isShown)
            {
                return false;
            }

            _shown[machine] = isShown;
            return true;
        }
    }

    /// <summary>A call failed: perhaps what the client has of the Secret is good no more.</summary>
    public void Failed() => _failed();

    public NodeWatch Nodes { get; }

    public ApiClient Api => Nodes.Api;

    /// <summary>What the reclaim agents of the cluster are told.</summary>
    public ReclaimConfigWatch ReclaimConfigs { get; }

    /// <summary>How many evictions are asked of the cluster at once.</summary>
    public int ConcurrentEvictions { get; }

    /// <summary>The clock of grace periods and back-off.</summary>
    public TimeProvider Clock { get; }

    /// <summary>Where drains learn what Cluster API's rules say; null where there are none.</summary>
    public DrainRuleSource? DrainRules { get; }

    /// <summary>Ends all that is under way.</summary>
    public CancellationToken Stopped { get; }

    /// <summary>How many calls are under way.</summary>
    public int CallsUnderWay
    {
        get
        {
            lock (_lock)
            {
                return _work.Values.Sum(work => work.CallsUnderWay);
            }
        }
    }

    /// <summary>What is under way on the Node of a machine.</summary>
    public NodeWork WorkOf(ObjectKey machine)
    {
        lock (_lock)
        {
            if (!_work.TryGetValue(machine, out var work))
            {
                _work[machine] = work = new NodeWork(this, () => _wake(machine));
            }

            return work;
        }
    }

    /// <summary>A machine needs the cluster no more.</summary>
    public void Release(ObjectKey machine)
    {
        NodeWork? work;
        lock (_lock)
        {
            _work.Remove(machine, out work);
            _shown.Remove(machine);
        }

        work?.Dispose();
    }

    /// <summary>A watch, not running yet, on the Pods of one Node.</summary>
    /// <param name="node">Name of the Node.</param>
    /// <param name="beginFromCache">Whether it may begin with what was true a while ago.</param>
    public Informer<Pod> PodsOf(string node, bool beginFromCache)
    {
        var pods = new Informer<Pod>(
            Api,
            Pods,
            new InformerOptions { FieldSelector = $"spec.nodeName={node}", BeginFromCache = beginFromCache },
            PodReader.Read,
            _loggers.CreateLogger("FiveSpot.Informer.pods"))
        {
            Keeps = static pod => pod.IsEvictable && pod.DrainLabel is not DrainBehavior.Skip,
        };
        pods.StateChanged += () => Look(pods.LastError);
        return pods;
    }

    /// <summary>Deletes one Pod at once, whatever its grace period and its budgets.</summary>
    /// <param name="pod">The Pod as it was seen.</param>
    /// <param name="goesOn">Asked when it is its turn; false for no call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether it was asked for.</returns>
    /// <exception cref="ApiException">Refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; it may have been accepted.</exception>
    public async Task<bool> DeleteAsync(Pod pod, Func<bool> goesOn, CancellationToken cancellationToken)
    {
        await _evictions.WaitAsync(cancellationToken);
        try
        {
            if (!goesOn())
            {
                return false;
            }

            await Api.DeleteAsync(Pods, pod.Key, new DeleteOptions { Uid = pod.Uid, GracePeriodSeconds = 0 }, cancellationToken);
            return true;
        }
        finally
        {
            _evictions.Release();
        }
    }

    /// <summary>Asks for the eviction of one Pod, at the version of the Eviction API that the server has.</summary>
    /// <param name="pod">The Pod as it was seen.</param>
    /// <param name="goesOn">Asked when it is its turn; false for no call.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Whether it was asked for.</returns>
    /// <exception cref="ApiException">Refused: 429 when a PodDisruptionBudget is against it.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer; it may have been accepted.</exception>
    public async Task<bool> EvictAsync(Pod pod, Func<bool> goesOn, CancellationToken cancellationToken)
    {
        await _evictions.WaitAsync(cancellationToken);
        try
        {
            if (!goesOn())
            {
                return false;
            }

            var eviction = await _discovery.FindByNameAsync("v1", "pods/eviction", cancellationToken)
                ?? throw new ApiException(501, "", $"{Api.Connection.ServerName} does not serve evictions of Pods.");
            await Api.PostAsync(Pods, pod.Key, "eviction", Eviction(pod, eviction), cancellationToken);
            return true;
        }
        finally
        {
            _evictions.Release();
        }
    }

    public void Dispose()
    {
        // Not the semaphore: whoever waits for it leaves it by itself.
        _stop.Cancel();
        NodeWork[] all;
        lock (_lock)
        {
            all = [.. _work.Values];
            _work.Clear();
        }

        foreach (var work in all)
        {
            work.Dispose();
        }

        _stop.Dispose();
    }

    private void OnReclaimConfigsChanged()
    {
        Look(ReclaimConfigs.Trouble);
        WakeAll();
    }

    private void Look(Exception? trouble)
    {
        if (trouble is not null)
        {
            _failed();
        }
    }

    private void WakeAll()
    {
        ObjectKey[] users;
        lock (_lock)
        {
            users = [.. _work.Keys];
        }

        Array.ForEach(users, _wake);
    }

    private static ReadOnlyMemory<byte> Eviction(Pod pod, ResourceType type)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer);
        json.WriteStartObject();
        json.WriteString("apiVersion"u8, type.ApiVersion);
        json.WriteString("kind"u8, type.Kind);
        json.WriteStartObject("metadata"u8);
        json.WriteString("name"u8, pod.Metadata.Name);
        json.WriteString("namespace"u8, pod.Metadata.Namespace);
        json.WriteEndObject();
        // A Pod of a StatefulSet that was made anew meanwhile, elsewhere, has the same name.
        json.WriteStartObject("deleteOptions"u8);
        json.WriteStartObject("preconditions"u8);
        json.WriteString("uid"u8, pod.Uid);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
