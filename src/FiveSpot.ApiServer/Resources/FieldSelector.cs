// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Resources;

/// <summary>A field selector: equalities and inequalities over the few fields that a resource offers.</summary>
internal sealed class FieldSelector
{
    private readonly List<(string Field, string Value, bool Equal)> _terms;

    private FieldSelector(List<(string Field, string Value, bool Equal)> terms) => _terms = terms;

    public bool IsEmpty => _terms.Count == 0;

    /// <summary>The one name asked for; null when the selector leaves it open.</summary>
    public string? Name => _terms.Find(term => term is { Field: "metadata.name", Equal: true }).Value;

    /// <summary>Reads a selector; null or empty selects everything.</summary>
    /// <exception cref="StatusException">400: no selector, or a field that <paramref name="resource"/> does not offer.</exception>
    public static FieldSelector Parse(string? text, Resource resource)
    {
        var terms = new List<(string, string, bool)>();
        foreach (var part in (text ?? string.Empty).Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            var mark = part.AsSpan().IndexOfAny("=!");
            if (mark < 0 || (part[mark] == '!' && !part.AsSpan(mark).StartsWith("!=")))
            {
                throw Refusal.BadRequest($"invalid selector: '{text}'; can't understand '{part}'");
            }

            var length = part.AsSpan(mark).StartsWith("==") || part[mark] == '!' ? 2 : 1;
            var field = part[..mark];
            if (!(field is "metadata.name" or "metadata.namespace" || resource.Strategy.SelectableFields.Contains(field, StringComparer.Ordinal)))
            {
                throw Refusal.BadRequest(resource.IsCustom || resource.Strategy.SelectableFields.Count > 0
                    ? $"field label not supported: {field}"
                    : $"\"{field}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"");
            }

            terms.Add((field, part[(mark + length)..], part[mark] == '='));
        }

        return new FieldSelector(terms);
    }

    public bool Matches(Storage.StoredObject stored, Resource resource) => _terms.TrueForAll(term =>
    {
        var actual = term.Field switch
        {
            "metadata.name" => stored.Name,
            "metadata.namespace" => stored.Namespace,
            _ => resource.Strategy.FieldValue(stored.Json, term.Field),
        };
        return string.Equals(actual, term.Value, StringComparison.Ordinal) == term.Equal;
    });
}
