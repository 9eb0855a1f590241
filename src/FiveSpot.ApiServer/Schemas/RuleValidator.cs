// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Cel;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Runs the CEL rules of a schema on an object that is valid otherwise.</summary>
internal sealed class RuleValidator
{
    private const string OutOfBudget = "validation failed due to running out of cost budget, no further validation rules will be run";

    private readonly List<FieldError> _errors;
    private long _budget = CelCosts.PerObject;

    private RuleValidator(List<FieldError> errors) => _errors = errors;

    public static void Validate(JsonObject obj, JsonObject? old, SchemaNode root, List<FieldError> errors) =>
        new RuleValidator(errors).Visit(obj, old, root, "", false);

    private void Visit(JsonNode? value, JsonNode? old, SchemaNode node, string path, bool ratchetable)
    {
        if (value is null || !node.HasRules || _budget < 0)
        {
            return;
        }

        // An unchanged part that was stored before the rule does not fail an update of another part.
        var unchanged = ratchetable || (old is not null && JsonNode.DeepEquals(value, old));
        RunRules(value, old, node, path, unchanged);
        switch (value)
        {
            case JsonObject map:
                var before = node.MapType == "atomic" ? null : old as JsonObject;
                foreach (var (name, child) in map)
                {
                    if (node.Properties.TryGetValue(name, out var property))
                    {
                        Visit(child, before?[name], property, path.Length == 0 ? name : $"{path}.{name}", unchanged);
                    }
                    else if (node.AdditionalProperties is { } additional)
                    {
                        Visit(child, before?[name], additional, $"{path}[{name}]", unchanged);
                    }
                }

                break;
            case JsonArray list when node.Items is { HasRules: true } items:
                var others = OldItems(old as JsonArray, node);
                for (var i = 0; i < list.Count; i++)
                {
                    Visit(list[i], others?.GetValueOrDefault(KeyOf(list[i], node)), items, $"{path}[{i}]", unchanged);
                }

                break;
        }
    }

    private static Dictionary<string, JsonNode>? OldItems(JsonArray? old, SchemaNode node)
    {
        if (old is null || node.ListType != "map")
        {
            return null;
        }

        var result = new Dictionary<string, JsonNode>();
        foreach (var item in old)
        {
            if (item is not null)
            {
                result.TryAdd(KeyOf(item, node), item);
            }
        }

        return result;
    }

    private static string KeyOf(JsonNode? item, SchemaNode node) =>
        string.Join('\0', node.ListMapKeys.Select(key => GoText.Json((item as JsonObject)?[key])));

    private void RunRules(JsonNode value, JsonNode? old, SchemaNode node, string path, bool unchanged)
    {
        if (node.Rules.Count == 0)
        {
            return;
        }

        var at = path.Length == 0 ? FieldError.NoField : path;
        var type = JsonValue.Create(node.Type);
        if (_budget <= 0)
        {
            Exhausted(FieldError.Invalid(at, type, OutOfBudget));
            return;
        }

        var self = CelValue.FromJson(value, node.CelType);
        var oldSelf = old is null ? null : CelValue.FromJson(old, node.CelType);
        foreach (var rule in node.Rules)
        {
            if (rule.Program is null || (rule.UsesOldSelf && oldSelf is null && !rule.OptionalOldSelf))
            {
                continue;
            }

            var activation = new Dictionary<string, CelValue> { ["self"] = self };
            if (rule.OptionalOldSelf)
            {
                activation["oldSelf"] = oldSelf is null ? CelValue.None : CelValue.Some(oldSelf);
            }
            else if (oldSelf is not null)
            {
                activation["oldSelf"] = oldSelf;
            }

            var result = Spend(rule.Program, activation, out var perCall);
            if (_budget < 0)
            {
                Exhausted(FieldError.Invalid(at, type, perCall
                    ? $"'{result}': no further validation rules will be run due to call cost exceeds limit for rule: {rule.Label}"
                    : OutOfBudget));
                return;
            }

            if (result.IsError)
            {
                _errors.Add(FieldError.Invalid(at, type, result.Text.StartsWith("no such overload", StringComparison.Ordinal)
                    ? $"'{result}': call arguments did not match a supported operator, function or macro signature for rule: {rule.Label}"
                    : $"{result} evaluating rule: {rule.Label}"));
            }
            else if (!result.IsTrue && (rule.UsesOldSelf || !unchanged))
            {
                Report(rule, activation, value, path, type);
                if (_budget < 0)
                {
                    return;
                }
            }
        }
    }

    private CelValue Spend(CelProgram program, Dictionary<string, CelValue> activation, out bool perCall)
    {
        var limit = Math.Min(_budget, CelCosts.PerCall);
        perCall = limit == CelCosts.PerCall;
        var left = limit;
        var result = program.Evaluate(activation, ref left);
        _budget = left < 0 ? -1 : _budget - (limit - left);
        return result;
    }

    private void Exhausted(FieldError error)
    {
        _errors.Add(error);
        _budget = -1;
    }

    private void Report(ValidationRule rule, Dictionary<string, CelValue> activation, JsonNode value, string path, JsonValue type)
    {
        var field = (path + rule.FieldPath).TrimStart('.');
        field = field.Length == 0 ? FieldError.NoField : field;
        var detail = rule.MessageOrDefault;
        if (rule.MessageProgram is { } program)
        {
            var message = Spend(program, activation, out _);
            if (_budget < 0)
            {
                _errors.Add(FieldError.Invalid(field, type,
                    "messageExpression evaluation failed due to running out of cost budget, no further validation rules will be run"));
                return;
            }

            // A message that can't be used falls back to the rule's own.
            if (message.Kind == CelKind.String && message.Text.Trim() is { Length: > 0 and <= 5 * 1024 } text &&
                !text.Contains('\n', StringComparison.Ordinal))
            {
                detail = text;
            }
        }

        _errors.Add(rule.Reason switch
        {
            "FieldValueForbidden" => FieldError.Forbidden(field, detail),
            "FieldValueRequired" => FieldError.Required(field, detail),
            "FieldValueDuplicate" => Shown(FieldError.Duplicate(field, value.DeepClone())),
            _ => Shown(FieldError.Invalid(field, value.DeepClone(), detail)),
        });

        FieldError Shown(FieldError error) => error with { OmitsValue = value is JsonObject or JsonArray };
    }
}
