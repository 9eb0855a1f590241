// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Simulation;

/// <summary>
/// What bootstrap and infrastructure providers do. One of infrastructure puts its finalizer on first, and then waits for the
/// Machine that owns the object, also when that is being deleted: an object that no Machine ever owned can't go.
/// </summary>
internal sealed class SimulatedProviders(ManagementCluster management, Marks marks, SimulationTimings timings, Func<SimulationBehaviour> behaviour)
{
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);

    /// <summary>The finalizer of a provider on its infrastructure.</summary>
    public static string FinalizerOf(ResourceType type) => type.Kind == "RemoteMachine"
        ? "remotemachine.k0smotron.io/finalizer"
        : $"{type.Kind.ToLowerInvariant()}.{type.Group}/finalizer";

    /// <summary>One turn with an object of either kind.</summary>
    /// <returns>When to look again by itself; null for never.</returns>
    public async Task<DateTimeOffset?> ReconcileAsync(Informer<ApiObject> objects, ApiObject obj, CancellationToken cancellationToken)
    {
        var machine = OwnerOf(obj);
        if (machine?.Bootstrap is { } bootstrap && Is(bootstrap, objects.Type, obj))
        {
            return await BootstrapAsync(objects, obj, machine, cancellationToken);
        }

        if (!IsInfrastructure(objects.Type, obj, machine))
        {
            return null;
        }

        var finalizer = FinalizerOf(objects.Type);
        if (!obj.IsBeingDeleted && !obj.Metadata.Finalizers.Contains(finalizer))
        {
            obj = await PatchAsync(objects, obj, ClusterWriter.FinalizersPatch(obj.Metadata, [.. obj.Metadata.Finalizers, finalizer]), cancellationToken);
        }

        if (machine is null
            || management.ClusterOf(machine) is not { } cluster
            || Pause.Reason(cluster, obj.Metadata, objects.Type.Kind) is not null
            || machine.DataSecretName is null)
        {
            return null;
        }

        return obj.IsBeingDeleted
            ? await ShutDownAsync(objects, obj, cancellationToken)
            : await ProvisionAsync(objects, obj, machine, cancellationToken);
    }

    private static bool Is(ProviderReference reference, ResourceType type, ApiObject obj) =>
        reference.Group == type.Group && reference.Kind == type.Kind && reference.Name == obj.Metadata.Name;

    private static bool IsInfrastructure(ResourceType type, ApiObject obj, MachineObject? machine) => machine is null
        ? type.Group.StartsWith("infrastructure.", StringComparison.Ordinal)
        : machine.Infrastructure is { } reference && Is(reference, type, obj);

    private MachineObject? OwnerOf(ApiObject obj) =>
        obj.Metadata.ControllerOwner is { Kind: MachineApi.Kind } owner && management.Machines.Get(new(obj.Metadata.Namespace, owner.Name)) is { } machine ? machine : null;

    private async Task<DateTimeOffset?> BootstrapAsync(
        Informer<ApiObject> objects, ApiObject config, MachineObject machine, CancellationToken cancellationToken)
    {
        if (config.IsBeingDeleted
            || management.ClusterOf(machine) is not { } cluster
            || Pause.Reason(cluster, config.Metadata, objects.Type.Kind) is not null
            || Contract.DataSecretOf(config) is not null)
        {
            return null;
        }

        if (marks.Due(machine.Uid, "seen", timings.BootstrapData) is { } due)
        {
            return due;
        }

        var secret = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Secret",
            ["type"] = "cluster.x-k8s.io/secret",
            ["metadata"] = new JsonObject
            {
                ["name"] = config.Metadata.Name,
                ["namespace"] = config.Metadata.Namespace,
                ["labels"] = new JsonObject { [WellKnown.ClusterNameLabel] = machine.ClusterName },
                ["ownerReferences"] = new JsonArray(ClusterWriter.OwnerReference(objects.Type.ApiVersion, objects.Type.Kind, config.Metadata)),
            },
            ["data"] = new JsonObject
            {
                ["format"] = Convert.ToBase64String("cloud-config"u8),
                ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"#cloud-config\n# {machine.Key} joins {machine.ClusterName}\n")),
            },
        };
        try
        {
            await management.Api.CreateAsync(
                Secrets, machine.Key.Namespace, secret.ToUtf8(), ClusterWriter.FieldManager, PartialObject.Decode, cancellationToken);
        }
        catch (ApiException refused) when (refused.IsAlreadyExists)
        {
            // From an earlier turn.
        }

        // Old and new contracts put it in different places; what a schema doesn't have is dropped.
        objects.Observe(await management.Api.PatchStatusAsync(
            objects.Type,
            config.Key,
            new()
            {
                ["ready"] = true,
                ["dataSecretName"] = config.Metadata.Name,
                ["initialization"] = new JsonObject { ["dataSecretCreated"] = true },
            },
            ApiObject.Decode,
            cancellationToken));
        return null;
    }

    private async Task<DateTimeOffset?> ProvisionAsync(
        Informer<ApiObject> objects, ApiObject infrastructure, MachineObject machine, CancellationToken cancellationToken)
    {
        if (Contract.IsProvisioned(infrastructure) || !behaviour().HardwareComesUp || await IsRefusedAsync(objects, infrastructure, cancellationToken))
        {
            return null;
        }

        if (marks.Due(machine.Uid, "seen", timings.Infrastructure) is { } due)
        {
            return due;
        }

        if (infrastructure.Json.Text("spec", "providerID") is not { Length: > 0 })
        {
            infrastructure = await PatchAsync(
                objects, infrastructure, new() { ["spec"] = new JsonObject { ["providerID"] = SimulatedHardware.ProviderIdOf(machine.Key) } }, cancellationToken);
        }

        objects.Observe(await management.Api.PatchStatusAsync(
            objects.Type,
            infrastructure.Key,
            new()
            {
                ["ready"] = true,
                ["initialization"] = new JsonObject { ["provisioned"] = true },
                ["addresses"] = new JsonArray(NodeWriter.Address(machine.Key, "InternalIP")),
            },
            ApiObject.Decode,
            cancellationToken));
        return null;
    }

    // k0smotron must know how to get there.
    private async Task<bool> IsRefusedAsync(Informer<ApiObject> objects, ApiObject infrastructure, CancellationToken cancellationToken)
    {
        var spec = infrastructure.Json.Map("spec") ?? [];
        if (objects.Type.Kind != "RemoteMachine"
            || spec.Text("pool") is { Length: > 0 }
            || spec.Map("provisionJob") is not null
            || (spec.Text("address") is { Length: > 0 } && spec.Text("sshKeyRef", "name") is { Length: > 0 }))
        {
            return false;
        }

        if (infrastructure.Json.Text("status", "failureReason") is null)
        {
            objects.Observe(await management.Api.PatchStatusAsync(
                objects.Type,
                infrastructure.Key,
                new()
                {
                    ["failureReason"] = "MissingFields",
                    ["failureMessage"] = "If pool is empty, following fields are required: address, sshKeyRef",
                },
                ApiObject.Decode,
                cancellationToken));
        }

        return true;
    }

    private async Task<DateTimeOffset?> ShutDownAsync(Informer<ApiObject> objects, ApiObject infrastructure, CancellationToken cancellationToken)
    {
        var finalizer = FinalizerOf(objects.Type);
        if (!infrastructure.Metadata.Finalizers.Contains(finalizer) || !behaviour().HardwareGoesDown)
        {
            return null;
        }

        // Hardware that never came up has nothing to shut down.
        if (Contract.IsProvisioned(infrastructure) && marks.Due(infrastructure.Uid, "shuts down", timings.Shutdown) is { } off)
        {
            return off;
        }

        await PatchAsync(
            objects,
            infrastructure,
            ClusterWriter.FinalizersPatch(infrastructure.Metadata, infrastructure.Metadata.Finalizers.Where(name => name != finalizer)),
            cancellationToken);
        return null;
    }

    private async Task<ApiObject> PatchAsync(Informer<ApiObject> objects, ApiObject obj, JsonObject patch, CancellationToken cancellationToken)
    {
        var written = await management.Api.PatchAsync(objects.Type, obj.Key, patch, ApiObject.Decode, cancellationToken);
        if (!written.IsBeingDeleted || written.Metadata.Finalizers.Count > 0)
        {
            objects.Observe(written);
        }

        return written;
    }
}
