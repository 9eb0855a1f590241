// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Kubernetes;

/// <summary>Keys that want work, now or at a later instant, and the workers that do it.</summary>
/// <remarks>
/// A key is in the queue at most once, and worked on by one worker at a time: one that is enqueued during its work gets
/// one more turn afterwards. The ready keys are taken by priority, higher first, then by age. All members may be called
/// from any thread.
/// <para>A wall clock that somebody puts forward is noticed within a minute. One that is put back leaves keys whose work was
/// done too early, and instants that were computed from a time that is to come: then all of them are ready at once.</para>
/// </remarks>
/// <typeparam name="TKey">Tells the things to work on apart.</typeparam>
public sealed partial class WorkQueue<TKey> : IDisposable
    where TKey : notnull
{
    // The wall clock may be stepped while a timer runs by another: look again at least this often.
    private static readonly TimeSpan LongestArm = TimeSpan.FromMinutes(1);

    // Both clocks are slewed alike; what they differ by beyond the noise of two readings is a step.
    private static readonly TimeSpan LeastStep = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestRearm = TimeSpan.FromMilliseconds(1);
    private const long Never = long.MaxValue;

    private readonly Lock _lock = new();
    private readonly TimeProvider _clock;
    private readonly Func<TKey, int> _priorityOf;
    private readonly WorkQueueOptions _options;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly PriorityQueue<Entry, (long MinusPriority, long Since, long Sequence)> _ready = new();

    // Holds an entry once for each instant that it has been given; one that is no longer the entry's own is stale.
    private readonly PriorityQueue<Entry, long> _delayed = new();
    private int _stale;

    // What the timer is for, and whether it comes before that on purpose.
    private long _armedFor = Never;
    private bool _armedShort;
    private long _sequence;

    // How far the wall clock was ahead of the steady one when both were last looked at, in ticks.
    private long _wallIsAhead;
    private int _running;
    private Run? _run;

    // By StopTime: when a key was taken last, or became the only one that is ready.
    private long _lastMoved;
    private bool _disposed;

    /// <summary>Creates a queue; nothing is worked on until <see cref="RunAsync"/>.</summary>
    /// <param name="clock">The clock of wakes and back-off.</param>
    /// <param name="priorityOf">A key's priority when it becomes ready, higher first. Called under the queue's lock: it
    /// must be quick and must not call the queue.</param>
    /// <param name="options">How to wait; null for the defaults.</param>
    /// <param name="logger">Gets what fails; null for none.</param>
    public WorkQueue(
        TimeProvider clock, Func<TKey, int> priorityOf, WorkQueueOptions? options = null, ILogger? logger = null)
    {
        _clock = clock;
        _priorityOf = priorityOf;
        _options = options ?? new WorkQueueOptions();
        _logger = logger ?? NullLogger.Instance;
        _timer = clock.CreateTimer(
            static queue => ((WorkQueue<TKey>)queue!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _wallIsAhead = WallIsAhead(clock.GetUtcNow());
    }

    /// <summary>Keys that are ready and wait for a worker.</summary>
    public int Depth
    {
        get
        {
            lock (_lock)
            {
                return _ready.Count;
            }
        }
    }

    /// <summary>Keys that are being worked on.</summary>
    public int Running
    {
        get
        {
            lock (_lock)
            {
                return _running;
            }
        }
    }

    /// <summary>How long, in real time, the work has made no progress that should have: the age of the longest turn that is
    /// under way, or how long keys have been ready while none was taken. Zero where nothing is to be done, and while the queue
    /// is not run.</summary>
    public TimeSpan Stalled
    {
        get
        {
            lock (_lock)
            {
                if (_run is null)
                {
                    return TimeSpan.Zero;
                }

                var since = _ready.Count > 0 ? _lastMoved : long.MaxValue;
                if (_running > 0)
                {
                    foreach (var entry in _entries.Values)
                    {
                        if (entry.Running)
                        {
                            since = Math.Min(since, entry.StartedAt);
                        }
                    }
                }

                return since == long.MaxValue ? TimeSpan.Zero : _options.StopTime.GetElapsedTime(since);
            }
        }
    }

    /// <summary>Keys that wait for an instant.</summary>
    public int Delayed
    {
        get
        {
            lock (_lock)
            {
                return _delayed.Count - _stale;
            }
        }
    }

    /// <summary>Makes a key ready now, whatever back-off it may be in. Its wake stays.</summary>
    /// <param name="key">The key.</param>
    public void Enqueue(TKey key)
    {
        lock (_lock)
        {
            var entry = GetOrAdd(key);
            MakeReady(entry, _clock.GetUtcNow().UtcTicks, dueAt: Never);
            StartWorkers();
        }
    }

    /// <summary>Makes a key ready at an instant. A key has one wake: this one replaces an earlier one.</summary>
    /// <param name="key">The key.</param>
    /// <param name="at">The instant; one in the past is now.</param>
    public void WakeAt(TKey key, DateTimeOffset at)
    {
        lock (_lock)
        {
            var entry = GetOrAdd(key);
            entry.WakeChanged = true;
            Schedule(entry, at.UtcTicks, entry.RetryAt);
            MoveDue(_clock.GetUtcNow());
            Arm();
            StartWorkers();
        }
    }

    /// <summary>Takes a key's wake away, if it has one that has not come yet. Its back-off stays.</summary>
    /// <param name="key">The key.</param>
    public void ForgetWake(TKey key)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry))
            {
                entry.WakeChanged = true;
                Schedule(entry, Never, entry.RetryAt);
                RemoveIfIdle(entry);
            }
        }
    }

    /// <summary>Makes every key ready that is in a back-off: what they failed for is over. Should they fail again, the next
    /// back-off is as long as it would have been.</summary>
    public void EndBackOffs()
    {
        lock (_lock)
        {
            var now = _clock.GetUtcNow().UtcTicks;
            foreach (var entry in _entries.Values.Where(entry => entry.RetryAt != Never))
            {
                MakeReady(entry, now, dueAt: Never);
                Schedule(entry, entry.WakeAt, Never);
            }

            StartWorkers();
        }
    }

    /// <summary>Works on keys until told to stop.</summary>
    /// <param name="workers">How many keys may be worked on at once, at least 1.</param>
    /// <param name="work">The work. What it throws is logged and counts as <see cref="WorkResult.Retry"/>. Its token is
    /// cancelled only when it goes on for longer than the grace after the stop.</param>
    /// <param name="cancellationToken">Stops: no key is taken any more.</param>
    /// <returns>A task that ends when no work is under way any more.</returns>
    /// <exception cref="InvalidOperationException">The queue is being run already.</exception>
    public async Task RunAsync(
        int workers, Func<WorkItem<TKey>, CancellationToken, ValueTask<WorkResult>> work, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        // Not disposed of: it holds nothing, and not every clock waits for the callback of a timer that is.
        var abort = new CancellationTokenSource();
        var run = new Run(workers, work, abort.Token);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _run = _run is null ? run : throw new InvalidOperationException("The queue is being run already.");
            _lastMoved = _options.StopTime.GetTimestamp();
            MoveDue(_clock.GetUtcNow());
            Arm();
            StartWorkers();
        }

        using var stop = cancellationToken.UnsafeRegister(static state => ((WorkQueue<TKey>)state!).Stop(), this);
        await run.Stopping.Task;
        await using var grace = _options.StopTime.CreateTimer(
            static state => ((CancellationTokenSource)state!).Cancel(), abort, _options.StopGrace, Timeout.InfiniteTimeSpan);
        await run.Stopped.Task;
        lock (_lock)
        {
            _run = null;
        }
    }

    /// <summary>Stops the clock: nothing becomes ready by itself any more.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
        }

        _timer.Dispose();
    }

    /// <summary>Takes the next ready key, if there is one.</summary>
    internal bool TryTake(out WorkItem<TKey> item)
    {
        lock (_lock)
        {
            var now = _clock.GetUtcNow();
            MoveDue(now);
            if (!_ready.TryDequeue(out var entry, out _))
            {
                item = default;
                return false;
            }

            item = new WorkItem<TKey>(
                entry.Key,
                entry.DueAt == Never ? null : new DateTimeOffset(entry.DueAt, TimeSpan.Zero),
                new DateTimeOffset(entry.Since, TimeSpan.Zero),
                TimeSpan.FromTicks(Math.Max(0, now.UtcTicks - entry.Since)),
                entry.Failures + 1);
            entry.Queued = false;
            entry.Running = true;
            entry.StartedAt = _lastMoved = _options.StopTime.GetTimestamp();
            entry.WakeChanged = false;
            entry.DueAt = Never;

            // This turn is the retry, or is as good as one.
            Schedule(entry, entry.WakeAt, Never);
            _running++;
            return true;
        }
    }

    /// <summary>Gives a key back after its work.</summary>
    internal void Complete(TKey key, WorkResult result)
    {
        lock (_lock)
        {
            var entry = _entries[key];
            var now = _clock.GetUtcNow();
            entry.Running = false;
            _running--;
            if (result.IsRetry)
            {
                entry.Failures++;
                var after = result.After is { } given && given >= TimeSpan.Zero ? given : BackOff(entry.Failures);
                Schedule(entry, entry.WakeAt, Add(now, after));
            }
            else
            {
                entry.Failures = 0;
                var wake = result.WakeAt?.UtcTicks ?? Never;

                // Somebody asked for a wake while the work, which could not know, came to its own.
                Schedule(entry, entry.WakeChanged ? Math.Min(wake, entry.WakeAt) : wake, Never);
            }

            if (entry.Again)
            {
                entry.Again = false;
                MakeReady(entry, entry.Since, entry.DueAt);
            }

            MoveDue(now);
            NoticeStep(now);
            Arm();
            StartWorkers();
            RemoveIfIdle(entry);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            var now = _clock.GetUtcNow();
            var early = !_armedShort && _armedFor > now.UtcTicks;
            _armedFor = Never;
            if (_disposed)
            {
                return;
            }

            MoveDue(now);
            NoticeStep(now);
            Arm(early);
            StartWorkers();
        }
    }

    private void Stop()
    {
        lock (_lock)
        {
            var run = _run!;
            run.Accepting = false;
            run.Stopping.TrySetResult();
            if (run.Workers == 0)
            {
                run.Stopped.TrySetResult();
            }
        }
    }

    private Entry GetOrAdd(TKey key)
    {
        if (!_entries.TryGetValue(key, out var entry))
        {
            entry = new Entry(key);
            _entries.Add(key, entry);
        }

        return entry;
    }

    private void MakeReady(Entry entry, long since, long dueAt)
    {
        if (entry.Queued || entry.Again)
        {
            // Ready already; if the clock has come to it now, that is still worth knowing.
            entry.DueAt = Math.Min(entry.DueAt, dueAt);
            return;
        }

        entry.Since = since;
        entry.DueAt = dueAt;
        if (entry.Running)
        {
            entry.Again = true;
            return;
        }

        if (_ready.Count == 0)
        {
            _lastMoved = _options.StopTime.GetTimestamp();
        }

        entry.Queued = true;
        _ready.Enqueue(entry, (-(long)_priorityOf(entry.Key), since, _sequence++));
    }

    /// <summary>Sets the two instants of an entry and its one live place among the delayed.</summary>
    private void Schedule(Entry entry, long wakeAt, long retryAt)
    {
        entry.WakeAt = wakeAt;
        entry.RetryAt = retryAt;
        var next = Math.Min(wakeAt, retryAt);
        if (next == entry.DelayedUntil)
        {
            return;
        }

        if (entry.DelayedUntil != Never)
        {
            _stale++;
        }

        entry.DelayedUntil = next;
        if (next != Never)
        {
            _delayed.Enqueue(entry, next);
        }

        if (_stale > 64 && _stale > _delayed.Count / 2)
        {
            _delayed.Clear();
            _stale = 0;
            foreach (var live in _entries.Values)
            {
                if (live.DelayedUntil != Never)
                {
                    _delayed.Enqueue(live, live.DelayedUntil);
                }
            }
        }
    }

    private void MoveDue(DateTimeOffset now)
    {
        while (PeekDelayed(out var entry, out var at) && at <= now.UtcTicks)
        {
            _delayed.Dequeue();
            entry.DelayedUntil = Never;
            var woken = entry.WakeAt <= now.UtcTicks;
            MakeReady(entry, at, woken ? entry.WakeAt : Never);
            Schedule(
                entry, woken ? Never : entry.WakeAt, entry.RetryAt <= now.UtcTicks ? Never : entry.RetryAt);
        }
    }

    private void NoticeStep(DateTimeOffset now)
    {
        var ahead = WallIsAhead(now);
        var steppedBack = _wallIsAhead - ahead > LeastStep.Ticks;
        _wallIsAhead = ahead;
        if (!steppedBack)
        {
            return;
        }

        // A back-off ends here too: its end would come as much later as the clock was put back.
        foreach (var entry in _entries.Values)
        {
            MakeReady(entry, now.UtcTicks, dueAt: Never);
            Schedule(entry, entry.WakeAt, Never);
        }
    }

    private long WallIsAhead(DateTimeOffset now) => now.UtcTicks - _clock.GetElapsedTime(0).Ticks;

    private bool PeekDelayed(out Entry entry, out long at)
    {
        while (_delayed.TryPeek(out entry!, out at))
        {
            if (entry.DelayedUntil == at)
            {
                return true;
            }

            _delayed.Dequeue();
            _stale--;
        }

        return false;
    }

    private void Arm(bool cameEarly = false)
    {
        if (_disposed || !PeekDelayed(out _, out var at) || at >= _armedFor)
        {
            return;
        }

        var delay = TimeSpan.FromTicks(Math.Max(0, at - _clock.GetUtcNow().UtcTicks));
        if (cameEarly && delay < ShortestRearm)
        {
            // Timers count whole milliseconds, downwards: one that came a little early must not spin.
            delay = ShortestRearm;
        }

        _armedShort = delay > LongestArm;
        if (_armedShort)
        {
            delay = LongestArm;
        }

        _armedFor = at;
        _timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    private void RemoveIfIdle(Entry entry)
    {
        if (!entry.Queued && !entry.Running && entry.DelayedUntil == Never && entry.Failures == 0)
        {
            _entries.Remove(entry.Key);
        }
    }

    private TimeSpan BackOff(int failures)
    {
        var doubled = _options.FirstBackOff * Math.Pow(2, Math.Min(failures - 1, 30));
        var longest = doubled < _options.LongestBackOff ? doubled : _options.LongestBackOff;

        // Between half of it and all of it: what failed together does not come back together.
        return longest * (0.5 + (0.5 * (_options.Jitter?.Invoke() ?? Random.Shared.NextDouble())));
    }

    private static long Add(DateTimeOffset now, TimeSpan after) =>
        after.Ticks < DateTimeOffset.MaxValue.UtcTicks - now.UtcTicks
            ? now.UtcTicks + after.Ticks
            : DateTimeOffset.MaxValue.UtcTicks;

    private void StartWorkers()
    {
        if (_run is not { Accepting: true } run)
        {
            return;
        }

        // One worker a ready key, within the bound; one that finds nothing left ends.
        for (var wanted = _ready.Count - run.Starting; wanted > 0 && run.Workers < run.MaxWorkers; wanted--)
        {
            run.Workers++;
            run.Starting++;
            ThreadPool.UnsafeQueueUserWorkItem(
                static state => _ = state.Queue.WorkAsync(state.Run), (Queue: this, Run: run), preferLocal: false);
        }
    }

    private async Task WorkAsync(Run run)
    {
        var starting = true;
        while (true)
        {
            WorkItem<TKey> item;
            lock (_lock)
            {
                if (starting)
                {
                    run.Starting--;
                    starting = false;
                }

                if (!run.Accepting || !TryTake(out item))
                {
                    run.Workers--;
                    if (!run.Accepting && run.Workers == 0)
                    {
                        run.Stopped.TrySetResult();
                    }

                    return;
                }
            }

            if (_options.IsMeasured)
            {
                RuntimeMetrics.QueueWait(item.Wait);
            }

            WorkResult result;
            try
            {
                result = await run.Work(item, run.Abort);
            }
            catch (OperationCanceledException) when (run.Abort.IsCancellationRequested)
            {
                result = WorkResult.Retry();
            }
            catch (Exception e)
            {
                result = WorkResult.Retry(error: e);
            }

            if (result is { IsRetry: true, Error: { } error })
            {
                LogRetry(error, item.Key, item.Attempt);
            }

            Complete(item.Key, result);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key}: attempt {Attempt} failed; it will be tried again")]
    private partial void LogRetry(Exception error, TKey key, int attempt);

    private sealed class Entry(TKey key)
    {
        public TKey Key { get; } = key;

        public bool Queued { get; set; }

        public bool Running { get; set; }

        /// <summary>Enqueued, or woken, during its work.</summary>
        public bool Again { get; set; }

        /// <summary>Its wake was set or taken away during its work.</summary>
        public bool WakeChanged { get; set; }

        public int Failures { get; set; }

        /// <summary>When its turn began; a timestamp of StopTime.</summary>
        public long StartedAt { get; set; }

        public long Since { get; set; }

        public long DueAt { get; set; } = Never;

        public long WakeAt { get; set; } = Never;

        public long RetryAt { get; set; } = Never;

        public long DelayedUntil { get; set; } = Never;
    }

    private sealed class Run(
        int maxWorkers, Func<WorkItem<TKey>, CancellationToken, ValueTask<WorkResult>> work, CancellationToken abort)
    {
        public int MaxWorkers { get; } = maxWorkers;

        public Func<WorkItem<TKey>, CancellationToken, ValueTask<WorkResult>> Work { get; } = work;

        public CancellationToken Abort { get; } = abort;

        public bool Accepting { get; set; } = true;

        public int Workers { get; set; }

        /// <summary>Workers that have not come to their first key yet.</summary>
        public int Starting { get; set; }

        public TaskCompletionSource Stopping { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Stopped { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
