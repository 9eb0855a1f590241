// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle;

/// <summary>
/// A Machine that a MachineHealthCheck found unhealthy, and whose controller, 5-Spot, is to delete it and to make another.
/// </summary>
/// <param name="At">When that may be done.</param>
/// <param name="IsDue">Whether that is now.</param>
/// <param name="Steps">What is to be done then.</param>
internal sealed record Remediation(DateTimeOffset? At, bool IsDue, ImmutableArray<Step> Steps)
{
    /// <summary>What is to be done for the health of a Machine that is wanted; null where it is healthy, or nobody says otherwise.
    /// </summary>
    public static Remediation? Of(Observation seen, CapiMachine found, DateTimeOffset now)
    {
        if (!found.IsWaitingForRemediation)
        {
            return null;
        }

        var note = RemediationNote.Of(seen.Machine);
        var at = note.NotBefore(found.Uid);
        if (at > now)
        {
            return new Remediation(at, IsDue: false, []);
        }

        // Cluster API drains it, as it does for its own controllers: what our drain would add is not worth the time.
        var delete = new Step.DeleteMachine(found.Uid);
        return new Remediation(At: null, IsDue: true, note.MachineUid == found.Uid ? [delete] : [new Step.NoteRemediation(note.With(found.Uid, now)), delete]);
    }

    /// <summary>What to call a Machine that is to be made again.</summary>
    public static string Former(CapiMachine found) => found.IsWaitingForRemediation
        ? $"the Machine, which a MachineHealthCheck found unhealthy{Words(found)},"
        : "the former Machine";

    /// <summary>A report that says, if it is so, that this is done for the Machine's health.</summary>
    public static StatusReport Told(StatusReport report, CapiMachine found) =>
        found.IsWaitingForRemediation ? report.Ready(EventReasons.MachineRemediated) : report;

    /// <summary>What there is to say while it is too soon, as a sentence with a space before it; empty otherwise.</summary>
    public static string WaitingText(Observation seen, CapiMachine found, DateTimeOffset now) => Of(seen, found, now) is { At: { } at }
        ? $" A MachineHealthCheck found it unhealthy{Words(found)}; it is made again, but not before {Times.Text(at)}, as that was done shortly before."
        : "";

    private static string Words(CapiMachine found) => found.ReadyMessage is { } words ? $" ({words.TrimEnd('.')})" : "";
}
