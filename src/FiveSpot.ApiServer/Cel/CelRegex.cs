// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text;
using System.Text.RegularExpressions;

namespace FiveSpot.ApiServer.Cel;

/// <summary>Regular expressions with RE2's meaning, in time linear in the input.</summary>
internal static class CelRegex
{
    private const int MostKept = 1000;

    private static readonly ConcurrentDictionary<string, Regex> Compiled = new();

    /// <summary>Compiles a pattern; an <see cref="ArgumentException"/> says why it is refused.</summary>
    public static Regex Compile(string pattern)
    {
        if (Compiled.TryGetValue(pattern, out var known))
        {
            return known;
        }

        try
        {
            var regex = new Regex(Translate(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            if (Compiled.Count < MostKept)
            {
                Compiled.TryAdd(pattern, regex);
            }

            return regex;
        }
        catch (NotSupportedException e)
        {
            // Look-around, back references, atomic groups: RE2 has none of them either.
            throw new ArgumentException($"error parsing regexp: {e.Message}", nameof(pattern), e);
        }
    }

    /// <summary>Rewrites what the two dialects spell differently.</summary>
    private static string Translate(string pattern)
    {
        var result = new StringBuilder(pattern.Length);
        var classStart = -1;
        for (var i = 0; i < pattern.Length; i++)
        {
            var c = pattern[i];
            var inClass = classStart >= 0;
            if (c == '\\' && i + 1 < pattern.Length)
            {
                result.Append(Escape(pattern[++i], inClass));
            }
            else if (inClass && c == '[' && PosixClass(pattern, ref i) is { } posix)
            {
                result.Append(posix);
            }
            else if (inClass)
            {
                // A bracket that comes first, also after ^, stands for itself.
                var first = i == classStart + 1 || (i == classStart + 2 && pattern[i - 1] == '^');
                classStart = c == ']' && !first ? -1 : classStart;
                result.Append(c == '[' ? @"\[" : c.ToString());
            }
            else if (string.CompareOrdinal(pattern, i, "(?P<", 0, 4) == 0)
            {
                result.Append("(?<");
                i += 3;
            }
            else
            {
                classStart = c == '[' ? i : -1;

                // .NET's $ also matches before a newline at the end; RE2's does not.
                result.Append(c == '$' && !pattern.Contains("(?m", StringComparison.Ordinal) ? @"\z" : c.ToString());
            }
        }

        return result.ToString();
    }

    /// <summary>In RE2 the class escapes are ASCII.</summary>
    private static string Escape(char name, bool inClass) => name switch
    {
        'd' => inClass ? "0-9" : "[0-9]",
        'w' => inClass ? "0-9A-Za-z_" : "[0-9A-Za-z_]",
        's' => inClass ? @"\t\n\f\r " : @"[\t\n\f\r ]",
        'D' when !inClass => "[^0-9]",
        'W' when !inClass => "[^0-9A-Za-z_]",
        'S' when !inClass => @"[^\t\n\f\r ]",
        _ => $"\\{name}",
    };

    private static string? PosixClass(string pattern, ref int at)
    {
        var end = string.CompareOrdinal(pattern, at, "[:", 0, 2) == 0 ? pattern.IndexOf(":]", at, StringComparison.Ordinal) : -1;
        var set = end < 0 ? null : pattern[(at + 2)..end] switch
        {
            "alnum" => "0-9A-Za-z",
            "alpha" => "A-Za-z",
            "digit" => "0-9",
            "lower" => "a-z",
            "upper" => "A-Z",
            "space" => @"\t\n\v\f\r ",
            "xdigit" => "0-9A-Fa-f",
            "word" => "0-9A-Za-z_",
            "punct" => @"!-/:-@\[-`{-~",
            _ => null,
        };
        if (set is not null)
        {
            at = end + 1;
        }

        return set;
    }
}
