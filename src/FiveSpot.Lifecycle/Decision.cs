// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>
/// What to do with a machine, from what is observed and the time: "What decides" of docs/concepts.md as one function. It
/// does no I/O and remembers nothing, so whoever asks twice gets the same answer. Its stages have files of their own:
/// <see cref="Opening"/>, <see cref="Active"/>, <see cref="Closing"/> and <see cref="EmergencyReclaim"/> say why and when,
/// <see cref="Termination"/> how a machine goes.
/// </summary>
public static class Decision
{
    /// <summary>How long a deleted ScheduledMachine's machine may take to go before somebody is told.</summary>
    public static readonly TimeSpan CleanupTimeout = TimeSpan.FromSeconds(600);

    /// <summary>How long the owner waits for a drain at most (contract, section 9).</summary>
    public static readonly TimeSpan EmergencyDrainTimeout = TimeSpan.FromSeconds(60);

    /// <summary>What to do with the machine. The first that applies decides; a pause comes before all.</summary>
    public static Plan Decide(Observation seen, DateTimeOffset now, DecisionOptions options)
    {
        var plan = DecideUnpaused(seen, now, options);
        return seen.PausedBy is { } by ? Pause.Hold(plan, seen, by) : Pause.Resume(plan, seen, now);
    }

    private static Plan DecideUnpaused(Observation seen, DateTimeOffset now, DecisionOptions options)
    {
        var machine = seen.Machine;
        if (machine.IsBeingDeleted)
        {
            return Closing.Deleted(seen, now, options);
        }

        if (machine.KillSwitch)
        {
            return Closing.KillSwitch(seen, now);
        }

        // Before everything that a spec may want.
        if (EmergencyReclaim.IsAskedFor(seen))
        {
            return EmergencyReclaim.Eject(seen, now);
        }

        if (seen.CapiCluster is { IsBeingDeleted: true } && Closing.ClusterGoes(seen, now) is { } going)
        {
            return going;
        }

        // An invalid spec says nothing of when the machine is wanted: it stays as it is until the spec is mended.
        if (machine.Problems.Count > 0 || machine.Spec is null || machine.Schedule is null)
        {
            return Invalid(seen, now);
        }

        if (!machine.Spec.IsEnabled)
        {
            return Closing.Disabled(seen, now);
        }

        return machine.Schedule.IsActive(now.ToInstant()) ? Opening.Open(seen, now) : Closing.OutsideWindow(seen, now);
    }

    private static Plan Invalid(Observation seen, DateTimeOffset now)
    {
        var message = string.Join(" ", seen.Machine.Problems.Take(5).Select(problem => problem.ToString()));
        return new StatusReport(seen, now, MachinePhase.Error, message, Scheduled.Unknown(EventReasons.ReferencesInvalid, "The spec breaks a rule."))
            .References(EventReasons.ReferencesInvalid, message).Plan();
    }
}
