// SPDX-License-Identifier: Apache-2.0

using System.Threading.Channels;
using FiveSpot.Sandbox.ApiServer.Resources;
using FiveSpot.Sandbox.ApiServer.Storage;

namespace FiveSpot.Sandbox.ApiServer.Controllers;

/// <summary>
/// Runs what a controller manager would: one change after another, in the order of the store, on one task. Nothing here waits
/// or looks at the clock.
/// </summary>
internal sealed class ControllerLoop : IAsyncDisposable
{
    private readonly Channel<(ResourceStore Store, WatchEvent? Change, TaskCompletionSource? Reached)> _changes =
        Channel.CreateUnbounded<(ResourceStore, WatchEvent?, TaskCompletionSource?)>(new UnboundedChannelOptions { SingleReader = true });

    private readonly ResourceCatalog _catalog;
    private readonly GarbageCollector _garbage;
    private readonly ContentCleaner _content;
    private Task _running = Task.CompletedTask;
    private long _taken;
    private long _given;

    public ControllerLoop(ResourceCatalog catalog, ObjectWriter writer, ObjectDeleter deleter)
    {
        _catalog = catalog;
        _garbage = new GarbageCollector(catalog, writer, deleter);
        _content = new ContentCleaner(catalog, writer, deleter);
        Disruptions = new DisruptionController(catalog, writer);
        catalog.Store.Committed += OnCommitted;
    }

    public DisruptionController Disruptions { get; }

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Completes when every change so far, and every change that followed from it here, has been dealt with.</summary>
    public async Task WhenIdleAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var before = Interlocked.Read(ref _given);
            if (!_changes.Writer.TryWrite((_catalog.Namespaces.Store!, null, reached)))
            {
                return;
            }

            await Task.WhenAny(reached.Task, _running).WaitAsync(cancellation);
            if (!reached.Task.IsCompleted)
            {
                await _running;
                return;
            }

            if (Interlocked.Read(ref _given) == before && Interlocked.Read(ref _taken) == before)
            {
                return;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        _catalog.Store.Committed -= OnCommitted;
        _changes.Writer.TryComplete();
        await _running;
    }

    private void OnCommitted(ResourceStore store, WatchEvent change)
    {
        Interlocked.Increment(ref _given);
        _changes.Writer.TryWrite((store, change, null));
    }

    private async Task RunAsync()
    {
        await foreach (var (store, change, reached) in _changes.Reader.ReadAllAsync())
        {
            if (change is not null)
            {
                Handle(store, change);
                Interlocked.Increment(ref _taken);
            }

            reached?.TrySetResult();
        }
    }

    private void Handle(ResourceStore store, WatchEvent change)
    {
        // A write of somebody else in between is answered by another change in the queue.
        Try(() => _garbage.Observe(store, change));
        Try(() => _content.Observe(store, change));
        Try(() => Disruptions.Observe(store, change));
    }

    private static void Try(Action step)
    {
        try
        {
            step();
        }
        catch (StatusException)
        {
            // The object went or changed meanwhile, and its own change follows; or it is one that no longer keeps its rules,
            // which stays as it is until somebody mends it.
        }
    }
}
