// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace FiveSpot.Kubernetes;

/// <summary>Text that somebody else wrote, made fit for a message: one line, nothing that a terminal would act on, bounded.</summary>
public static class ForeignText
{
    /// <summary>The beginning of a text as one line.</summary>
    /// <param name="text">The text.</param>
    /// <param name="max">The most characters to keep; what is cut ends with an ellipsis.</param>
    /// <returns>The line; empty if there is nothing to show.</returns>
    public static string Line(ReadOnlySpan<char> text, int max)
    {
        var line = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator)
            {
                if (line.Length > 0 && line[^1] != ' ')
                {
                    line.Append(' ');
                }
            }
            else if (line.Length + rune.Utf16SequenceLength > max)
            {
                return line.Append('…').ToString();
            }
            else
            {
                line.Append(rune.ToString());
            }
        }

        return line.ToString().TrimEnd(' ');
    }

    /// <summary>The beginning of a list, and how many more there are.</summary>
    /// <param name="items">The items.</param>
    /// <param name="max">The most items to name.</param>
    /// <returns>The list in words.</returns>
    public static string List(IEnumerable<string> items, int max)
    {
        var all = items.ToList();
        var named = string.Join(", ", all.Take(max).Select(item => Line(item, 100)));
        return all.Count <= max ? named : string.Create(CultureInfo.InvariantCulture, $"{named} and {all.Count - max} more");
    }
}
