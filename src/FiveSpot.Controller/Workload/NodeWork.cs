// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>
/// What is under way on the Node of one machine: calls that were started, and, while it is drained, the watch on its Pods.
/// None of it is needed to know what to do next: lost with the process, it is begun again from what the cluster shows.
/// </summary>
internal sealed class NodeWork : IDisposable
{
    // What a cluster says of a Pod is one line of a message.
    private const int LongestName = 400;

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
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromMinutes(1);

    // The watch shows within moments what has come of a write. If it doesn't, it is made again.
    private static readonly TimeSpan ShownWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(5);

    // More than any Node has: such a one is looked at less often, and of the number of its Pods that have gone no more is told.
    private const int Many = 1000;
    private const int MostCounted = 100_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, CallState> _calls = new(StringComparer.Ordinal);
    private readonly PodCalls _evictions;
    private readonly PodCalls _deletions;

    // Hashes: what a server calls its Pods may be anything, and for ever something else.
    private readonly HashSet<long> _concerned = [];
    private readonly List<Pod> _left = [];
    private readonly List<Pod> _toEvict = [];
    private readonly ClusterSession _session;
    private readonly Action _wakeNow;
    private readonly CancellationTokenSource _stop;
    private readonly CancellationToken _stopped;
    private readonly PodWatchPace _pace;
    private PodWatch? _pods;
    private (DateTimeOffset At, DrainProgress Progress)? _told;
    private TimeSpan _untilWake;
    private int _isToWake;

    public NodeWork(ClusterSession session, Action wake)
    {
        _session = session;
        _evictions = new PodCalls(session.ConcurrentEvictions);
        _deletions = new PodCalls(session.ConcurrentEvictions);
        _wakeNow = wake;
        _pace = new PodWatchPace(session.Api.NetworkTime);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(session.Stopped);
        _stopped = _stop.Token;
    }

    /// <summary>Uid of the Machine whose Node has been seen to be there in this session, and the Node's name; null if none was.
    /// </summary>
    public (string Machine, string Node)? Seen { get; set; }

    /// <summary>Whether the Node's Pods are watched.</summary>
    public bool WatchesPods
    {
        get
        {
            lock (_lock)
            {
                return _pods is not null;
            }
        }
    }

    /// <summary>How many calls are under way.</summary>
    public int CallsUnderWay
    {
        get
        {
            lock (_lock)
            {
                return _calls.Values.Count(call => call.IsUnderWay) + _evictions.UnderWay + _deletions.UnderWay;
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
    public void Start(string call, Func<ClusterSession, CancellationToken, Task> write, bool isShownLater = false)
    {
        CallState before;
        lock (_lock)
        {
            before = _calls.GetValueOrDefault(call, CallState.None);
            if (before.IsUnderWay || _stopped.IsCancellationRequested)
            {
                return;
            }

            _calls[call] = before with { IsUnderWay = true };
        }

        // On this thread until the request leaves: it must not wait for another at a boundary.
        _ = RunAsync(call, before, write, isShownLater);
    }

    /// <summary>Asks for evictions, side by side within the cluster's bound; the machine is woken after each.</summary>
    public void Evict(ImmutableArray<Pod> pods) => Start(_evictions, pods, _session.EvictAsync, static (pod, refusal) =>
    {
        var answer = refusal is null ? PodAnswer.Accepted : PodAnswer.OfEviction(pod, refusal);
        ControllerMetrics.Eviction(answer.Kind switch
        {
            PodAnswerKind.Accepted => refusal is null ? "accepted" : "gone",
            PodAnswerKind.NotNow => "blocked",
            _ => "failed",
        });
        return answer;
    });

    /// <summary>Deletes Pods at once, side by side within the cluster's bound; the machine is woken after each.</summary>
    public void Delete(ImmutableArray<Pod> pods) => Start(
        _deletions, pods, _session.DeleteAsync, static (_, refusal) => refusal is null ? PodAnswer.Accepted : PodAnswer.OfDeletion(refusal));

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
    /// <param name="machine">The Machine, by which Cluster API's rules select them.</param>
    /// <param name="isUnreachable">Whether the Node has not been heard of, so that what is ending there is never seen to end.</param>
    /// <param name="trouble">Why they are not known, for a person; null when they are, or may yet be.</param>
    public NodePods? Pods(CapiMachine machine, bool isUnreachable, out string? trouble)
    {
        lock (_lock)
        {
            trouble = _pods?.Informer is { HasSynced: false } failing ? failing.LastError?.Message : null;
            if (_pods is not { Informer.HasSynced: true } known)
            {
                return null;
            }

            var look = Look(known.Informer, _session.DrainRules?.For(machine) ?? DrainRules.None, isUnreachable, _session.Clock.GetUtcNow());
            if (look.Left == 0 && !known.IsAsNewAsTheCordon)
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
            : new PodWatch(node, cordonedAt, beginFromCache, _session.PodsOf(node, beginFromCache), _pace, () => _session.DrainRules?.LookAgain(), Wake, _stopped);
    }

    // Each look at a Node with very many Pods takes its time: what changes meanwhile waits for the next, so that others have theirs.
    private void Wake()
    {
        if (_untilWake == TimeSpan.Zero)
        {
            _wakeNow();
        }
        else if (Interlocked.Exchange(ref _isToWake, 1) == 0)
        {
            _ = WakeLaterAsync(_untilWake);
        }
    }

    private async Task WakeLaterAsync(TimeSpan after)
    {
        await Task.Delay(after, _session.Api.NetworkTime, _stopped).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Volatile.Write(ref _isToWake, 0);
        _wakeNow();
    }

    private NodePods Look(Informer<Pod> informer, DrainRules rules, bool isUnreachable, DateTimeOffset now)
    {
        var (unheard, lowest) = (0, int.MaxValue);
        var first = new List<(Pod Pod, PodDrain Drain)>(NodePods.Named + 1);
        (Pod Pod, PodDrain Drain)? inTrouble = null, waiting = null;
        var isUndecided = true;
        _left.Clear();
        _toEvict.Clear();
        foreach (var pod in informer.Enumerate())
        {
            if (isUnreachable && pod.IsTerminating)
            {
                unheard++;
                continue;
            }

            var drain = rules.For(pod);
            if (!pod.IsEvictable || drain.Behavior is DrainBehavior.Skip)
            {
                continue;
            }

            _left.Add(pod);
            if (_concerned.Count < MostCounted)
            {
                _concerned.Add(((long)pod.Uid.GetHashCode(StringComparison.Ordinal) << 32) | (uint)pod.Metadata.Name.GetHashCode(StringComparison.Ordinal));
            }

            isUndecided &= drain.Behavior is DrainBehavior.Undecided;
            if (drain.Behavior is not DrainBehavior.Undecided && drain.Order < lowest)
            {
                lowest = drain.Order;
                _toEvict.Clear();
            }

            if (drain.Behavior is DrainBehavior.Drain && drain.Order == lowest && !pod.IsTerminating)
            {
                _toEvict.Add(pod);
            }

            AddByName(first, (pod, drain));
            if (Trouble(pod) is not null)
            {
                inTrouble = Earlier(inTrouble, (pod, drain));
            }
            else if ((drain.Behavior is DrainBehavior.WaitCompleted || drain.Why is not null) && !pod.IsTerminating)
            {
                waiting = Earlier(waiting, (pod, drain));
            }
        }

        var due = _evictions.Due(_toEvict, now, out var nextEviction);
        var dueForDeletion = _deletions.Due(_left, now, out var nextDeletion);
        var left = _left.Count;
        _left.Clear();
        _toEvict.Clear();
        _untilWake = left > Many ? TimeSpan.FromMilliseconds(left / 100) : TimeSpan.Zero;
        var progress = Progress(left, inTrouble ?? waiting, now, out var nextProgress);
        return new NodePods
        {
            Left = left,
            Due = due,
            DueForDeletion = dueForDeletion,
            Unheard = unheard,
            WhyClusterApiDrains = isUndecided && first.Count > 0 ? first[0].Drain.Why : null,
            Progress = progress,
            LookAgainAt = Earlier(Earlier(nextEviction, nextDeletion), nextProgress),
            LeftByName = [.. first.Select(Name)],
        };
    }

    private static (Pod Pod, PodDrain Drain) Earlier((Pod Pod, PodDrain Drain)? one, (Pod Pod, PodDrain Drain) other) =>
        one is { } known && IsBefore(known.Pod, other.Pod) ? known : other;

    private static bool IsBefore(Pod one, Pod other) => string.CompareOrdinal(one.Metadata.Name, other.Metadata.Name) < 0;

    private static void AddByName(List<(Pod Pod, PodDrain Drain)> first, (Pod Pod, PodDrain Drain) one)
    {
        if (first.Count == NodePods.Named && !IsBefore(one.Pod, first[^1].Pod))
        {
            return;
        }

        var at = first.FindIndex(other => IsBefore(one.Pod, other.Pod));
        first.Insert(at < 0 ? first.Count : at, one);
        if (first.Count > NodePods.Named)
        {
            first.RemoveAt(NodePods.Named);
        }
    }

    private DrainProgress Progress(int left, (Pod Pod, PodDrain Drain)? blocked, DateTimeOffset now, out DateTimeOffset? lookAgain)
    {
        lookAgain = null;
        var progress = new DrainProgress(left, Math.Max(left, _concerned.Count), blocked is { } one ? Name(one) : null);
        if (_told is not { } told || told.At + ProgressInterval <= now)
        {
            _told = told = (now, progress);
        }
        else if (told.Progress != progress)
        {
            lookAgain = told.At + ProgressInterval;
        }

        return told.Progress;
    }

    private string Name((Pod Pod, PodDrain Drain) one) => ForeignText.Line(
        one.Pod.IsTerminating ? $"{one.Pod.Key} (ending)"
        : Trouble(one.Pod) is { } trouble ? $"{one.Pod.Key} {trouble}"
        : one.Drain.Behavior is DrainBehavior.WaitCompleted ? $"{one.Pod.Key} is waited for until it completes"
        : one.Drain is { Behavior: DrainBehavior.Undecided, Why: not null } ? $"{one.Pod.Key} is left to Cluster API"
        : $"{one.Pod.Key}",
        LongestName);

    private string? Trouble(Pod pod) => _deletions.TroubleOf(pod) ?? (pod.IsTerminating ? null : _evictions.TroubleOf(pod));

    private void Start(PodCalls calls, ImmutableArray<Pod> pods, PodCall call, Func<Pod, Exception?, PodAnswer> answer)
    {
        foreach (var pod in pods)
        {
            lock (_lock)
            {
                if (_stopped.IsCancellationRequested || !calls.Begin(pod))
                {
                    continue;
                }
            }

            // On this thread until the request leaves: it must not wait for another at a boundary.
            _ = RunAsync(calls, pod, call, answer);
        }
    }

    private async Task RunAsync(PodCalls calls, Pod pod, PodCall call, Func<Pod, Exception?, PodAnswer> answer)
    {
        Exception? refusal = null;
        var isMade = true;
        try
        {
            isMade = await call(pod, GoesOn, _stopped);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            refusal = exception;
        }
        catch (OperationCanceledException) when (_stopped.IsCancellationRequested)
        {
            return;
        }

        var came = isMade ? answer(pod, refusal) : null;
        if (came is { Kind: PodAnswerKind.Failed })
        {
            ControllerMetrics.Failed(refusal!);
            _session.Failed();
        }

        lock (_lock)
        {
            if (came is not null)
            {
                calls.Answered(pod, came, _session.Clock.GetUtcNow());
            }

            // In here, so that whoever sees no call under way sees the machine queued.
            Wake();
        }

        bool GoesOn()
        {
            lock (_lock)
            {
                return calls.GoesOn(pod);
            }
        }
    }

    private async Task RunAsync(string id, CallState before, Func<ClusterSession, CancellationToken, Task> write, bool isShownLater)
    {
        CallState? after = null;
        try
        {
            await write(_session, _stopped);
            after = isShownLater ? new CallState(IsUnderWay: false, NotBefore: _session.Clock.GetUtcNow() + ShownWithin) : null;
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            ControllerMetrics.Failed(exception);

            // The Node is another one than was seen, as one whose kubelet reports may be: what is to be done is decided anew, at once.
            var isAnotherVersion = exception is ApiException { IsConflict: true } && before.Failures == 0;
            if (!isAnotherVersion)
            {
                _session.Failed();
            }

            var retry = isAnotherVersion ? TimeSpan.Zero : Backoff(before.Failures);
            var asked = (exception as ApiException)?.RetryAfter ?? TimeSpan.Zero;
            retry = asked > LongestRetryAfter ? LongestRetryAfter : asked > retry ? asked : retry;
            after = new CallState(IsUnderWay: false, before.Failures + 1, _session.Clock.GetUtcNow() + retry, isAnotherVersion ? null : exception.Message);
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
            Wake();
        }
    }

    private static TimeSpan Backoff(int failures)
    {
        var retry = FirstRetry * Math.Pow(2, Math.Min(failures, 16));
        return retry < LongestRetry ? retry : LongestRetry;
    }

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;
}
