// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Cel;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>Compiles the CEL rules of a schema, as kube-apiserver does when a CustomResourceDefinition is written.</summary>
internal static class RuleCompiler
{
    public static void Compile(SchemaNode node, List<FieldError> errors, bool correlatable = true)
    {
        for (var i = 0; i < node.Rules.Count; i++)
        {
            CompileRule(node, node.Rules[i], $"{node.Path}.x-kubernetes-validations[{i}]", correlatable, errors);
        }

        foreach (var property in node.Properties.Values)
        {
            Compile(property, errors, correlatable && node.MapType != "atomic");
        }

        if (node.Items is { } items)
        {
            Compile(items, errors, correlatable && node.ListType == "map");
        }

        if (node.AdditionalProperties is { } additional)
        {
            Compile(additional, errors, correlatable && node.MapType != "atomic");
        }
    }

    private static void CompileRule(SchemaNode node, ValidationRule rule, string place, bool correlatable, List<FieldError> errors)
    {
        if (node.CelType is not { } self)
        {
            errors.Add(FieldError.Invalid($"{place}.rule", JsonValue.Create(rule.Rule),
                "compilation failed: rules are not supported on a schema without a type"));
            return;
        }

        var variables = new Dictionary<string, CelType>
        {
            ["self"] = self,
            ["oldSelf"] = rule.OptionalOldSelf ? CelType.OptionalOf(self) : self,
        };
        rule.Program = CompileOne(rule.Rule, CelType.Bool, "rule");
        if (rule.UsesOldSelf && !correlatable)
        {
            errors.Add(FieldError.Invalid($"{place}.rule", JsonValue.Create(rule.Rule),
                "oldSelf cannot be used on the uncorrelatable portion of the schema within " + node.Path));
        }

        if (rule.OptionalOldSelf && rule.Program is not null && !rule.UsesOldSelf)
        {
            errors.Add(FieldError.Invalid($"{place}.optionalOldSelf", JsonValue.Create(true), "may not be set if oldSelf is not used in rule"));
        }

        if (rule.MessageExpression.Length > 0)
        {
            rule.MessageProgram = CompileOne(rule.MessageExpression, CelType.String, "messageExpression");
        }

        if (rule.FieldPath.Length > 0)
        {
            var path = Normalize(rule.FieldPath, node, out var problem);
            if (path is null)
            {
                errors.Add(FieldError.Invalid($"{place}.fieldPath", JsonValue.Create(rule.FieldPath),
                    $"fieldPath must be a valid path: {problem}"));
            }

            rule.FieldPath = path ?? "";
        }

        CelProgram? CompileOne(string expression, CelType result, string field)
        {
            try
            {
                return CelProgram.Compile(expression, new CelEnvironment(variables) { Result = result });
            }
            catch (CelException e)
            {
                var detail = e.Problem.StartsWith("must evaluate to", StringComparison.Ordinal)
                    ? $"{field} {e.Problem}".Replace("rule must", "cel expression must", StringComparison.Ordinal)
                    : $"compilation failed: {e.Message}";
                errors.Add(FieldError.Invalid($"{place}.{field}", JsonValue.Create(expression), detail));
                return null;
            }
        }
    }

    /// <summary>Reads <c>.a.b['c d']</c> against the schema; gives it back in the form of a field's path, or null.</summary>
    private static string? Normalize(string path, SchemaNode node, out string problem)
    {
        var result = "";
        var at = 0;
        problem = "does not refer to a valid field";
        while (at < path.Length)
        {
            string name;
            if (path[at] == '.')
            {
                var end = path.AsSpan(at + 1).IndexOfAny('.', '[');
                end = end < 0 ? path.Length : at + 1 + end;
                name = path[(at + 1)..end];
                at = end;
            }
            else if (path.AsSpan(at).StartsWith("['", StringComparison.Ordinal) &&
                path.IndexOf("']", at, StringComparison.Ordinal) is var close and > 0)
            {
                name = path[(at + 2)..close].Replace(@"\'", "'", StringComparison.Ordinal);
                at = close + 2;
            }
            else
            {
                problem = $"expected [ or . but got: {path[at..]}";
                return null;
            }

            if (node.Properties.TryGetValue(name, out var property))
            {
                node = property;
                result += $".{name}";
            }
            else if (node.AdditionalProperties is { } additional)
            {
                node = additional;
                result += $"[{name}]";
            }
            else
            {
                return null;
            }
        }

        return result;
    }
}
