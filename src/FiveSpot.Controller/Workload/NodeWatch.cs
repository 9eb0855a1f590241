// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Collections.Immutable;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// The Nodes of one cluster, by name and by providerID. Of those that no machine claims no more is kept than that; once one is
/// claimed, it is asked for.
/// </summary>
public sealed class NodeWatch
{
    /// <summary>The resource.</summary>
    public static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);

    // So many are asked for one by one; for more, one list is less work.
    private const int AskedForAtOnce = 16;

    // Of more Nodes than that none is named.
    private const int Many = 100;
    private static readonly ImmutableSortedSet<string> NoNames = ImmutableSortedSet.Create<string>(StringComparer.Ordinal);

    private readonly Informer<Node> _informer;
    private readonly Action<string, string?> _nodeChanged;
    private readonly Func<string, string?, bool>? _isClaimed;
    private readonly HashSet<string> _askedFor = new(StringComparer.Ordinal);
    private CancellationToken _stop;

    // Names by providerID, in order: all Nodes of a cluster that lies may have one. Written by the informer's handler alone, one
    // change at a time.
    private readonly ConcurrentDictionary<string, ImmutableSortedSet<string>> _byProviderId = new(StringComparer.Ordinal);

    /// <summary>Watches nothing yet.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="nodeChanged">Called with the name and the providerID of each Node that changes.</param>
    /// <param name="stateChanged">Called when the watch is lost, or found again.</param>
    /// <param name="loggers">For the watch.</param>
    /// <param name="isClaimed">Whether a machine claims a Node of this name and providerID; null where all are.</param>
    public NodeWatch(
        ApiClient api, Action<string, string?> nodeChanged, Action stateChanged, ILoggerFactory loggers, Func<string, string?, bool>? isClaimed = null)
    {
        Api = api;
        _nodeChanged = nodeChanged;
        _isClaimed = isClaimed;
        _informer = new Informer<Node>(
            api, Nodes, new InformerOptions(), Read, loggers.CreateLogger("FiveSpot.Informer.nodes"));
        _informer.Changed += OnChanged;
        _informer.StateChanged += stateChanged;
    }

    /// <summary>The cluster's API server.</summary>
    public ApiClient Api { get; }

    /// <summary>Why the Nodes can't be watched now; null when they are, or may yet be.</summary>
    public Exception? Trouble => _informer.LastError;

    /// <summary>Whether that has lasted for long enough to be told.</summary>
    public bool TroubleLasts => Trouble is { } trouble && WatchFailure.Lasts(trouble, _informer.FailuresInARow);

    /// <summary>Whether the Nodes are known.</summary>
    public bool HasSynced => _informer.HasSynced;

    /// <summary>Watches until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stop)
    {
        _stop = stop;
        return _informer.RunAsync(stop);
    }

    /// <summary>The providerID of a Node; null if it has none, or is not there.</summary>
    public string? ProviderIdOf(string node) => _informer.Get(ObjectKey.ClusterScoped(node))?.ProviderId;

    /// <summary>Whether a Node has this providerID.</summary>
    public bool Has(string providerId) => _byProviderId.ContainsKey(providerId);

    /// <summary>What is known of a Machine's Node now (contract, section 6).</summary>
    public NodeObservation Find(CapiMachine machine) =>
        !machine.MayHaveNode ? NodeObservation.None
        : !HasSynced ? Unknown(machine)
        : machine.ProviderId is { } id ? FindByProviderId(id, machine)
        : FindByUid(machine);

    /// <summary>Puts the answer to a write of ours into the cache.</summary>
    public void Observe(Node node) => _informer.Observe(node);

    private NodeObservation FindByProviderId(string id, CapiMachine machine)
    {
        if (!_byProviderId.TryGetValue(id, out var names))
        {
            return machine.NodeName is { } name && _informer.Get(ObjectKey.ClusterScoped(name)) is { } other
                ? Mismatch(machine, $"Node {name} {(other.ProviderId is { } its ? $"has providerID {its}" : "has no providerID")}, the Machine has {id}: it is another machine's, and nothing is written to it.")
                : NotThere(machine, $" with providerID {id}");
        }

        if (names.Count > 1)
        {
            return Mismatch(machine, $"{(names.Count > Many ? "Very many Nodes" : $"Nodes {ForeignText.List(names, 4)}")} all have providerID {id}: which of them is the machine's can't be told, and nothing is written to any.");
        }

        // Between a change of the cache and that of the index it is neither the one nor the other: the machine is woken then.
        return _informer.Get(ObjectKey.ClusterScoped(names[0])) is { } node && node.ProviderId == id
            ? Known(machine, node)
            : NotThere(machine, $" with providerID {id}");
    }

    private NodeObservation FindByUid(CapiMachine machine)
    {
        var name = machine.NodeName!;
        if (_informer.Get(ObjectKey.ClusterScoped(name)) is not { } node)
        {
            return NotThere(machine, "");
        }

        return machine.NodeUid is not { } uid ? Mismatch(machine, $"The Machine names Node {name} without its uid, and has no providerID: whether it is this Node can't be told, and nothing is written to it.")
            : uid != node.Uid ? Mismatch(machine, $"Node {name} has uid {node.Uid}, the Machine knows {uid}: it is another Node of that name, and nothing is written to it.")
            : Known(machine, node);
    }

    // Claimed only after it came, it is not known yet.
    private NodeObservation Known(CapiMachine machine, Node node)
    {
        if (!node.IsPartial)
        {
            return new NodeObservation(NodeState.Known, node);
        }

        AskFor(node.Key);
        return Unknown(machine);
    }

    private void AskFor(ObjectKey node)
    {
        bool isForAll;
        lock (_askedFor)
        {
            isForAll = _askedFor.Count >= AskedForAtOnce;
            if (!isForAll && !_askedFor.Add(node.Name))
            {
                return;
            }
        }

        if (isForAll)
        {
            _informer.ListAnew();
        }
        else
        {
            _ = AskForAsync(node);
        }
    }

    private async Task AskForAsync(ObjectKey key)
    {
        try
        {
            if (await Api.TryGetAsync(Nodes, key, NodeReader.Read, _stop) is { } node)
            {
                _informer.Observe(node);
            }
        }
        catch (Exception e) when (e is ApiException or ApiUnreachableException)
        {
            // A list that fails is told, and made again after a while.
            _informer.ListAnew();
        }
        catch (OperationCanceledException)
        {
            // Nobody needs it any more.
        }
        finally
        {
            lock (_askedFor)
            {
                _askedFor.Remove(key.Name);
            }
        }
    }

    private Node Read(ReadOnlySpan<byte> json)
    {
        var node = NodeReader.Read(json);
        return _isClaimed is { } isClaimed && !isClaimed(node.Metadata.Name, node.ProviderId) ? node.ToPartial() : node;
    }

    // What the watch does not see while it is lost may have come meanwhile.
    private NodeObservation NotThere(CapiMachine machine, string which) =>
        Trouble is not null ? Unknown(machine)
        : machine.NodeName is not { } name ? NodeObservation.None
        : new NodeObservation(NodeState.Missing, Detail: $"Node {name}{which} is not in its cluster.") { Name = name };

    private NodeObservation Unknown(CapiMachine machine) => new(NodeState.Unknown, Detail: Trouble?.Message) { Name = machine.NodeName };

    private static NodeObservation Mismatch(CapiMachine machine, string detail) => new(NodeState.Mismatch, Detail: detail) { Name = machine.NodeName };

    private void OnChanged(ObjectChange<Node> change)
    {
        var (before, now) = (change.Old?.ProviderId, change.New?.ProviderId);
        if (before != now)
        {
            Index(before, change.Key.Name, isThere: false);
            Index(now, change.Key.Name, isThere: true);
            if (before is not null)
            {
                _nodeChanged(change.Key.Name, before);
            }
        }

        _nodeChanged(change.Key.Name, now);
    }

    private void Index(string? providerId, string node, bool isThere)
    {
        if (providerId is null)
        {
            return;
        }

        var others = _byProviderId.GetValueOrDefault(providerId, NoNames);
        var names = isThere ? others.Add(node) : others.Remove(node);
        if (names.IsEmpty)
        {
            _byProviderId.TryRemove(providerId, out _);
        }
        else
        {
            _byProviderId[providerId] = names;
        }
    }
}
