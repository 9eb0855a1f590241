// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// What a scheduler and the kubelets do with the Pods that controllers make, by themselves: a Pod is put on the first Node
/// that is not cordoned, becomes ready, and ends when it is told to.
/// </summary>
internal sealed class SchedulerAndKubelet : IAsyncDisposable
{
    private readonly Cluster _workload;
    private readonly string[] _nodes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;

    public SchedulerAndKubelet(Cluster workload, params string[] nodes)
    {
        _workload = workload;
        _nodes = nodes;
        _running = PodEvents.FollowAsync(workload, static () => { }, HandleAsync, _stop.Token);
    }

    /// <summary>Stops it.</summary>
    /// <exception cref="ApiException">It had not worked all the time.</exception>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
            // As it was told to.
        }

        _stop.Dispose();
    }

    private async Task HandleAsync(JsonObject pod, bool isGone)
    {
        if (isGone)
        {
            return;
        }

        var key = new ObjectKey(_workload.Namespace, (string)pod["metadata"]!["name"]!);
        try
        {
            if (pod["metadata"]!["deletionTimestamp"] is not null)
            {
                await _workload.Api.DeleteAsync(
                    Kinds.Pod, key, new DeleteOptions { Uid = (string)pod["metadata"]!["uid"]!, GracePeriodSeconds = 0 }, _stop.Token);
            }
            else if (pod["spec"]!["nodeName"] is null)
            {
                await BindAsync(key);
            }
            else if ((string?)pod["status"]?["phase"] != "Running")
            {
                await new PodsByHand(_workload).ReadyAsync(key.Name);
            }
        }
        catch (ApiException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // It has changed since; the watch says how.
        }
    }

    private async Task BindAsync(ObjectKey pod)
    {
        foreach (var node in _nodes)
        {
            if ((bool?)(await _workload.GetAsync(Kinds.Node, node))!["spec"]!["unschedulable"] is not true)
            {
                var binding = $$"""
                    {"apiVersion":"v1","kind":"Binding","metadata":{"name":"{{pod.Name}}"},"target":{"apiVersion":"v1","kind":"Node","name":"{{node}}"} }
                    """;
                await _workload.Api.PostAsync(Kinds.Pod, pod, "binding", Encoding.UTF8.GetBytes(binding), _stop.Token);
                return;
            }
        }
    }
}
