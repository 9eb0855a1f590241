// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace FiveSpot.Kubernetes;

/// <summary>Text that somebody else wrote, made fit for a message: one line, nothing that a terminal would act on, bounded.</summary>
/// <remarks>
/// All that leaves the process for people goes through here: events (<c>EventRecorder</c>), log lines of both forms
/// (<c>ConsoleLogging</c>), labels of metrics (<c>MetricRegistry</c>), and what a controller writes into statuses. What is
/// taken from others goes through here as well, to be cut to a length that suits what it is quoted in.
/// </remarks>
public static class ForeignText
{
    /// <summary>The beginning of a text as one line; the very same text if there is nothing to be done.</summary>
    /// <param name="text">The text.</param>
    /// <param name="max">The most characters to keep; what is cut ends with an ellipsis.</param>
    /// <returns>The line; empty if there is nothing to show.</returns>
    public static string Line(string? text, int max) => text is null ? "" : text.Length <= max && IsPlain(text) ? text : Line(text.AsSpan(), max);

    /// <summary>The beginning of a text of several lines, each made fit for a message.</summary>
    /// <param name="text">The text.</param>
    /// <param name="max">The most characters to keep of it.</param>
    /// <returns>The lines.</returns>
    public static string Lines(string text, int max)
    {
        var lines = new StringBuilder();
        foreach (var line in text.AsSpan(0, Math.Min(text.Length, max)).EnumerateLines())
        {
            lines.Append(lines.Length > 0 ? "\n" : "").Append(Line(line, max));
        }

        return (text.Length > max ? lines.Append('…') : lines).ToString();
    }

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
                if (line.Length > 0 && line.Length < max && line[^1] != ' ')
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

    // Nearly all that we write ourselves.
    private static bool IsPlain(string text)
    {
        var before = ' ';
        foreach (var c in text)
        {
            if (c is < ' ' or > '~' || (c == ' ' && before == ' '))
            {
                return false;
            }

            before = c;
        }

        return text.Length == 0 || before != ' ';
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
