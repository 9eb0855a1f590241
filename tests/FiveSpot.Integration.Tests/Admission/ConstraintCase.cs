// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>What keeps a constraint and what breaks it, and what a person is told then.</summary>
/// <param name="Constraint">The constraint.</param>
/// <param name="Accepted">ScheduledMachines that keep it, some of them only just.</param>
/// <param name="Refused">ScheduledMachines that break it.</param>
/// <param name="Field">The path that the refusal names.</param>
/// <param name="Words">What the refusal says.</param>
internal sealed record ConstraintCase(
    Constraint Constraint, IReadOnlyList<JsonObject> Accepted, IReadOnlyList<JsonObject> Refused, string Field, string Words)
{
    /// <summary>The version of Kubernetes whose words are given; the sentences of rules are the same in all.</summary>
    public static readonly Version WordsAsOf = new(1, 36);

    // Allowed everywhere, but too often.
    private const char Filler = 'a';

    /// <summary>A case for each constraint; the rules on the whole object, which take more than one write, have tests of their own.</summary>
    public static IReadOnlyList<ConstraintCase> All { get; } = [.. Constraint.All.Where(constraint => !constraint.IsRuleOnTheWhole).Select(Of)];

    public override string ToString() => Constraint.ToString();

    private static ConstraintCase Of(Constraint constraint)
    {
        var path = constraint.Path;
        var field = path.Replace("[]", "[0]", StringComparison.Ordinal);
        var dotted = path.EndsWith("labels{}", StringComparison.Ordinal) ? field.Replace("{}", ".rack", StringComparison.Ordinal) : field.Replace("{}", ".owner", StringComparison.Ordinal);
        var number = constraint.Value is JsonValue value && value.TryGetValue<int>(out var whole) ? whole : 0;
        switch (constraint.Keyword)
        {
            case Constraint.Rule:
                var (accepted, refused) = RuleValues.Of(constraint);
                return new(
                    constraint,
                    [.. accepted.Select(json => With(path, JsonNode.Parse(json)))],
                    [.. refused.Select(json => With(path, JsonNode.Parse(json)))],
                    path.EndsWith("{}", StringComparison.Ordinal) ? field.Replace("{}", "[rack]", StringComparison.Ordinal) : field,
                    constraint.Sentence);
            case "type":
                var (type, format) = ((string)constraint.Value!, (string?)constraint.Schema["format"]);
                var isText = type == "string";
                return Case(isText ? 7 : "text", $"must be of type {(isText && format is not null ? format : type)}: \"{(isText ? format is null ? "integer" : "int64" : "string")}\"");
            case "format":
                return (string)constraint.Value! switch
                {
                    "date-time" => Case("yesterday", "must be of type date-time: \"yesterday\"", "2024-02-29T23:59:59.123456+05:45"),
                    "int32" => Case(3_000_000_000, "Checked value must be of type integer with format int32 in spec.priority", 255) with { Field = "<nil>" },
                    "int64" => Case(1.5, "must be of type int64: \"float64\"", long.MaxValue),
                    var unknown => throw new NotSupportedException($"{constraint}: how is {unknown} broken?"),
                };
            case "enum":
                return new(
                    constraint,
                    [.. constraint.Value.AsArray().Select(one => With(path, one!.DeepClone()))],
                    [With(path, "Nonsense"), With(path, "")],
                    field,
                    $"supported values: {string.Join(", ", constraint.Value.AsArray().Select(one => $"\"{one}\""))}");
            case "pattern":
                return Case("9 lives", $"should match '{constraint.Value}'", "A1,b:c_d");
            case "required":
                var (parent, child) = (path.Length == 0 ? "" : $"{path}.", (string)constraint.Value!);
                return new(constraint, [CompleteExample.Create()], [With(parent + child, null)], parent.Replace("[]", "[0]", StringComparison.Ordinal) + child, "Required value");
            case "minLength":
                return Case(new string(Filler, number - 1), $"should be at least {number} chars long", new string(Filler, number));
            case "maxLength":
                return Case(TextOf(path, number + 1), $"may not be more than {number} bytes", TextOf(path, number));
            case "minimum":
                return Case(number - 1, $"should be greater than or equal to {number}", number);
            case "maximum":
                return Case(number + 1, $"should be less than or equal to {number}", number);
            case "maxItems":
                return Case(ListOf(path, number + 1), $"must have at most {number} items", ListOf(path, number));
            case "maxProperties":
                return Case(MapOf(number + 1), $"must have at most {number} items", MapOf(number));
            case "x-kubernetes-list-type":
                var one = CompleteExample.At(CompleteExample.Create(), path)!.AsArray();
                return new(constraint, [CompleteExample.Create()], [With(path, new JsonArray(one[0]!.DeepClone(), one[0]!.DeepClone()))], $"{field}[1]", "Duplicate value");
            default:
                throw new NotSupportedException($"{constraint}: how is it kept, and how broken?");
        }

        ConstraintCase Case(JsonNode bad, string words, JsonNode? good = null) => new(
            constraint,
            good is null ? [CompleteExample.Create()] : [With(path, good)],
            [With(path, bad)],
            dotted,
            words);
    }

    private static JsonObject With(string path, JsonNode? value)
    {
        var example = CompleteExample.Create();
        CompleteExample.Set(example, path, value);
        return example;
    }

    // As long as said, and nothing wrong with it but its length.
    private static string TextOf(string path, int length) => path switch
    {
        "spec.schedule.daysOfWeek[]" => "mon".PadRight(length),
        "spec.schedule.hoursOfDay[]" => "9".PadRight(length),
        "spec.gracefulShutdownTimeout" or "spec.nodeDrainTimeout" => "5m".PadLeft(length, '0'),
        "spec.bootstrapSpec.apiVersion" or "spec.infrastructureSpec.apiVersion" => "k0smotron.io/".PadRight(length, Filler),
        "spec.nodeTaints[].key" => $"/{Filler}".PadLeft(length, Filler),
        _ when path.EndsWith(".effect", StringComparison.Ordinal) => "PreferNoSchedule".PadRight(length, Filler),
        _ => new string(Filler, length),
    };

    private static JsonArray ListOf(string path, int count)
    {
        var item = CompleteExample.At(CompleteExample.Create(), path)![0]!;
        return [.. Enumerable.Range(0, count).Select(index =>
        {
            var copy = item.DeepClone();
            if (copy is JsonObject taint)
            {
                taint["key"] = $"key-{index}";
            }

            return copy;
        })];
    }

    private static JsonObject MapOf(int count) => new(Enumerable.Range(0, count).Select(index =>
        KeyValuePair.Create(index.ToString(CultureInfo.InvariantCulture), (JsonNode?)"")));
}
