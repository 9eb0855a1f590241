// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Simulation;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Sandbox.Display;

/// <summary>Watches ScheduledMachines as anybody may, for the table and for the lines.</summary>
public sealed class PhaseMonitor
{
    private static readonly ResourceType ScheduledMachines =
        new(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);

    private readonly Informer<ScheduledMachine> _informer;
    private readonly OwnerPrograms _owners;
    private readonly TimeProvider _clock;

    /// <summary>Watches nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="owners">What the owners of the machines do.</param>
    /// <param name="clock">Simulated time.</param>
    /// <param name="loggers">For what fails.</param>
    public PhaseMonitor(ApiClient api, OwnerPrograms owners, TimeProvider clock, ILoggerFactory loggers)
    {
        _owners = owners;
        _clock = clock;
        _informer = new Informer<ScheduledMachine>(
            api, ScheduledMachines, new InformerOptions(), ScheduledMachineReader.Read, loggers.CreateLogger<PhaseMonitor>());
        _informer.Changed += OnChanged;
        owners.Changed += OnOwnerActed;
    }

    /// <summary>A phase changed.</summary>
    public event Action<Transition>? PhaseChanged;

    /// <summary>One that is being taken away, and still is, says something else of itself.</summary>
    public event Action<Transition>? Progressed;

    /// <summary>The owner of a machine started or ended a program there; its phase is as before.</summary>
    public event Action<Transition>? OwnerActed;

    /// <summary>Anything changed.</summary>
    public event Action? Changed;

    /// <summary>All ScheduledMachines, by namespace and name.</summary>
    public IReadOnlyList<ScheduledMachine> Snapshot() =>
        [.. _informer.Snapshot().OrderBy(machine => machine.Key.Namespace, StringComparer.Ordinal).ThenBy(machine => machine.Key.Name, StringComparer.Ordinal)];

    /// <summary>What the owner of a machine runs there; null if nothing.</summary>
    public string? ProgramsOf(ObjectKey machine) => _owners.Of(machine);

    /// <summary>Watches until told to stop.</summary>
    public Task RunAsync(CancellationToken stop) => _informer.RunAsync(stop);

    private void OnOwnerActed(ObjectKey machine)
    {
        var phase = _informer.Get(machine)?.Status.Phase;
        OwnerActed?.Invoke(new Transition(
            _clock.GetUtcNow(), machine, phase, phase, _owners.Of(machine) is { } programs ? $"Its owner runs {programs}." : "Its owner runs nothing any more."));
        Changed?.Invoke();
    }

    private void OnChanged(ObjectChange<ScheduledMachine> change)
    {
        var transition = new Transition(
            _clock.GetUtcNow(), change.Key, change.Old?.Status.Phase, change.New?.Status.Phase, MessageOf(change.New));
        if (transition.From != transition.To)
        {
            PhaseChanged?.Invoke(transition);
        }
        else if (transition is { To: MachinePhase.ShuttingDown or MachinePhase.EmergencyRemove or MachinePhase.Terminated, Message: { } message }
            && message != change.Old?.Status.Message)
        {
            Progressed?.Invoke(transition);
        }

        Changed?.Invoke();
    }

    // Elsewhere somebody has made Clusters before anybody schedules machines.
    private static string? MessageOf(ScheduledMachine? machine) =>
        machine?.Status.Conditions.Any(static condition => condition is { Type: ConditionTypes.ReferencesValid, Reason: ConditionReasons.ClusterNotFound }) == true
            ? $"{machine.Status.Message} Make one as examples/clusters.yaml does."
            : machine?.Status.Message;
}
