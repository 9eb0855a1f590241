// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.Scheduling;

/// <summary>Reads the three fields of a schedule and collects what is wrong with them.</summary>
/// <remarks>
/// The text comes from whoever may create a ScheduledMachine, so all of it is bounded: the number of strings, the length
/// of each, and the number of errors kept.
/// </remarks>
internal sealed class ScheduleParser
{
    private const int MaxErrorsOfField = 10;
    private const int MaxQuotedLength = 40;

    private readonly List<ScheduleError> _errors = [];

    /// <summary>What is wrong with all that was read so far.</summary>
    public IReadOnlyList<ScheduleError> Errors => _errors;

    /// <summary>Reads <c>daysOfWeek</c> and <c>hoursOfDay</c>, an empty one of which means all.</summary>
    /// <returns>The two sets; of no use if there are <see cref="Errors"/>.</returns>
    public (int Days, int Hours) ParseSets(IReadOnlyList<string> daysOfWeek, IReadOnlyList<string> hoursOfDay)
    {
        if (daysOfWeek.Count == 0 && hoursOfDay.Count == 0)
        {
            _errors.Add(new(
                "daysOfWeek",
                "daysOfWeek and hoursOfDay are both empty: name at least one day or one hour "
                + "(one list left empty means all days, or all hours; for around the clock write mon-sun)"));
        }

        return (ParseSet("daysOfWeek", daysOfWeek, Cycle.Days), ParseSet("hoursOfDay", hoursOfDay, Cycle.Hours));
    }

    /// <summary>Reads <c>timezone</c>.</summary>
    /// <returns>The zone's name as the tz database spells it, or <see langword="null"/> after an error.</returns>
    public string? ParseZone(string timezone)
    {
        const string Allowed = "use an IANA name such as Europe/Zurich or America/New_York, or UTC";
        var name = timezone.AsSpan().Trim();
        if (name.Length is 0 or > ZoneNames.MaxLength)
        {
            _errors.Add(new(
                "timezone",
                name.IsEmpty
                    ? $"the time zone is empty: {Allowed}"
                    : $"{Quote(name)} is longer than any time zone's name: {Allowed}"));
            return null;
        }

        var id = name.ToString();
        if (ZoneNames.Find(id) is { } found)
        {
            return found;
        }

        var nearest = ZoneNames.Nearest(id);
        var advice = nearest.Count > 0 ? $"did you mean {string.Join(" or ", nearest)}?" : Allowed;
        _errors.Add(new("timezone", $"{Quote(name)} is not a time zone: {advice}"));
        return null;
    }

    private int ParseSet(string field, IReadOnlyList<string> entries, Cycle cycle)
    {
        if (entries.Count > WeeklySchedule.MaxEntries)
        {
            _errors.Add(new(
                field,
                $"the list has {entries.Count} entries: at most {WeeklySchedule.MaxEntries} are allowed"));
            return 0;
        }

        var set = 0;
        var found = new List<ScheduleError>();
        for (var index = 0; index < entries.Count && found.Count <= MaxErrorsOfField; index++)
        {
            set |= ParseEntry($"{field}[{index}]", entries[index], cycle, found);
        }

        if (found.Count > MaxErrorsOfField)
        {
            found[MaxErrorsOfField] = new(field, "there are more errors in this list: correct those named first");
        }

        _errors.AddRange(found);
        return entries.Count == 0 ? cycle.All : set;
    }

    // A list that was decoded from JSON may hold nulls, whatever its type says.
    private static int ParseEntry(string field, string? entry, Cycle cycle, List<ScheduleError> errors)
    {
        if (entry?.Length > WeeklySchedule.MaxEntryLength)
        {
            errors.Add(new(
                field,
                $"{Quote(entry)} has {entry.Length} characters: "
                + $"at most {WeeklySchedule.MaxEntryLength} are allowed in one entry"));
            return 0;
        }

        var set = 0;
        foreach (var range in entry.AsSpan().Split(','))
        {
            var item = entry.AsSpan(range).Trim();
            var values = cycle.Parse(item);
            if (values == 0)
            {
                errors.Add(new(field, $"{Quote(item)} is not {cycle.Kind}: {cycle.Allowed}"));
                if (errors.Count > MaxErrorsOfField)
                {
                    break;
                }
            }

            set |= values;
        }

        return set;
    }

    // What is quoted ends up in logs, events and terminals: nothing in it may act there.
    private static string Quote(ReadOnlySpan<char> text)
    {
        var shown = text.Length > MaxQuotedLength ? $"{text[..MaxQuotedLength]}…" : text.ToString();
        return $"\"{string.Concat(shown.Select(static c => IsHarmless(c) ? c : '\uFFFD'))}\"";
    }

    private static bool IsHarmless(char c) => char.GetUnicodeCategory(c) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned);
}
