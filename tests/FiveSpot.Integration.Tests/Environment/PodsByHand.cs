// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>What a scheduler and a kubelet do with Pods, at the moment that the scenario says.</summary>
internal sealed class PodsByHand(Cluster workload)
{
    /// <summary>A Pod runs on a Node and is ready.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="node">The Node.</param>
    /// <param name="metadata">More of its metadata, such as labels, as the inside of a JSON object.</param>
    /// <param name="phase">The phase that the kubelet reports.</param>
    public async Task RunAsync(string name, string node = "pc-1", string metadata = "", string phase = "Running")
    {
        // A real server lets no Pod in before its namespace has a ServiceAccount, which its controller makes in its time.
        await Wait.UntilAsync("the namespace has its ServiceAccount", async () =>
            workload.ServerVersion is null || await workload.GetAsync(Kinds.ServiceAccount, "default") is not null);
        await workload.CreateAsync(Kinds.Pod, JsonNode.Parse($$"""
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}"{{metadata}} },
             "spec":{"nodeName":"{{node}}","automountServiceAccountToken":false,"containers":[{"name":"c","image":"i"}],"tolerations":[{"operator":"Exists"}]} }
            """)!.AsObject());
        await ReadyAsync(name, phase);
    }

    /// <summary>A Pod that was put on a Node is ready.</summary>
    public Task ReadyAsync(string name, string phase = "Running") => workload.PatchAsync(
        Kinds.Pod, name, $$"""{"status":{"phase":"{{phase}}","conditions":[{"type":"Ready","status":"{{(phase == "Running" ? "True" : "False")}}"}]} }""", "status");

    /// <summary>Whether a Pod has been told to end.</summary>
    public async Task<bool> IsEndingAsync(string name) =>
        (await workload.GetAsync(Kinds.Pod, name))?["metadata"]?["deletionTimestamp"] is not null;

    /// <summary>A Pod that was told to end has ended.</summary>
    public async Task EndAsync(string name)
    {
        await Wait.UntilAsync($"Pod {name} is told to end", () => IsEndingAsync(name));
        await KillAsync(name);
    }

    /// <summary>A Pod is gone, told to or not.</summary>
    public Task KillAsync(string name) => workload.Api.DeleteAsync(
        Kinds.Pod, new ObjectKey(workload.Namespace, name), new DeleteOptions { GracePeriodSeconds = 0 }, CancellationToken.None);
}
