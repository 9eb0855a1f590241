// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Threading.Channels;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What becomes of the Pods of a scenario, event by event, from a moment on: by a watch that is nobody else's.</summary>
internal static class PodEvents
{
    /// <summary>Those that are there, then every change.</summary>
    /// <param name="workload">Where they are.</param>
    /// <param name="listed">Called once those that are there have been handled.</param>
    /// <param name="handle">Takes a Pod, and whether it is gone.</param>
    /// <param name="stop">Ends the watch.</param>
    /// <returns>A task that ends when it is told to, and fails when the server ends the watch: then something may be missed.</returns>
    public static async Task FollowAsync(Cluster workload, Action listed, Func<JsonObject, bool, Task> handle, CancellationToken stop)
    {
        var found = await workload.Api.ListAsync(Kinds.Pod, new ListOptions { Namespace = workload.Namespace }, Cluster.Parse, stop);
        foreach (var pod in found.Items)
        {
            await handle(pod, false);
        }

        listed();
        var events = Channel.CreateUnbounded<(WatchEventType Type, JsonObject Pod)>();
        var watch = workload.Api.WatchAsync(
            Kinds.Pod,
            new WatchOptions { Namespace = workload.Namespace, ResourceVersion = found.ResourceVersion },
            (type, json) => events.Writer.TryWrite((type, Cluster.Parse(json))),
            stop);
        _ = watch.ContinueWith(
            ended => events.Writer.Complete(ended.Exception?.InnerException ?? new InvalidOperationException("The server ended the watch.")),
            stop, TaskContinuationOptions.None, TaskScheduler.Default);
        await foreach (var (type, pod) in events.Reader.ReadAllAsync(stop))
        {
            if (type != WatchEventType.Bookmark)
            {
                await handle(pod, type == WatchEventType.Deleted);
            }
        }
    }
}
