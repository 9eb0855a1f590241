// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Simulation;

/// <summary>
/// The kinds of bootstrap and infrastructure objects: those of providers that are known are watched from the beginning, any other
/// once a Machine points at one.
/// </summary>
/// <param name="api">The management cluster.</param>
/// <param name="discovery">What it serves.</param>
/// <param name="wake">Called with each object that changes, and its type.</param>
/// <param name="loggers">For what fails.</param>
/// <param name="stop">Ends all watches.</param>
internal sealed class ProviderWatches(ApiClient api, Discovery discovery, Action<ResourceType, ObjectChange<ApiObject>> wake, ILoggerFactory loggers, CancellationToken stop)
{
    private static readonly (string Group, string Kind)[] Known =
    [
        ("bootstrap.cluster.x-k8s.io", "K0sWorkerConfig"), ("bootstrap.cluster.x-k8s.io", "KubeadmConfig"),
        ("infrastructure.cluster.x-k8s.io", "RemoteMachine"), ("infrastructure.cluster.x-k8s.io", "DevMachine"),
    ];

    private readonly Dictionary<(string Group, string Kind), Task<Informer<ApiObject>?>> _open = [];

    /// <summary>Watches the kinds that are known.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        foreach (var (group, kind) in Known)
        {
            await OfAsync(new ProviderReference(group, null, kind, ""), cancellationToken);
        }
    }

    /// <summary>The objects of a kind that are watched; null when none are.</summary>
    public Informer<ApiObject>? Opened(string qualifiedKind)
    {
        lock (_open)
        {
            return _open.Values.Where(opening => opening.IsCompletedSuccessfully).Select(opening => opening.Result)
                .FirstOrDefault(informer => informer is not null && QualifiedKind(informer.Type.Group, informer.Type.Kind) == qualifiedKind);
        }
    }

    /// <summary>A kind with its group.</summary>
    public static string QualifiedKind(string group, string kind) => $"{kind}.{group}";

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
                informer.Changed += change => wake(type, change);
                _ = informer.RunAsync(stop);
                await informer.WaitForSyncAsync(stop);
                return informer;
            }
        }

        return null;
    }
}
