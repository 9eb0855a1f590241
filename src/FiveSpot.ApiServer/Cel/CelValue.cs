// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Cel;

/// <summary>A CEL value. An error is a value too: <see cref="CelKind.Error"/>.</summary>
public sealed class CelValue
{
    /// <summary><c>null</c>.</summary>
    public static readonly CelValue Null = new(CelKind.Null, null);

    /// <summary><c>true</c>.</summary>
    public static readonly CelValue True = new(CelKind.Bool, true);

    /// <summary><c>false</c>.</summary>
    public static readonly CelValue False = new(CelKind.Bool, false);

    /// <summary>An optional without content.</summary>
    public static readonly CelValue None = new(CelKind.Optional, null);

    /// <summary>Equality as CEL's <c>==</c>, numbers of different kinds included.</summary>
    internal static readonly IEqualityComparer<CelValue> Equality = new Comparer();

    private readonly object? _value;

    private CelValue(CelKind kind, object? value)
    {
        Kind = kind;
        _value = value;
    }

    /// <summary>What it is.</summary>
    public CelKind Kind { get; }

    /// <summary>The text of a string, the message of an error or the name of a type.</summary>
    public string Text => (string)_value!;

    /// <summary>Whether this is <c>true</c>.</summary>
    public bool IsTrue => Kind == CelKind.Bool && (bool)_value!;

    /// <summary>Whether this is a failure.</summary>
    public bool IsError => Kind == CelKind.Error;

    /// <summary>The elements of a list.</summary>
    public IReadOnlyList<CelValue> Items => ((ListData)_value!).Items;

    /// <summary>The map.</summary>
    public CelMap Map => (CelMap)_value!;

    /// <summary>The content of an optional or the host's object of an opaque value.</summary>
    public object? Content => _value;

    internal bool Bool => (bool)_value!;

    internal long Int => (long)_value!;

    internal ulong Uint => (ulong)_value!;

    internal double Double => (double)_value!;

    internal byte[] Bytes => (byte[])_value!;

    internal DateTimeOffset Timestamp => (DateTimeOffset)_value!;

    internal TimeSpan Duration => (TimeSpan)_value!;

    internal CelType? ListShape => ((ListData)_value!).Shape;

    internal bool IsNumber => Kind is CelKind.Int or CelKind.Uint or CelKind.Double;

    /// <summary>The length that costs are computed from: bytes, elements or entries; 1 for what has none.</summary>
    internal long Size => Kind switch
    {
        CelKind.String => Encoding.UTF8.GetByteCount(Text),
        CelKind.Bytes => Bytes.Length,
        CelKind.List => Items.Count,
        CelKind.Map => Map.Count,
        _ => 1,
    };

    /// <summary>A truth value.</summary>
    public static CelValue Of(bool value) => value ? True : False;

    /// <summary>An int.</summary>
    public static CelValue Of(long value) => new(CelKind.Int, value);

    /// <summary>A uint.</summary>
    public static CelValue Of(ulong value) => new(CelKind.Uint, value);

    /// <summary>A double.</summary>
    public static CelValue Of(double value) => new(CelKind.Double, value);

    /// <summary>A string.</summary>
    public static CelValue Of(string value) => new(CelKind.String, value);

    /// <summary>Bytes.</summary>
    public static CelValue Of(byte[] value) => new(CelKind.Bytes, value);

    /// <summary>An instant.</summary>
    public static CelValue Of(DateTimeOffset value) => new(CelKind.Timestamp, value.ToUniversalTime());

    /// <summary>A span of time.</summary>
    public static CelValue Of(TimeSpan value) => new(CelKind.Duration, value);

    /// <summary>A list.</summary>
    public static CelValue Of(IReadOnlyList<CelValue> items) => new(CelKind.List, new ListData(items, null));

    /// <summary>A map.</summary>
    public static CelValue Of(CelMap map) => new(CelKind.Map, map);

    /// <summary>An optional with content.</summary>
    public static CelValue Some(CelValue value) => new(CelKind.Optional, value);

    /// <summary>An object of the host's.</summary>
    public static CelValue Opaque(object value) => new(CelKind.Opaque, value);

    /// <summary>A failure.</summary>
    public static CelValue Error(string message) => new(CelKind.Error, message);

    internal static CelValue TypeNamed(string name) => new(CelKind.Type, name);

    internal static CelValue ListOf(IReadOnlyList<CelValue> items, CelType? shape) =>
        new(CelKind.List, new ListData(items, shape));

    /// <summary>Reads JSON as a value of <paramref name="type"/>; what does not fit it is read as it stands.</summary>
    public static CelValue FromJson(JsonNode? node, CelType? type = null)
    {
        type ??= CelType.Dyn;
        switch (node)
        {
            case null:
                return Null;
            case JsonArray array:
                var element = type.Kind == CelKind.List ? type.Element! : CelType.Dyn;
                return ListOf([.. array.Select(item => FromJson(item, element))], type.Kind == CelKind.List ? type : null);
            case JsonObject map:
                return Of(new CelMap.Json(map, type));
        }

        return node.GetValueKind() switch
        {
            JsonValueKind.True => True,
            JsonValueKind.False => False,
            JsonValueKind.String => FromText(node.GetValue<string>(), type.Kind),
            JsonValueKind.Number => FromNumber(node.ToJsonString(), type.Kind),
            _ => Null,
        };
    }

    private static CelValue FromText(string text, CelKind kind)
    {
        switch (kind)
        {
            case CelKind.Timestamp:
                return CelTime.ParseTimestamp(text) is { } time ? Of(time) : Error($"Invalid timestamp value: {text}");
            case CelKind.Duration:
                return CelTime.ParseDuration(text) is { } span ? Of(span) : Error($"Invalid duration value: {text}");
            case CelKind.Bytes:
                var octets = new byte[(text.Length * 3 / 4) + 3];
                return Convert.TryFromBase64String(text, octets, out var count)
                    ? Of(octets[..count])
                    : Error($"Invalid base64 value: {text}");
            default:
                return Of(text);
        }
    }

    private static CelValue FromNumber(string text, CelKind kind)
    {
        if (kind != CelKind.Double && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole))
        {
            return Of(whole);
        }

        var number = double.Parse(text, CultureInfo.InvariantCulture);
        return kind == CelKind.Int && number == Math.Floor(number) && Math.Abs(number) < 9e18 ? Of((long)number) : Of(number);
    }

    /// <summary>The value as JSON: what a parameter or a message can be made of; null for what has no JSON form.</summary>
    public JsonNode? ToJson() => Kind switch
    {
        CelKind.Bool => JsonValue.Create(Bool),
        CelKind.Int => JsonValue.Create(Int),
        CelKind.Uint => JsonValue.Create(Uint),
        CelKind.Double => JsonValue.Create(Double),
        CelKind.String => JsonValue.Create(Text),
        CelKind.Bytes => JsonValue.Create(Convert.ToBase64String(Bytes)),
        CelKind.Timestamp => JsonValue.Create(CelTime.Format(Timestamp)),
        CelKind.Duration => JsonValue.Create(CelTime.Format(Duration)),
        CelKind.List => new JsonArray([.. Items.Select(item => item.ToJson())]),
        CelKind.Map => new JsonObject(Map.Keys.Select(key =>
            KeyValuePair.Create(key.Kind == CelKind.String ? key.Text : key.ToString(), Map.Find(key)!.ToJson()))),
        CelKind.Optional => (_value as CelValue)?.ToJson(),
        _ => null,
    };

    /// <summary>The name of the value's type.</summary>
    internal string TypeName => Kind switch
    {
        CelKind.Null => "null_type",
        CelKind.Timestamp => "google.protobuf.Timestamp",
        CelKind.Duration => "google.protobuf.Duration",
        CelKind.Optional => "optional_type",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    /// <summary>Whether two values are equal as CEL's <c>==</c> sees it.</summary>
    internal static bool AreEqual(CelValue a, CelValue b)
    {
        if (a.IsNumber && b.IsNumber)
        {
            return CompareNumbers(a, b) == 0;
        }

        if (a.Kind != b.Kind)
        {
            return false;
        }

        return a.Kind switch
        {
            CelKind.List => ListsEqual(a, b),
            CelKind.Map => a.Map.Count == b.Map.Count && a.Map.Keys.All(key =>
                b.Map.Find(key) is { } other && AreEqual(a.Map.Find(key)!, other)),
            CelKind.Bytes => a.Bytes.AsSpan().SequenceEqual(b.Bytes),
            CelKind.Optional => a._value is CelValue x && b._value is CelValue y ? AreEqual(x, y) : a._value == b._value,
            _ => Equals(a._value, b._value),
        };
    }

    /// <summary>Compares two numbers of any kinds; null when one of them is not a number (NaN).</summary>
    internal static int? CompareNumbers(CelValue a, CelValue b) => (a.Kind, b.Kind) switch
    {
        (CelKind.Int, CelKind.Int) => a.Int.CompareTo(b.Int),
        (CelKind.Uint, CelKind.Uint) => a.Uint.CompareTo(b.Uint),
        (CelKind.Int, CelKind.Uint) => a.Int < 0 ? -1 : ((ulong)a.Int).CompareTo(b.Uint),
        (CelKind.Uint, CelKind.Int) => b.Int < 0 ? 1 : a.Uint.CompareTo((ulong)b.Int),
        _ => a.AsDouble() is var x && b.AsDouble() is var y && (double.IsNaN(x) || double.IsNaN(y))
            ? null
            : a.AsDouble().CompareTo(b.AsDouble()),
    };

    internal double AsDouble() => Kind switch
    {
        CelKind.Int => Int,
        CelKind.Uint => Uint,
        _ => Double,
    };

    private static bool ListsEqual(CelValue a, CelValue b)
    {
        if (a.Items.Count != b.Items.Count)
        {
            return false;
        }

        // Associative lists are equal whatever their order (structured-merge-diff's rule, taken over by CEL in Kubernetes).
        var shape = a.ListShape;
        if (shape is { ListType: "set" })
        {
            return a.Items.ToHashSet(Equality).SetEquals(b.Items);
        }

        if (shape is { ListType: "map" })
        {
            var others = b.Items.ToLookup(item => KeyOf(item, shape), Equality);
            return a.Items.All(item => others[KeyOf(item, shape)].FirstOrDefault() is { } other && AreEqual(item, other));
        }

        for (var i = 0; i < a.Items.Count; i++)
        {
            if (!AreEqual(a.Items[i], b.Items[i]))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The key of an element of a list of type <c>map</c>, as one value.</summary>
    internal static CelValue KeyOf(CelValue item, CelType shape) => Of(
        [.. shape.ListMapKeys.Select(key => item.Kind == CelKind.Map && item.Map.Find(Of(CelNames.Escape(key) ?? key)) is { } value ? value : Null)]);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        CelKind.Null => "null",
        CelKind.Bool => Bool ? "true" : "false",
        CelKind.Double => GoText.Float(Double, 21),
        CelKind.Bytes => Encoding.UTF8.GetString(Bytes),
        CelKind.Timestamp => CelTime.Format(Timestamp),
        CelKind.Duration => CelTime.Format(Duration),
        CelKind.List => $"[{string.Join(", ", Items)}]",
        CelKind.Map => $"{{{string.Join(", ", Map.Keys.Select(key => $"{key}: {Map.Find(key)}"))}}}",
        CelKind.Optional => _value is null ? "optional.none()" : $"optional.of({_value})",
        _ => Convert.ToString(_value, CultureInfo.InvariantCulture) ?? "",
    };

    private sealed record ListData(IReadOnlyList<CelValue> Items, CelType? Shape);

    private sealed class Comparer : IEqualityComparer<CelValue>
    {
        public bool Equals(CelValue? x, CelValue? y) => x is not null && y is not null && AreEqual(x, y);

        public int GetHashCode(CelValue obj)
        {
            var hash = new HashCode();
            Add(obj, ref hash);
            return hash.ToHashCode();
        }

        private static void Add(CelValue value, ref HashCode hash)
        {
            switch (value.Kind)
            {
                case CelKind.Int or CelKind.Uint or CelKind.Double:
                    hash.Add(value.AsDouble());
                    break;
                case CelKind.Map:
                    hash.Add(value.Map.Count);
                    break;
                case CelKind.List:
                    hash.Add(value.Items.Count);
                    if (value.ListShape is not { ListType: "set" or "map" })
                    {
                        foreach (var item in value.Items)
                        {
                            Add(item, ref hash);
                        }
                    }

                    break;
                case CelKind.Bytes:
                    hash.AddBytes(value.Bytes);
                    break;
                default:
                    hash.Add(value._value);
                    break;
            }
        }
    }
}
