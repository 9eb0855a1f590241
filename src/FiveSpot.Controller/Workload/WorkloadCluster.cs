// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// One workload cluster while machines need it: a client from its kubeconfig, one watch on its Nodes, and whether it
/// answers. The Secret is looked at again when a machine stands elsewhere than before and when a call fails, and, with a
/// back-off, while the cluster is in trouble or the Secret is not there, so that mended or rotated credentials take effect
/// by themselves.
/// </summary>
/// <remarks>
/// Without a Secret of Cluster API's convention the management cluster is a guess, which is right for the machines whose Node
/// it is seen to have. Of the others nothing is known, and nothing is written for them.
/// </remarks>
internal sealed partial class WorkloadCluster
{
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongEnough = TimeSpan.FromMinutes(10);

    private readonly Lock _lock = new();
    private readonly ClusterUsers _users = new();
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private readonly ApiClient _management;
    private readonly Action<ObjectKey> _wake;
    private readonly ILoggerFactory _loggers;
    private readonly ILogger _logger;

    // A reason to look at the Secret again; however many there are, one look serves them all.
    private readonly Channel<bool> _lookAgain = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly WorkloadSettings _settings;
    private ClusterReachability? _state;
    private string? _counted;
    private DateTimeOffset _lookedForFailure;
    private volatile bool _isInTrouble;
    private volatile bool _isSecretGone;

    // Whether what is reported by now may be of another cluster, or of another kubeconfig.
    private bool _hasFormer;
    private volatile ClusterSession? _session;

    public WorkloadCluster(
        ClusterPlace place, bool isAnother, ApiClient management, WorkloadSettings settings, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        Place = place;

        // What a machine says of the cluster that it was looked for in before, says nothing of this one.
        _hasFormer = isAnother;
        _state = isAnother ? ClusterReachability.Connecting : null;
        _management = management;
        _settings = settings;
        _wake = wake;
        _loggers = loggers;
        _logger = loggers.CreateLogger<WorkloadCluster>();
        _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
        _stopped = _stop.Token;
        Count("unknown");
        _ = Task.Run(RunAsync, CancellationToken.None);
    }

    public ClusterPlace Place { get; }

    /// <summary>The client and all that goes by it; null while there is none.</summary>
    public ClusterSession? Session => _session;

    /// <summary>Remembers a machine as a user.</summary>
    /// <param name="key">The machine.</param>
    /// <param name="found">Its Machine.</param>
    /// <param name="phase">The phase that was reported of it last: another one is a boundary, whose first call is made by
    /// the time that it is reported.</param>
    public void Use(ObjectKey key, CapiMachine found, string? phase)
    {
        if (_users.Use(key, found, phase))
        {
            // A good moment to see whether the Secret is still the one that was read.
            _lookAgain.Writer.TryWrite(true);
        }
    }

    /// <summary>What is known of the Node of a machine that is a user, and of what is under way on it.</summary>
    /// <param name="machine">The Machine.</param>
    /// <param name="wantsAgent">Whether its Node is to have a reclaim agent.</param>
    public NodeView Find(CapiMachine machine, bool wantsAgent)
    {
        var reachability = Volatile.Read(ref _state);
        if (_session is not { } session)
        {
            return new NodeView(new NodeObservation(NodeState.Unknown) { Name = machine.NodeName }) { Cluster = reachability };
        }

        // The Nodes are there a moment before that is told: one look must not say the one without the other.
        if (reachability is null or { Reason: ConditionReasons.Connecting } && session.Nodes is { HasSynced: true, Trouble: null })
        {
            reachability = Reachable(session.Nodes);
        }

        var work = session.WorkOf(machine.Key);
        var node = Find(machine, session, work);
        if (session.IsGuess && !IsShown(machine, session, node))
        {
            return new NodeView(new NodeObservation(NodeState.Unknown) { Name = machine.NodeName }) { Cluster = Guessed(reachability, machine) };
        }

        var pods = work.Pods(machine, node.Node is { IsUnreachable: true }, out var trouble);
        return new NodeView(node)
        {
            Cluster = reachability,
            IsGuess = session.IsGuess,
            Cordon = work.StateOf(NodeWork.Cordon),
            Taints = work.StateOf(NodeWork.Taints),
            Pods = pods,
            PodTrouble = trouble,
            AgentConfig = node.Node is { } known && (wantsAgent || AgentSetup.IsOn(known))
                ? session.ReclaimConfigs.Find(known.Metadata.Name)
                : null,
            Agent = work.StateOf(NodeWork.Agent),
            RequestCleared = work.StateOf(NodeWork.ReclaimRequest),
        };
    }

    /// <summary>A machine needs the cluster no more.</summary>
    /// <returns>Whether nobody does.</returns>
    public bool Release(ObjectKey machine)
    {
        _session?.Release(machine);
        return _users.Release(machine);
    }

    /// <summary>Ends the watch, and the client.</summary>
    public void Close()
    {
        Count(state: null);
        _stop.Cancel();
        _stop.Dispose();
    }

    private static NodeObservation Find(CapiMachine machine, ClusterSession session, NodeWork work)
    {
        var node = session.Nodes.Find(machine);
        if (node.Node is { } known)
        {
            work.Seen = (machine.Uid, known.Metadata.Name);
        }
        else if (node.State is NodeState.Missing or NodeState.None && work.Seen is { } seen && seen.Machine == machine.Uid)
        {
            return new NodeObservation(NodeState.Deleted, Detail: $"Node {seen.Node} was deleted.") { Name = seen.Node };
        }

        return node;
    }

    // The Node may be there without being known: two of one providerID, say. It is the cluster all the same.
    private bool IsShown(CapiMachine machine, ClusterSession session, NodeObservation node)
    {
        var isShown = node.State is NodeState.Deleted || (machine.ProviderId is { } id && session.Nodes.Has(id));
        if (session.SetShown(machine.Key, isShown))
        {
            if (isShown)
            {
                Count("reachable");
            }
            else
            {
                _lookAgain.Writer.TryWrite(true);
            }
        }

        return isShown;
    }

    private async Task RunAsync()
    {
        var retry = FirstRetry;
        try
        {
            while (!_stopped.IsCancellationRequested)
            {
                var began = _management.NetworkTime.GetTimestamp();
                try
                {
                    // Until the Secret is another one: how often that is looked at bounds how often this is done.
                    await OpenAsync();
                    retry = FirstRetry;
                    continue;
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    // Whatever it was: what a stranger wrote must not end the attempts, without a word and for good.
                    Settle(Unreachable(exception));
                    retry = _management.NetworkTime.GetElapsedTime(began) > LongEnough ? FirstRetry : retry;
                }

                await Task.Delay(retry, _management.NetworkTime, _stopped);
                retry = Longer(retry);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody needs it any more.
        }
    }

    /// <summary>Opens a client and watches, until the Secret has another kubeconfig.</summary>
    private async Task OpenAsync()
    {
        _lookAgain.Reader.TryRead(out _);
        var secret = await ReadSecretAsync();
        if (secret is null && Place.IsAskedFor)
        {
            throw new ClusterConnectionException($"spec.kubeconfigSecretRef: there is no Secret {Place.Secret.Name} in namespace {Place.Secret.Namespace}.");
        }

        var opened = secret?.ToCompare();
        using var share = secret is null ? null : _settings.Caches.Open(Place.Secret.Namespace);
        share?.Take(0, CacheLimits.LeastOfAServer);
        using var own = secret is null ? null : _management.ConnectTo(
            ClusterConnection.FromKubeconfig(secret.Kubeconfig(Place), $"Secret {Place.Secret}, key {Place.Key}", _settings.Kubeconfigs), share);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(_stopped);
        var wakes = new PacedWakes(_wake, share, _management.NetworkTime, watching.Token);
        var nodes = new NodeWatch(own ?? _management, WakeMachinesOf, OnStateChanged, _loggers, _users.Claim);
        using var session = new ClusterSession(
            nodes, _settings, wakes.Wake, node => WakeMachinesOf(node, nodes.ProviderIdOf(node)), OnFailure, _loggers, watching.Token)
        { IsGuess = own is null };
        _isInTrouble = _isSecretGone = false;

        // What was known of another cluster says nothing of this one; of the first there is no news. That it is too large is told
        // until it is seen not to be.
        if (Volatile.Read(ref _state)?.Reason != ConditionReasons.TooLarge)
        {
            Volatile.Write(ref _state, _hasFormer ? ClusterReachability.Connecting : null);
        }

        _hasFormer = true;
        _session = session;
        if (own is null)
        {
            LogGuess(Place.Secret);
        }
        else
        {
            LogOpened(Place.Secret);
            LogAddress(Place.Secret, nodes.Api.Connection.Server);
        }

        void WakeMachinesOf(string node, string? providerId)
        {
            foreach (var key in _users.Of(node, providerId))
            {
                wakes.Wake(key);
            }
        }

        var running = Task.Run(() => nodes.RunAsync(watching.Token));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(_stopped, share?.Exceeded ?? CancellationToken.None);
        try
        {
            await AwaitOtherKubeconfigAsync(session, opened, ending.Token);
        }
        catch (OperationCanceledException) when (share?.Excess is not null && !_stopped.IsCancellationRequested)
        {
            throw share.Excess;
        }
        finally
        {
            // First of all, so that nobody begins to use a client that ends.
            _session = null;
            await watching.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // At rest it is never looked at.
    private async Task AwaitOtherKubeconfigAsync(ClusterSession session, KubeconfigSecret? opened, CancellationToken stop)
    {
        var retry = FirstRetry;
        while (true)
        {
            await AwaitReasonToLookAsync(IsToBeLookedAtAgain(session) ? retry : Timeout.InfiniteTimeSpan, stop);
            try
            {
                var now = await ReadSecretAsync();
                if (now is not null && !now.IsSame(opened))
                {
                    return;
                }

                SetSecretGone(now is null && opened is not null);
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
            {
                // The management cluster is in trouble itself; what is open goes on.
                LogUnread(Place.Secret, exception.Message);
            }

            // A thousand machines may come to a boundary at one instant: the next look is for all that came since.
            await Task.Delay(FirstRetry, _management.NetworkTime, stop);
            retry = IsToBeLookedAtAgain(session) ? Longer(retry) : FirstRetry;
        }
    }

    private bool IsToBeLookedAtAgain(ClusterSession session) => session.Nodes.Trouble is not null || _isSecretGone || session.IsDoubted;

    private async Task AwaitReasonToLookAsync(TimeSpan atMost, CancellationToken stop)
    {
        using var late = new CancellationTokenSource(atMost, _management.NetworkTime);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await _lookAgain.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // Time is a reason too.
        }
    }

    private Task<KubeconfigSecret?> ReadSecretAsync() => _management.TryGetAsync(Secrets, Place.Secret, json => KubeconfigSecret.Read(json, Place.Key), _stopped);

    // Deleted by mistake, or about to be made again: the cluster that it led to was the right one, and goes on to be it.
    private void SetSecretGone(bool isGone)
    {
        if (_isSecretGone != isGone)
        {
            _isSecretGone = isGone;
            OnStateChanged();
        }
    }

    private static TimeSpan Longer(TimeSpan retry) => retry * 2 < LongestRetry ? retry * 2 : LongestRetry;

    private void OnStateChanged()
    {
        if (_session?.Nodes is not { } nodes)
        {
            return;
        }

        var wasInTrouble = _isInTrouble;
        _isInTrouble = nodes.Trouble is not null;
        if (nodes.Trouble is TooLargeException)
        {
            // Whoever waits for the end of the session tells it.
            return;
        }

        if (nodes.Trouble is { } trouble)
        {
            if (!wasInTrouble)
            {
                _lookAgain.Writer.TryWrite(true);
            }

            if (nodes.TroubleLasts)
            {
                Settle(Unreachable(trouble, nodes.Api.Connection.Source));
            }
        }
        else if (nodes.HasSynced)
        {
            Settle(Reachable(nodes));
        }
    }

    // The credentials of an open watch may have been withdrawn long ago: it is the next call that shows it. A call that keeps
    // failing has its own bound, which leaves room for no more than one look a minute.
    private void OnFailure()
    {
        var now = _settings.Clock.GetUtcNow();
        lock (_lock)
        {
            if (now - _lookedForFailure < LongestRetry && now >= _lookedForFailure)
            {
                return;
            }

            _lookedForFailure = now;
        }

        _lookAgain.Writer.TryWrite(true);
    }

    private ClusterReachability Reachable(NodeWatch nodes) => new(
        ConditionStatus.True,
        ConditionReasons.Reachable,
        $"The Nodes of {(nodes.Api == _management ? "the management cluster" : nodes.Api.Connection.ServerName)} are watched.{Gone(" 5-Spot goes on with what it had, until it is started anew.")}");

    private ClusterReachability Unreachable(Exception cause, string? source = null) => new(
        ConditionStatus.False,
        cause switch
        {
            ClusterConnectionException => ConditionReasons.KubeconfigUnusable,
            TooLargeException => ConditionReasons.TooLarge,
            ApiException { IsUnauthorized: true } or ApiException { IsForbidden: true } => ConditionReasons.AccessDenied,
            _ => ConditionReasons.Unreachable,
        },
        cause is ApiException { IsUnauthorized: true } or ApiException { IsForbidden: true } && source is not null
            ? $"{cause.Message}. The credentials are those of the {source}.{Gone("")}"
            : _isSecretGone ? $"{cause.Message.TrimEnd('.')}.{Gone("")}" : cause.Message);

    private string Gone(string and) => _isSecretGone ? $" Secret {Place.Secret.Name} is not there any more.{and}" : "";

    // Whether it answers matters only once it is known to be the cluster.
    private ClusterReachability? Guessed(ClusterReachability? reachability, CapiMachine machine) => reachability is null ? null : new(
        ConditionStatus.Unknown,
        ConditionReasons.KubeconfigNotFound,
        $"There is no Secret {Place.Secret}, and "
        + (reachability.Status != ConditionStatus.True ? $"whether the management cluster has the Node can't be told: {reachability.Message.TrimEnd('.')}"
            : machine.ProviderId is { } id ? $"the management cluster has no Node with providerID {id}"
            : "the Machine has no providerID by which the management cluster could be told to have its Node")
        + ": which cluster the machine joins is not known, and nothing is written to any. The Secret is looked for again, every minute at the latest.");

    private void Settle(ClusterReachability state)
    {
        if (Interlocked.Exchange(ref _state, state) == state)
        {
            return;
        }

        Count(state.Status != ConditionStatus.True ? "unreachable" : _session is { IsGuess: true, IsShown: false } ? "unknown" : "reachable");
        LogState(Place.Secret, state.Reason, state.Message);
        foreach (var key in _users.All())
        {
            _wake(key);
        }
    }

    private void Count(string? state)
    {
        lock (_lock)
        {
            // Closed, it is in no state any more, whatever a last call may yet say.
            if (_counted == state || (_counted is null && state != "unknown"))
            {
                return;
            }

            ControllerMetrics.WorkloadCluster(_counted, state);
            _counted = state;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workload cluster of Secret {Secret}: watching its Nodes.")]
    private partial void LogOpened(ObjectKey secret);

    // For who may read logs at this level, which are not on unless somebody looks for something.
    [LoggerMessage(Level = LogLevel.Debug, Message = "Workload cluster of Secret {Secret}: its server is {Server}.")]
    private partial void LogAddress(ObjectKey secret, Uri server);

    [LoggerMessage(Level = LogLevel.Information, Message = "There is no Secret {Secret}: the management cluster is taken for the workload cluster of those machines whose Nodes it has.")]
    private partial void LogGuess(ObjectKey secret);

    [LoggerMessage(Level = LogLevel.Information, Message = "Workload cluster of Secret {Secret}: {Reason}. {Message}")]
    private partial void LogState(ObjectKey secret, string reason, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether Secret {Secret} has changed can't be told: {Reason}")]
    private partial void LogUnread(ObjectKey secret, string reason);
}
