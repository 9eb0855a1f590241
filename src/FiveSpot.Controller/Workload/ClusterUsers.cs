// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Workload;

/// <summary>The machines that need one workload cluster, and by what their Nodes are told.</summary>
internal sealed class ClusterUsers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, User> _users = [];
    private readonly Dictionary<string, ObjectKey[]> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ObjectKey[]> _byProviderId = new(StringComparer.Ordinal);

    /// <summary>Remembers a machine, and where it stands.</summary>
    /// <param name="key">The machine.</param>
    /// <param name="found">Its Machine.</param>
    /// <param name="phase">The phase that was reported of it last.</param>
    /// <returns>Whether it is new here, or stands elsewhere than before.</returns>
    public bool Use(ObjectKey key, CapiMachine found, string? phase)
    {
        var user = new User(found.NodeName, found.ProviderId, phase);
        lock (_lock)
        {
            if (_users.TryGetValue(key, out var before) && before == user)
            {
                return false;
            }

            _users[key] = user;
            Move(_byName, key, before.NodeName, user.NodeName);
            Move(_byProviderId, key, before.ProviderId, user.ProviderId);
            return true;
        }
    }

    /// <summary>Forgets a machine.</summary>
    /// <returns>Whether none is left.</returns>
    public bool Release(ObjectKey key)
    {
        lock (_lock)
        {
            if (_users.Remove(key, out var user))
            {
                Move(_byName, key, user.NodeName, to: null);
                Move(_byProviderId, key, user.ProviderId, to: null);
            }

            return _users.Count == 0;
        }
    }

    /// <summary>The machines whose Node may be one of this name, or of this providerID.</summary>
    public IReadOnlyCollection<ObjectKey> Of(string node, string? providerId)
    {
        lock (_lock)
        {
            var byName = _byName.GetValueOrDefault(node, []);
            var byId = providerId is null ? [] : _byProviderId.GetValueOrDefault(providerId, []);
            return byName.Length == 0 ? byId : byId.Length == 0 ? byName : [.. byName.Union(byId)];
        }
    }

    /// <summary>Whether the Node of some machine may be one of this name, or of this providerID.</summary>
    public bool Claim(string node, string? providerId)
    {
        lock (_lock)
        {
            return _byName.ContainsKey(node) || (providerId is not null && _byProviderId.ContainsKey(providerId));
        }
    }

    /// <summary>All of them.</summary>
    public IReadOnlyCollection<ObjectKey> All()
    {
        lock (_lock)
        {
            return [.. _users.Keys];
        }
    }

    private static void Move(Dictionary<string, ObjectKey[]> users, ObjectKey key, string? from, string? to)
    {
        if (from == to)
        {
            return;
        }

        if (from is not null)
        {
            ObjectKey[] left = [.. users.GetValueOrDefault(from, []).Where(other => other != key)];
            if (left.Length == 0)
            {
                users.Remove(from);
            }
            else
            {
                users[from] = left;
            }
        }

        if (to is not null)
        {
            users[to] = [.. users.GetValueOrDefault(to, []), key];
        }
    }

    private readonly record struct User(string? NodeName, string? ProviderId, string? Phase);
}
