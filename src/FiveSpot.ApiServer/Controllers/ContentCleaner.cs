// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Controllers;

/// <summary>Empties what is being deleted, a namespace or the resource of a definition, and then lets it go.</summary>
internal sealed class ContentCleaner
{
    private static readonly DeleteOptions Options = new() { PropagationPolicy = "Background", User = WriteOptions.ByServer.User };

    private readonly ResourceCatalog _catalog;
    private readonly ObjectWriter _writer;
    private readonly ObjectDeleter _deleter;

    public ContentCleaner(ResourceCatalog catalog, ObjectWriter writer, ObjectDeleter deleter)
    {
        _catalog = catalog;
        _writer = writer;
        _deleter = deleter;
    }

    public async ValueTask ActAsync(ResourceStore store, WatchEvent change)
    {
        var stored = change.Object;
        if (change.Type != WatchEventType.Deleted)
        {
            if (!stored.IsTerminating)
            {
                return;
            }

            if (ReferenceEquals(store, _catalog.Namespaces.Store))
            {
                await EmptyNamespaceAsync(stored.Name);
            }
            else if (ReferenceEquals(store, _catalog.Definitions.Store))
            {
                await EmptyDefinitionAsync(stored.Name);
            }

            return;
        }

        if (stored.Namespace.Length > 0 && _catalog.Namespaces.Store!.Find(string.Empty, stored.Namespace) is { IsTerminating: true })
        {
            await FinishNamespaceAsync(stored.Namespace);
        }

        if (_catalog.Definitions.Store!.Find(string.Empty, store.Key) is { IsTerminating: true })
        {
            await FinishDefinitionAsync(store.Key);
        }
    }

    private async ValueTask EmptyNamespaceAsync(string name)
    {
        var refusals = new Refusals();
        foreach (var resource in _catalog.Stored.Where(resource => resource.Namespaced))
        {
            await EmptyAsync(resource, name, refusals);
        }

        await FinishNamespaceAsync(name);
        refusals.ThrowIfAny();
    }

    private async ValueTask FinishNamespaceAsync(string name)
    {
        if (_catalog.Stored.Any(resource => resource.Namespaced && resource.Store!.Current.In(name).Any())
            || _catalog.Namespaces.Store!.Find(string.Empty, name) is not { IsTerminating: true })
        {
            return;
        }

        await _writer.UpdateAsync(
            _catalog.Namespaces,
            string.Empty,
            name,
            live =>
            {
                var next = live!.Copy();
                next["spec"] = new JsonObject();
                return next;
            },
            WriteOptions.ByServer with { Subresource = "finalize" });
    }

    private async ValueTask EmptyDefinitionAsync(string name)
    {
        var refusals = new Refusals();
        if (_catalog.Stored.FirstOrDefault(candidate => candidate.IsCustom && candidate.QualifiedName == name) is { } resource)
        {
            await EmptyAsync(resource, null, refusals);
        }

        await FinishDefinitionAsync(name);
        refusals.ThrowIfAny();
    }

    private async ValueTask FinishDefinitionAsync(string name)
    {
        if (_catalog.Stored.FirstOrDefault(candidate => candidate.IsCustom && candidate.QualifiedName == name) is { } resource
            && resource.Store!.Current.In(null).Any())
        {
            return;
        }

        await _writer.UpdateAsync(
            _catalog.Definitions,
            string.Empty,
            name,
            live =>
            {
                var next = live!.Copy();
                var left = next.Metadata().Texts("finalizers").Where(finalizer => finalizer != DefinitionStrategy.CleanupFinalizer).ToList();
                if (left.Count == 0)
                {
                    next.Metadata().Remove("finalizers");
                }
                else
                {
                    next.Metadata()["finalizers"] = left.ToJsonArray();
                }

                return next;
            },
            WriteOptions.ByServer with { Subresource = "metadata" });
    }

    private async ValueTask EmptyAsync(Resource resource, string? @namespace, Refusals refusals)
    {
        foreach (var stored in resource.Store!.Current.In(@namespace))
        {
            await refusals.TryAsync(async () => await _deleter.DeleteAsync(resource, stored.Namespace, stored.Name, Options));
        }
    }
}
