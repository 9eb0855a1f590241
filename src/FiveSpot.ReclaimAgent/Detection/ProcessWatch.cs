// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Configuration;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>Notices the processes that match, by the proc connector or by polling, on a thread of its own.</summary>
/// <remarks>
/// Every process is examined at the start, after each change of the patterns, when the kernel had to drop events, and every
/// <see cref="SweepInterval"/>: nothing rests on an event having come.
/// </remarks>
internal sealed partial class ProcessWatch : IDisposable
{
    /// <summary>How often every process is examined, whatever was noticed meanwhile.</summary>
    public static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);

    // What the kernel takes for an answer is microseconds.
    private static readonly TimeSpan AnswerPatience = TimeSpan.FromSeconds(1);

    private const int StackSize = 256 << 10;

    private readonly ProcessDirectory _processes;
    private readonly ProcessExaminer _examiner;
    private readonly ProcessTable _table;
    private readonly ProcConnector? _connector;
    private readonly WakeUp _wakeUp = new();
    private readonly TimeProvider _time;
    private readonly TimeProvider _clock;
    private readonly AgentMetrics _metrics;
    private readonly ILogger _logger;
    private readonly Action<ProcessMatch> _matched;
    private readonly Action<int> _examinePolled;
    private readonly Action<int> _examineSwept;
    private volatile ReclaimConfig _config = ReclaimConfig.Nothing;

    /// <summary>Prepares to watch; nothing is noticed until <see cref="RunAsync"/>.</summary>
    /// <param name="procRoot">A directory such as <c>/proc</c>.</param>
    /// <param name="connector">What tells of processes; null to poll. It is the watch's own from now on.</param>
    /// <param name="time">Real time, in which processes live.</param>
    /// <param name="clock">The time of the cluster, in which matches are noticed.</param>
    /// <param name="metrics">Is told what happens.</param>
    /// <param name="logger">Is told what a person should know.</param>
    /// <param name="matched">Gets each match, on the watch's thread: it must be quick.</param>
    /// <exception cref="IOException">The directory can't be read.</exception>
    public ProcessWatch(
        string procRoot,
        ProcConnector? connector,
        TimeProvider time,
        TimeProvider clock,
        AgentMetrics metrics,
        ILogger logger,
        Action<ProcessMatch> matched)
    {
        (_time, _clock, _metrics, _logger, _matched) = (time, clock, metrics, logger, matched);
        _connector = connector;
        _metrics.Detector = Detector;
        _processes = new ProcessDirectory(procRoot);
        _examiner = new ProcessExaminer(_processes);
        _table = new ProcessTable(_processes);
        _examinePolled = pid => Examine(pid, justStarted: false, "poll");
        _examineSwept = pid => Examine(pid, justStarted: false, "sweep");
    }

    /// <summary>Subscribes to the proc connector if it is asked for and can be had.</summary>
    /// <returns>The subscription; null to poll.</returns>
    /// <exception cref="DetectorRefusedException">It was asked for by name, and is refused.</exception>
    public static ProcConnector? Connect(DetectorKind detector, ILogger logger)
    {
        try
        {
            return detector == DetectorKind.Poll ? null : new ProcConnector(AnswerPatience);
        }
        catch (DetectorRefusedException exception) when (detector == DetectorKind.Auto)
        {
            LogPolling(logger, exception.Message);
            return null;
        }
    }

    /// <summary>How processes are noticed: never <see cref="DetectorKind.Auto"/>.</summary>
    public DetectorKind Detector => _connector is null ? DetectorKind.Poll : DetectorKind.Netlink;

    /// <summary>Looks for other patterns from now on, in all processes that there are.</summary>
    public void LookFor(ReclaimConfig config)
    {
        _config = config;
        _wakeUp.Wake(WakeReasons.Sweep);
    }

    /// <summary>Watches until told to stop.</summary>
    /// <returns>A task that ends when the thread has.</returns>
    /// <exception cref="IOException">The kernel failed; in the task.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(
            () =>
            {
                try
                {
                    Run();
                    ended.SetResult();
                }
                catch (Exception exception)
                {
                    ended.SetException(exception);
                }
            },
            StackSize)
        {
            IsBackground = true,
            Name = "processes",
        };
        await using var sweeps = _time.CreateTimer(_ => _wakeUp.Wake(WakeReasons.Sweep), null, SweepInterval, SweepInterval);
        await using var stopping = stop.Register(() => _wakeUp.Wake(WakeReasons.Stop));
        thread.Start();
        await ended.Task;
    }

    public void Dispose()
    {
        _connector?.Dispose();
        _table.Dispose();
        _processes.Dispose();
        _wakeUp.Dispose();
    }

    private void Run()
    {
        using var polls = _time.CreateTimer(_ => _wakeUp.Wake(WakeReasons.Poll), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var interval = Timeout.InfiniteTimeSpan;
        while (true)
        {
            var reasons = _wakeUp.Wait(_connector?.Descriptor ?? -1, out var readable);
            if (reasons.HasFlag(WakeReasons.Stop))
            {
                return;
            }

            if (readable && !TakeEvents())
            {
                reasons |= WakeReasons.Sweep;
            }

            if (reasons.HasFlag(WakeReasons.Sweep))
            {
                Sweep();
            }
            else if (reasons.HasFlag(WakeReasons.Poll))
            {
                _table.Update(_examinePolled);
            }

            if (_connector is null && Interval(_config) is var wanted && wanted != interval)
            {
                interval = wanted;
                polls.Change(interval, interval);
            }
        }
    }

    // While nothing can match there is nothing to look for.
    private static TimeSpan Interval(ReclaimConfig config) => config.IsEmpty ? Timeout.InfiniteTimeSpan : config.PollInterval;

    /// <summary>Takes all events that there are.</summary>
    /// <returns>Whether none was lost.</returns>
    private bool TakeEvents()
    {
        var isComplete = true;
        while (true)
        {
            switch (_connector!.Receive(out var events))
            {
                case ReceiveResult.Nothing:
                    return isComplete;
                case ReceiveResult.Lost:
                    _metrics.EventsLost();
                    LogEventsLost();
                    isComplete = false;
                    break;
                default:
                    while (events.Next(out var found))
                    {
                        if (found.Kind is ProcessEventKind.Exec or ProcessEventKind.Comm && found.Thread == found.Process)
                        {
                            Examine(found.Process, justStarted: true, "event");
                        }
                    }

                    break;
            }
        }
    }

    private void Sweep()
    {
        var started = _time.GetTimestamp();
        if (!_config.IsEmpty)
        {
            if (_connector is null)
            {
                // First to know them, then to examine them: one that starts in between is examined once too often.
                _table.Update(static _ => { });
            }

            _table.ForEachPid(_examineSwept);
        }

        _metrics.Swept(_time.GetElapsedTime(started));
    }

    private void Examine(int pid, bool justStarted, string noticedBy)
    {
        var config = _config;
        if (_examiner.Examine(pid, config, justStarted) is { } pattern)
        {
            _metrics.Matched(noticedBy);
            _matched(new ProcessMatch(pid, pattern, _clock.GetUtcNow()));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Polling for processes: {Reason}")]
    private static partial void LogPolling(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "More processes started than there was room to tell of; looking at every one now.")]
    private partial void LogEventsLost();
}
