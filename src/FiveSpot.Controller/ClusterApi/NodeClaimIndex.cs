// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>The Machines of one cache by the Node that they claim.</summary>
internal sealed class NodeClaimIndex<T>
    where T : class, IMachineClaim
{
    private readonly Lock _lock = new();
    private readonly Dictionary<NodeClaim, Claimants> _claimants = [];
    private readonly Informer<T> _machines;
    private readonly Action<NodeClaim, T> _changed;

    /// <summary>Follows a cache from now on.</summary>
    /// <param name="machines">The cache; not running yet.</param>
    /// <param name="changed">Called with each claim that is made anew, or no longer, and by whom.</param>
    public NodeClaimIndex(Informer<T> machines, Action<NodeClaim, T> changed)
    {
        _machines = machines;
        _changed = changed;
        machines.Changed += OnChanged;
    }

    /// <summary>The first Machine that makes a claim, and the others, without an allocation; null where there is none.</summary>
    public (ObjectKey First, ImmutableArray<ObjectKey> Others)? Of(NodeClaim claim)
    {
        lock (_lock)
        {
            return _claimants.TryGetValue(claim, out var claimants) ? (claimants.First, claimants.Others) : null;
        }
    }

    /// <summary>A Machine of the cache; null if it is gone.</summary>
    public T? Get(ObjectKey key) => _machines.Get(key);

    private void OnChanged(ObjectChange<T> change)
    {
        var (before, now) = (NodeClaim.Of(change.Old), NodeClaim.Of(change.New));
        if (before == now && change.Old?.NodeName == change.New?.NodeName)
        {
            return;
        }

        lock (_lock)
        {
            if (before is { } former)
            {
                Remove(former, change.Key);
            }

            if (now is { } made)
            {
                _claimants[made] = _claimants.TryGetValue(made, out var others)
                    ? others with { Rest = others.Others.Add(change.Key) }
                    : new Claimants(change.Key);
            }
        }

        if (before is { } old)
        {
            _changed(old, change.Old!);
        }

        if (now is { } claim && now != before)
        {
            _changed(claim, change.New!);
        }
    }

    private void Remove(NodeClaim claim, ObjectKey key)
    {
        if (!_claimants.TryGetValue(claim, out var claimants))
        {
            return;
        }

        if (claimants.First != key)
        {
            _claimants[claim] = claimants with { Rest = claimants.Others.Remove(key) };
        }
        else if (claimants.Others is [var next, .. var left])
        {
            _claimants[claim] = new Claimants(next) { Rest = left };
        }
        else
        {
            _claimants.Remove(claim);
        }
    }

    // Nearly every Node has one: nothing is allocated for it but its place in the dictionary.
    private readonly record struct Claimants(ObjectKey First)
    {
        public ImmutableArray<ObjectKey> Rest { get; init; }

        public ImmutableArray<ObjectKey> Others => Rest.IsDefault ? [] : Rest;
    }
}
