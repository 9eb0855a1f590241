// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>The Nodes of one cluster.</summary>
public sealed class NodeWatch
{
    /// <summary>The resource.</summary>
    public static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);

    private readonly Informer<Node> _informer;

    /// <summary>Watches nothing yet.</summary>
    /// <param name="api">The cluster.</param>
    /// <param name="nodeChanged">Called with the name of each Node that changes.</param>
    /// <param name="stateChanged">Called when the watch is lost, or found again.</param>
    /// <param name="loggers">For the watch.</param>
    public NodeWatch(ApiClient api, Action<string> nodeChanged, Action stateChanged, ILoggerFactory loggers)
    {
        Api = api;
        _informer = new Informer<Node>(
            api, Nodes, new InformerOptions(), NodeReader.Read, loggers.CreateLogger("FiveSpot.Informer.nodes"));
        _informer.Changed += change => nodeChanged(change.Key.Name);
        _informer.StateChanged += stateChanged;
    }

    /// <summary>The cluster's API server.</summary>
    public ApiClient Api { get; }

    /// <summary>Why the Nodes can't be watched now; null when they are, or may yet be.</summary>
    public Exception? Trouble => _informer.LastError;

    /// <summary>Whether the Nodes are known.</summary>
    public bool HasSynced => _informer.HasSynced;

    /// <summary>Watches until it is told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => _informer.RunAsync(stop);

    /// <summary>What is known of a Machine's Node now.</summary>
    public NodeObservation Find(CapiMachine machine) => machine.NodeName is not { } name ? NodeObservation.None
        : !HasSynced ? new NodeObservation(NodeState.Unknown, Detail: Trouble?.Message)
        : _informer.Get(ObjectKey.ClusterScoped(name)) is { } node ? Identify(node, machine)
        : new NodeObservation(NodeState.Missing);

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
}
