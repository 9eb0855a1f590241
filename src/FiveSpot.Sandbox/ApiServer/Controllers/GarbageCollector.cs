// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Sandbox.ApiServer.Resources;
using FiveSpot.Sandbox.ApiServer.Storage;

namespace FiveSpot.Sandbox.ApiServer.Controllers;

/// <summary>Deletes what has lost its last owner, and carries out foreground and orphaning deletion.</summary>
internal sealed class GarbageCollector
{
    private const string Orphan = "orphan";
    private const string Foreground = "foregroundDeletion";

    private readonly ResourceCatalog _catalog;
    private readonly ObjectWriter _writer;
    private readonly ObjectDeleter _deleter;
    private readonly Dictionary<string, HashSet<Dependent>> _dependents = new(StringComparer.Ordinal);

    public GarbageCollector(ResourceCatalog catalog, ObjectWriter writer, ObjectDeleter deleter)
    {
        _catalog = catalog;
        _writer = writer;
        _deleter = deleter;
    }

    private enum OwnerState
    {
        Solid,
        Absent,
        Waiting,
    }

    public void Observe(ResourceStore store, WatchEvent change)
    {
        var stored = change.Object;
        var self = new Dependent(store, stored.Namespace, stored.Name);
        Index(self, change);
        if (change.Type == WatchEventType.Deleted)
        {
            ForEachDependent(stored.Uid, Judge);
            foreach (var owner in OwnersOf(stored))
            {
                Revisit(owner, stored.Namespace);
            }

            return;
        }

        if (stored.IsTerminating)
        {
            Continue(store, stored);
        }
        else if (stored.Metadata.List("ownerReferences") is { Count: > 0 }
            && !JsonNode.DeepEquals(stored.Metadata["ownerReferences"], change.Previous?.Metadata["ownerReferences"]))
        {
            Judge(self);
        }
    }

    private static IEnumerable<JsonObject> OwnersOf(StoredObject stored) => stored.Metadata.Objects("ownerReferences");

    private static bool Has(StoredObject stored, string finalizer) => stored.Metadata.Texts("finalizers").Contains(finalizer, StringComparer.Ordinal);

    private static void Without(JsonObject metadata, string list, Func<JsonNode?, bool> drop)
    {
        var kept = new JsonArray([.. (metadata.List(list) ?? []).Where(item => !drop(item)).Select(item => item?.DeepClone())]);
        if (kept.Count == 0)
        {
            metadata.Remove(list);
        }
        else
        {
            metadata[list] = kept;
        }
    }

    private void Index(Dependent self, WatchEvent change)
    {
        foreach (var owner in change.Previous is { } previous ? OwnersOf(previous) : [])
        {
            if (owner.Text("uid") is { } uid && _dependents.TryGetValue(uid, out var known))
            {
                known.Remove(self);
                if (known.Count == 0)
                {
                    _dependents.Remove(uid);
                }
            }
        }

        if (change.Type == WatchEventType.Deleted)
        {
            return;
        }

        foreach (var owner in OwnersOf(change.Object))
        {
            if (owner.Text("uid") is { } uid)
            {
                if (!_dependents.TryGetValue(uid, out var known))
                {
                    _dependents[uid] = known = [];
                }

                known.Add(self);
            }
        }
    }

    private void ForEachDependent(string uid, Action<Dependent> act)
    {
        foreach (var dependent in _dependents.TryGetValue(uid, out var known) ? known.ToList() : [])
        {
            try
            {
                act(dependent);
            }
            catch (StatusException refused) when (refused.Code is 404 or 409)
            {
                // It changed meanwhile; its own change follows.
            }
        }
    }

    /// <summary>Deletes an object all of whose owners are gone or going, or takes dead references off it.</summary>
    private void Judge(Dependent dependent)
    {
        if (dependent.Find() is not { IsTerminating: false } live || ResourceOf(dependent.Store) is not { } resource)
        {
            return;
        }

        var states = OwnersOf(live).Select(owner => (Uid: owner.Text("uid"), State: StateOf(owner, live.Namespace))).ToList();
        if (states.Count == 0 || states.TrueForAll(owner => owner.State == OwnerState.Solid))
        {
            return;
        }

        if (states.Exists(owner => owner.State == OwnerState.Solid))
        {
            var dead = states.Where(owner => owner.State != OwnerState.Solid).Select(owner => owner.Uid).ToHashSet(StringComparer.Ordinal);
            Edit(resource, live, metadata => Without(metadata, "ownerReferences", owner => dead.Contains(owner.Text("uid"))));
            return;
        }

        var isForeground = states.Exists(owner => owner.State == OwnerState.Waiting) && _dependents.ContainsKey(live.Uid);
        _deleter.Delete(resource, live.Namespace, live.Name, new DeleteOptions
        {
            Uid = live.Uid,
            PropagationPolicy = isForeground || Has(live, Foreground) ? "Foreground" : Has(live, Orphan) ? "Orphan" : "Background",
        });
    }

    private void Continue(ResourceStore store, StoredObject stored)
    {
        if (store.Find(stored.Namespace, stored.Name) is not { IsTerminating: true } live || ResourceOf(store) is not { } resource)
        {
            return;
        }

        if (Has(live, Orphan))
        {
            ForEachDependent(live.Uid, dependent => Release(dependent, live.Uid));
            Edit(resource, live, metadata => Without(metadata, "finalizers", name => name.Text() == Orphan));
        }
        else if (Has(live, Foreground))
        {
            ForEachDependent(live.Uid, Judge);
            if (!IsBlocked(live.Uid))
            {
                Edit(resource, live, metadata => Without(metadata, "finalizers", name => name.Text() == Foreground));
            }
        }
    }

    private void Release(Dependent dependent, string uid)
    {
        if (dependent.Find() is { } live && ResourceOf(dependent.Store) is { } resource)
        {
            Edit(resource, live, metadata => Without(metadata, "ownerReferences", owner => owner.Text("uid") == uid));
        }
    }

    private bool IsBlocked(string uid) => _dependents.TryGetValue(uid, out var known)
        && known.Any(dependent => dependent.Find() is { } live
            && OwnersOf(live).Any(owner => owner.Text("uid") == uid && owner.Flag("blockOwnerDeletion") == true));

    private void Revisit(JsonObject owner, string @namespace)
    {
        if (Lookup(owner, @namespace, out _) is { } found && Has(found.Stored, Foreground) && found.Stored.IsTerminating)
        {
            Continue(found.Resource.Store!, found.Stored);
        }
    }

    private OwnerState StateOf(JsonObject owner, string @namespace)
    {
        if (Lookup(owner, @namespace, out var isKnown) is not { } found)
        {
            // As in Kubernetes, a kind that nobody serves says nothing about its objects.
            return isKnown ? OwnerState.Absent : OwnerState.Solid;
        }

        return found.Stored.IsTerminating && Has(found.Stored, Foreground) && owner.Flag("blockOwnerDeletion") == true
            ? OwnerState.Waiting
            : OwnerState.Solid;
    }

    private (Resource Resource, StoredObject Stored)? Lookup(JsonObject owner, string @namespace, out bool isKnown)
    {
        var resource = _catalog.FindKind(owner.Text("apiVersion") ?? string.Empty, owner.Text("kind") ?? string.Empty);
        isKnown = resource is not null;
        if (resource?.Store!.Find(resource.Namespaced ? @namespace : string.Empty, owner.Text("name") ?? string.Empty) is not { } stored
            || stored.Uid != owner.Text("uid"))
        {
            return null;
        }

        return (resource, stored);
    }

    private Resource? ResourceOf(ResourceStore store) => _catalog.All.Find(resource => ReferenceEquals(resource.Store, store));

    private void Edit(Resource resource, StoredObject live, Action<JsonObject> edit)
    {
        _writer.Update(
            resource,
            live.Namespace,
            live.Name,
            current =>
            {
                var next = current!.Copy();
                edit(next.Metadata());
                return next;
            },
            WriteOptions.ByServer with { Subresource = "metadata" });
    }

    private readonly record struct Dependent(ResourceStore Store, string Namespace, string Name)
    {
        public StoredObject? Find() => Store.Find(Namespace, Name);
    }
}
