// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Sandbox.ApiServer.Schemas;

namespace FiveSpot.Sandbox.ApiServer.Resources;

/// <summary>CustomResourceDefinitions: what makes one fit to be served.</summary>
internal sealed class DefinitionStrategy : SpecStrategy
{
    public const string CleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

    public override void PrepareForCreate(JsonObject obj)
    {
        obj.Remove("status");
        var finalizers = obj.Metadata().Texts("finalizers").Where(name => name != CleanupFinalizer).Append(CleanupFinalizer);
        obj.Metadata()["finalizers"] = finalizers.ToJsonArray();
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
        if (plural.Length > 0 && obj.Metadata().Text("name") is { } name && name != $"{plural}.{group}")
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

        var index = 0;
        foreach (var version in spec.Objects("versions"))
        {
            ValidateVersion(version, $"spec.versions[{index++}]", errors);
        }
    }

    private static void ValidateVersion(JsonObject version, string path, List<FieldError> errors)
    {
        if (version.Map("schema", "openAPIV3Schema") is not { } schema)
        {
            errors.Add(Required($"{path}.schema.openAPIV3Schema", "schemas are required"));
            return;
        }

        try
        {
            CustomResources.SchemaOf(schema, $"{path}.schema.openAPIV3Schema");
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
