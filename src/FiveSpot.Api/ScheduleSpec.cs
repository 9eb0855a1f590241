// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>A weekly schedule as people write it. At least one of the two lists names something.</summary>
public sealed record ScheduleSpec
{
    private const string DefaultTimezone = "UTC";

    /// <summary>A schedule with all defaults.</summary>
    public ScheduleSpec()
    {
    }

    // The deserializer takes from a parameter what an absent field means; of an initializer it knows nothing.
    [JsonConstructor]
    internal ScheduleSpec(bool enabled = true)
    {
        Enabled = enabled;
    }

    /// <summary>
    /// Days, <c>mon</c> … <c>sun</c>, and ranges of them; empty means all. At most 64 entries of 256 characters.
    /// </summary>
    [Schema(
        "Days on which the machine is to be there: mon, tue, wed, thu, fri, sat, sun, and ranges of them, both ends "
        + "included, which may wrap around the week (fri-mon). One entry may hold several, separated by commas. Empty "
        + "means every day. A day begins and ends at midnight of the schedule's time zone. "
        + "Example: [\"mon-thu\", \"sat\"].",
        MaxItems = Limits.ScheduleEntries, ItemMaxLength = Limits.ScheduleEntry)]
    [CelRule(Cel.Days, Sentences.Days, On = CelRuleAttribute.Each)]
    public IReadOnlyList<string> DaysOfWeek { get; init => field = value ?? []; } = [];

    /// <summary>
    /// Hours, <c>0</c> … <c>23</c>, and ranges of them; empty means all. At most 64 entries of 256 characters.
    /// </summary>
    [Schema(
        "Hours of those days in which the machine is to be there: 0 to 23, and ranges of them, both ends included, "
        + "which may wrap around midnight (22-6: the hours 22, 23 and 0 to 6 of each day named). 9-17 is from 9:00 up "
        + "to, not including, 18:00. One entry may hold several, separated by commas. Empty means every hour. "
        + "Example: [\"9-12\", \"14-17\"].",
        MaxItems = Limits.ScheduleEntries, ItemMaxLength = Limits.ScheduleEntry)]
    [CelRule(Cel.Hours, Sentences.Hours, On = CelRuleAttribute.Each)]
    public IReadOnlyList<string> HoursOfDay { get; init => field = value ?? []; } = [];

    /// <summary>IANA name of the time zone; at most 64 characters.</summary>
    [Schema(
        "Time zone in which days and hours are meant: its IANA name. Default: UTC. Clock changes are followed: an hour "
        + "that is skipped does not happen, one that is repeated happens twice. Example: Europe/Zurich.",
        MaxLength = Limits.Timezone)]
    [CelRule(Cel.Timezone, Sentences.Timezone)]
    public string Timezone { get; init => field = value ?? DefaultTimezone; } = DefaultTimezone;

    /// <summary>Administrative switch; <c>false</c> and <c>enabled: false</c> beside the schedule mean the same.</summary>
    [Schema(
        "Switches the machine off when false, whatever the schedule says; the same as spec.enabled: false. Default: "
        + "true. 5-Spot itself sets it to false when the machine's owner reclaims it (killIfCommands); set it to true "
        + "to let the machine return.")]
    [JsonConverter(typeof(NullMeansTrueConverter))]
    public bool Enabled { get; init; } = true;
}
