// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;

namespace FiveSpot.ApiServer.Storage;

/// <summary>Everything that one server holds, in memory, under one resourceVersion counter.</summary>
internal sealed class ObjectStore
{
    private readonly ConcurrentDictionary<string, ResourceStore> _resources = new(StringComparer.Ordinal);
    private readonly History _history;
    private long _resourceVersion = 1;

    public ObjectStore(History history) => _history = history;

    /// <summary>Raised with <see cref="Gate"/> held, in the order of the changes: a handler must only take note.</summary>
    public Action<ResourceStore, WatchEvent>? Committed { get; set; }

    public Lock Gate { get; } = new();

    public long ResourceVersion => Interlocked.Read(ref _resourceVersion);

    public IEnumerable<ResourceStore> Resources => _resources.Values;

    /// <summary>How many objects there are, and how many changes are remembered.</summary>
    public (int Objects, long Changes) Size => (
        _resources.Values.Sum(resource => resource.Current.In(null).Count()),
        _resources.Values.Sum(resource => resource.HistoryCount));

    public ResourceStore For(string plural, string group)
    {
        var key = group.Length == 0 ? plural : $"{plural}.{group}";
        return _resources.GetOrAdd(key, static (name, self) => new ResourceStore(self, name, self._history), this);
    }

    public void Compact()
    {
        foreach (var resource in _resources.Values)
        {
            resource.Compact();
        }
    }

    /// <summary>Everything as it is now.</summary>
    public StoreBackup BackUp()
    {
        lock (Gate)
        {
            return new StoreBackup(_resourceVersion, _resources.ToDictionary(static entry => entry.Key, static entry => entry.Value.Current));
        }
    }

    /// <summary>Makes it so again.</summary>
    public void Restore(StoreBackup backup)
    {
        lock (Gate)
        {
            _resourceVersion = backup.ResourceVersion;
            foreach (var (key, resource) in _resources)
            {
                resource.Restore(backup.Objects.GetValueOrDefault(key, Snapshot.Empty));
            }
        }
    }

    internal long NextResourceVersion() => ++_resourceVersion;

    internal void Announce(ResourceStore resource, WatchEvent change) => Committed?.Invoke(resource, change);
}
