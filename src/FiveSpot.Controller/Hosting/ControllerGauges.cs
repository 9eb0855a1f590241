// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Globalization;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Hosting;

/// <summary>
/// What a controller shows of its machines and of itself (contract, section 10). All of it is looked up when somebody asks:
/// between two scrapes it costs nothing. Of the machines only the replica that leads tells, so that sums over replicas are true.
/// </summary>
internal sealed class ControllerGauges : IDisposable
{
    private static readonly ImmutableArray<string> Phases =
    [
        MachinePhase.Pending, MachinePhase.Active, MachinePhase.ShuttingDown, MachinePhase.Inactive, MachinePhase.Disabled,
        MachinePhase.Terminated, MachinePhase.EmergencyRemove, MachinePhase.Error,
    ];

    private readonly Meter _meter;
    private readonly TimeProvider _clock;
    private readonly Func<IEnumerable<ScheduledMachine>> _machines;

    /// <summary>Gauges of a controller; they are there until they are disposed.</summary>
    /// <param name="controller">The scope of the meter: there may be several in a process.</param>
    /// <param name="settings">Its clock and its instance.</param>
    /// <param name="leads">Whether it works on its machines.</param>
    /// <param name="machines">The machines that it works on; none while it does not lead.</param>
    /// <param name="queue">The keys that wait.</param>
    public ControllerGauges(
        FiveSpotController controller,
        ControllerSettings settings,
        Func<bool> leads,
        Func<IEnumerable<ScheduledMachine>> machines,
        WorkQueue<ObjectKey> queue)
    {
        (_clock, _machines) = (settings.Clock, machines);
        _meter = new Meter(ControllerMetrics.MeterName, version: null, tags: null, scope: controller);
        _meter.CreateObservableGauge(
            "fivespot_controller_info",
            () => new Measurement<int>(
                1,
                new("version", FiveSpotController.ProductVersion),
                new("instance_id", settings.Instances.Id.ToString(CultureInfo.InvariantCulture))),
            description: "1; the labels say what runs.");
        _meter.CreateObservableGauge("fivespot_is_leader", () => leads() ? 1 : 0, description: "Whether this replica works on its machines.");
        _meter.CreateObservableGauge("fivespot_instances", () => settings.Instances.Count, description: "How many instances share the machines; each has one leader.");
        _meter.CreateObservableGauge("fivespot_workqueue_depth", () => queue.Depth, description: "Machines that are due and wait for a worker.");
        _meter.CreateObservableGauge(
            "fivespot_machines_active", () => _machines().Count(machine => machine.Status.Phase == MachinePhase.Active), description: "ScheduledMachines in phase Active.");
        _meter.CreateObservableGauge("fivespot_machines_by_phase", CountByPhase, description: "ScheduledMachines, by phase.");
        _meter.CreateObservableGauge(
            "fivespot_phase_overdue_seconds",
            OverdueByPhase,
            "s",
            "Of the machines of each phase, how long the latest has been in it beyond what its spec has it wait for; 0 if none has.");
        _meter.CreateObservableGauge(
            "fivespot_boundary_overdue_seconds", Overdue, "s", "How long ago the earliest boundary was that has not been reported yet; 0 if all have.");
        ControllerMetrics.Begin();
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<long>> CountByPhase()
    {
        var counts = Phases.ToDictionary(phase => phase, _ => 0L);
        foreach (var machine in _machines())
        {
            if (machine.Status.Phase is { } phase && counts.TryGetValue(phase, out var count))
            {
                counts[phase] = count + 1;
            }
        }

        return counts.Select(count => new Measurement<long>(count.Value, new KeyValuePair<string, object?>("phase", count.Key)));
    }

    private IEnumerable<Measurement<double>> OverdueByPhase()
    {
        var now = _clock.GetUtcNow();
        var latest = Phases.ToDictionary(phase => phase, _ => 0.0);
        foreach (var machine in _machines())
        {
            if (PhaseLimit.Of(machine) is { } limit)
            {
                latest[machine.Status.Phase!] = Math.Max(latest[machine.Status.Phase!], (now - limit).TotalSeconds);
            }
        }

        return latest.Select(overdue => new Measurement<double>(overdue.Value, new KeyValuePair<string, object?>("phase", overdue.Key)));
    }

    private double Overdue()
    {
        var now = _clock.GetUtcNow();
        var longest = TimeSpan.Zero;
        foreach (var machine in _machines())
        {
            if (machine.FollowsSchedule && machine.Status.NextTransitionTime is { } due && now - due > longest)
            {
                longest = now - due;
            }
        }

        return longest.TotalSeconds;
    }
}
