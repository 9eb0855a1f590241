// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;

namespace FiveSpot.Simulation;

/// <summary>Since when something has been so with an object, by its uid. It is remembered here alone, and begins again with a new process.</summary>
/// <param name="clock">Simulated time.</param>
internal sealed class Marks(TimeProvider clock)
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<string, DateTimeOffset>> _byUid = new();

    public DateTimeOffset Now => clock.GetUtcNow();

    /// <summary>Since when it has been so: since now, where this is asked for the first time.</summary>
    public DateTimeOffset Since(string uid, string what) =>
        _byUid.GetOrAdd(uid, static _ => new()).GetOrAdd(what, static (_, clock) => clock.GetUtcNow(), clock);

    /// <summary>When that time is over since it has been so; null when it is.</summary>
    public DateTimeOffset? Due(string uid, string what, TimeSpan time) => Since(uid, what) + time is var due && due > Now ? due : null;

    public bool Has(string uid, string what) => _byUid.TryGetValue(uid, out var marks) && marks.ContainsKey(what);

    /// <summary>It is so no longer.</summary>
    public void Forget(string uid, string what)
    {
        if (_byUid.TryGetValue(uid, out var marks))
        {
            marks.TryRemove(what, out _);
        }
    }

    /// <summary>The object is gone.</summary>
    public void Forget(string uid) => _byUid.TryRemove(uid, out _);

    /// <summary>Not before that.</summary>
    public void Set(string uid, string what, DateTimeOffset at) => _byUid.GetOrAdd(uid, static _ => new())[what] = at;
}
