// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>
/// Says on the agent's own Node by which configuration it watches: when it takes one up, and no more until the next. When it stops
/// it takes that back, if somebody answers: an agent that dies leaves it, and its successor finds it there.
/// </summary>
internal sealed partial class WatchingReporter : IDisposable
{
    // The controller waits for a minute before it tells people.
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromMinutes(1);

    // Of one look and write; a healthy server takes milliseconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Whoever stops it waits for that.
    private static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(1);

    // Kubelets write their Node, too.
    private const int ConflictsAtTheEnd = 3;

    private readonly TimeProvider _time;
    private readonly OwnNode _node;
    private readonly Func<string?> _watching;
    private readonly ILogger _logger;

    // However many there are, one report serves them all.
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _hasReported;

    /// <summary>Reports nothing until <see cref="RunAsync"/>.</summary>
    /// <param name="api">The API server of the Node's cluster.</param>
    /// <param name="settings">The Node, and how to know its machine.</param>
    /// <param name="watching">Stands for the configuration by which the agent watches now; null for none.</param>
    /// <param name="logger">Is told what a person should know.</param>
    public WatchingReporter(ApiClient api, ReclaimAgentSettings settings, Func<string?> watching, ILogger logger)
    {
        (_time, _watching, _logger) = (api.NetworkTime, watching, logger);
        _node = new OwnNode(api, settings, logger);
    }

    /// <summary>The agent has taken a configuration up. Returns at once; whatever failed before, it is reported now. If it is the same again the Node is looked at all the same:
    /// it may be another one.</summary>
    public void Report() => _news.Writer.TryWrite(true);

    /// <summary>Reports until told to stop.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _news.Reader.ReadAsync(stop);
                await ReportAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            if (_hasReported)
            {
                await TakeBackAsync();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _node.Dispose();

    private async Task ReportAsync(CancellationToken stop)
    {
        for (var failures = 0; ; failures++)
        {
            var hash = _watching();
            _hasReported |= hash is not null;
            var write = await _node.TryWriteAsync(node => WatchingReport.PatchFor(node, hash), Patience, stop);
            switch (write.Outcome)
            {
                case NodeWriteOutcome.Written:
                    LogReported(_node.Name, hash ?? "none");
                    return;
                case NodeWriteOutcome.NotNeeded:
                case NodeWriteOutcome.NoNode when hash is null:
                    return;
                case NodeWriteOutcome.Failed or NodeWriteOutcome.NoNode:
                    LogFailed(_node.Name, write.Problem);
                    break;
                default:
                    break;
            }

            var longest = FirstBackOff * Math.Pow(2, Math.Min(failures, 10));
            if (await PauseAsync(longest < LongestBackOff ? longest : LongestBackOff, stop))
            {
                return;
            }
        }
    }

    /// <summary>Waits for so long, or for news.</summary>
    /// <returns>Whether there are any.</returns>
    private async Task<bool> PauseAsync(TimeSpan time, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var news = _news.Reader.WaitToReadAsync(ending.Token).AsTask();
        await Task.WhenAny(Task.Delay(time, _time, ending.Token), news);
        var hasNews = news.IsCompletedSuccessfully;
        await ending.CancelAsync();
        stop.ThrowIfCancellationRequested();
        return hasNews;
    }

    // Best effort: who hears nothing of it waits a minute, and knows then.
    private async Task TakeBackAsync()
    {
        NodeWrite write;
        var attempts = 0;
        do
        {
            write = await _node.TryWriteAsync(static node => WatchingReport.PatchFor(node, hash: null), PatienceAtTheEnd, CancellationToken.None);
        }
        while (write.Outcome is NodeWriteOutcome.Conflict && ++attempts < ConflictsAtTheEnd);
        if (write.Outcome is NodeWriteOutcome.Failed)
        {
            LogNotTakenBack(_node.Name, write.Problem);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Node {Node} says by which configuration this agent watches: {Hash}.")]
    private partial void LogReported(string node, string hash);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} can't be told by which configuration this agent watches; it is tried again: {Problem}")]
    private partial void LogFailed(string node, string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Node {Node} goes on saying that this agent watches, though it stops: {Problem}")]
    private partial void LogNotTakenBack(string node, string problem);
}
