// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Api.Rules;

namespace FiveSpot.Api.Tests;

/// <summary>
/// Checks a value against the CRD as an API server would, as far as the schema of ScheduledMachine goes. The rules are
/// looked up by their text and judged by their regular expressions, independently of what the controller does by hand.
/// </summary>
internal static class SchemaCheck
{
    private static readonly ConcurrentDictionary<string, Regex> Regexes = new();

    private static readonly Dictionary<string, Func<JsonNode, bool>> Rules = new()
    {
        [Cel.ClusterName] = Matches(Patterns.ClusterName),
        [Cel.ScheduleNotEmpty] = static self =>
            self["daysOfWeek"] is JsonArray { Count: > 0 } || self["hoursOfDay"] is JsonArray { Count: > 0 },
        [Cel.Days] = Matches(Patterns.Days),
        [Cel.Hours] = Matches(Patterns.Hours),
        [Cel.Timezone] = Matches(Patterns.Timezone),
        [Cel.BootstrapApiVersion] = Matches(Patterns.BootstrapApiVersion),
        [Cel.InfrastructureApiVersion] = Matches(Patterns.InfrastructureApiVersion),
        [Cel.Kind] = Matches(Patterns.Kind),
        [Cel.NoReservedKey] = static self => !Keys(self).Any(Matches(Patterns.ReservedKey)),
        [Cel.LabelKeys] = static self => Keys(self).All(Matches(Patterns.LabelKey, Patterns.KeyLengths)),
        [Cel.AnnotationKeys] = static self => Keys(self).All(Matches(Patterns.AnnotationKey, Patterns.KeyLengths)),
        [Cel.LabelValue] = Matches(Patterns.LabelValue),
        [Cel.Duration] = Matches(Patterns.Duration),
        [Cel.SecretName] = Matches(Patterns.Subdomain),
        [Cel.SecretKey] = Matches(Patterns.SecretKey),
        [Cel.CommandLineText] = static self => !Matches(Patterns.NoCommandLineText)(self),
        [Cel.TaintKey] = Matches(Patterns.LabelKey, Patterns.KeyLengths),
        [Cel.NoReservedTaintKey] = static self => !Matches(Patterns.ReservedTaintKey)(self),
        [Cel.TaintsUnique] = static self =>
            self.AsArray().GroupBy(static taint => ((string?)taint!["key"], (string?)taint["effect"])).All(static g => g.Count() == 1),
    };

    public static JsonObject SpecSchema { get; } = ScheduledMachineCrd
        .ToJson()["spec"]!["versions"]![0]!["schema"]!["openAPIV3Schema"]!["properties"]!["spec"]!.AsObject();

    /// <summary>What is wrong, each <c>path: word</c> or <c>path: sentence</c>.</summary>
    public static List<string> Spec(JsonNode? spec)
    {
        var errors = new List<string>();

        // Broken rules and unknown fields, which do not keep the server from judging further rules.
        var others = new List<string>();
        Check("spec", spec, SpecSchema, errors, others);
        return [.. errors, .. others];
    }

    private static void Check(
        string path, JsonNode? value, JsonObject schema, List<string> errors, List<string> others)
    {
        var before = errors.Count;
        switch ((string?)schema["type"], value?.GetValueKind())
        {
            case ("string", JsonValueKind.String):
                CheckString(path, value!.GetValue<string>(), schema, errors);
                break;
            case ("boolean", JsonValueKind.True or JsonValueKind.False):
                break;
            case ("integer", JsonValueKind.Number):
                var number = long.Parse(value!.ToJsonString());
                Bound(number, "minimum", "maximum", path, schema, errors);
                break;
            case ("array", JsonValueKind.Array):
                var list = value!.AsArray();
                Bound(list.Count, "minItems", "maxItems", path, schema, errors);
                for (var index = 0; index < list.Count && errors.Count == before; index++)
                {
                    Check($"{path}[{index}]", list[index], schema["items"]!.AsObject(), errors, others);
                }

                break;
            case ("object", JsonValueKind.Object):
                CheckObject(path, value!.AsObject(), schema, errors, others);
                break;
            default:
                errors.Add($"{path}: type");
                break;
        }

        // As on the server: rules are judged only where the schema holds.
        foreach (var rule in errors.Count == before ? schema["x-kubernetes-validations"]?.AsArray() ?? [] : [])
        {
            if (!Rules[(string)rule!["rule"]!](value!))
            {
                others.Add($"{path}: {rule["message"]}");
            }
        }
    }

    private static void CheckString(string path, string text, JsonObject schema, List<string> errors)
    {
        Bound(text.EnumerateRunes().Count(), "minLength", "maxLength", path, schema, errors);
        if (schema["enum"] is JsonArray values && !values.Any(value => (string?)value == text))
        {
            errors.Add($"{path}: enum");
        }
    }

    private static void CheckObject(
        string path, JsonObject value, JsonObject schema, List<string> errors, List<string> others)
    {
        Bound(value.Count, "minProperties", "maxProperties", path, schema, errors);
        foreach (var name in schema["required"]?.AsArray() ?? [])
        {
            if (value[(string)name!] is null)
            {
                errors.Add($"{path}.{name}: required");
            }
        }

        foreach (var (name, field) in value)
        {
            if (schema["additionalProperties"] is JsonObject each)
            {
                Check($"{path}[{name}]", field, each, errors, others);
            }
            else if (schema["properties"]?[name] is JsonObject known)
            {
                // An explicit null of an optional field stands for its default.
                if (field is not null)
                {
                    Check($"{path}.{name}", field, known, errors, others);
                }
            }
            else if (schema["x-kubernetes-preserve-unknown-fields"] is null)
            {
                others.Add($"{path}.{name}: unknown");
            }
        }
    }

    private static void Bound(long value, string least, string most, string path, JsonObject schema, List<string> errors)
    {
        if (value < ((long?)(int?)schema[least] ?? 0))
        {
            errors.Add($"{path}: {least}");
        }

        if (value > ((long?)(int?)schema[most] ?? long.MaxValue))
        {
            errors.Add($"{path}: {most}");
        }
    }

    private static IEnumerable<JsonNode> Keys(JsonNode map) =>
        map.AsObject().Select(static pair => (JsonNode)JsonValue.Create(pair.Key));

    private static Func<JsonNode, bool> Matches(params string[] patterns) => self => patterns.All(pattern =>
        Regexes.GetOrAdd(pattern, MakeRegex).IsMatch(self.GetValue<string>()));

    // RE2's $ is the very end of the text; that of .NET is also before a last line break.
    private static Regex MakeRegex(string pattern) =>
        new(pattern.Replace("$", @"\z", StringComparison.Ordinal), RegexOptions.NonBacktracking);
}
