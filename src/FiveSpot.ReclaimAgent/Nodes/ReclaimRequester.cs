// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>
/// Requests the reclaim on the agent's own Node when something has matched. Many matches are one wish; a wish is kept until
/// the Node says that the reclaim is requested, though the program may have ended by then: its owner did start it.
/// </summary>
internal sealed partial class ReclaimRequester : IDisposable
{
    private static readonly ResourceType Nodes = new("", "v1", "nodes", "Node", Namespaced: false);

    // The owner sits there and waits.
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(5);

    // Kubelets write their Node about as often as this loop takes; a second refusal is unlikely.
    private const int ConflictsAtOnce = 5;

    // A program that starts many others must not make as many requests.
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    // Of one look and write; a healthy server takes milliseconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    // A Node of another machine does not become ours by being asked again; its status may have been late.
    private static readonly TimeSpan WrongHostPause = ProcessWatch.SweepInterval;

    private readonly ApiClient _api;
    private readonly ObjectKey _node;
    private readonly string _machineIdPath;
    private readonly Func<ReclaimConfig> _config;
    private readonly AgentMetrics _metrics;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _wished = new(0);
    private readonly Lock _lock = new();
    private ProcessMatch? _wish;
    private ProcessMatch? _later;
    private ApiClient? _otherConnection;

    /// <summary>A requester that does nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="api">The API server of the Node's cluster.</param>
    /// <param name="settings">The Node, and how to know its machine.</param>
    /// <param name="config">What is in force now: a wish for what is not asked for any more is dropped.</param>
    /// <param name="metrics">Is told of each attempt.</param>
    /// <param name="logger">Is told what a person should know.</param>
    public ReclaimRequester(
        ApiClient api, ReclaimAgentSettings settings, Func<ReclaimConfig> config, AgentMetrics metrics, ILogger logger)
    {
        (_api, _config, _metrics, _logger) = (api, config, metrics, logger);
        _node = new ObjectKey("", settings.NodeName);
        _machineIdPath = settings.MachineIdPath;
    }

    private enum Outcome
    {
        Settled,
        WrongHost,
        Conflict,
        Failed,
    }

    // Processes, and the network, live in real time.
    private TimeProvider Time => _api.NetworkTime;

    /// <summary>Something matched. Returns at once; the first of several gives the reason.</summary>
    public void Request(ProcessMatch match)
    {
        lock (_lock)
        {
            if (_wish is not null)
            {
                _later = match;
                return;
            }

            _wish = match;
        }

        _wished.Release();
    }

    /// <summary>Makes wishes come true until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _wished.WaitAsync(stop);
                var isRequested = await FulfilAsync(_wish!.Value, stop);
                if (isRequested)
                {
                    // What is noticed so soon after is of the same wish: asked for later, it might come after the request
                    // was served and cleared.
                    await Task.Delay(BetweenLooks, Time, stop);
                }

                lock (_lock)
                {
                    (_wish, _later) = (isRequested ? null : _later, null);
                    if (_wish is not null)
                    {
                        _wished.Release();
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _otherConnection?.Dispose();
        _wished.Dispose();
    }

    /// <summary>Sees to it that the reclaim is requested; false if that is not asked for any more.</summary>
    private async Task<bool> FulfilAsync(ProcessMatch wish, CancellationToken stop)
    {
        var (failures, conflicts) = (0, 0);
        while (_config().Contains(wish.Pattern))
        {
            var outcome = await AttemptAsync(wish, stop);
            switch (outcome)
            {
                case Outcome.Settled:
                    return true;
                case Outcome.Conflict when conflicts++ < ConflictsAtOnce:
                    break;
                case Outcome.WrongHost:
                    await Task.Delay(WrongHostPause, Time, stop);
                    break;
                default:
                    var longest = FirstBackOff * Math.Pow(2, Math.Min(failures++, 10));
                    longest = longest < LongestBackOff ? longest : LongestBackOff;
                    await Task.Delay(longest * (0.5 + (0.5 * Random.Shared.NextDouble())), Time, stop);
                    break;
            }
        }

        LogNotWanted(wish.Pattern.Text);
        return false;
    }

    private async Task<Outcome> AttemptAsync(ProcessMatch wish, CancellationToken stop)
    {
        using var patience = new CancellationTokenSource(Patience, Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stop);
        try
        {
            return await AttemptAsync(_otherConnection ?? _api, wish, either.Token);
        }
        catch (ApiException exception) when (exception.IsConflict)
        {
            _metrics.Write("conflict");
            return Outcome.Conflict;
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            if (exception is ApiUnreachableException)
            {
                ConnectAnew();
            }

            return Failed(wish, exception.Message);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            ConnectAnew();
            return Failed(wish, $"no answer within {Patience.TotalSeconds:0} s");
        }
    }

    private async Task<Outcome> AttemptAsync(ApiClient api, ProcessMatch wish, CancellationToken cancellationToken)
    {
        var node = await api.GetAsync(Nodes, _node, NodeIdentity.Decode, cancellationToken);
        if (!IsThisHost(node))
        {
            _metrics.Write("wrong_host");
            return Outcome.WrongHost;
        }

        if (node.IsReclaimRequested)
        {
            _metrics.Write("already");
            return Outcome.Settled;
        }

        await api.MergePatchAsync(
            Nodes, _node, ReclaimRequest.PatchFor(node, wish), WellKnown.ReclaimAgentFieldManager, subresource: null, static _ => 0, cancellationToken);
        _metrics.Write("written");
        LogRequested(_node.Name, ReclaimRequest.ReasonOf(wish), wish.Pid);
        return Outcome.Settled;
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

        LogWrongHost(_node.Name, node.MachineId, own, _machineIdPath);
        return false;
    }

    private Outcome Failed(ProcessMatch wish, string problem)
    {
        _metrics.Write("failed");
        LogFailed(wish.Pattern.Text, _node.Name, problem);
        return Outcome.Failed;
    }

    // A connection that lost its peer without being told looks like a slow server, for as long as half a minute.
    private void ConnectAnew()
    {
        _otherConnection?.Dispose();
        _otherConnection = _api.ConnectTo(_api.Connection);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The owner of this machine wants it back: {Reason} (process {Pid}). Its reclaim is requested on Node {Node}.")]
    private partial void LogRequested(string node, string reason, int pid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Pattern} was started; the reclaim can't be requested on Node {Node}, and is tried again: {Problem}")]
    private partial void LogFailed(string pattern, string node, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing is written on Node {Node}: it says to be machine \"{Other}\", and this one is \"{Own}\" ({Path}).")]
    private partial void LogWrongHost(string node, string other, string own, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "Nothing is written on any Node: which machine this is can't be read from {Path}: {Problem}")]
    private partial void LogNoMachineId(string path, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Pattern} was started, and is not asked for any more: no reclaim is requested.")]
    private partial void LogNotWanted(string pattern);
}
