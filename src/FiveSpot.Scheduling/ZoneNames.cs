// SPDX-License-Identifier: Apache-2.0

using System.Collections.Frozen;
using NodaTime;

namespace FiveSpot.Scheduling;

/// <summary>The names of the tz database, links such as <c>Asia/Calcutta</c> included.</summary>
internal static class ZoneNames
{
    /// <summary>Twice the length of the longest name there is.</summary>
    public const int MaxLength = 64;

    private const int MaxSuggestions = 3;

    // No two names differ by case alone. Noda Time itself would also take "UTC+5", which is not a name of a zone.
    private static readonly FrozenDictionary<string, string> Names =
        DateTimeZoneProviders.Tzdb.Ids.ToFrozenDictionary(static id => id, StringComparer.OrdinalIgnoreCase);

    /// <summary>The database's own spelling of a name.</summary>
    /// <param name="name">The name in any letter case.</param>
    /// <returns><see langword="null"/> if there is no such zone.</returns>
    public static string? Find(string name) => Names.GetValueOrDefault(name);

    /// <summary>The names that somebody who wrote <paramref name="name"/> may have meant, the nearest first.</summary>
    /// <param name="name">At most <see cref="MaxLength"/> characters.</param>
    /// <returns>Up to three names; none if nothing is near.</returns>
    public static IReadOnlyList<string> Nearest(string name)
    {
        var wanted = name.Replace(' ', '_').ToUpperInvariant();
        return
        [
            .. Names.Values
                .Select(id => (Id: id, Edits: Edits(wanted, id)))
                .Where(candidate => candidate.Edits <= wanted.Length / 4)
                .OrderBy(static candidate => candidate.Edits)
                .ThenBy(static candidate => candidate.Id, StringComparer.Ordinal)
                .Take(MaxSuggestions)
                .Select(static candidate => candidate.Id),
        ];
    }

    // The city alone ("zurich") counts as much as the whole name; the right city in a wrong region is one mistake.
    private static int Edits(string wanted, string id)
    {
        var city = City(id);
        var isWrongRegionAlone = wanted.Contains('/') && City(wanted).Equals(city, StringComparison.OrdinalIgnoreCase);
        return Math.Min(isWrongRegionAlone ? 1 : int.MaxValue, Math.Min(Distance(wanted, id), Distance(wanted, city)));
    }

    private static ReadOnlySpan<char> City(string name) => name.AsSpan(name.LastIndexOf('/') + 1);

    /// <summary>Levenshtein's distance, in letters of either case.</summary>
    private static int Distance(ReadOnlySpan<char> wanted, ReadOnlySpan<char> id)
    {
        Span<int> row = stackalloc int[MaxLength + 1];
        for (var column = 0; column <= id.Length; column++)
        {
            row[column] = column;
        }

        for (var line = 0; line < wanted.Length; line++)
        {
            var diagonal = row[0];
            row[0] = line + 1;
            for (var column = 0; column < id.Length; column++)
            {
                var replaced = diagonal + (wanted[line] == char.ToUpperInvariant(id[column]) ? 0 : 1);
                diagonal = row[column + 1];
                row[column + 1] = Math.Min(replaced, Math.Min(diagonal, row[column]) + 1);
            }
        }

        return row[id.Length];
    }
}
