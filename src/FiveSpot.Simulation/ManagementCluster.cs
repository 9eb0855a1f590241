// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Simulation;

/// <summary>What the simulated controllers see of the management cluster, and write to it.</summary>
internal sealed class ManagementCluster
{
    private readonly List<Task> _running = [];
    private readonly CancellationToken _stop;
    private readonly ILoggerFactory _loggers;

    private ManagementCluster(ApiClient api, ResourceType machines, ResourceType clusters, ILoggerFactory loggers, CancellationToken stop)
    {
        _loggers = loggers;
        _stop = stop;
        Api = api;
        Machines = new(api, machines, new InformerOptions(), MachineObject.Decode, loggers.CreateLogger("FiveSpot.Sandbox.machines"));
        Clusters = Watched(clusters);
    }

    public ApiClient Api { get; }

    public Informer<MachineObject> Machines { get; }

    public Informer<ApiObject> Clusters { get; }

    /// <summary>MachineDrainRules; null where they are not served.</summary>
    public Informer<ApiObject>? DrainRules { get; private set; }

    /// <summary>MachineHealthChecks; null where they are not served.</summary>
    public Informer<ApiObject>? HealthChecks { get; private set; }

    /// <summary>The version of Cluster API's kinds that is in use.</summary>
    public string Version => Machines.Type.Version;

    /// <summary>Finds what is served; nothing is watched yet.</summary>
    /// <exception cref="InvalidOperationException">The API server serves no Machines, or no Clusters.</exception>
    public static async Task<ManagementCluster> OpenAsync(ApiClient api, Discovery discovery, ILoggerFactory loggers, CancellationToken stop)
    {
        var machines = await FindAsync(MachineApi.Kind) ?? throw Missing("Machines");
        var clusters = await FindAsync("Cluster") ?? throw Missing("Clusters");
        var opened = new ManagementCluster(api, machines, clusters, loggers, stop);
        opened.DrainRules = await FindAsync("MachineDrainRule") is { } rules ? opened.Watched(rules) : null;
        opened.HealthChecks = await FindAsync("MachineHealthCheck") is { } checks ? opened.Watched(checks) : null;
        return opened;

        async Task<ResourceType?> FindAsync(string kind)
        {
            foreach (var version in MachineApi.KnownVersions)
            {
                if (await discovery.FindAsync($"{MachineApi.Group}/{version}", kind, stop) is { } found)
                {
                    return found;
                }
            }

            return null;
        }

        static InvalidOperationException Missing(string kind) =>
            new($"The API server serves no {kind} of {MachineApi.Group} at {string.Join(" or ", MachineApi.KnownVersions)}.");
    }

    /// <summary>Watches from now on, and waits until all that is there is known.</summary>
    public async Task RunAsync()
    {
        Informer<ApiObject>[] others = [.. ((Informer<ApiObject>?[])[Clusters, DrainRules, HealthChecks]).OfType<Informer<ApiObject>>()];
        _running.AddRange([Machines.RunAsync(_stop), .. others.Select(informer => informer.RunAsync(_stop))]);
        await Task.WhenAll([Machines.WaitForSyncAsync(_stop), .. others.Select(informer => informer.WaitForSyncAsync(_stop))]);
    }

    /// <summary>Done when all watches have ended that were told to.</summary>
    public Task Stopped => Task.WhenAll(_running);

    public ApiObject? ClusterOf(MachineObject machine) => Clusters.Get(machine.Cluster);

    public async Task<MachineObject> PatchAsync(MachineObject machine, JsonObject patch, CancellationToken cancellationToken)
    {
        var written = await Api.PatchAsync(Machines.Type, machine.Key, patch, MachineObject.Decode, cancellationToken);
        if (!written.IsBeingDeleted || written.Metadata.Finalizers.Count > 0)
        {
            Machines.Observe(written);
        }

        return written;
    }

    /// <summary>Writes the status of the version that was seen, and of no other: several write conditions.</summary>
    public async Task<MachineObject> PatchStatusAsync(MachineObject machine, JsonObject status, CancellationToken cancellationToken)
    {
        var patch = new JsonObject { ["metadata"] = new JsonObject { ["resourceVersion"] = machine.ResourceVersion }, ["status"] = status };
        var written = await Api.MergePatchAsync(
            Machines.Type, machine.Key, patch.ToUtf8(), ClusterWriter.FieldManager, "status", MachineObject.Decode, cancellationToken);
        Machines.Observe(written);
        return written;
    }

    private Informer<ApiObject> Watched(ResourceType type) =>
        new(Api, type, new InformerOptions(), ApiObject.Decode, _loggers.CreateLogger($"FiveSpot.Sandbox.{type.Plural}"));
}
