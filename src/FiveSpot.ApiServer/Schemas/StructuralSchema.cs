// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Schemas;

/// <summary>A structural OpenAPI v3 schema, as kube-apiserver uses one for a custom resource: what it prunes, what it
/// defaults, what it refuses.</summary>
public sealed class StructuralSchema
{
    private readonly SchemaNode _root;

    private StructuralSchema(JsonObject openApi, SchemaNode root)
    {
        OpenApi = openApi;
        _root = root;
    }

    /// <summary>The schema as it was given.</summary>
    public JsonObject OpenApi { get; }

    /// <summary>Reads a schema and compiles its CEL rules.</summary>
    /// <param name="openApiV3Schema">The schema of a version of a CustomResourceDefinition.</param>
    /// <param name="path">Where it stands there, for messages.</param>
    /// <exception cref="SchemaException">It is not structural, or a rule does not compile or costs too much.</exception>
    public static StructuralSchema Parse(JsonObject openApiV3Schema, string path = "spec.validation.openAPIV3Schema")
    {
        var copy = (JsonObject)openApiV3Schema.DeepClone();
        var errors = new List<FieldError>();
        var root = new SchemaReader(errors, trusted: false).ReadRoot(copy, path);
        if (errors.Count == 0)
        {
            CelTypes.Assign(root, isResourceRoot: true);
            RuleCompiler.Compile(root, errors);
            CheckDefaults(root, errors);
        }

        if (errors.Count == 0)
        {
            RuleCostEstimator.Check(root, path, errors);
        }

        return errors.Count == 0
            ? new StructuralSchema(copy, root)
            : throw new SchemaException([.. errors.OrderBy(e => e.ToString(), StringComparer.Ordinal)]);
    }

    /// <summary>Takes the schema of a built-in kind, which need not be structural (it describes <c>metadata</c>).</summary>
    public static StructuralSchema ForBuiltIn(JsonObject openApiV3Schema)
    {
        var copy = (JsonObject)openApiV3Schema.DeepClone();
        var root = new SchemaReader([], trusted: true).ReadRoot(copy, "");
        CelTypes.Assign(root, isResourceRoot: true);
        return new StructuralSchema(copy, root);
    }

    /// <summary>Removes, in place, what the schema does not know.</summary>
    /// <param name="obj">The object.</param>
    /// <param name="isResourceRoot">Whether it is a whole resource, whose <c>apiVersion</c>, <c>kind</c> and (known
    /// fields of) <c>metadata</c> stay.</param>
    /// <returns>The paths of what was removed: <c>spec.foo</c>, <c>spec.list[0].bar</c>.</returns>
    public IReadOnlyList<string> Prune(JsonObject obj, bool isResourceRoot) => Pruner.Prune(obj, _root, isResourceRoot);

    /// <summary>Fills in defaults, in place; a <c>null</c> where the schema is not nullable counts as absent.</summary>
    /// <param name="obj">The object.</param>
    /// <param name="keepNulls">Whether such a <c>null</c> stays where there is no default for it.</param>
    public void ApplyDefaults(JsonObject obj, bool keepNulls = false) => Defaulter.ApplyTo(obj, _root, keepNulls);

    /// <summary>Checks an object that was pruned and defaulted.</summary>
    /// <param name="obj">The object.</param>
    /// <param name="old">The object as it was before an update; null on a create.</param>
    /// <param name="statusOnly">Whether it is an update of the status: then the rest is not held against it, but by rules.</param>
    /// <returns>What is wrong, in the order in which kube-apiserver finds it; empty when nothing is.</returns>
    public IReadOnlyList<FieldError> Validate(JsonObject obj, JsonObject? old, bool statusOnly = false)
    {
        var errors = new List<FieldError>();
        if (statusOnly)
        {
            ValidateStatus(obj, errors);
        }
        else
        {
            ValueValidator.Validate(obj, _root, errors);
        }

        AssociativeLists.Validate(obj, _root, "", errors);
        if (!_root.HasRules)
        {
            return errors;
        }

        if (errors.Exists(e => e.BlocksRules))
        {
            errors.Add(FieldError.Invalid(FieldError.NoField, null, "some validation rules were not checked because the " +
                "object was invalid; correct the existing errors to complete validation"));
        }
        else
        {
            RuleValidator.Validate(obj, old, _root, errors);
        }

        return errors;
    }

    /// <summary>What the rules are estimated to cost at most, each on its own and all together, against the limits
    /// that kube-apiserver sets when a CustomResourceDefinition is created.</summary>
    public RuleCosts EstimateCosts() => RuleCostEstimator.Estimate(_root);

    // The status is checked as if it were all: what is said of it names fields from there, and only their place is whole.
    private void ValidateStatus(JsonObject obj, List<FieldError> errors)
    {
        if (obj.TryGetPropertyValue("status", out var status) && _root.Properties.TryGetValue("status", out var schema))
        {
            var found = new List<FieldError>();
            ValueValidator.ValidateAt(status, schema, "", found);
            errors.AddRange(found.Select(error => error with { Field = error.Field == FieldError.NoField ? "status" : $"status.{error.Field}" }));
        }
    }

    private static void CheckDefaults(SchemaNode node, List<FieldError> errors)
    {
        if (node.HasDefault)
        {
            var place = $"{node.Path}.default";
            var value = node.Default!.DeepClone();
            if (Pruner.PruneValue(value, node) is { Count: > 0 } unknown)
            {
                errors.Add(FieldError.Invalid(place, node.Default!.DeepClone(), $"must not have unknown fields: {string.Join(", ", unknown)}"));
            }

            Defaulter.ApplyTo(value, node, keepNulls: false);
            var wrong = new List<FieldError>();
            ValueValidator.ValidateAt(value, node, "", wrong);
            errors.AddRange(wrong.Select(e => e with { Field = e.Field == FieldError.NoField ? place : $"{place}.{e.Field}" }));
        }

        foreach (var child in node.Properties.Values.Append(node.Items).Append(node.AdditionalProperties))
        {
            if (child is not null)
            {
                CheckDefaults(child, errors);
            }
        }
    }
}
