// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Scheduling;

/// <summary>The text of a <see cref="WeeklySchedule"/> does not describe one.</summary>
/// <remarks>The message holds all <see cref="Errors"/>, separated by semicolons.</remarks>
public sealed class ScheduleFormatException : FormatException
{
    /// <summary>Makes an exception that reports <paramref name="errors"/>.</summary>
    /// <param name="errors">What is wrong; at least one.</param>
    public ScheduleFormatException(IReadOnlyList<ScheduleError> errors)
        : base(string.Join("; ", errors))
    {
        Errors = errors;
    }

    /// <summary>All that is wrong, in the order of the fields; at least one.</summary>
    public IReadOnlyList<ScheduleError> Errors { get; }
}
