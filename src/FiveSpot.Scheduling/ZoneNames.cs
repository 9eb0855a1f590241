// SPDX-License-Identifier: Apache-2.0

using System.Collections.Frozen;
using System.Numerics;
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
        var wanted = new Spelling(name.Replace(' ', '_').ToUpperInvariant());
        var most = wanted.Text.Length / 4;
        List<(string Id, int Edits)> near = [];
        foreach (var (id, whole, city) in Spellings.All)
        {
            if (Edits(wanted, whole, city, most) is var edits && edits <= most)
            {
                near.Add((id, edits));
            }
        }

        return
        [
            .. near
                .OrderBy(static candidate => candidate.Edits)
                .ThenBy(static candidate => candidate.Id, StringComparer.Ordinal)
                .Take(MaxSuggestions)
                .Select(static candidate => candidate.Id),
        ];
    }

    // The city alone ("zurich") counts as much as the whole name; the right city in a wrong region is one mistake.
    private static int Edits(in Spelling wanted, in Spelling whole, in Spelling city, int most)
    {
        var isWrongRegionAlone = wanted.Text.Contains('/') && City(wanted.Text).SequenceEqual(city.Text);
        return Math.Min(isWrongRegionAlone ? 1 : int.MaxValue, Math.Min(Distance(wanted, whole, most), Distance(wanted, city, most)));
    }

    private static ReadOnlySpan<char> City(string name) => name.AsSpan(name.LastIndexOf('/') + 1);

    /// <summary>Levenshtein's distance as far as it is at most <paramref name="most"/>, else more than that.</summary>
    /// <remarks>Somebody else's text is compared with some twelve hundred: nearly all are told by their letters to be too far away,
    /// and of the others no more is compared than can still be near.</remarks>
    private static int Distance(in Spelling one, in Spelling other, int most)
    {
        var (wanted, id) = (one.Text, other.Text);
        if (Math.Abs(wanted.Length - id.Length) > most || one.LettersBeside(other) > most)
        {
            return most + 1;
        }

        Span<int> row = stackalloc int[MaxLength + 1];
        for (var column = 0; column <= id.Length; column++)
        {
            row[column] = column;
        }

        for (var line = 1; line <= wanted.Length; line++)
        {
            var (first, last) = (Math.Max(1, line - most), Math.Min(id.Length, line + most));
            var diagonal = row[first - 1];
            row[first - 1] = first == 1 ? line : most + 1;
            var nearest = row[first - 1];
            for (var column = first; column <= last; column++)
            {
                var replaced = diagonal + (wanted[line - 1] == id[column - 1] ? 0 : 1);
                diagonal = row[column];
                row[column] = Math.Min(replaced, Math.Min(diagonal, row[column - 1]) + 1);
                nearest = Math.Min(nearest, row[column]);
            }

            if (nearest > most)
            {
                return most + 1;
            }
        }

        return row[id.Length];
    }

    /// <summary>A name in capitals, and which letters it has.</summary>
    private readonly record struct Spelling(string Text)
    {
        private readonly ulong _letters = Letters(Text);

        /// <summary>How many letters one of the two has that the other lacks: each takes an edit.</summary>
        public int LettersBeside(in Spelling other) => Math.Max(
            BitOperations.PopCount(_letters & ~other._letters), BitOperations.PopCount(other._letters & ~_letters));

        private static ulong Letters(string text)
        {
            var letters = 0UL;
            foreach (var letter in text)
            {
                letters |= 1UL << (letter % 64);
            }

            return letters;
        }
    }

    /// <summary>Made when somebody first misspells a name.</summary>
    private static class Spellings
    {
        public static readonly (string Id, Spelling Whole, Spelling City)[] All =
            [.. Names.Values.Select(static id => (id, new Spelling(id.ToUpperInvariant()), new Spelling(City(id.ToUpperInvariant()).ToString())))];
    }
}
