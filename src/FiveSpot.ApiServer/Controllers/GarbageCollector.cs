// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Controllers;

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

        /// <summary>It is being deleted, and waits for those that it owns.</summary>
        Waiting,

        /// <summary>Nobody serves its kind, or it could never be the owner: that says nothing of it.</summary>
        Unknown,
    }

    /// <summary>Takes note of who owns whom.</summary>
    public void Note(ResourceStore store, WatchEvent change)
    {
        var self = new Dependent(store, change.Object.Namespace, change.Object.Name);
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

        foreach (var owner in change.Type == WatchEventType.Deleted ? [] : OwnersOf(change.Object))
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

    public async ValueTask ActAsync(ResourceStore store, WatchEvent change)
    {
        var stored = change.Object;
        if (change.Type == WatchEventType.Deleted)
        {
            await ForEachDependentAsync(stored.Uid, JudgeAsync);
            await RevisitAsync(OwnersOf(stored), stored.Namespace);
            return;
        }

        if (stored.IsTerminating)
        {
            await ContinueAsync(store, stored);
        }

        if (JsonNode.DeepEquals(stored.Metadata["ownerReferences"], change.Previous?.Metadata["ownerReferences"]))
        {
            return;
        }

        if (!stored.IsTerminating)
        {
            await JudgeAsync(new Dependent(store, stored.Namespace, stored.Name));
        }

        // Those that it held up need not wait for it any more.
        await RevisitAsync(change.Previous is { } previous ? OwnersOf(previous) : [], stored.Namespace);
    }

    private static IEnumerable<JsonObject> OwnersOf(StoredObject stored) => stored.Metadata.Objects("ownerReferences");

    private static bool Has(StoredObject stored, string finalizer) => stored.Metadata.Texts("finalizers").Contains(finalizer, StringComparer.Ordinal);

    private static bool IsDeletingDependents(StoredObject stored) => stored.IsTerminating && Has(stored, Foreground);

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

    private IReadOnlyList<Dependent> DependentsOf(string uid) => _dependents.TryGetValue(uid, out var known) ? [.. known] : [];

    private async ValueTask ForEachDependentAsync(string uid, Func<Dependent, ValueTask> act)
    {
        var refusals = new Refusals();
        foreach (var dependent in DependentsOf(uid))
        {
            await refusals.TryAsync(() => act(dependent));
        }

        refusals.ThrowIfAny();
    }

    /// <summary>Deletes an object all of whose owners are gone or going, or takes these off it when another stays.</summary>
    private async ValueTask JudgeAsync(Dependent dependent)
    {
        if (dependent.Find() is not { IsTerminating: false } live || ResourceOf(dependent.Store) is not { } resource)
        {
            return;
        }

        var states = OwnersOf(live).Select(owner => (Uid: owner.Text("uid"), State: StateOf(owner, resource, live))).ToList();
        if (states.TrueForAll(owner => owner.State == OwnerState.Solid) || states.Exists(owner => owner.State == OwnerState.Unknown))
        {
            return;
        }

        if (states.Exists(owner => owner.State == OwnerState.Solid))
        {
            var dead = states.Where(owner => owner.State != OwnerState.Solid).Select(owner => owner.Uid).ToHashSet(StringComparer.Ordinal);
            await EditAsync(resource, live, metadata => Without(metadata, "ownerReferences", owner => dead.Contains(owner.Text("uid"))));
            return;
        }

        var dependents = DependentsOf(live.Uid);
        var isForeground = dependents.Count > 0 && states.Exists(owner => owner.State == OwnerState.Waiting);
        if (isForeground && dependents.Any(one => one.Find() is { } found && IsDeletingDependents(found)))
        {
            // They could wait for each other in a circle.
            await EditAsync(resource, live, Unblock);
        }

        await _deleter.DeleteAsync(resource, live.Namespace, live.Name, Options with
        {
            Uid = live.Uid,
            PropagationPolicy = isForeground || Has(live, Foreground) ? "Foreground" : Has(live, Orphan) ? "Orphan" : "Background",
        });
    }

    private static DeleteOptions Options { get; } = new() { User = WriteOptions.ByServer.User };

    private static void Unblock(JsonObject metadata)
    {
        foreach (var owner in metadata.Objects("ownerReferences"))
        {
            owner["blockOwnerDeletion"] = false;
        }
    }

    private async ValueTask ContinueAsync(ResourceStore store, StoredObject stored)
    {
        if (store.Find(stored.Namespace, stored.Name) is not { IsTerminating: true } live || ResourceOf(store) is not { } resource)
        {
            return;
        }

        if (Has(live, Orphan))
        {
            await ForEachDependentAsync(live.Uid, dependent => ReleaseAsync(dependent, live.Uid));
            await EditAsync(resource, live, metadata => Without(metadata, "finalizers", name => name.Text() == Orphan));
        }
        else if (Has(live, Foreground))
        {
            await ForEachDependentAsync(live.Uid, JudgeAsync);
            if (!IsBlocked(live.Uid))
            {
                await EditAsync(resource, live, metadata => Without(metadata, "finalizers", name => name.Text() == Foreground));
            }
        }
    }

    private async ValueTask ReleaseAsync(Dependent dependent, string uid)
    {
        if (dependent.Find() is { } live && ResourceOf(dependent.Store) is { } resource)
        {
            await EditAsync(resource, live, metadata => Without(metadata, "ownerReferences", owner => owner.Text("uid") == uid));
        }
    }

    private bool IsBlocked(string uid) => DependentsOf(uid).Any(dependent => dependent.Find() is { } live
        && OwnersOf(live).Any(owner => owner.Text("uid") == uid && owner.Flag("blockOwnerDeletion") == true));

    private async ValueTask RevisitAsync(IEnumerable<JsonObject> owners, string @namespace)
    {
        var refusals = new Refusals();
        foreach (var owner in owners)
        {
            if (Lookup(owner, @namespace) is { Stored: { } found, Resource: { } resource } && IsDeletingDependents(found))
            {
                await refusals.TryAsync(() => ContinueAsync(resource.Store!, found));
            }
        }

        refusals.ThrowIfAny();
    }

    private OwnerState StateOf(JsonObject owner, Resource resource, StoredObject live)
    {
        var (kind, stored) = Lookup(owner, live.Namespace);
        return kind is null || (kind.Namespaced && !resource.Namespaced) ? OwnerState.Unknown
            : stored is null ? OwnerState.Absent
            : IsDeletingDependents(stored) ? OwnerState.Waiting
            : OwnerState.Solid;
    }

    /// <summary>The owner, and its kind where that is served.</summary>
    private (Resource? Resource, StoredObject? Stored) Lookup(JsonObject owner, string @namespace)
    {
        var resource = _catalog.FindKind(owner.Text("apiVersion") ?? string.Empty, owner.Text("kind") ?? string.Empty);
        var stored = resource?.Store!.Find(resource.Namespaced ? @namespace : string.Empty, owner.Text("name") ?? string.Empty);
        return (resource, stored?.Uid == owner.Text("uid") ? stored : null);
    }

    private Resource? ResourceOf(ResourceStore store) => _catalog.All.Find(resource => ReferenceEquals(resource.Store, store));

    private async ValueTask EditAsync(Resource resource, StoredObject live, Action<JsonObject> edit) => await _writer.UpdateAsync(
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

    private readonly record struct Dependent(ResourceStore Store, string Namespace, string Name)
    {
        public StoredObject? Find() => Store.Find(Namespace, Name);
    }
}
