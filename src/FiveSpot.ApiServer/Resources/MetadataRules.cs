// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>The rules of <c>metadata</c>, the same for every kind.</summary>
internal static class MetadataRules
{
    private const int MostAnnotationBytes = 256 * 1024;

    private static readonly string[] ServerOwned =
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "selfLink"];

    private static readonly string[] StandardFinalizers = ["kubernetes", "orphan", "foregroundDeletion"];

    /// <summary>Puts back what a client has no say in.</summary>
    public static void Restore(JsonObject obj, JsonObject old)
    {
        var (metadata, before) = (obj.Metadata(), old.Metadata());
        foreach (var name in ServerOwned)
        {
            if (name is "name" or "namespace" && metadata.ContainsKey(name))
            {
                continue;
            }

            metadata.CopyIn(name, before[name]);
        }
    }

    /// <summary>Empty lists and maps are not kept.</summary>
    public static void DropEmpty(JsonObject obj)
    {
        var metadata = obj.Metadata();
        foreach (var name in (ReadOnlySpan<string>)["finalizers", "ownerReferences", "labels", "annotations"])
        {
            if (metadata[name] is JsonArray { Count: 0 } or JsonObject { Count: 0 })
            {
                metadata.Remove(name);
            }
        }
    }

    public static void Validate(JsonObject obj, JsonObject? old, Resource resource, List<FieldError> errors)
    {
        var metadata = obj.Metadata();
        if (old is null)
        {
            ValidateName(metadata, resource, errors);
        }

        foreach (var (key, value) in metadata.Map("labels") ?? [])
        {
            errors.AddRange(ObjectNames.QualifiedNameErrors(key).Select(why => Invalid("metadata.labels", key, why)));
            errors.AddRange(ObjectNames.LabelValueErrors(value.Text() ?? string.Empty).Select(why => Invalid("metadata.labels", value.Text(), why)));
        }

        var size = 0;
        foreach (var (key, value) in metadata.Map("annotations") ?? [])
        {
            errors.AddRange(ObjectNames.QualifiedNameErrors(key.ToLowerInvariant()).Select(why => Invalid("metadata.annotations", key, why)));
            size += key.Length + (value.Text()?.Length ?? 0);
        }

        if (size > MostAnnotationBytes)
        {
            errors.Add(new FieldError("Too long", "metadata.annotations", $"may not be more than {MostAnnotationBytes} bytes", null));
        }

        ValidateOwners(metadata, errors);
        ValidateFinalizers(metadata, old?.Metadata(), resource, errors);
    }

    private static void ValidateName(JsonObject metadata, Resource resource, List<FieldError> errors)
    {
        var name = metadata.Text("name");
        if (string.IsNullOrEmpty(name))
        {
            errors.Add(new FieldError("Required value", "metadata.name", "name or generateName is required", null));
        }
        else
        {
            errors.AddRange(resource.Strategy.NameErrors(name).Select(why => Invalid("metadata.name", name, why)));
        }
    }

    private static void ValidateOwners(JsonObject metadata, List<FieldError> errors)
    {
        string? controller = null;
        foreach (var owner in metadata.Objects("ownerReferences"))
        {
            foreach (var field in (ReadOnlySpan<string>)["apiVersion", "kind", "name", "uid"])
            {
                if (string.IsNullOrEmpty(owner.Text(field)))
                {
                    errors.Add(Invalid($"metadata.ownerReferences.{field}", string.Empty, field == "apiVersion" ? "version must not be empty" : "must not be empty"));
                }
            }

            if (owner.Flag("controller") == true)
            {
                if (controller is not null)
                {
                    errors.Add(new FieldError("Invalid value", "metadata.ownerReferences", $"Only one reference can have Controller set to true. Found \"true\" in references for {controller} and {owner.Text("name")}", metadata["ownerReferences"]?.DeepClone()));
                }

                controller = owner.Text("name");
            }
        }
    }

    private static void ValidateFinalizers(JsonObject metadata, JsonObject? before, Resource resource, List<FieldError> errors)
    {
        var index = 0;
        foreach (var finalizer in metadata.Texts("finalizers"))
        {
            var field = $"metadata.finalizers[{index++}]";
            var wrong = ObjectNames.QualifiedNameErrors(finalizer);
            errors.AddRange(wrong.Select(why => Invalid(resource.IsOfExtensions ? "metadata.finalizers" : field, finalizer, why)));
            if (wrong.Count == 0 && !resource.IsOfExtensions && !finalizer.Contains('/', StringComparison.Ordinal) && !StandardFinalizers.Contains(finalizer, StringComparer.Ordinal))
            {
                errors.Add(Invalid(field, finalizer, "name is neither a standard finalizer name nor is it fully qualified"));
            }
        }

        if (before?.Text("deletionTimestamp") is not null)
        {
            var added = metadata.Texts("finalizers").Except(before.Texts("finalizers"), StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
            if (added.Count > 0)
            {
                var list = string.Join(", ", added.Select(name => $"\"{name}\""));
                // Found by two checks, and told twice.
                var forbidden = new FieldError("Forbidden", "metadata.finalizers", $"no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}", null);
                errors.AddRange(resource.IsOfExtensions ? [forbidden] : [forbidden, forbidden]);
            }
        }
    }

    private static FieldError Invalid(string field, string? value, string why) => new("Invalid value", field, why, JsonValue.Create(value));
}
