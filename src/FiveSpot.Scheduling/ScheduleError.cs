// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Scheduling;

/// <summary>One thing that is wrong with the text of a <see cref="WeeklySchedule"/>.</summary>
/// <param name="Field">
/// Where it is, as the user wrote it: <c>daysOfWeek</c>, <c>hoursOfDay</c> or <c>timezone</c>, followed for one string of
/// a list by its index, as in <c>daysOfWeek[2]</c>.
/// </param>
/// <param name="Message">A sentence for a person: the offending item and what is allowed in its place.</param>
public sealed record ScheduleError(string Field, string Message)
{
    /// <summary>The field and the message, as in <c>hoursOfDay[0]: "24" is not an hour: …</c>.</summary>
    public override string ToString() => $"{Field}: {Message}";
}
