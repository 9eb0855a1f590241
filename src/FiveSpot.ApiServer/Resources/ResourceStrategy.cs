// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>
/// What is particular to a kind when it is written: what the server sets, keeps and refuses. Objects are in the version of the
/// request and belong to the caller.
/// </summary>
internal class ResourceStrategy
{
    public static readonly ResourceStrategy Plain = new();

    /// <summary>Whether an update may leave <c>metadata.resourceVersion</c> out.</summary>
    public virtual bool AllowUnconditionalUpdate => true;

    public virtual bool AllowCreateOnUpdate => false;

    /// <summary>Fields for selectors, besides name and namespace.</summary>
    public virtual IReadOnlyList<string> SelectableFields => [];

    /// <summary>Whether <c>metadata.generation</c> is kept for this kind.</summary>
    public virtual bool HasGeneration => false;

    /// <summary>Whether a write to <c>status</c> may change labels and annotations, as it may for nodes and pods.</summary>
    public virtual bool StatusCarriesMetadata => true;

    public virtual IReadOnlyList<string> NameErrors(string name) => ObjectNames.SubdomainErrors(name);

    /// <summary>The value of a selectable field of a stored object; empty when it has none.</summary>
    public virtual string FieldValue(JsonObject stored, string field) => stored.At(field.Split('.'))?.Print() ?? string.Empty;

    public virtual void PrepareForCreate(JsonObject obj)
    {
    }

    public virtual void PrepareForUpdate(JsonObject obj, JsonObject old)
    {
    }

    /// <summary>Called for a write to the status subresource, with everything but status already put back.</summary>
    public virtual void PrepareForStatusUpdate(JsonObject obj, JsonObject old)
    {
    }

    /// <summary>Fills in what the client left out.</summary>
    public virtual void ApplyDefaults(JsonObject obj)
    {
    }

    public virtual void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
    }

    /// <summary>Whether the difference is one that a controller has to observe.</summary>
    public virtual bool ChangesGeneration(JsonObject obj, JsonObject old) => !JsonNode.DeepEquals(obj["spec"], old["spec"]);

    /// <summary>Whether deleted objects of this kind may stay for a while.</summary>
    public virtual bool IsGraceful => false;

    /// <summary>Seconds that a deleted object stays for its owner to remove it.</summary>
    public virtual long GraceSeconds(JsonObject stored, long? asked) => 0;

    /// <summary>Whether something beyond <c>metadata.finalizers</c> holds a deleted object.</summary>
    public virtual bool IsHeld(JsonObject obj) => false;

    /// <summary>Why an object can't be deleted by anybody; null when it can.</summary>
    public virtual string? WhyKept(string name) => null;

    /// <summary>Whether a deletion that has to wait counts as a change of the object, with a grace of its own.</summary>
    public virtual bool CountsDeletion => true;

    public virtual void MarkDeleted(JsonObject obj)
    {
    }

    protected static FieldError Required(string field, string detail = "") => new("Required value", field, detail, null);

    protected static FieldError InvalidValue(string field, JsonNode? value, string detail) => new("Invalid value", field, detail, value);

    protected static FieldError Forbidden(string field, string detail) => new("Forbidden", field, detail, null);

    protected static FieldError NotSupported(string field, string value, params string[] supported) =>
        new("Unsupported value", field, $"supported values: {string.Join(", ", supported.Select(text => $"\"{text}\""))}", JsonValue.Create(value));

    protected static void Immutable(JsonObject obj, JsonObject old, List<FieldError> errors, params string[] path)
    {
        var value = obj.At(path);
        if (!JsonNode.DeepEquals(value, old.At(path)))
        {
            errors.Add(InvalidValue(string.Join('.', path), value, "field is immutable"));
        }
    }
}
