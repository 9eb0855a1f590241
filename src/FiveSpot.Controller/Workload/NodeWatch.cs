// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// The Nodes of one cluster, watched from the first machine on that has one, and whose they are.
/// </summary>
public sealed class NodeWatch
{
    /// <summary>The resource.</summary>
    public static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);

    private readonly ConcurrentDictionary<string, ObjectKey> _machineOf = new();
    private readonly Lock _lock = new();
    private readonly Informer<Node> _informer;
    private readonly Action<ObjectKey> _wake;
    private readonly CancellationToken _stop;
    private Task? _running;

    /// <summary>Watches nothing yet.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="wake">Called with the key of the machine whose Node changed.</param>
    /// <param name="loggers">For the watch.</param>
    /// <param name="stop">Ends the watch.</param>
    public NodeWatch(ApiClient api, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        Api = api;
        _wake = wake;
        _stop = stop;
        _informer = new Informer<Node>(
            api, Nodes, new InformerOptions(), NodeReader.Read, loggers.CreateLogger("FiveSpot.Informer.nodes"));
        _informer.Changed += change => WakeMachineOf(change.Key.Name);
        _informer.StateChanged += () =>
        {
            foreach (var key in _machineOf.Values)
            {
                _wake(key);
            }
        };
    }

    /// <summary>The cluster's API server.</summary>
    public ApiClient Api { get; }

    /// <summary>What is known of a Machine's Node now. It never waits: the machine is woken when more is known.</summary>
    public NodeObservation Find(CapiMachine? machine)
    {
        if (machine?.NodeName is not { } name)
        {
            return NodeObservation.None;
        }

        _machineOf[name] = machine.Key;
        lock (_lock)
        {
            _running ??= Task.Run(() => _informer.RunAsync(_stop));
        }

        if (!_informer.HasSynced)
        {
            return new NodeObservation(NodeState.Unknown, Detail: _informer.LastError?.Message);
        }

        return _informer.Get(ObjectKey.ClusterScoped(name)) is { } node
            ? Identify(node, machine)
            : new NodeObservation(NodeState.Missing);
    }

    /// <summary>Puts the answer to a write of ours into the cache.</summary>
    public void Observe(Node node) => _informer.Observe(node);

    /// <summary>Whether a Node is the one that a Machine became, as far as both say (contract, section 6).</summary>
    public static NodeObservation Identify(Node node, CapiMachine machine)
    {
        if (machine.ProviderId is { } expected && node.ProviderId is { } actual && expected != actual)
        {
            return new NodeObservation(
                NodeState.Mismatch,
                Detail: $"Node {node.Metadata.Name} has providerID {actual}, the Machine has {expected}: it is another machine's, and nothing is written to it.");
        }

        return machine.NodeUid is { } uid && uid != node.Uid
            ? new NodeObservation(
                NodeState.Mismatch,
                Detail: $"Node {node.Metadata.Name} has uid {node.Uid}, the Machine knows {uid}: it is another Node of that name, and nothing is written to it.")
            : new NodeObservation(NodeState.Known, node);
    }

    private void WakeMachineOf(string node)
    {
        if (_machineOf.TryGetValue(node, out var key))
        {
            _wake(key);
        }
    }
}
