// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;

namespace FiveSpot.ApiServer.Storage;

/// <summary>All objects of one resource at one instant, in the order of their keys; never changes.</summary>
internal sealed class Snapshot
{
    public static readonly Snapshot Empty = new(ImmutableSortedDictionary.Create<string, ImmutableSortedDictionary<string, StoredObject>>(StringComparer.Ordinal));

    private static readonly ImmutableSortedDictionary<string, StoredObject> NoObjects =
        ImmutableSortedDictionary.Create<string, StoredObject>(StringComparer.Ordinal);

    private readonly ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> _namespaces;

    private Snapshot(ImmutableSortedDictionary<string, ImmutableSortedDictionary<string, StoredObject>> namespaces) =>
        _namespaces = namespaces;

    public StoredObject? Find(string @namespace, string name) =>
        _namespaces.TryGetValue(@namespace, out var objects) && objects.TryGetValue(name, out var found) ? found : null;

    /// <summary>The objects of one namespace, or of all when it is null.</summary>
    public IEnumerable<StoredObject> In(string? @namespace)
    {
        if (@namespace is null)
        {
            return _namespaces.Values.SelectMany(objects => objects.Values);
        }

        return _namespaces.TryGetValue(@namespace, out var found) ? found.Values : [];
    }

    public Snapshot With(StoredObject stored)
    {
        var objects = _namespaces.GetValueOrDefault(stored.Namespace, NoObjects);
        return new Snapshot(_namespaces.SetItem(stored.Namespace, objects.SetItem(stored.Name, stored)));
    }

    public Snapshot Without(StoredObject stored)
    {
        var objects = _namespaces[stored.Namespace].Remove(stored.Name);
        return new Snapshot(objects.IsEmpty ? _namespaces.Remove(stored.Namespace) : _namespaces.SetItem(stored.Namespace, objects));
    }
}
