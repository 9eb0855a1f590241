// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Controllers;

/// <summary>
/// Removes each Event some time after it was last written, as the lease does that kube-apiserver gives it in etcd
/// (<c>--event-ttl</c>). One timer, for the next of them; none when there are no Events.
/// </summary>
internal sealed class EventExpiry : IDisposable
{
    // A timer knows no more than seven weeks.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(30);

    private readonly Lock _gate = new();
    private readonly Queue<(DateTimeOffset Due, StoredObject Event)> _written = new();
    private readonly ObjectStore _store;
    private readonly ResourceStore _events;
    private readonly TimeSpan _ttl;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;

    /// <summary>Follows the Events from now on; <paramref name="clock"/> is that of the objects.</summary>
    public EventExpiry(ResourceCatalog catalog, TimeSpan ttl, TimeProvider clock)
    {
        _store = catalog.Store;
        _events = catalog.Find(string.Empty, "v1", "events")!.Store!;
        _ttl = ttl;
        _clock = clock;
        _timer = clock.CreateTimer(_ => Expire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _store.Committed += OnCommitted;
    }

    public void Dispose()
    {
        _store.Committed -= OnCommitted;
        _timer.Dispose();
    }

    private void OnCommitted(ResourceStore store, WatchEvent change)
    {
        if (!ReferenceEquals(store, _events) || change.Type == WatchEventType.Deleted)
        {
            return;
        }

        lock (_gate)
        {
            _written.Enqueue((_clock.GetUtcNow() + _ttl, change.Object));
            if (_written.Count == 1)
            {
                Await();
            }
        }
    }

    private void Expire()
    {
        var due = new List<StoredObject>();
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            while (_written.TryPeek(out var first) && first.Due <= now)
            {
                due.Add(_written.Dequeue().Event);
            }

            Await();
        }

        foreach (var stored in due)
        {
            // One that was written again is another by now, with a time of its own.
            _events.Delete(stored, stored.Json.Copy());
        }
    }

    private void Await()
    {
        if (_written.TryPeek(out var first))
        {
            var left = first.Due - _clock.GetUtcNow();
            _timer.Change(left <= TimeSpan.Zero ? TimeSpan.Zero : left < LongestTimer ? left : LongestTimer, Timeout.InfiniteTimeSpan);
        }
    }
}
