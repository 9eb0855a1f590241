// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>One thing that the definition of ScheduledMachine demands.</summary>
/// <param name="Path">The field, such as <c>spec.nodeTaints[].key</c>, with <c>{}</c> for the values of a map; empty for the whole object.</param>
/// <param name="Keyword">The schema's keyword; <see cref="Rule"/> for an entry of <c>x-kubernetes-validations</c>.</param>
/// <param name="Index">Which of the rules of the field, from 0.</param>
/// <param name="Value">What the keyword says; of <c>required</c>, one name.</param>
/// <param name="Schema">The schema of the field.</param>
internal sealed record Constraint(string Path, string Keyword, int Index, JsonNode Value, JsonObject Schema)
{
    public const string Rule = "x-kubernetes-validations";

    // What says nothing about values: documentation, structure, and what the server does of its own accord.
    private static readonly HashSet<string> Silent =
        ["description", "default", "properties", "items", "additionalProperties", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-list-map-keys", "x-kubernetes-map-type"];

    /// <summary>All of them, of the definition as it is generated. What it says of the envelope (apiVersion, kind, metadata) every server demands anyhow.</summary>
    public static IReadOnlyList<Constraint> All { get; } =
        [.. Of("", ScheduledMachineCrd.ToJson()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!.AsObject()).Where(IsNotOfEnvelope)];

    public bool IsRule => Keyword == Rule;

    public bool IsRuleOnTheWhole => IsRule && Path.Length == 0;

    public bool IsOfStatus => Path == "status" || Path.StartsWith("status.", StringComparison.Ordinal);

    /// <summary>What a person is told who breaks a rule.</summary>
    public string Sentence => (string)Value["message"]!;

    public override string ToString() => $"{Path} {Keyword}{(IsRule ? $"[{Index}]" : Keyword == "required" ? $" {Value}" : "")}";

    private static bool IsNotOfEnvelope(Constraint constraint) => constraint.Path switch
    {
        "" => constraint.Keyword != "type",
        "apiVersion" or "kind" or "metadata" => false,
        _ => true,
    };

    private static IEnumerable<Constraint> Of(string path, JsonObject schema)
    {
        foreach (var (keyword, value) in schema.Where(pair => !Silent.Contains(pair.Key)))
        {
            if (value is JsonArray list && keyword is Rule or "required")
            {
                foreach (var (index, item) in list.Index())
                {
                    yield return new Constraint(path, keyword, index, item!, schema);
                }
            }
            else if (keyword != "x-kubernetes-list-type" || (string)value! != "atomic")
            {
                yield return new Constraint(path, keyword, 0, value!, schema);
            }
        }

        var below = (schema["properties"]?.AsObject() ?? []).Select(property => (path.Length == 0 ? property.Key : $"{path}.{property.Key}", property.Value))
            .Append(($"{path}[]", schema["items"]))
            .Append(($"{path}{{}}", schema["additionalProperties"]));
        foreach (var (child, of) in below.Where(pair => pair.Item2 is not null))
        {
            foreach (var constraint in Of(child, of!.AsObject()))
            {
                yield return constraint;
            }
        }
    }
}
