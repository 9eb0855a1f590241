// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>The kinds of bootstrap and infrastructure objects that Machines point at, each watched from then on.</summary>
internal sealed class ProviderWatches(ApiClient api, Discovery discovery, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
{
    private readonly Dictionary<(string Group, string Kind), Task<Informer<ApiObject>?>> _open = [];

    /// <summary>The objects of a kind, complete; null when the API server has no such kind.</summary>
    public async Task<Informer<ApiObject>?> OfAsync(ProviderReference reference, CancellationToken cancellationToken)
    {
        Task<Informer<ApiObject>?> opening;
        lock (_open)
        {
            var id = (reference.Group, reference.Kind);
            if (!_open.TryGetValue(id, out opening!) || opening.IsFaulted || opening is { IsCompletedSuccessfully: true, Result: null })
            {
                _open[id] = opening = OpenAsync(reference);
            }
        }

        return await opening.WaitAsync(cancellationToken);
    }

    private async Task<Informer<ApiObject>?> OpenAsync(ProviderReference reference)
    {
        foreach (var version in await discovery.ServedVersionsAsync(reference.Group, stop))
        {
            if (await discovery.FindAsync($"{reference.Group}/{version}", reference.Kind, stop) is { Namespaced: true } type)
            {
                var informer = new Informer<ApiObject>(
                    api, type, new InformerOptions(), ApiObject.Decode, loggers.CreateLogger($"FiveSpot.Sandbox.{type.QualifiedName}"));
                informer.Changed += change => wake(MachineOf((change.New ?? change.Old)!));
                _ = informer.RunAsync(stop);
                await informer.WaitForSyncAsync(stop);
                return informer;
            }
        }

        return null;
    }

    private static ObjectKey MachineOf(ApiObject obj) =>
        new(obj.Metadata.Namespace, obj.Metadata.ControllerOwner is { Kind: MachineApi.Kind } owner ? owner.Name : obj.Metadata.Name);
}
