// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Controller.Reclaim;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// One workload cluster while machines need it: a client from its kubeconfig, one watch on its Nodes, and whether it
/// answers. While it does not, the Secret is read again before each new attempt, so that mended or rotated credentials
/// take effect by themselves.
/// </summary>
internal sealed partial class WorkloadCluster
{
    private static readonly ResourceType Secrets = new("", "v1", "secrets", "Secret", Namespaced: true);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<ObjectKey, string> _nodeOf = [];
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
    private volatile ClusterSession? _session;

    public WorkloadCluster(
        ClusterPlace place, ApiClient management, WorkloadSettings settings, Action<ObjectKey> wake, ILoggerFactory loggers, CancellationToken stop)
    {
        Place = place;
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
    public void Use(CapiMachine machine)
    {
        lock (_lock)
        {
            if (!_nodeOf.TryGetValue(machine.Key, out var known) || known != machine.NodeName)
            {
                _nodeOf[machine.Key] = machine.NodeName!;
                // Somebody new: a good moment to see whether the Secret is still the one that was read.
                _lookAgain.Writer.TryWrite(true);
            }
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
            return new NodeView(new NodeObservation(NodeState.Unknown)) { Cluster = reachability };
        }

        // The Nodes are there a moment before that is told: one look must not say the one without the other.
        reachability ??= session.Nodes is { HasSynced: true, Trouble: null } ? Reachable(session.Nodes) : null;
        var node = session.Nodes.Find(machine);
        var work = session.WorkOf(machine.Key);
        if (node.State is NodeState.Known)
        {
            work.SeenNode = machine.NodeName;
        }
        else if (node.State is NodeState.Missing && work.SeenNode == machine.NodeName)
        {
            node = new NodeObservation(NodeState.Deleted);
        }

        var pods = work.Pods(DrainRules.None, node.Node is { IsUnreachable: true }, out var trouble);
        return new NodeView(node)
        {
            Cluster = reachability,
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
        lock (_lock)
        {
            _nodeOf.Remove(machine);
            _session?.Release(machine);
            return _nodeOf.Count == 0;
        }
    }

    /// <summary>Ends the watch, and the client.</summary>
    public void Close()
    {
        Count(state: null);
        _stop.Cancel();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        var retry = FirstRetry;
        try
        {
            while (!_stopped.IsCancellationRequested)
            {
                try
                {
                    if (await OpenAsync())
                    {
                        retry = FirstRetry;
                    }
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
                {
                    // Whatever it was: what a stranger wrote must not end the attempts, without a word and for good.
                    Settle(Unreachable(exception));
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

    /// <summary>Opens a client and watches, until the Secret is another one.</summary>
    /// <returns>Whether the cluster was reached.</returns>
    private async Task<bool> OpenAsync()
    {
        _lookAgain.Reader.TryRead(out _);
        var secret = await _management.TryGetAsync(Secrets, Place.Secret, KubeconfigSecret.Read, _stopped);
        if (secret is null && Place.IsAskedFor)
        {
            throw new ClusterConnectionException($"spec.kubeconfigSecretRef: there is no Secret {Place.Secret.Name} in namespace {Place.Secret.Namespace}.");
        }

        using var own = secret is null ? null : _management.ConnectTo(
            ClusterConnection.FromKubeconfig(secret.Kubeconfig(Place), $"Secret {Place.Secret}, key {Place.Key}", _settings.Kubeconfigs));
        var nodes = new NodeWatch(own ?? _management, WakeMachinesOf, OnStateChanged, _loggers);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(_stopped);
        using var session = new ClusterSession(nodes, _settings, _wake, WakeMachinesOf, _loggers, watching.Token);
        _session = session;
        LogOpened(Place.Secret, nodes.Api.Connection.Server);
        var running = Task.Run(() => nodes.RunAsync(watching.Token));
        try
        {
            await AwaitOtherSecretAsync(nodes, secret);
        }
        finally
        {
            // First of all, so that nobody begins to use a client that ends.
            _session = null;
            await watching.CancelAsync();
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return nodes.HasSynced;
    }

    // Looked at when the cluster is in trouble, and when somebody new needs it. At rest, never.
    private async Task AwaitOtherSecretAsync(NodeWatch nodes, KubeconfigSecret? opened)
    {
        var retry = FirstRetry;
        while (true)
        {
            if (nodes.Trouble is not null)
            {
                await Task.Delay(retry, _management.NetworkTime, _stopped);
                retry = Longer(retry);
                _lookAgain.Reader.TryRead(out _);
            }
            else
            {
                retry = FirstRetry;
                await _lookAgain.Reader.ReadAsync(_stopped);
            }

            try
            {
                var now = await _management.TryGetAsync(Secrets, Place.Secret, KubeconfigSecret.Read, _stopped);
                if (now?.ResourceVersion != opened?.ResourceVersion)
                {
                    return;
                }
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
            {
                // The management cluster is in trouble itself; what is open goes on.
                LogUnread(Place.Secret, exception.Message);
            }
        }
    }

    private static TimeSpan Longer(TimeSpan retry) => retry * 2 < LongestRetry ? retry * 2 : LongestRetry;

    private void OnStateChanged()
    {
        if (_session?.Nodes is not { } nodes)
        {
            return;
        }

        if (nodes.Trouble is { } trouble)
        {
            _lookAgain.Writer.TryWrite(true);
            Settle(Unreachable(trouble, nodes.Api.Connection.Source));
        }
        else if (nodes.HasSynced)
        {
            Settle(Reachable(nodes));
        }
    }

    private static ClusterReachability Reachable(NodeWatch nodes) =>
        new(ConditionStatus.True, ConditionReasons.Reachable, $"The Nodes of {nodes.Api.Connection.Server} are watched.");

    private static ClusterReachability Unreachable(Exception cause, string? source = null) => new(
        ConditionStatus.False,
        cause switch
        {
            ClusterConnectionException => ConditionReasons.KubeconfigUnusable,
            ApiException { IsUnauthorized: true } or ApiException { IsForbidden: true } => ConditionReasons.AccessDenied,
            _ => ConditionReasons.Unreachable,
        },
        cause is ApiException { IsUnauthorized: true } or ApiException { IsForbidden: true } && source is not null
            ? $"{cause.Message}. The credentials are those of the {source}."
            : cause.Message);

    private void Settle(ClusterReachability state)
    {
        if (Interlocked.Exchange(ref _state, state) == state)
        {
            return;
        }

        Count(state.Status == ConditionStatus.True ? "reachable" : "unreachable");
        LogState(Place.Secret, state.Reason, state.Message);
        ObjectKey[] users;
        lock (_lock)
        {
            users = [.. _nodeOf.Keys];
        }

        foreach (var key in users)
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

    private void WakeMachinesOf(string node)
    {
        List<ObjectKey> users = [];
        lock (_lock)
        {
            foreach (var (key, name) in _nodeOf)
            {
                if (name == node)
                {
                    users.Add(key);
                }
            }
        }

        users.ForEach(_wake);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Workload cluster of Secret {Secret}: watching the Nodes of {Server}.")]
    private partial void LogOpened(ObjectKey secret, Uri server);

    [LoggerMessage(Level = LogLevel.Information, Message = "Workload cluster of Secret {Secret}: {Reason}. {Message}")]
    private partial void LogState(ObjectKey secret, string reason, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Whether Secret {Secret} has changed can't be told: {Reason}")]
    private partial void LogUnread(ObjectKey secret, string reason);
}
