// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// What Cluster API, its providers and the machine do, at the moment that the scenario says, so that nothing happens that
/// the scenario does not know of.
/// </summary>
internal sealed class ClusterApiByHand
{
    private const string Finalizer = "machine.cluster.x-k8s.io";

    private readonly Cluster _cluster;
    private readonly Cluster _workload;

    public ClusterApiByHand(Cluster cluster, Cluster? workload = null)
    {
        _cluster = cluster;
        _workload = workload ?? cluster;
    }

    /// <summary>The machine joins as a Node of its own name, and is ready.</summary>
    public async Task JoinAsync(string name = "pc-1")
    {
        await TakeOverAsync(name);
        if (await _workload.GetAsync(Kinds.Node, name) is null)
        {
            await _workload.CreateAsync(Kinds.Node, JsonNode.Parse($$"""
                {"apiVersion":"v1","kind":"Node","metadata":{"name":"{{name}}"},"spec":{"providerID":"remote://{{name}}"} }
                """)!.AsObject());
        }

        await _workload.PatchAsync(
            Kinds.Node, name, """{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ready"}]}}""", "status");
        await _cluster.PatchAsync(_cluster.MachineKind, name, $$"""{"spec":{"providerID":"remote://{{name}}"} }""");
        var apiVersion = _cluster.MachineKind.Version == "v1beta2" ? "" : "\"apiVersion\":\"v1\",\"kind\":\"Node\",";
        await _cluster.PatchAsync(_cluster.MachineKind, name, $$"""
            {"status":{"phase":"Running","nodeRef":{ {{apiVersion}} "name":"{{name}}" },
             "conditions":[{"type":"Ready","status":"True","reason":"Available","message":"","lastTransitionTime":"2026-01-05T09:01:00Z"}]} }
            """, "status");
    }

    /// <summary>Cluster API sees the Machine: its finalizer, and its ownership of what the Machine points at.</summary>
    public async Task TakeOverAsync(string name = "pc-1")
    {
        var machine = await _cluster.GetAsync(_cluster.MachineKind, name);
        await _cluster.PatchAsync(_cluster.MachineKind, name, $$"""{"metadata":{"finalizers":["{{Finalizer}}"]} }""");
        var owner = $$"""
            {"metadata":{"ownerReferences":[{"apiVersion":"{{_cluster.MachineKind.ApiVersion}}","kind":"Machine","name":"{{name}}",
             "uid":"{{machine!["metadata"]!["uid"]}}","controller":true,"blockOwnerDeletion":true}]} }
            """;
        await _cluster.PatchAsync(_cluster.Providers.Bootstrap, name, owner);
        await _cluster.PatchAsync(_cluster.Providers.Infrastructure, name, owner);
    }

    /// <summary>A Machine that is being deleted goes, and takes with it what it points at, and its Node.</summary>
    public async Task LetGoAsync(string name = "pc-1", bool withItsObjects = true)
    {
        await Wait.UntilAsync(
            $"Machine {name} is being deleted",
            async () => (await _cluster.GetAsync(_cluster.MachineKind, name))?["metadata"]?["deletionTimestamp"] is not null);
        if (withItsObjects)
        {
            await _cluster.DeleteAsync(_cluster.Providers.Infrastructure, name);
            await _cluster.DeleteAsync(_cluster.Providers.Bootstrap, name);
        }
        else
        {
            // A provider that lost track: no owner, so that the garbage collector leaves them too.
            await _cluster.PatchAsync(_cluster.Providers.Infrastructure, name, """{"metadata":{"ownerReferences":null}}""");
            await _cluster.PatchAsync(_cluster.Providers.Bootstrap, name, """{"metadata":{"ownerReferences":null}}""");
        }

        await _workload.DeleteAsync(Kinds.Node, name);
        await _cluster.PatchAsync(_cluster.MachineKind, name, """{"metadata":{"finalizers":null}}""");
    }
}
