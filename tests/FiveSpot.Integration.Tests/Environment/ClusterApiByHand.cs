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
        await ProvisionAsync(name);
        await RegisterAsync(name);
        await SeeNodeAsync(name);
    }

    /// <summary>The provider has the machine up: its Machine knows its providerID, and no Node.</summary>
    public async Task ProvisionAsync(string name = "pc-1")
    {
        await _cluster.PatchAsync(_cluster.MachineKind, name, $$"""{"spec":{"providerID":"{{ProviderId(name)}}"} }""");
        await SetStatusAsync(name, $$"""
            "phase":"Provisioned","conditions":[{{Condition("Ready", IsV1Beta1)}},{{Condition("InfrastructureReady", true)}},{{Condition("NodeHealthy", false)}}]
            """);
    }

    /// <summary>The machine's kubelet makes its Node where there is none, and reports it Ready.</summary>
    /// <param name="name">The Node.</param>
    /// <param name="providerId">Its providerID; null for that of the Machine of its name, empty for none.</param>
    public async Task RegisterAsync(string name = "pc-1", string? providerId = null)
    {
        if (await _workload.GetAsync(Kinds.Node, name) is null)
        {
            var spec = providerId is "" ? "{}" : $$"""{"providerID":"{{providerId ?? ProviderId(name)}}"}""";
            await _workload.CreateAsync(Kinds.Node, JsonNode.Parse($$"""
                {"apiVersion":"v1","kind":"Node","metadata":{"name":"{{name}}"},"spec":{{spec}} }
                """)!.AsObject());
        }

        await _workload.PatchAsync(
            Kinds.Node, name, """{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady","message":"ready"}]}}""", "status");
    }

    /// <summary>Cluster API has found the Node: the Machine refers to it. At v1beta1 with the uid that it had then, and for ever.
    /// </summary>
    public async Task SeeNodeAsync(string name = "pc-1", bool healthy = true)
    {
        await SetStatusAsync(name, $$"""
            "phase":"Running","nodeRef":{{await NodeReferenceAsync(name)}},
            "conditions":[{{Condition("Ready", IsV1Beta1 || healthy)}},{{Condition("InfrastructureReady", true)}},{{Condition("NodeHealthy", healthy)}}]
            """);
    }

    /// <summary>Sets more of a Machine's status: the inside of a JSON object.</summary>
    public Task SetStatusAsync(string name, string fields) =>
        _cluster.PatchAsync(_cluster.MachineKind, name, $$"""{"status":{ {{fields}} } }""", "status");

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

    private bool IsV1Beta1 => _cluster.MachineKind.Version == "v1beta1";

    private static string ProviderId(string name) => $"remote://{name}";

    private static string Condition(string type, bool isTrue) => $$"""
        {"type":"{{type}}","status":"{{(isTrue ? "True" : "False")}}","reason":"{{(isTrue ? "Fine" : "Waiting")}}","message":"{{(isTrue ? "" : "waiting for the Node")}}","lastTransitionTime":"2026-01-05T09:01:00Z"}
        """;

    private async Task<string> NodeReferenceAsync(string name)
    {
        if (!IsV1Beta1)
        {
            return $$"""{"name":"{{name}}"}""";
        }

        var known = (await _cluster.GetAsync(_cluster.MachineKind, name))?["status"]?["nodeRef"];
        var uid = known?["uid"] ?? (await _workload.GetAsync(Kinds.Node, name))!["metadata"]!["uid"];
        return $$"""{"apiVersion":"v1","kind":"Node","name":"{{name}}","uid":"{{uid}}"}""";
    }
}
