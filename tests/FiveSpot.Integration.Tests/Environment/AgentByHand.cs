// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Reclaim;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What the reclaim agent of a Node does for as long as nobody starts anything.</summary>
internal static class AgentByHand
{
    /// <summary>It takes up what it is told, and says so on its Node.</summary>
    public static async Task WatchAsync(Cluster workload, string node = "pc-1")
    {
        string? toml = null;
        await Wait.UntilAsync("the agent has its ConfigMap", async () =>
            (toml = (string?)(await workload.Api.TryGetAsync(ReclaimConfig.ConfigMaps, ReclaimConfig.KeyOf(node), Cluster.Parse, CancellationToken.None))?["data"]?["reclaim.toml"]) is not null);
        await SayAsync(workload, $"\"{ReclaimConfigHash.Of(toml!)}\"", node);
    }

    /// <summary>It stops, and takes that back.</summary>
    public static Task StopAsync(Cluster workload, string node = "pc-1") => SayAsync(workload, "null", node);

    private static Task SayAsync(Cluster workload, string word, string node) =>
        workload.PatchAsync(Kinds.Node, node, $$$"""{"metadata":{"annotations":{"{{{WellKnown.ReclaimAgentWatchingAnnotation}}}":{{{word}}} } } }""");
}
