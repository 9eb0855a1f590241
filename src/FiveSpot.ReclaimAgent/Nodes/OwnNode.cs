// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>
/// The agent's own Node, which is read before each write, and written on only if it says to be this machine. For one caller at
/// a time.
/// </summary>
internal sealed partial class OwnNode : IDisposable
{
    private static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);

    private readonly ApiClient _api;
    private readonly ObjectKey _key;
    private readonly string _machineIdPath;
    private readonly ILogger _logger;
    private ApiClient? _otherConnection;

    /// <summary>Reads nothing yet.</summary>
    /// <param name="api">The API server of the Node's cluster.</param>
    /// <param name="settings">The Node, and how to know its machine.</param>
    /// <param name="logger">Is told if it is another machine's.</param>
    public OwnNode(ApiClient api, ReclaimAgentSettings settings, ILogger logger)
    {
        (_api, _logger) = (api, logger);
        _key = new ObjectKey("", settings.NodeName);
        _machineIdPath = settings.MachineIdPath;
    }

    /// <summary>Its name.</summary>
    public string Name => _key.Name;

    /// <summary>Reads the Node, and writes on it.</summary>
    /// <param name="patch">A merge patch for the Node as it was read; null if there is nothing to write.</param>
    /// <param name="patience">How long both may take.</param>
    /// <param name="stop">Gives up.</param>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async Task<NodeWrite> TryWriteAsync(Func<NodeIdentity, byte[]?> patch, TimeSpan patience, CancellationToken stop)
    {
        using var impatience = new CancellationTokenSource(patience, _api.NetworkTime);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(impatience.Token, stop);
        try
        {
            return await WriteAsync(_otherConnection ?? _api, patch, either.Token);
        }
        catch (ApiException exception) when (exception.IsConflict)
        {
            return new NodeWrite(NodeWriteOutcome.Conflict);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            if (exception is ApiUnreachableException)
            {
                ConnectAnew();
            }

            return new NodeWrite(exception is ApiException { IsNotFound: true } ? NodeWriteOutcome.NoNode : NodeWriteOutcome.Failed, exception.Message);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            ConnectAnew();
            return new NodeWrite(NodeWriteOutcome.Failed, $"no answer within {patience.TotalSeconds:0} s");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _otherConnection?.Dispose();

    private async Task<NodeWrite> WriteAsync(ApiClient api, Func<NodeIdentity, byte[]?> patch, CancellationToken cancellationToken)
    {
        var node = await api.GetAsync(Nodes, _key, NodeIdentity.Decode, cancellationToken);
        if (!IsThisHost(node))
        {
            return new NodeWrite(NodeWriteOutcome.WrongHost);
        }

        if (patch(node) is not { } body)
        {
            return new NodeWrite(NodeWriteOutcome.NotNeeded);
        }

        await api.MergePatchAsync(Nodes, _key, body, Api.WellKnown.ReclaimAgentFieldManager, subresource: null, static _ => 0, cancellationToken);
        return new NodeWrite(NodeWriteOutcome.Written);
    }

    private bool IsThisHost(NodeIdentity node)
    {
        string own;
        try
        {
            own = File.ReadAllText(_machineIdPath).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            LogNoMachineId(_machineIdPath, exception.Message);
            return false;
        }

        if (own.Length > 0 && own == node.MachineId)
        {
            return true;
        }

        LogWrongHost(_key.Name, node.MachineId, own, _machineIdPath);
        return false;
    }

    // A connection that lost its peer without being told looks like a slow server, for as long as half a minute.
    private void ConnectAnew()
    {
        _otherConnection?.Dispose();
        _otherConnection = _api.ConnectTo(_api.Connection);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing is written on Node {Node}: it says to be machine \"{Other}\", and this one is \"{Own}\" ({Path}).")]
    private partial void LogWrongHost(string node, string other, string own, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing is written on any Node: which machine this is can't be read from {Path}: {Problem}")]
    private partial void LogNoMachineId(string path, string problem);
}
