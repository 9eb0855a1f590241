// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using Operator = FiveSpot.ApiServer.Resources.LabelSelectorParser.Operator;

namespace FiveSpot.ApiServer.Resources;

/// <summary>A label selector, as text in a query or as a <c>metav1.LabelSelector</c>.</summary>
internal sealed class LabelSelector
{
    public static readonly LabelSelector Everything = new([]);

    private readonly List<Requirement> _requirements;

    private LabelSelector(List<Requirement> requirements) => _requirements = requirements;

    public bool IsEmpty => _requirements.Count == 0;

    /// <summary>Reads a selector; null or empty selects everything.</summary>
    /// <exception cref="StatusException">400: the text is no selector.</exception>
    public static LabelSelector Parse(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return Everything;
        }

        return new LabelSelector([.. LabelSelectorParser.Parse(text).Select(read => new Requirement(read.Key, read.Operator, read.Values))]);
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
