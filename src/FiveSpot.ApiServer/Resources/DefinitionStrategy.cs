// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>CustomResourceDefinitions: what makes one fit to be served.</summary>
internal sealed class DefinitionStrategy : SpecStrategy
{
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override void PrepareForCreate(JsonObject obj)
    {
        obj.Remove("status");
    }

    // A definition is never gone at once: its objects go first.
    public override bool IsHeld(JsonObject obj) => obj.Metadata().Text("deletionTimestamp") is null;

    public override bool CountsDeletion => false;

    public override void MarkDeleted(JsonObject obj)
    {
        var metadata = obj.Metadata();
        metadata["finalizers"] = metadata.Texts("finalizers").Where(name => name != CleanupFinalizer).Append(CleanupFinalizer).ToJsonArray();
        var terminating = Condition("Terminating", "InstanceDeletionPending", "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon", metadata.Text("deletionTimestamp"));
        obj.Child("status")["conditions"] = new JsonArray([.. obj.Objects("status", "conditions").Select(condition => condition.DeepClone()), terminating]);
    }

    public override void ApplyDefaults(JsonObject obj)
    {
        var spec = obj.Child("spec");
        var names = spec.Child("names");
        if (names.Text("kind") is { } kind)
        {
            names.Default("singular", kind.ToLowerInvariant());
            names.Default("listKind", kind + "List");
        }

        spec.Default("conversion", new JsonObject { ["strategy"] = "None" });
        var stored = spec.Objects("versions").Where(version => version.Flag("storage") == true).Select(version => version.Text("name"));
        var status = obj.Child("status");
        status["acceptedNames"] = names.DeepClone();
        status["storedVersions"] = status.Texts("storedVersions").Concat(stored.OfType<string>()).Distinct(StringComparer.Ordinal).ToJsonArray();
        if (status.List("conditions") is null)
        {
            var since = obj.Metadata().Text("creationTimestamp");
            status["conditions"] = new JsonArray(
                Condition("NamesAccepted", "NoConflicts", "no conflicts found", since),
                Condition("Established", "InitialNamesAccepted", "the initial names have been accepted", since));
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var spec = obj.Map("spec");
        var (group, plural) = (spec.Text("group") ?? string.Empty, spec.Text("names", "plural") ?? string.Empty);
        RequireText(spec, errors, "group");
        RequireText(spec, errors, "names", "plural");
        RequireText(spec, errors, "names", "kind");
        if (old is null && plural.Length > 0 && obj.Metadata().Text("name") is { } name && name != $"{plural}.{group}")
        {
            errors.Add(InvalidValue("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
        }

        if (spec.Text("scope") is not ("Namespaced" or "Cluster") and var scope)
        {
            errors.Add(scope is null ? Required("spec.scope") : NotSupported("spec.scope", scope, "Cluster", "Namespaced"));
        }

        if (spec.Text("conversion", "strategy") is not ("None" or "Webhook") and var strategy)
        {
            errors.Add(NotSupported("spec.conversion.strategy", strategy ?? string.Empty, "None", "Webhook"));
        }

        if (spec.Objects("versions").Count(version => version.Flag("storage") == true) != 1)
        {
            errors.Add(InvalidValue("spec.versions", spec?["versions"]?.DeepClone(), "must have exactly one version marked as storage version"));
        }

        if (old is not null)
        {
            Immutable(obj, old, errors, "spec", "group");
            Immutable(obj, old, errors, "spec", "scope");
            Immutable(obj, old, errors, "spec", "names", "plural");
            Immutable(obj, old, errors, "spec", "names", "kind");
        }

        // What all versions have alike is looked at as if it stood in the one place that it had before there were versions.
        var versions = spec.Objects("versions").ToList();
        for (var i = 0; i < versions.Count; i++)
        {
            ValidateVersion(versions[i], versions.Count == 1 ? "spec.validation" : $"spec.versions[{i}].schema", $"spec.versions[{i}].schema", errors);
            var parts = versions.Count == 1 ? "spec" : $"spec.versions[{i}]";
            ValidateColumns(versions[i], $"{parts}.additionalPrinterColumns", errors);
            ValidateScale(versions[i].Map("subresources", "scale"), $"{parts}.subresources.scale", errors);
        }
    }

    private static void ValidateColumns(JsonObject version, string path, List<FieldError> errors)
    {
        var index = 0;
        foreach (var column in version.Objects("additionalPrinterColumns"))
        {
            var field = $"{path}[{index++}]";
            if (column.Text("type") is not ("boolean" or "date" or "integer" or "number" or "string") and var type)
            {
                errors.Add(InvalidValue($"{field}.type", type ?? string.Empty, "must be one of boolean,date,integer,number,string"));
            }

            if (column.Text("jsonPath") is not ['.', ..] and var jsonPath)
            {
                errors.Add(InvalidValue($"{field}.JSONPath", jsonPath ?? string.Empty, "must be a simple json path starting with ."));
            }
        }
    }

    private static void ValidateScale(JsonObject? scale, string path, List<FieldError> errors)
    {
        if (scale is null)
        {
            return;
        }

        Require("specReplicasPath", ".spec.");
        Require("statusReplicasPath", ".status.");

        void Require(string field, string start)
        {
            var value = scale.Text(field) ?? string.Empty;
            if (!value.StartsWith('.'))
            {
                errors.Add(InvalidValue($"{path}.{field}", value, "must be a simple json path starting with ."));
            }
            else if (!value.StartsWith(start, StringComparison.Ordinal))
            {
                errors.Add(InvalidValue($"{path}.{field}", value, $"should be a json path under {start[..^1]}"));
            }
        }
    }

    private static void ValidateVersion(JsonObject version, string path, string ownPath, List<FieldError> errors)
    {
        if (version.Map("schema", "openAPIV3Schema") is not { } schema)
        {
            errors.Add(Required($"{ownPath}.openAPIV3Schema"));
            return;
        }

        try
        {
            CustomResources.SchemaOf(schema, $"{path}.openAPIV3Schema");
        }
        catch (SchemaException refused)
        {
            errors.AddRange(refused.Errors);
        }
    }

    private static void RequireText(JsonObject? spec, List<FieldError> errors, params ReadOnlySpan<string> path)
    {
        if (string.IsNullOrEmpty(spec.Text(path)))
        {
            errors.Add(Required($"spec.{string.Join('.', path!)}"));
        }
    }

    private static JsonObject Condition(string type, string reason, string message, string? since) => new()
    {
        ["lastTransitionTime"] = since,
        ["message"] = message,
        ["reason"] = reason,
        ["status"] = "True",
        ["type"] = type,
    };
}
