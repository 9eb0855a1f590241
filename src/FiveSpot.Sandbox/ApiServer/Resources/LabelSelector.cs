// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;

namespace FiveSpot.Sandbox.ApiServer.Resources;

/// <summary>A label selector, as text in a query or as a <c>metav1.LabelSelector</c>.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly List<Requirement> _requirements;

    private LabelSelector(List<Requirement> requirements) => _requirements = requirements;

    private enum Operator
    {
        In,
        NotIn,
        Exists,
        DoesNotExist,
        GreaterThan,
        LessThan,
    }

    public bool IsEmpty => _requirements.Count == 0;

    /// <summary>Reads a selector; null or empty selects everything.</summary>
    /// <exception cref="StatusException">400: the text is no selector.</exception>
    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        var requirements = new List<Requirement>();
        foreach (var part in Split(text))
        {
            requirements.Add(ParseRequirement(part.Trim(), text));
        }

        return new LabelSelector(requirements);
    }

    /// <summary>From <c>matchLabels</c> and <c>matchExpressions</c>; an empty one selects everything.</summary>
    public static LabelSelector From(JsonObject selector)
    {
        var requirements = new List<Requirement>();
        foreach (var (key, value) in selector.Map("matchLabels") ?? [])
        {
            requirements.Add(new Requirement(key, Operator.In, [value.Text() ?? string.Empty]));
        }

        foreach (var expression in selector.Objects("matchExpressions"))
        {
            var kind = expression.Text("operator") switch
            {
                "In" => Operator.In,
                "NotIn" => Operator.NotIn,
                "Exists" => Operator.Exists,
                _ => Operator.DoesNotExist,
            };
            requirements.Add(new Requirement(expression.Text("key") ?? string.Empty, kind, [.. expression.Texts("values")]));
        }

        return new LabelSelector(requirements);
    }

    public bool Matches(IReadOnlyDictionary<string, string> labels) => _requirements.TrueForAll(requirement => requirement.Holds(labels));

    public override string ToString() => string.Join(',', _requirements.Select(requirement => requirement.ToString()));

    private static IEnumerable<string> Split(string text)
    {
        var (depth, start) = (0, 0);
        for (var i = 0; i < text.Length; i++)
        {
            depth += text[i] switch { '(' => 1, ')' => -1, _ => 0 };
            if (text[i] == ',' && depth == 0)
            {
                yield return text[start..i];
                start = i + 1;
            }
        }

        yield return text[start..];
    }

    private static Requirement ParseRequirement(string part, string whole)
    {
        if (part.StartsWith('!'))
        {
            return new Requirement(Key(part[1..], whole), Operator.DoesNotExist, []);
        }

        var mark = part.AsSpan().IndexOfAny("=!<>");
        if (mark >= 0)
        {
            var length = part.AsSpan(mark).StartsWith("==") || part.AsSpan(mark).StartsWith("!=") ? 2 : 1;
            var kind = part[mark] switch
            {
                '=' => Operator.In,
                '!' when length == 2 => Operator.NotIn,
                '<' => Operator.LessThan,
                '>' => Operator.GreaterThan,
                _ => throw Unparsable(whole, part),
            };
            var value = part[(mark + length)..].Trim();
            if (kind is Operator.LessThan or Operator.GreaterThan && !long.TryParse(value, CultureInfo.InvariantCulture, out _))
            {
                throw Unparsable(whole, $"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer");
            }

            return new Requirement(Key(part[..mark], whole), kind, [Value(value, whole)]);
        }

        var open = part.IndexOf('(', StringComparison.Ordinal);
        if (open < 0)
        {
            return new Requirement(Key(part, whole), Operator.Exists, []);
        }

        var words = part[..open].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words is not [var key, "in" or "notin"] || !part.EndsWith(')'))
        {
            throw Unparsable(whole, part);
        }

        var values = part[(open + 1)..^1].Split(',').Select(value => Value(value.Trim(), whole));
        return new Requirement(Key(key, whole), words[1] == "in" ? Operator.In : Operator.NotIn, [.. values]);
    }

    private static string Key(string text, string whole)
    {
        var key = text.Trim();
        return ObjectNames.QualifiedNameErrors(key) is [var error, ..]
            ? throw Unparsable(whole, $"key: Invalid value: \"{key}\": {error}")
            : key;
    }

    private static string Value(string text, string whole) => ObjectNames.LabelValueErrors(text) is [var error, ..]
        ? throw Unparsable(whole, $"values[0]: Invalid value: \"{text}\": {error}")
        : text;

    private static StatusException Unparsable(string whole, string why) =>
        Refusal.BadRequest($"unable to parse requirement: {why} (selector {whole})");

    private sealed record Requirement(string Key, Operator Operator, HashSet<string> Values)
    {
        public bool Holds(IReadOnlyDictionary<string, string> labels)
        {
            var present = labels.TryGetValue(Key, out var value);
            return Operator switch
            {
                Operator.In => present && Values.Contains(value!),
                Operator.NotIn => !present || !Values.Contains(value!),
                Operator.Exists => present,
                Operator.DoesNotExist => !present,
                _ => present && long.TryParse(value, CultureInfo.InvariantCulture, out var number)
                    && long.TryParse(Values.Single(), CultureInfo.InvariantCulture, out var bound)
                    && (Operator == Operator.GreaterThan ? number > bound : number < bound),
            };
        }

        public override string ToString() => Operator switch
        {
            Operator.In when Values.Count == 1 => $"{Key}={Values.Single()}",
            Operator.In => $"{Key} in ({string.Join(',', Values.Order(StringComparer.Ordinal))})",
            Operator.NotIn when Values.Count == 1 => $"{Key}!={Values.Single()}",
            Operator.NotIn => $"{Key} notin ({string.Join(',', Values.Order(StringComparer.Ordinal))})",
            Operator.Exists => Key,
            Operator.DoesNotExist => "!" + Key,
            Operator.GreaterThan => $"{Key}>{Values.Single()}",
            _ => $"{Key}<{Values.Single()}",
        };
    }
}
