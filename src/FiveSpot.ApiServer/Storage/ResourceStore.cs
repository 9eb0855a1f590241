// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Storage;

/// <summary>
/// The objects of one resource and their bounded history. Readers take a snapshot and never wait; writers compare and swap;
/// a watcher is a position in the history, so that a slow one costs nothing and is told 410 when it falls off the end.
/// </summary>
internal sealed class ResourceStore
{
    private readonly ObjectStore _owner;
    private readonly History _history;
    private readonly WatchEvent?[] _ring;
    private volatile Snapshot _current = Snapshot.Empty;
    private TaskCompletionSource? _waiting;
    private long _tail;
    private long _head;
    private long _compacted;
    private long _watchable;

    public ResourceStore(ObjectStore owner, string key, History history)
    {
        _owner = owner;
        Key = key;
        _history = history;
        _ring = new WatchEvent?[history.Length];
    }

    /// <summary><c>plural.group</c>: what names the resource whatever its version.</summary>
    public string Key { get; }

    public Snapshot Current => _current;

    /// <summary>How many changes are remembered.</summary>
    public long HistoryCount
    {
        get
        {
            lock (_owner.Gate)
            {
                return _head - _tail;
            }
        }
    }

    public StoredObject? Find(string @namespace, string name) => _current.Find(@namespace, name);

    /// <summary>Stores a new object and gives it its resourceVersion; null when the name is taken.</summary>
    public StoredObject? Create(JsonObject json)
    {
        lock (_owner.Gate)
        {
            var metadata = json.Metadata();
            if (_current.Find(metadata.Text("namespace") ?? string.Empty, metadata.Text("name")!) is not null)
            {
                return null;
            }

            var stored = Stamp(json);
            Append(WatchEventType.Added, stored, null, _current.With(stored));
            return stored;
        }
    }

    /// <summary>Replaces <paramref name="expected"/>; null when it is not the current version any more.</summary>
    public StoredObject? Replace(StoredObject expected, JsonObject json)
    {
        lock (_owner.Gate)
        {
            if (!ReferenceEquals(Find(expected.Namespace, expected.Name), expected))
            {
                return null;
            }

            var stored = Stamp(json);
            Append(WatchEventType.Modified, stored, expected, _current.With(stored));
            return stored;
        }
    }

    /// <summary>Removes <paramref name="expected"/>; watchers see <paramref name="last"/>. Null when it is not current any more.</summary>
    public StoredObject? Delete(StoredObject expected, JsonObject last)
    {
        lock (_owner.Gate)
        {
            if (!ReferenceEquals(Find(expected.Namespace, expected.Name), expected))
            {
                return null;
            }

            var stored = Stamp(last);
            Append(WatchEventType.Deleted, stored, expected, _current.Without(expected));
            return stored;
        }
    }

    /// <summary>The objects and the position in the history that follows them, and the server's resourceVersion then.</summary>
    public (Snapshot Objects, long Position, long ResourceVersion) Now()
    {
        lock (_owner.Gate)
        {
            return (_current, _head, _owner.ResourceVersion);
        }
    }

    /// <summary>
    /// The position of the first change after <paramref name="resourceVersion"/>; null when a watch can't begin there, but from
    /// <paramref name="oldest"/> on.
    /// </summary>
    public long? PositionAfter(long resourceVersion, out long oldest)
    {
        lock (_owner.Gate)
        {
            oldest = Math.Max(_compacted, _watchable);
            return resourceVersion < oldest ? null : IndexAfter(resourceVersion);
        }
    }

    /// <summary>The objects as they were at <paramref name="resourceVersion"/>; null when that is forgotten.</summary>
    public Snapshot? At(long resourceVersion)
    {
        lock (_owner.Gate)
        {
            if (resourceVersion < _compacted)
            {
                return null;
            }

            var index = IndexAfter(resourceVersion);
            if (index == _head)
            {
                return _current;
            }

            return index > _tail ? Entry(index - 1).After : Before(Entry(index));
        }
    }

    /// <summary>
    /// Copies changes from <paramref name="position"/> on; false when they are forgotten. With none to copy,
    /// <paramref name="resourceVersion"/> is what a bookmark may say.
    /// </summary>
    public bool Read(long position, List<WatchEvent> into, int most, out long resourceVersion, out Task changed)
    {
        lock (_owner.Gate)
        {
            resourceVersion = _owner.ResourceVersion;
            changed = Task.CompletedTask;
            if (position < _tail)
            {
                return false;
            }

            for (var index = position; index < _head && into.Count < most; index++)
            {
                into.Add(Entry(index));
            }

            if (into.Count == 0)
            {
                _waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _waiting.Task;
            }

            return true;
        }
    }

    /// <summary>Forgets the history so far: watches and continue tokens from before now get 410.</summary>
    public void Compact()
    {
        lock (_owner.Gate)
        {
            while (_tail < _head)
            {
                _ring[_tail++ % _ring.Length] = null;
            }

            _compacted = _owner.ResourceVersion;
        }
    }

    /// <summary>Becomes what it was; the owner's gate is held.</summary>
    public void Restore(Snapshot objects)
    {
        Array.Clear(_ring);
        (_tail, _head) = (0, 0);
        _compacted = _owner.ResourceVersion;
        _current = objects;
        WakeWaiters();
    }

    /// <summary>Has those who wait for a change look again, though there is none.</summary>
    public void Wake()
    {
        lock (_owner.Gate)
        {
            WakeWaiters();
        }
    }

    /// <summary>Lets no watch begin before now. Those that are open go on, and lists of the past can be had as before.</summary>
    public void BeginWatchesAnew()
    {
        lock (_owner.Gate)
        {
            _watchable = _owner.ResourceVersion;
        }
    }

    private static Snapshot Before(WatchEvent change) =>
        change.Previous is { } previous ? change.After.With(previous) : change.After.Without(change.Object);

    private StoredObject Stamp(JsonObject json)
    {
        var version = _owner.NextResourceVersion();
        json.Metadata()["resourceVersion"] = version.ToString();
        return new StoredObject(json, version);
    }

    private void Append(WatchEventType type, StoredObject stored, StoredObject? previous, Snapshot after)
    {
        // What is old goes when there is something new: at rest there is nothing to do.
        while (_head - _tail == _ring.Length || (_tail < _head && _history.Clock.GetElapsedTime(Entry(_tail).At) >= _history.Age))
        {
            _compacted = Entry(_tail).ResourceVersion;
            _ring[_tail++ % _ring.Length] = null;
        }

        var change = new WatchEvent(type, stored, previous, after, _history.Clock.GetTimestamp());
        _ring[_head++ % _ring.Length] = change;
        _current = after;
        WakeWaiters();
        _owner.Announce(this, change);
    }

    private void WakeWaiters()
    {
        _waiting?.SetResult();
        _waiting = null;
    }

    private WatchEvent Entry(long index) => _ring[index % _ring.Length]!;

    private long IndexAfter(long resourceVersion)
    {
        var (low, high) = (_tail, _head);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            if (Entry(middle).ResourceVersion <= resourceVersion)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
