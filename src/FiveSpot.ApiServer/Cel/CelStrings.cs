// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace FiveSpot.ApiServer.Cel;

/// <summary>Functions on strings. Positions count Unicode code points.</summary>
internal static class CelStrings
{
    public static CelValue? Call(string function, CelValue[] a)
    {
        var text = a[0].Text;
        switch (function)
        {
            case "contains":
                return CelValue.Of(text.Contains(a[1].Text, StringComparison.Ordinal));
            case "startsWith":
                return CelValue.Of(text.StartsWith(a[1].Text, StringComparison.Ordinal));
            case "endsWith":
                return CelValue.Of(text.EndsWith(a[1].Text, StringComparison.Ordinal));
            case "lowerAscii":
                return CelValue.Of(string.Concat(text.Select(c => char.IsAsciiLetterUpper(c) ? (char)(c + 32) : c)));
            case "upperAscii":
                return CelValue.Of(string.Concat(text.Select(c => char.IsAsciiLetterLower(c) ? (char)(c - 32) : c)));
            case "trim":
                return CelValue.Of(text.Trim());
            case "reverse":
                return CelValue.Of(string.Concat(text.EnumerateRunes().Reverse()));
            case "matches" or "find" or "findAll":
                return Search(function, text, a);
            case "split":
                return Split(text, a[1].Text, a.Length > 2 ? a[2].Int : -1);
            case "replace":
                return CelValue.Of(Replace(text, a[1].Text, a[2].Text, a.Length > 3 ? a[3].Int : -1));
            case "charAt" or "substring" or "indexOf" or "lastIndexOf":
                return ByPosition(function, [.. text.EnumerateRunes()], a);
            case "format":
                return Format(text, a[1].Items);
            default:
                return null;
        }
    }

    private static CelValue Search(string function, string text, CelValue[] a)
    {
        try
        {
            var regex = CelRegex.Compile(a[1].Text);
            if (function == "matches")
            {
                return CelValue.Of(regex.IsMatch(text));
            }

            if (function == "find")
            {
                return CelValue.Of(regex.Match(text).Value);
            }

            var most = a.Length > 2 && a[2].Int >= 0 ? (int)Math.Min(a[2].Int, int.MaxValue) : int.MaxValue;
            return CelValue.Of([.. regex.Matches(text).Take(most).Select(match => CelValue.Of(match.Value))]);
        }
        catch (ArgumentException e)
        {
            return CelValue.Error(e.Message);
        }
    }

    private static CelValue Split(string text, string separator, long limit)
    {
        if (limit == 0)
        {
            return CelValue.Of(new List<CelValue>());
        }

        var most = limit < 0 ? int.MaxValue : (int)Math.Min(limit, int.MaxValue);
        if (separator.Length > 0)
        {
            return CelValue.Of([.. text.Split(separator, most).Select(CelValue.Of)]);
        }

        var runes = text.EnumerateRunes().Select(r => r.ToString()).ToList();
        return runes.Count <= most
            ? CelValue.Of([.. runes.Select(CelValue.Of)])
            : CelValue.Of([.. runes.Take(most - 1).Select(CelValue.Of), CelValue.Of(string.Concat(runes.Skip(most - 1)))]);
    }

    private static string Replace(string text, string old, string by, long limit)
    {
        if (old.Length == 0)
        {
            var result = new StringBuilder();
            foreach (var rune in text.EnumerateRunes())
            {
                result.Append(limit-- != 0 ? by : "").Append(rune.ToString());
                limit = Math.Max(limit, -1);
            }

            return result.Append(limit != 0 ? by : "").ToString();
        }

        if (limit < 0)
        {
            return text.Replace(old, by, StringComparison.Ordinal);
        }

        var parts = text.Split(old, (int)Math.Min(limit + 1, int.MaxValue));
        return string.Join(by, parts);
    }

    private static CelValue ByPosition(string function, List<Rune> runes, CelValue[] a)
    {
        CelValue Outside(long at) => CelValue.Error($"index out of range: {at}");
        switch (function)
        {
            case "charAt":
                var place = a[1].Int;
                return place < 0 || place > runes.Count ? Outside(place)
                    : CelValue.Of(place == runes.Count ? "" : runes[(int)place].ToString());
            case "substring":
                var from = a[1].Int;
                var to = a.Length > 2 ? a[2].Int : runes.Count;
                return from < 0 || from > runes.Count ? Outside(from)
                    : to < 0 || to > runes.Count ? Outside(to)
                    : from > to ? CelValue.Error($"invalid substring range. start: {from}, end: {to}")
                    : CelValue.Of(string.Concat(runes.Skip((int)from).Take((int)(to - from))));
        }

        var wanted = a[1].Text.EnumerateRunes().ToList();
        var first = function == "indexOf";
        var start = a.Length > 2 ? a[2].Int : first ? 0 : runes.Count;
        if (start < 0 || (a.Length > 2 && start > runes.Count))
        {
            return Outside(start);
        }

        var step = first ? 1 : -1;
        for (var at = first ? (int)start : (int)Math.Min(start, runes.Count - wanted.Count);
             at >= 0 && at + wanted.Count <= runes.Count;
             at += step)
        {
            var same = true;
            for (var i = 0; same && i < wanted.Count; i++)
            {
                same = runes[at + i] == wanted[i];
            }

            if (same)
            {
                return CelValue.Of((long)at);
            }
        }

        return CelValue.Of(-1);
    }

    private static CelValue Format(string pattern, IReadOnlyList<CelValue> arguments)
    {
        var result = new StringBuilder();
        var next = 0;
        for (var i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] != '%')
            {
                result.Append(pattern[i]);
                continue;
            }

            if (i + 1 < pattern.Length && pattern[i + 1] == '%')
            {
                result.Append('%');
                i++;
                continue;
            }

            var start = ++i;
            while (i < pattern.Length && (pattern[i] == '.' || char.IsAsciiDigit(pattern[i])))
            {
                i++;
            }

            if (i >= pattern.Length)
            {
                return CelValue.Error("unexpected end of string");
            }

            if (next >= arguments.Count)
            {
                return CelValue.Error($"index {next} out of range");
            }

            var precision = int.TryParse(pattern[start..i].TrimStart('.'), CultureInfo.InvariantCulture, out var digits) ? Math.Min(digits, 100) : 6;
            if (Clause(pattern[i], precision, arguments[next++]) is not { } text)
            {
                return CelValue.Error($"error during formatting: unsupported clause or argument for '%{pattern[i]}'");
            }

            result.Append(text);
        }

        return CelValue.Of(result.ToString());
    }

    private static string? Clause(char verb, int precision, CelValue value) => (verb, value.Kind) switch
    {
        ('s', _) => value.ToString(),
        ('d', CelKind.Int or CelKind.Uint) => value.ToString(),
        ('f', CelKind.Double or CelKind.Int or CelKind.Uint) => value.AsDouble().ToString("F" + precision, CultureInfo.InvariantCulture),
        ('e', CelKind.Double or CelKind.Int or CelKind.Uint) =>
            value.AsDouble().ToString("0." + new string('0', precision) + "e+00", CultureInfo.InvariantCulture),
        ('b', CelKind.Int) => Convert.ToString(value.Int, 2),
        ('b', CelKind.Bool) => value.Bool ? "1" : "0",
        ('o', CelKind.Int) => Convert.ToString(value.Int, 8),
        ('x', CelKind.Int) => value.Int.ToString("x", CultureInfo.InvariantCulture),
        ('X', CelKind.Int) => value.Int.ToString("X", CultureInfo.InvariantCulture),
        ('x', CelKind.String) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(value.Text)),
        ('X', CelKind.String) => Convert.ToHexString(Encoding.UTF8.GetBytes(value.Text)),
        _ => null,
    };
}
