// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Simulation;

/// <summary>
/// What the owners of the machines do at their desks: they run the programs that an annotation of the ScheduledMachine lists,
/// which is there whether or not the machine is a Node.
/// </summary>
public sealed partial class OwnerPrograms : IDisposable
{
    /// <summary>The command lines that the owner runs now, with a comma between two of them.</summary>
    public const string Annotation = "sandbox.5spot.finos.org/processes";

    /// <summary>A typing error must not fill the disk.</summary>
    public const int MostPrograms = 50;

    private static readonly ResourceType ScheduledMachines =
        new(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);

    private readonly PhysicalMachines _machines;
    private readonly Informer<PartialObject> _informer;
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly ConcurrentDictionary<ObjectKey, Desk> _desks = new();
    private readonly ILogger _logger;

    /// <summary>Nobody is there yet.</summary>
    /// <param name="management">The cluster of the ScheduledMachines.</param>
    /// <param name="machines">The machines.</param>
    /// <param name="loggers">For what fails.</param>
    public OwnerPrograms(ApiClient management, PhysicalMachines machines, ILoggerFactory loggers)
    {
        _machines = machines;
        _logger = loggers.CreateLogger<OwnerPrograms>();
        _informer = new(
            management,
            ScheduledMachines,
            new InformerOptions { MetadataOnly = true },
            PartialObject.Decode,
            loggers.CreateLogger("FiveSpot.Sandbox.scheduledmachines"));

        // People live in real time.
        _queue = new(management.NetworkTime, static _ => 0, WorkQueueOptions.For(management), _logger);
        _informer.Changed += change => _queue.Enqueue(change.Key);
    }

    /// <summary>The owner of this machine has started or ended a program.</summary>
    public event Action<ObjectKey>? Changed;

    /// <summary>What the owner of a machine runs, for people; null if nothing.</summary>
    public string? Of(ObjectKey machine) => _desks.GetValueOrDefault(machine)?.Programs;

    /// <summary>Follows the annotations until told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => Task.WhenAll(_informer.RunAsync(stop), _queue.RunAsync(2, Reconcile, stop));

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    private ValueTask<WorkResult> Reconcile(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        if (_informer.Get(item.Key) is not { } owned)
        {
            if (_desks.TryRemove(item.Key, out _))
            {
                _machines.Release(item.Key);
            }

            return new(WorkResult.Done());
        }

        if (!_desks.TryGetValue(item.Key, out var desk))
        {
            _desks[item.Key] = desk = new Desk(_machines.Acquire(item.Key), null);
        }

        var wanted = owned.Metadata.Annotations.GetValueOrDefault(Annotation, "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (wanted.Length > MostPrograms)
        {
            LogTooMany(item.Key, Annotation, wanted.Length, MostPrograms);
            wanted = wanted[..MostPrograms];
        }

        if (desk.Machine.Run(wanted))
        {
            _desks[item.Key] = desk with { Programs = wanted.Length == 0 ? null : string.Join(", ", wanted) };
            Changed?.Invoke(item.Key);
        }

        return new(WorkResult.Done());
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "ScheduledMachine {Key}: annotation {Annotation} lists {Count} programs; the first {Most} of them are run.")]
    private partial void LogTooMany(ObjectKey key, string annotation, int count, int most);

    private sealed record Desk(PhysicalMachine Machine, string? Programs);
}
