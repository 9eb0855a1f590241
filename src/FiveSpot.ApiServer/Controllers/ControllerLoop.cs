// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Controllers;

/// <summary>
/// Runs what a controller manager would: one change after another, in the order of the store, never two at once. One that waits
/// for an admission webhook lets others go on meanwhile; one that is refused is tried again, later and later.
/// </summary>
internal sealed class ControllerLoop : IAsyncDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly TaskScheduler _turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly CancellationTokenSource _stopping = new();
    private readonly HashSet<(string Controller, string Store, string Namespace, string Name)> _retries = [];
    private readonly ResourceCatalog _catalog;
    private readonly TimeProvider _clock;
    private readonly GarbageCollector _garbage;
    private readonly ContentCleaner _content;
    private TaskCompletionSource? _idle;
    private int _busy;

    /// <summary>Follows the store from now on; <paramref name="clock"/> is for the time between tries.</summary>
    public ControllerLoop(ResourceCatalog catalog, ObjectWriter writer, ObjectDeleter deleter, TimeProvider clock)
    {
        _catalog = catalog;
        _clock = clock;
        _garbage = new GarbageCollector(catalog, writer, deleter);
        _content = new ContentCleaner(catalog, writer, deleter);
        Disruptions = new DisruptionController(catalog, writer);
        catalog.Store.Committed += OnCommitted;
    }

    private delegate ValueTask Act(ResourceStore store, WatchEvent change);

    public DisruptionController Disruptions { get; }

    /// <summary>
    /// Completes when every change so far, and every change that followed from it here, has been dealt with, or refused and left
    /// for later.
    /// </summary>
    public Task WhenIdleAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_busy == 0)
            {
                return Task.CompletedTask;
            }

            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task.WaitAsync(cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _catalog.Store.Committed -= OnCommitted;
        await _stopping.CancelAsync();
        await WhenIdleAsync(CancellationToken.None);
        _stopping.Dispose();
    }

    private void OnCommitted(ResourceStore store, WatchEvent change)
    {
        Begin();
        _ = Task.Factory.StartNew(() => HandleAsync(store, change), CancellationToken.None, TaskCreationOptions.DenyChildAttach, _turns);
    }

    private void Begin()
    {
        lock (_gate)
        {
            _busy++;
        }
    }

    private void End()
    {
        TaskCompletionSource? idle = null;
        lock (_gate)
        {
            if (--_busy == 0)
            {
                (idle, _idle) = (_idle, null);
            }
        }

        idle?.SetResult();
    }

    private async Task HandleAsync(ResourceStore store, WatchEvent change)
    {
        try
        {
            _garbage.Note(store, change);
            await TryAsync(nameof(GarbageCollector), _garbage.ActAsync, store, change);
            await TryAsync(nameof(ContentCleaner), _content.ActAsync, store, change);
            await TryAsync(nameof(DisruptionController), Disruptions.ActAsync, store, change);
        }
        finally
        {
            End();
        }
    }

    private async ValueTask TryAsync(string controller, Act act, ResourceStore store, WatchEvent change)
    {
        if (!await IsDoneAsync(act, store, change))
        {
            _ = RetryAsync(controller, act, store, change);
        }
    }

    private async Task RetryAsync(string controller, Act act, ResourceStore store, WatchEvent change)
    {
        var key = (controller, store.Key, change.Object.Namespace, change.Object.Name);
        if (!_retries.Add(key))
        {
            return;
        }

        var pause = FirstRetry;
        var wait = Task.Delay(pause, _clock, _stopping.Token);
        while (await HasPassedAsync(wait))
        {
            Begin();
            try
            {
                if (await IsDoneAsync(act, store, change))
                {
                    _retries.Remove(key);
                    return;
                }

                pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestRetry.Ticks));
                wait = Task.Delay(pause, _clock, _stopping.Token);
            }
            finally
            {
                End();
            }
        }
    }

    private static async ValueTask<bool> HasPassedAsync(Task wait)
    {
        await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return wait.IsCompletedSuccessfully;
    }

    private async ValueTask<bool> IsDoneAsync(Act act, ResourceStore store, WatchEvent change)
    {
        try
        {
            await act(store, change);
            return true;
        }
        catch (StatusException refused)
        {
            // The object went or changed meanwhile, and its own change follows; or somebody won't have it, now.
            return refused.Code is 404 or 409 || _stopping.IsCancellationRequested;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            return true;
        }
    }
}
