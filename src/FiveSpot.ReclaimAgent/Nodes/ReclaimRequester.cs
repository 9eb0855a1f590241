// SPDX-License-Identifier: Apache-2.0

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

    private readonly TimeProvider _time;
    private readonly OwnNode _node;
    private readonly Func<ReclaimConfig> _config;
    private readonly AgentMetrics _metrics;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _wished = new(0);
    private readonly Lock _lock = new();
    private ProcessMatch? _wish;
    private ProcessMatch? _later;

    /// <summary>A requester that does nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="api">The API server of the Node's cluster.</param>
    /// <param name="settings">The Node, and how to know its machine.</param>
    /// <param name="config">What is in force now: a wish for what is not asked for any more is dropped.</param>
    /// <param name="metrics">Is told of each attempt.</param>
    /// <param name="logger">Is told what a person should know.</param>
    public ReclaimRequester(
        ApiClient api, ReclaimAgentSettings settings, Func<ReclaimConfig> config, AgentMetrics metrics, ILogger logger)
    {
        // Processes, and the network, live in real time.
        (_time, _config, _metrics, _logger) = (api.NetworkTime, config, metrics, logger);
        _node = new OwnNode(api, settings, logger);
    }

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
                    await Task.Delay(BetweenLooks, _time, stop);
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
        _node.Dispose();
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
                case NodeWriteOutcome.Written or NodeWriteOutcome.NotNeeded:
                    return true;
                case NodeWriteOutcome.Conflict when conflicts++ < ConflictsAtOnce:
                    break;
                case NodeWriteOutcome.WrongHost:
                    await Task.Delay(WrongHostPause, _time, stop);
                    break;
                default:
                    var longest = FirstBackOff * Math.Pow(2, Math.Min(failures++, 10));
                    longest = longest < LongestBackOff ? longest : LongestBackOff;
                    await Task.Delay(longest * (0.5 + (0.5 * Random.Shared.NextDouble())), _time, stop);
                    break;
            }
        }

        LogNotWanted(wish.Pattern.Text);
        return false;
    }

    private async Task<NodeWriteOutcome> AttemptAsync(ProcessMatch wish, CancellationToken stop)
    {
        var write = await _node.TryWriteAsync(node => node.IsReclaimRequested ? null : ReclaimRequest.PatchFor(node, wish), Patience, stop);
        _metrics.Write(write.Outcome switch
        {
            NodeWriteOutcome.Written => "written",
            NodeWriteOutcome.NotNeeded => "already",
            NodeWriteOutcome.WrongHost => "wrong_host",
            NodeWriteOutcome.Conflict => "conflict",
            _ => "failed",
        });
        if (write.Outcome is NodeWriteOutcome.Written)
        {
            LogRequested(_node.Name, ReclaimRequest.ReasonOf(wish), wish.Pid);
        }
        else if (write.Outcome is NodeWriteOutcome.Failed or NodeWriteOutcome.NoNode)
        {
            LogFailed(wish.Pattern.Text, _node.Name, write.Problem);
        }

        return write.Outcome;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The owner of this machine wants it back: {Reason} (process {Pid}). Its reclaim is requested on Node {Node}.")]
    private partial void LogRequested(string node, string reason, int pid);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Pattern} was started; the reclaim can't be requested on Node {Node}, and is tried again: {Problem}")]
    private partial void LogFailed(string pattern, string node, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Pattern} was started, and is not asked for any more: no reclaim is requested.")]
    private partial void LogNotWanted(string pattern);
}
