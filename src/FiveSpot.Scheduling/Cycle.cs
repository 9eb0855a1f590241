// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.Scheduling;

/// <summary>
/// Named values that follow one another in a circle: the days of a week, the hours of a day. A set of them is an
/// <see cref="int"/> whose bit <c>n</c> stands for the value of index <c>n</c>.
/// </summary>
internal sealed class Cycle
{
    private readonly string[] _names;

    private Cycle(string kind, string allowed, string[] names)
    {
        Kind = kind;
        Allowed = allowed;
        _names = names;
    }

    /// <summary>The days of the week, Monday first.</summary>
    public static Cycle Days { get; } = new(
        "a day",
        "use mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri",
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]);

    /// <summary>The hours of the day.</summary>
    public static Cycle Hours { get; } = new(
        "an hour",
        "use 0 to 23, or a range such as 9-17 (from 9:00 up to, not including, 18:00)",
        [.. Enumerable.Range(0, 24).Select(static hour => $"{hour}")]);

    /// <summary>What one value is, with its article.</summary>
    public string Kind { get; }

    /// <summary>The end of a sentence that says what an item may be.</summary>
    public string Allowed { get; }

    /// <summary>The set of all values.</summary>
    public int All => (1 << _names.Length) - 1;

    /// <summary>Reads one value or a range of them.</summary>
    /// <param name="item">Such as <c>fri</c> or <c>fri-mon</c>; blanks around a value do no harm.</param>
    /// <returns>The set of the values named, or 0 if the item is neither a value nor a range.</returns>
    public int Parse(ReadOnlySpan<char> item)
    {
        var dash = item.IndexOf('-');
        var first = IndexOf((dash < 0 ? item : item[..dash]).Trim());
        var last = dash < 0 ? first : IndexOf(item[(dash + 1)..].Trim());
        if (first < 0 || last < 0)
        {
            return 0;
        }

        var set = 1 << last;
        for (var index = first; index != last; index = (index + 1) % _names.Length)
        {
            set |= 1 << index;
        }

        return set;
    }

    /// <summary>Writes a set in the form that <see cref="Parse"/> reads, items separated by commas.</summary>
    /// <param name="set">Any set but the empty one.</param>
    public string Format(int set)
    {
        if (set == All)
        {
            return $"{_names[0]}-{_names[^1]}";
        }

        var text = new StringBuilder();
        for (var first = 0; first < _names.Length; first++)
        {
            if (!Has(first) || Has(Before(first)))
            {
                continue;
            }

            var last = first;
            while (Has(After(last)))
            {
                last = After(last);
            }

            text.Append(text.Length > 0 ? "," : "").Append(_names[first]);
            if (last != first)
            {
                text.Append('-').Append(_names[last]);
            }
        }

        return text.ToString();

        bool Has(int index) => ((set >> index) & 1) != 0;
        int After(int index) => (index + 1) % _names.Length;
        int Before(int index) => (index + _names.Length - 1) % _names.Length;
    }

    private int IndexOf(ReadOnlySpan<char> name)
    {
        // "09" is the hour 9: the public 5-Spot takes it, and nothing else could be meant.
        if (name.Length == 2 && name[0] == '0')
        {
            name = name[1..];
        }

        for (var index = 0; index < _names.Length; index++)
        {
            if (Ascii.EqualsIgnoreCase(name, _names[index]))
            {
                return index;
            }
        }

        return -1;
    }
}
