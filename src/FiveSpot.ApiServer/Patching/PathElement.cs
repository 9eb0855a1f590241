// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>One step of a field path, as in <c>fieldsV1</c>: <c>f:name</c>, <c>k:{"type":"Ready"}</c>, <c>v:"x"</c>
/// or <c>i:0</c>. Its canonical text is its identity.</summary>
internal sealed class PathElement : IEquatable<PathElement>, IComparable<PathElement>
{
    private const string KindOrder = "fkvi";

    // Of a key: its fields in order of name. Of a value: the value, under an empty name. Of a field: nothing.
    private readonly (string Name, JsonNode? Value)[] _values;

    private PathElement(string text, (string Name, JsonNode? Value)[] values)
    {
        Text = text;
        _values = values;
    }

    /// <summary>The element as <c>fieldsV1</c> writes it.</summary>
    public string Text { get; }

    /// <summary>The name of a field; null for the other kinds.</summary>
    public string? FieldName => Text[0] == 'f' ? Text[2..] : null;

    public bool IsKey => Text[0] == 'k';

    public static PathElement Field(string name) => new("f:" + name, []);

    /// <summary>The element of a list-map's item; the fields in any order.</summary>
    public static PathElement Key((string Name, JsonNode? Value)[] fields)
    {
        if (fields.Length > 1)
        {
            Array.Sort(fields, static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        }
        var text = new StringBuilder("k:{");
        foreach (var (name, value) in fields)
        {
            if (text.Length > 3)
            {
                text.Append(',');
            }
            AppendString(text, name);
            text.Append(':');
            AppendScalar(text, value);
        }
        return new PathElement(text.Append('}').ToString(), fields);
    }

    /// <summary>The element of a set's item.</summary>
    public static PathElement Item(JsonNode value)
    {
        var text = new StringBuilder("v:");
        AppendScalar(text, value);
        return new PathElement(text.ToString(), [("", value)]);
    }

    /// <summary>Reads an element of <c>fieldsV1</c>; null for a kind that is not known, which readers skip.</summary>
    /// <exception cref="FormatException">It is malformed.</exception>
    public static PathElement? Parse(string text)
    {
        if (text.Length < 2 || text[1] != ':')
        {
            throw new FormatException($"missing colon: {text}");
        }
        try
        {
            switch (text[0])
            {
                case 'f':
                    return new PathElement(text, []);
                case 'v':
                    return Item(JsonNode.Parse(text.AsMemory(2).ToString()) ?? throw new FormatException("a set has no null"));
                case 'k':
                    var key = JsonNode.Parse(text[2..]) as JsonObject ?? throw new FormatException($"no object: {text}");
                    return Key([.. key.Select(static field => (field.Key, field.Value))]);
                case 'i':
                    _ = int.Parse(text.AsSpan(2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                    return new PathElement(text, []);
                default:
                    return null;
            }
        }
        catch (JsonException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    public bool Equals(PathElement? other) => other is not null && Text == other.Text;

    public override bool Equals(object? obj) => Equals(obj as PathElement);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    /// <summary>Fields, then keys, values and indices, each in their natural order.</summary>
    public int CompareTo(PathElement? other)
    {
        if (other is null)
        {
            return 1;
        }
        if (Text[0] != other.Text[0])
        {
            return KindOrder.IndexOf(Text[0], StringComparison.Ordinal) - KindOrder.IndexOf(other.Text[0], StringComparison.Ordinal);
        }
        for (var i = 0; i < _values.Length && i < other._values.Length; i++)
        {
            var order = string.CompareOrdinal(_values[i].Name, other._values[i].Name);
            if (order == 0)
            {
                order = CompareScalars(_values[i].Value, other._values[i].Value);
            }
            if (order != 0)
            {
                return order;
            }
        }
        return _values.Length != other._values.Length
            ? _values.Length - other._values.Length
            : string.CompareOrdinal(Text, other.Text);
    }

    /// <summary>The element in a path for people: <c>.name</c>, <c>[type="Ready"]</c>, <c>[="x"]</c>, <c>[0]</c>.</summary>
    public override string ToString() => Text[0] switch
    {
        'f' => "." + Text[2..],
        'i' => $"[{Text[2..]}]",
        'v' => $"[={Text[2..]}]",
        _ => $"[{string.Join(',', _values.Select(static field => $"{field.Name}={Scalar(field.Value)}"))}]",
    };

    private static int CompareScalars(JsonNode? a, JsonNode? b)
    {
        var (kindA, kindB) = (Rank(a), Rank(b));
        if (kindA != kindB)
        {
            return kindA - kindB;
        }
        return kindA switch
        {
            0 => Number(a!).CompareTo(Number(b!)),
            _ => string.CompareOrdinal(Scalar(a), Scalar(b)),
        };

        static int Rank(JsonNode? node) => node?.GetValueKind() switch
        {
            JsonValueKind.Number => 0,
            JsonValueKind.String => 1,
            JsonValueKind.False or JsonValueKind.True => 2,
            _ => 3,
        };

        static double Number(JsonNode node) => double.Parse(node.ToJsonString(), CultureInfo.InvariantCulture);
    }

    private static string Scalar(JsonNode? value)
    {
        var text = new StringBuilder();
        AppendScalar(text, value);
        return text.ToString();
    }

    private static void AppendScalar(StringBuilder text, JsonNode? value)
    {
        switch (value?.GetValueKind())
        {
            case JsonValueKind.String:
                AppendString(text, value.GetValue<string>());
                break;
            case JsonValueKind.Number:
                // 1, 1.0 and 1e0 are one key.
                var number = value.ToJsonString();
                text.Append(decimal.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var exact)
                    ? exact.ToString("0.############################", CultureInfo.InvariantCulture)
                    : number);
                break;
            default:
                text.Append(value?.ToJsonString() ?? "null");
                break;
        }
    }

    // Escapes what Go's encoding/json does, so that an element has the same text here and there.
    private static void AppendString(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"' or '\\':
                    text.Append('\\').Append(c);
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }
        text.Append('"');
    }
}
