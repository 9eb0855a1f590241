// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>A weekly schedule as people write it.</summary>
public sealed record ScheduleSpec
{
    /// <summary>Days, <c>mon</c> … <c>sun</c>, and ranges of them; empty means all.</summary>
    public IReadOnlyList<string> DaysOfWeek { get; init; } = [];

    /// <summary>Hours, <c>0</c> … <c>23</c>, and ranges of them; empty means all.</summary>
    public IReadOnlyList<string> HoursOfDay { get; init; } = [];

    /// <summary>IANA name of the time zone.</summary>
    public string Timezone { get; init; } = "UTC";

    /// <summary>Administrative switch; <c>false</c> and <c>enabled: false</c> beside the schedule mean the same.</summary>
    public bool Enabled { get; init; } = true;
}
