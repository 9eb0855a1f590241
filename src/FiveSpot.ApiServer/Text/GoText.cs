// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Text;

/// <summary>Values as Go prints them: kube-apiserver's messages are made of <c>%v</c>, <c>%q</c> and <c>%#v</c>.</summary>
public static class GoText
{
    /// <summary>A float in the shortest form, with an exponent from 10^<paramref name="threshold"/> on (<c>%v</c>: 21).</summary>
    public static string Float(double value, int threshold)
    {
        if (double.IsNaN(value))
        {
            return "NaN";
        }

        if (double.IsInfinity(value))
        {
            return value > 0 ? "+Inf" : "-Inf";
        }

        if (value == 0)
        {
            return double.IsNegative(value) ? "-0" : "0";
        }

        var shortest = Math.Abs(value).ToString("E16", CultureInfo.InvariantCulture);
        for (var precision = 0; precision <= 16; precision++)
        {
            var candidate = Math.Abs(value).ToString("E" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (double.Parse(candidate, CultureInfo.InvariantCulture) == Math.Abs(value))
            {
                shortest = candidate;
                break;
            }
        }

        var mark = shortest.IndexOf('E');
        var digits = shortest[..mark].Replace(".", "", StringComparison.Ordinal);
        var exponent = int.Parse(shortest[(mark + 1)..], CultureInfo.InvariantCulture);
        var sign = value < 0 ? "-" : "";
        if (exponent < -4 || exponent >= Math.Max(threshold, threshold == 21 ? 21 : digits.Length))
        {
            var fraction = digits.Length > 1 ? "." + digits[1..] : "";
            return $"{sign}{digits[0]}{fraction}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        if (exponent < 0)
        {
            return $"{sign}0.{new string('0', -exponent - 1)}{digits}";
        }

        return digits.Length <= exponent + 1
            ? sign + digits.PadRight(exponent + 1, '0')
            : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>A quoted string, escaped as <c>strconv.Quote</c> does.</summary>
    public static string Quote(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var rune in value.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '"':
                    text.Append("\\\"");
                    break;
                case '\\':
                    text.Append(@"\\");
                    break;
                case >= '\a' and <= '\r':
                    text.Append('\\').Append("abtnvfr"[rune.Value - '\a']);
                    break;
                case < 0x20 or 0x7f:
                    text.Append($"\\x{rune.Value:x2}");
                    break;
                case var code when code < 0x7f || IsPrintable(rune):
                    text.Append(rune.ToString());
                    break;
                case < 0x10000:
                    text.Append($"\\u{rune.Value:x4}");
                    break;
                default:
                    text.Append($"\\U{rune.Value:x8}");
                    break;
            }
        }

        return text.Append('"').ToString();
    }

    /// <summary>A JSON value as Go encodes a map: in the order of its keys.</summary>
    public static string Json(JsonNode? node) => node switch
    {
        null => "null",
        JsonObject map => $"{{{string.Join(',', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{Quote(p.Key)}:{Json(p.Value)}"))}}}",
        JsonArray list => $"[{string.Join(',', list.Select(Json))}]",
        _ => Scalar(node),
    };

    /// <summary>A JSON value as <c>%v</c> shows what Go decodes it to.</summary>
    public static string Print(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{Print(p.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(Print))}]",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => Scalar(node),
    };

    /// <summary>A JSON scalar: strings quoted, the rest as <c>%v</c>.</summary>
    public static string Scalar(JsonNode node) => node.GetValueKind() switch
    {
        JsonValueKind.String => Quote(node.GetValue<string>()),
        JsonValueKind.Number => Number(node),
        JsonValueKind.True => "true",
        _ => "false",
    };

    /// <summary>A JSON number as <c>%v</c>: integers stay as they are, the rest are floats.</summary>
    public static string Number(JsonNode node)
    {
        var text = node.ToJsonString();
        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
            ? whole.ToString(CultureInfo.InvariantCulture)
            : Float(double.Parse(text, CultureInfo.InvariantCulture), 21);
    }

    private static bool IsPrintable(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control
        or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.SpaceSeparator);
}
