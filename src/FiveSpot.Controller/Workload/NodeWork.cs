// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// What is under way on the Node of one machine: calls that were started, and, while it is drained, the watch on its Pods.
/// None of it is needed to know what to do next: lost with the process, it is begun again from what the cluster shows.
/// </summary>
internal sealed class NodeWork : IDisposable
{
    /// <summary>The call that cordons the Node, or lifts a cordon.</summary>
    public const string Cordon = "cordon";

    /// <summary>The call that writes the Node's taints.</summary>
    public const string Taints = "taints";

    /// <summary>The call that sets the reclaim agent up, or takes it away.</summary>
    public const string Agent = "reclaim agent";

    /// <summary>The call that takes a reclaim request off the Node.</summary>
    public const string ReclaimRequest = "reclaim request";

    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    // A budget allows the next Pod as soon as the one before is ready elsewhere, which nothing that is watched here shows.
    private static readonly TimeSpan LongestEvictionRetry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    // The watch shows within moments that an accepted eviction has begun. If it doesn't, it is asked for again.
    private static readonly TimeSpan ShownWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, CallState> _calls = new(StringComparer.Ordinal);
    private readonly HashSet<string> _concerned = new(StringComparer.Ordinal);
    private readonly ClusterSession _session;
    private readonly Action _wake;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private PodWatch? _pods;
    private volatile bool _deletes;
    private (DateTimeOffset At, DrainProgress Progress)? _told;

    public NodeWork(ClusterSession session, Action wake)
    {
        _session = session;
        _wake = wake;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(session.Stopped);
        _stopped = _stop.Token;
    }

    /// <summary>Uid of the Machine whose Node has been seen to be there in this session, and the Node's name; null if none was.
    /// </summary>
    public (string Machine, string Node)? Seen { get; set; }

    /// <summary>How many calls are under way.</summary>
    public int CallsUnderWay
    {
        get
        {
            lock (_lock)
            {
                return _calls.Values.Count(call => call.IsUnderWay);
            }
        }
    }

    /// <summary>What has become of a call.</summary>
    public CallState StateOf(string call)
    {
        lock (_lock)
        {
            return _calls.GetValueOrDefault(call, CallState.None);
        }
    }

    /// <summary>Starts a write on the Node's cluster, unless it is under way; the machine is woken when it is over.</summary>
    /// <param name="call">Which one.</param>
    /// <param name="write">Makes it, and puts the answer into the cache.</param>
    /// <param name="isShownLater">Whether a watch alone shows what came of it, so that for a while it is not to be made again.
    /// </param>
    public void Start(string call, Func<ClusterSession, CancellationToken, Task> write, bool isShownLater = false) =>
        Start(call, LongestRetry, static failure => failure.Message, async cancellationToken =>
        {
            await write(_session, cancellationToken);
            return isShownLater ? ShownWithin : null;
        });

    /// <summary>Asks for evictions, side by side within the cluster's bound; the machine is woken after each.</summary>
    public void Evict(ImmutableArray<Pod> pods)
    {
        foreach (var pod in pods)
        {
            Start(pod.Uid, LongestEvictionRetry, EvictionRefusal.Explain, cancellationToken => EvictAsync(pod, cancellationToken));
        }
    }

    /// <summary>Deletes Pods at once, side by side within the cluster's bound; the machine is woken after each.</summary>
    public void Delete(ImmutableArray<Pod> pods)
    {
        _deletes = true;
        foreach (var pod in pods)
        {
            Start(DeletionOf(pod), LongestEvictionRetry, static failure => $"can't be deleted: {failure.Message}", async cancellationToken =>
            {
                try
                {
                    await _session.DeleteAsync(pod, cancellationToken);
                }
                catch (ApiException exception) when (exception.IsNotFound || exception.IsConflict)
                {
                    // Gone, or another one of that name: what the watch will show.
                }

                return ShownWithin;
            });
        }
    }

    /// <summary>Watches the Node's Pods, or no longer.</summary>
    /// <param name="node">The Node as it was seen with its cordon; null for no longer.</param>
    public void WatchPods(Node? node)
    {
        lock (_lock)
        {
            if (_pods?.Node == node?.Metadata.Name)
            {
                return;
            }

            // From the server's cache: many Nodes are drained at one instant, and an older server reads all Pods of the
            // cluster from its store for each.
            Watch(node?.Metadata.Name, cordonedAt: node?.ResourceVersion ?? "", beginFromCache: true);
            if (node is null)
            {
                _concerned.Clear();
                _told = null;
            }
        }
    }

    /// <summary>The Pods that a drain of the Node concerns; null while they are not known.</summary>
    /// <param name="trouble">Why they are not, for a person; null when they are, or may yet be.</param>
    public NodePods? Pods(out string? trouble)
    {
        lock (_lock)
        {
            trouble = _pods?.Informer is { HasSynced: false } failing ? failing.LastError?.Message : null;
            if (_pods is not { Informer.HasSynced: true } known)
            {
                return null;
            }

            var look = Look(known.Informer, _session.Clock.GetUtcNow());
            if (look.Left.IsEmpty && !known.IsAsNewAsTheCordon)
            {
                // A Pod that was bound just before the cordon may be missing, and no event has told yet that none is.
                Watch(known.Node, known.CordonedAt, beginFromCache: false);
                return null;
            }

            return look;
        }
    }

    public void Dispose()
    {
        WatchPods(node: null);
        _stop.Cancel();
        _stop.Dispose();
    }

    private void Watch(string? node, string cordonedAt, bool beginFromCache)
    {
        _pods?.Dispose();
        _pods = node is null || _stopped.IsCancellationRequested
            ? null
            : new PodWatch(node, cordonedAt, beginFromCache, _session.PodsOf(node, beginFromCache), _wake, _stopped);
    }

    private NodePods Look(Informer<Pod> informer, DateTimeOffset now)
    {
        var left = ImmutableArray.CreateBuilder<Pod>();
        var due = ImmutableArray.CreateBuilder<Pod>();
        var dueForDeletion = ImmutableArray.CreateBuilder<Pod>();
        DateTimeOffset? lookAgain = null;
        foreach (var pod in informer.Enumerate())
        {
            if (!pod.IsEvictable)
            {
                continue;
            }

            left.Add(pod);
            _concerned.Add(pod.Uid);
            var deletion = DeletionStateOf(pod);
            if (deletion.MayStart(now))
            {
                dueForDeletion.Add(pod);
            }
            else if (!deletion.IsUnderWay)
            {
                lookAgain = Earlier(lookAgain, deletion.NotBefore!.Value);
            }

            if (pod.IsTerminating)
            {
                continue;
            }

            var call = _calls.GetValueOrDefault(pod.Uid, CallState.None);
            if (call.MayStart(now))
            {
                due.Add(pod);
            }
            else if (!call.IsUnderWay)
            {
                lookAgain = Earlier(lookAgain, call.NotBefore!.Value);
            }
        }

        left.Sort(static (one, other) => string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name));
        var blocked = left.FirstOrDefault(pod => Trouble(pod) is not null);
        var progress = new DrainProgress(left.Count, _concerned.Count, blocked is null ? null : Name(blocked));
        if (_told is not { } told || told.At + ProgressInterval <= now)
        {
            _told = told = (now, progress);
        }
        else if (told.Progress != progress)
        {
            lookAgain = Earlier(lookAgain, told.At + ProgressInterval);
        }

        return new NodePods { Left = left.ToImmutable(), Due = due.ToImmutable(), DueForDeletion = dueForDeletion.ToImmutable(), Progress = told.Progress, LookAgainAt = lookAgain, LeftByName = [.. left.Take(NodePods.Named).Select(Name)] };
    }

    private string Name(Pod pod) => pod.IsTerminating ? $"{pod.Key} (ending)" : Trouble(pod) is { } trouble ? $"{pod.Key} {trouble}" : $"{pod.Key}";

    private string? Trouble(Pod pod) =>
        DeletionStateOf(pod).Trouble ?? (pod.IsTerminating ? null : _calls.GetValueOrDefault(pod.Uid)?.Trouble);

    private CallState DeletionStateOf(Pod pod) => _deletes ? _calls.GetValueOrDefault(DeletionOf(pod), CallState.None) : CallState.None;

    private static string DeletionOf(Pod pod) => $"deletion of {pod.Uid}";

    private async Task<TimeSpan?> EvictAsync(Pod pod, CancellationToken cancellationToken)
    {
        try
        {
            await _session.EvictAsync(pod, cancellationToken);
            ControllerMetrics.Eviction("accepted");
            return ShownWithin;
        }
        catch (ApiException exception) when (exception.IsNotFound || exception.IsConflict)
        {
            // Gone, or another one of that name: what the watch will show.
            ControllerMetrics.Eviction("gone");
            return ShownWithin;
        }
        catch (ApiException exception)
        {
            ControllerMetrics.Eviction(exception.IsTooManyRequests ? "blocked" : "failed");
            throw;
        }
        catch (ApiUnreachableException)
        {
            ControllerMetrics.Eviction("failed");
            throw;
        }
    }

    private void Start(string id, TimeSpan longestRetry, Func<Exception, string> explain, Func<CancellationToken, Task<TimeSpan?>> call)
    {
        CallState before;
        lock (_lock)
        {
            before = _calls.GetValueOrDefault(id, CallState.None);
            if (before.IsUnderWay || _stopped.IsCancellationRequested)
            {
                return;
            }

            _calls[id] = before with { IsUnderWay = true };
        }

        // On this thread until the request leaves: it must not wait for another at a boundary.
        _ = RunAsync(id, before, longestRetry, explain, call);
    }

    private async Task RunAsync(
        string id, CallState before, TimeSpan longestRetry, Func<Exception, string> explain, Func<CancellationToken, Task<TimeSpan?>> call)
    {
        CallState? after;
        try
        {
            after = await call(_stopped) is { } restFor ? new CallState(IsUnderWay: false, NotBefore: _session.Clock.GetUtcNow() + restFor) : null;
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            if (exception is not ApiException { IsTooManyRequests: true })
            {
                // A budget that is against an eviction is no failure.
                ControllerMetrics.Failed(exception);
                _session.Failed();
            }

            // The Node is another one than was seen, as one whose kubelet reports may be: what is to be done is decided anew, at once.
            var isAnotherVersion = exception is ApiException { IsConflict: true } && before.Failures == 0;
            var retry = isAnotherVersion ? TimeSpan.Zero : Backoff(before.Failures, longestRetry);
            var asked = (exception as ApiException)?.RetryAfter ?? TimeSpan.Zero;
            retry = asked > LongestRetryAfter ? LongestRetryAfter : asked > retry ? asked : retry;
            after = new CallState(IsUnderWay: false, before.Failures + 1, _session.Clock.GetUtcNow() + retry, isAnotherVersion ? null : explain(exception));
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            return;
        }

        lock (_lock)
        {
            if (after is null)
            {
                _calls.Remove(id);
            }
            else
            {
                _calls[id] = after;
            }

            // In here, so that whoever sees no call under way sees the machine queued.
            _wake();
        }
    }

    private static TimeSpan Backoff(int failures, TimeSpan longest)
    {
        var retry = FirstRetry * Math.Pow(2, Math.Min(failures, 16));
        return retry < longest ? retry : longest;
    }

    private static DateTimeOffset Earlier(DateTimeOffset? one, DateTimeOffset other) => one < other ? one.Value : other;

    private sealed class PodWatch : IDisposable
    {
        private readonly CancellationTokenSource _stop;
        private readonly bool _begunFromCache;

        public PodWatch(string node, string cordonedAt, bool beginFromCache, Informer<Pod> informer, Action wake, CancellationToken stop)
        {
            Node = node;
            CordonedAt = cordonedAt;
            _begunFromCache = beginFromCache;
            Informer = informer;
            _stop = CancellationTokenSource.CreateLinkedTokenSource(stop);
            var stopped = _stop.Token;
            informer.Changed += _ => wake();
            informer.StateChanged += wake;
            _ = Task.Run(() => informer.RunAsync(stopped), CancellationToken.None);
        }

        public string Node { get; }

        /// <summary>A resource version at which the cordon was there.</summary>
        public string CordonedAt { get; }

        public Informer<Pod> Informer { get; }

        /// <summary>
        /// Whether no Pod is missing that was put on the Node before its cordon. Mostly a Pod's own end is what shows it: it
        /// comes after the cordon, and Pods and Nodes are in one store, whose revisions their versions are. (Who keeps Pods in a
        /// store of their own has, in the worst case, what every cache has: a Pod of the last moment may be overlooked.)
        /// </summary>
        public bool IsAsNewAsTheCordon => !_begunFromCache || ResourceVersions.Compare(Informer.SeenVersion, CordonedAt) > 0;

        public void Dispose()
        {
            _stop.Cancel();
            _stop.Dispose();
        }
    }
}
