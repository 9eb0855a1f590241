// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Sandbox.ApiServer.Resources;
using FiveSpot.Sandbox.ApiServer.Storage;

namespace FiveSpot.Sandbox.ApiServer.Controllers;

/// <summary>Empties what is being deleted, a namespace or the resource of a definition, and then lets it go.</summary>
internal sealed class ContentCleaner
{
    private readonly ResourceCatalog _catalog;
    private readonly ObjectWriter _writer;
    private readonly ObjectDeleter _deleter;

    public ContentCleaner(ResourceCatalog catalog, ObjectWriter writer, ObjectDeleter deleter)
    {
        _catalog = catalog;
        _writer = writer;
        _deleter = deleter;
    }

    public void Observe(ResourceStore store, WatchEvent change)
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
                EmptyNamespace(stored.Name);
            }
            else if (ReferenceEquals(store, _catalog.Definitions.Store))
            {
                EmptyDefinition(stored.Name);
            }

            return;
        }

        if (stored.Namespace.Length > 0 && _catalog.Namespaces.Store!.Find(string.Empty, stored.Namespace) is { IsTerminating: true })
        {
            FinishNamespace(stored.Namespace);
        }

        if (_catalog.Definitions.Store!.Find(string.Empty, store.Key) is { IsTerminating: true })
        {
            FinishDefinition(store.Key);
        }
    }

    private void EmptyNamespace(string name)
    {
        foreach (var resource in _catalog.Stored.Where(resource => resource.Namespaced))
        {
            Empty(resource, name);
        }

        FinishNamespace(name);
    }

    private void FinishNamespace(string name)
    {
        if (_catalog.Stored.Any(resource => resource.Namespaced && resource.Store!.Current.In(name).Any())
            || _catalog.Namespaces.Store!.Find(string.Empty, name) is not { IsTerminating: true })
        {
            return;
        }

        _writer.Update(
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

    private void EmptyDefinition(string name)
    {
        if (_catalog.Stored.FirstOrDefault(candidate => candidate.IsCustom && candidate.QualifiedName == name) is { } resource)
        {
            Empty(resource, null);
        }

        FinishDefinition(name);
    }

    private void FinishDefinition(string name)
    {
        if (_catalog.Stored.FirstOrDefault(candidate => candidate.IsCustom && candidate.QualifiedName == name) is { } resource
            && resource.Store!.Current.In(null).Any())
        {
            return;
        }

        _writer.Update(
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

    private void Empty(Resource resource, string? @namespace)
    {
        foreach (var stored in resource.Store!.Current.In(@namespace))
        {
            try
            {
                _deleter.Delete(resource, stored.Namespace, stored.Name, new DeleteOptions { PropagationPolicy = "Background" });
            }
            catch (StatusException gone) when (gone.Code == 404)
            {
                // Somebody else was faster.
            }
        }
    }
}
