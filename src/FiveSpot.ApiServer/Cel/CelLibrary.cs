// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Cel;

/// <summary>The standard functions and operators, by the kinds of their arguments at run time.</summary>
internal static class CelLibrary
{
    private static readonly CelValue NoOverload = CelValue.Error("no such overload");

    private static readonly CelValue Overflow = CelValue.Error("integer overflow");

    public static CelValue Call(string function, CelValue[] a)
    {
        try
        {
            return function switch
            {
                "_==_" => CelValue.Of(CelValue.AreEqual(a[0], a[1])),
                "_!=_" => CelValue.Of(!CelValue.AreEqual(a[0], a[1])),
                "!_" => a[0].Kind == CelKind.Bool ? CelValue.Of(!a[0].Bool) : NoOverload,
                "_<_" => Ordered(a, sign => sign < 0),
                "_<=_" => Ordered(a, sign => sign <= 0),
                "_>_" => Ordered(a, sign => sign > 0),
                "_>=_" => Ordered(a, sign => sign >= 0),
                "_+_" or "_-_" or "_*_" or "_/_" or "_%_" or "-_" => Arithmetic(function, a),
                "@in" => In(a[0], a[1]),
                "_[_]" or "_[?_]" => Index(a[0], a[1], function == "_[?_]"),
                "size" => SizeOf(a[0]),
                "type" => CelValue.TypeNamed(a[0].TypeName),
                "dyn" => a[0],
                "int" or "uint" or "double" or "string" or "bytes" or "bool" or "timestamp" or "duration" =>
                    Convert(function, a[0]),
                _ when function.StartsWith("sets.", StringComparison.Ordinal) => Sets(function, a[0].Items, a[1].Items),
                _ when function.StartsWith("optional.", StringComparison.Ordinal) => Optional(function, a),
                _ => Member(function, a),
            };
        }
        catch (OverflowException)
        {
            return Overflow;
        }
        catch (InvalidCastException)
        {
            // A dynamic value of a kind that no overload takes.
            return NoOverload;
        }
        catch (ArgumentOutOfRangeException)
        {
            return CelValue.Error("timestamp overflow");
        }
    }

    private static CelValue Member(string function, CelValue[] a) => a[0].Kind switch
    {
        CelKind.String => CelStrings.Call(function, a) ?? NoOverload,
        CelKind.List => Lists(function, a),
        CelKind.Optional => Optional(function, a),
        CelKind.Timestamp => TimestampPart(function, a),
        CelKind.Duration => function switch
        {
            "getHours" => CelValue.Of((long)a[0].Duration.TotalHours),
            "getMinutes" => CelValue.Of((long)a[0].Duration.TotalMinutes),
            "getSeconds" => CelValue.Of((long)a[0].Duration.TotalSeconds),
            "getMilliseconds" => CelValue.Of((long)a[0].Duration.TotalMilliseconds),
            _ => NoOverload,
        },
        _ => NoOverload,
    };

    private static CelValue Ordered(CelValue[] a, Func<int, bool> holds)
    {
        if (a[0].IsNumber && a[1].IsNumber)
        {
            return CelValue.Of(CelValue.CompareNumbers(a[0], a[1]) is { } sign && holds(sign));
        }

        return Compare(a[0], a[1]) is { } order ? CelValue.Of(holds(order)) : NoOverload;
    }

    private static int? Compare(CelValue x, CelValue y)
    {
        if (x.IsNumber && y.IsNumber)
        {
            return CelValue.CompareNumbers(x, y);
        }

        if (x.Kind != y.Kind)
        {
            return null;
        }

        return x.Kind switch
        {
            CelKind.String => Encoding.UTF8.GetBytes(x.Text).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y.Text)),
            CelKind.Bytes => x.Bytes.AsSpan().SequenceCompareTo(y.Bytes),
            CelKind.Bool => x.Bool.CompareTo(y.Bool),
            CelKind.Timestamp => x.Timestamp.CompareTo(y.Timestamp),
            CelKind.Duration => x.Duration.CompareTo(y.Duration),
            _ => null,
        };
    }

    private static CelValue Arithmetic(string function, CelValue[] a)
    {
        var x = a[0];
        if (a.Length == 1)
        {
            return x.Kind switch
            {
                CelKind.Int => CelValue.Of(checked(-x.Int)),
                CelKind.Double => CelValue.Of(-x.Double),
                _ => NoOverload,
            };
        }

        var y = a[1];
        var op = function[1];
        return (x.Kind, y.Kind) switch
        {
            (CelKind.Int, CelKind.Int) => OnInts(op, x.Int, y.Int),
            (CelKind.Uint, CelKind.Uint) => OnUints(op, x.Uint, y.Uint),
            (CelKind.Double, CelKind.Double) => op switch
            {
                '+' => CelValue.Of(x.Double + y.Double),
                '-' => CelValue.Of(x.Double - y.Double),
                '*' => CelValue.Of(x.Double * y.Double),
                '/' => CelValue.Of(x.Double / y.Double),
                _ => NoOverload,
            },
            (CelKind.String, CelKind.String) when op == '+' => CelValue.Of(x.Text + y.Text),
            (CelKind.Bytes, CelKind.Bytes) when op == '+' => CelValue.Of([.. x.Bytes, .. y.Bytes]),
            (CelKind.List, CelKind.List) when op == '+' => Concat(x, y),
            (CelKind.Timestamp, CelKind.Duration) when op is '+' or '-' =>
                CelValue.Of(op == '+' ? x.Timestamp + y.Duration : x.Timestamp - y.Duration),
            (CelKind.Duration, CelKind.Timestamp) when op == '+' => CelValue.Of(y.Timestamp + x.Duration),
            (CelKind.Timestamp, CelKind.Timestamp) when op == '-' => CelValue.Of(x.Timestamp - y.Timestamp),
            (CelKind.Duration, CelKind.Duration) when op is '+' or '-' =>
                CelValue.Of(op == '+' ? x.Duration + y.Duration : x.Duration - y.Duration),
            _ => NoOverload,
        };
    }

    private static CelValue OnInts(char op, long x, long y) => op switch
    {
        '+' => CelValue.Of(checked(x + y)),
        '-' => CelValue.Of(checked(x - y)),
        '*' => CelValue.Of(checked(x * y)),
        '/' when y == 0 => CelValue.Error("division by zero"),
        '%' when y == 0 => CelValue.Error("modulus by zero"),
        _ when y == -1 && x == long.MinValue => Overflow,
        '/' => CelValue.Of(x / y),
        _ => CelValue.Of(x % y),
    };

    private static CelValue OnUints(char op, ulong x, ulong y) => op switch
    {
        '+' => CelValue.Of(checked(x + y)),
        '-' => CelValue.Of(checked(x - y)),
        '*' => CelValue.Of(checked(x * y)),
        '/' when y == 0 => CelValue.Error("division by zero"),
        '%' when y == 0 => CelValue.Error("modulus by zero"),
        '/' => CelValue.Of(x / y),
        _ => CelValue.Of(x % y),
    };

    /// <summary>Adds lists; associative ones as Kubernetes merges them: what is there keeps its place.</summary>
    private static CelValue Concat(CelValue x, CelValue y)
    {
        var shape = x.ListShape;
        if (shape is { ListType: "set" })
        {
            var known = x.Items.ToHashSet(CelValue.Equality);
            return CelValue.ListOf([.. x.Items, .. y.Items.Where(known.Add)], shape);
        }

        if (shape is { ListType: "map" })
        {
            var incoming = y.Items.ToLookup(item => CelValue.KeyOf(item, shape), CelValue.Equality);
            var known = x.Items.Select(item => CelValue.KeyOf(item, shape)).ToHashSet(CelValue.Equality);
            return CelValue.ListOf(
                [
                    .. x.Items.Select(item => incoming[CelValue.KeyOf(item, shape)].FirstOrDefault() ?? item),
                    .. y.Items.Where(item => !known.Contains(CelValue.KeyOf(item, shape))),
                ],
                shape);
        }

        return CelValue.Of([.. x.Items, .. y.Items]);
    }

    private static CelValue In(CelValue item, CelValue container) => container.Kind switch
    {
        CelKind.List => CelValue.Of(container.Items.Any(other => CelValue.AreEqual(item, other))),
        CelKind.Map => CelValue.Of(container.Map.Contains(item)),
        _ => NoOverload,
    };

    private static CelValue Index(CelValue container, CelValue key, bool optional)
    {
        if (container.Kind == CelKind.Optional)
        {
            if (container.Content is not CelValue content)
            {
                return container;
            }

            optional = true;
            container = content;
        }

        CelValue? found;
        string problem;
        switch (container.Kind)
        {
            case CelKind.Map:
                found = container.Map.Find(key);
                problem = $"no such key: {key}";
                break;
            case CelKind.List when key.IsNumber && key.AsDouble() is var at && at == Math.Floor(at):
                found = at >= 0 && at < container.Items.Count ? container.Items[(int)at] : null;
                problem = $"index out of bounds: {key}";
                break;
            default:
                return NoOverload;
        }

        return optional ? found is null ? CelValue.None : CelValue.Some(found) : found ?? CelValue.Error(problem);
    }

    private static CelValue SizeOf(CelValue value) => value.Kind switch
    {
        CelKind.String => CelValue.Of((long)value.Text.EnumerateRunes().Count()),
        CelKind.Bytes or CelKind.List or CelKind.Map => CelValue.Of(value.Size),
        _ => NoOverload,
    };

    private static CelValue Convert(string to, CelValue value) => (to, value.Kind) switch
    {
        ("int", CelKind.Int) or ("uint", CelKind.Uint) or ("double", CelKind.Double) or ("string", CelKind.String)
            or ("bytes", CelKind.Bytes) or ("bool", CelKind.Bool) or ("timestamp", CelKind.Timestamp)
            or ("duration", CelKind.Duration) => value,
        ("int", CelKind.Uint) => CelValue.Of(checked((long)value.Uint)),
        ("int", CelKind.Double) => Math.Abs(value.Double) < 9.2233720368547748e18 ? CelValue.Of((long)value.Double) : Overflow,
        ("int", CelKind.String) => long.TryParse(value.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i)
            ? CelValue.Of(i)
            : Unparsable(to, value),
        ("int", CelKind.Timestamp) => CelValue.Of(value.Timestamp.ToUnixTimeSeconds()),
        ("int", CelKind.Duration) => CelValue.Of(checked(value.Duration.Ticks * 100)),
        ("uint", CelKind.Int) => CelValue.Of(checked((ulong)value.Int)),
        ("uint", CelKind.Double) => value.Double is >= 0 and < 1.8446744073709552e19 ? CelValue.Of((ulong)value.Double) : Overflow,
        ("uint", CelKind.String) => ulong.TryParse(value.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var u)
            ? CelValue.Of(u)
            : Unparsable(to, value),
        ("double", CelKind.Int or CelKind.Uint) => CelValue.Of(value.AsDouble()),
        ("double", CelKind.String) => double.TryParse(value.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d)
            ? CelValue.Of(d)
            : Unparsable(to, value),
        ("string", CelKind.Double) => CelValue.Of(GoText.Float(value.Double, 6)),
        ("string", CelKind.Bool or CelKind.Int or CelKind.Uint or CelKind.Bytes or CelKind.Timestamp or CelKind.Duration) =>
            CelValue.Of(value.ToString()),
        ("bytes", CelKind.String) => CelValue.Of(Encoding.UTF8.GetBytes(value.Text)),
        ("bool", CelKind.String) => value.Text switch
        {
            "true" or "TRUE" or "True" or "t" or "T" or "1" => CelValue.True,
            "false" or "FALSE" or "False" or "f" or "F" or "0" => CelValue.False,
            _ => Unparsable(to, value),
        },
        ("timestamp", CelKind.String) => CelTime.ParseTimestamp(value.Text) is { } time ? CelValue.Of(time) : Unparsable(to, value),
        ("timestamp", CelKind.Int) => CelValue.Of(DateTimeOffset.FromUnixTimeSeconds(value.Int)),
        ("duration", CelKind.String) => CelTime.ParseDuration(value.Text) is { } span ? CelValue.Of(span) : Unparsable(to, value),
        ("duration", CelKind.Int) => CelValue.Of(TimeSpan.FromTicks(value.Int / 100)),
        _ => NoOverload,
    };

    private static CelValue Unparsable(string to, CelValue value) =>
        CelValue.Error($"type conversion error from 'string' to '{to}': {GoText.Quote(value.Text)}");

    private static CelValue Lists(string function, CelValue[] a)
    {
        var items = a[0].Items;
        switch (function)
        {
            case "isSorted":
                for (var i = 1; i < items.Count; i++)
                {
                    if (Compare(items[i - 1], items[i]) is not { } order)
                    {
                        return NoOverload;
                    }

                    if (order > 0)
                    {
                        return CelValue.False;
                    }
                }

                return CelValue.True;
            case "sum":
                return items.Count == 0 ? CelValue.Of(0) : items.Aggregate((x, y) => x.IsError ? x : Call("_+_", [x, y]));
            case "min" or "max":
                var wanted = function == "min" ? -1 : 1;
                return items.Count == 0
                    ? CelValue.Error($"{function} called on empty list")
                    : items.Aggregate((best, item) => best.IsError ? best
                        : Compare(item, best) is not { } sign ? NoOverload
                        : Math.Sign(sign) == wanted ? item : best);
            case "indexOf":
                return CelValue.Of((long)items.ToList().FindIndex(item => CelValue.AreEqual(item, a[1])));
            case "lastIndexOf":
                return CelValue.Of((long)items.ToList().FindLastIndex(item => CelValue.AreEqual(item, a[1])));
            case "join" when items.All(item => item.Kind == CelKind.String):
                return CelValue.Of(string.Join(a.Length > 1 ? a[1].Text : "", items.Select(item => item.Text)));
            default:
                return NoOverload;
        }
    }

    private static CelValue Sets(string function, IReadOnlyList<CelValue> x, IReadOnlyList<CelValue> y)
    {
        var left = x.ToHashSet(CelValue.Equality);
        return CelValue.Of(function switch
        {
            "sets.contains" => y.All(left.Contains),
            "sets.intersects" => y.Any(left.Contains),
            _ => left.SetEquals(y),
        });
    }

    private static CelValue Optional(string function, CelValue[] a)
    {
        var content = a.Length > 0 ? a[0].Content as CelValue : null;
        return function switch
        {
            "optional.of" => CelValue.Some(a[0]),
            "optional.none" => CelValue.None,
            "optional.ofNonZeroValue" => IsZero(a[0]) ? CelValue.None : CelValue.Some(a[0]),
            "hasValue" => CelValue.Of(content is not null),
            "value" => content ?? CelValue.Error("optional.none() dereference"),
            "orValue" => content ?? a[1],
            "or" => content is null ? a[1] : a[0],
            _ => NoOverload,
        };
    }

    private static bool IsZero(CelValue value) => value.Kind switch
    {
        CelKind.Null => true,
        CelKind.Bool => !value.Bool,
        CelKind.String or CelKind.Bytes or CelKind.List or CelKind.Map => value.Size == 0,
        CelKind.Duration => value.Duration == TimeSpan.Zero,
        _ => value.IsNumber && value.AsDouble() == 0,
    };

    private static CelValue TimestampPart(string function, CelValue[] a)
    {
        var time = a[0].Timestamp;
        if (a.Length > 1)
        {
            if (Zone(a[1].Text) is not { } offset)
            {
                return CelValue.Error($"unknown time zone {a[1].Text}");
            }

            time = time.ToOffset(offset);
        }

        return function switch
        {
            "getFullYear" => CelValue.Of((long)time.Year),
            "getMonth" => CelValue.Of(time.Month - 1L),
            "getDate" => CelValue.Of((long)time.Day),
            "getDayOfMonth" => CelValue.Of(time.Day - 1L),
            "getDayOfWeek" => CelValue.Of((long)time.DayOfWeek),
            "getDayOfYear" => CelValue.Of(time.DayOfYear - 1L),
            "getHours" => CelValue.Of((long)time.Hour),
            "getMinutes" => CelValue.Of((long)time.Minute),
            "getSeconds" => CelValue.Of((long)time.Second),
            "getMilliseconds" => CelValue.Of((long)time.Millisecond),
            _ => NoOverload,
        };
    }

    /// <summary>A fixed offset, <c>+02:00</c>, or UTC. Named zones are not known here.</summary>
    private static TimeSpan? Zone(string name) =>
        name is "UTC" or "Z" or ""
            ? TimeSpan.Zero
            : TimeSpan.TryParseExact(name.TrimStart('+', '-'), @"hh\:mm", CultureInfo.InvariantCulture, out var offset)
                ? name[0] == '-' ? -offset : offset
                : null;
}
