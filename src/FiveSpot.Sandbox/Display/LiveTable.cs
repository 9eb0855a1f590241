// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Sandbox.Clock;
using Spectre.Console;

namespace FiveSpot.Sandbox.Display;

/// <summary>The table that a terminal shows: drawn anew when something changes, and for the clock.</summary>
public sealed class LiveTable : ISandboxDisplay
{
    private static readonly TimeSpan ClockPeriod = TimeSpan.FromMilliseconds(250);

    // A burst of changes is drawn as one.
    private static readonly TimeSpan ShortestPeriod = TimeSpan.FromMilliseconds(100);
    private const int Kept = 8;

    private readonly Lock _lock = new();
    private readonly LinkedList<Transition> _recent = [];
    private readonly IAnsiConsole _console;
    private readonly PhaseMonitor _monitor;
    private readonly PodCounts _pods;
    private readonly ScaledTimeProvider _clock;
    private readonly TimeProvider _realTime;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Collects from now on.</summary>
    /// <param name="console">The terminal.</param>
    /// <param name="monitor">Tells of changes.</param>
    /// <param name="pods">Tells how many Pods are on the Nodes.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="realTime">The time between drawings.</param>
    public LiveTable(IAnsiConsole console, PhaseMonitor monitor, PodCounts pods, ScaledTimeProvider clock, TimeProvider realTime)
    {
        _console = console;
        _monitor = monitor;
        _pods = pods;
        _clock = clock;
        _realTime = realTime;
        monitor.PhaseChanged += Remember;
        monitor.OwnerActed += Remember;
        monitor.Changed += () => Volatile.Read(ref _changed).TrySetResult();
        pods.Changed += () => Volatile.Read(ref _changed).TrySetResult();
    }

    /// <inheritdoc/>
    public Task RunAsync(CancellationToken stop) => _console.Live(View()).Overflow(VerticalOverflow.Crop).Cropping(VerticalOverflowCropping.Bottom).StartAsync(async live =>
    {
        while (!stop.IsCancellationRequested)
        {
            Volatile.Write(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            live.UpdateTarget(View());
            await Task.Delay(ShortestPeriod, _realTime, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var clock = Task.Delay(ClockPeriod - ShortestPeriod, _realTime, stop);
            await Task.WhenAny(Volatile.Read(ref _changed).Task, clock);
        }

        live.UpdateTarget(View());
    });

    private Spectre.Console.Rendering.IRenderable View()
    {
        Transition[] recent;
        lock (_lock)
        {
            recent = [.. _recent];
        }

        return TableView.Render(
            _monitor.Snapshot(),
            _pods.ByNode(),
            _monitor.ProgramsOf,
            recent,
            _clock.GetUtcNow(),
            _clock.Speed,
            _console.Profile.Width,
            _console.Profile.Height);
    }

    private void Remember(Transition transition)
    {
        lock (_lock)
        {
            _recent.AddFirst(transition);
            if (_recent.Count > Kept)
            {
                _recent.RemoveLast();
            }
        }
    }
}
