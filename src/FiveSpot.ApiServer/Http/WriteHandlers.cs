// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Patching;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Http;

/// <summary>Create, update and patch over HTTP.</summary>
internal sealed class WriteHandlers
{
    private const string PatchTypes = "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml";

    private const string GoMap = "map[string]interface {}";

    private readonly ObjectWriter _writer;
    private readonly ObjectReader _reader;

    public WriteHandlers(ObjectWriter writer, ObjectReader reader)
    {
        _writer = writer;
        _reader = reader;
    }

    public async Task<ApiResponse> CreateAsync(ApiCall call)
    {
        var body = await call.RequireBodyAsync();
        CheckTarget(call, body, isCreate: true);
        var stored = await _writer.CreateAsync(call.Resource, call.Namespace, body, call.WriteOptions());
        return _reader.One(call, stored, 201);
    }

    public async Task<ApiResponse> UpdateAsync(ApiCall call, string subresource)
    {
        var body = await call.RequireBodyAsync();
        CheckTarget(call, body, isCreate: false);
        var (stored, created) = await _writer.UpdateAsync(
            call.Resource, call.Namespace, call.Name, _ => body.Copy(), call.WriteOptions(subresource), fromClient: true);
        return _reader.One(call, stored, created ? 201 : 200);
    }

    public async Task<ApiResponse> PatchAsync(ApiCall call, string subresource)
    {
        var options = call.WriteOptions(subresource);
        var type = RequestBody.MediaType(call.Http.Request);
        var isApply = type is "application/apply-patch+yaml" or "application/apply-patch+json";
        if (!isApply && call.Query.ContainsKey("force"))
        {
            throw Refusal.Invalid("meta.k8s.io", "PatchOptions", string.Empty, [new("Forbidden", "force", "may not be specified for non-apply patch", null)]);
        }

        options = options with { IsPatch = !isApply };
        var change = await ReadPatchAsync(call, type, options);
        var (stored, created) = await _writer.UpdateAsync(call.Resource, call.Namespace, call.Name, change, options, applied: isApply);
        return _reader.One(call, stored, created ? 201 : 200);
    }

    /// <summary>The change that a patch makes to the object in the version of the request.</summary>
    public static async Task<ObjectWriter.Change> ReadPatchAsync(ApiCall call, string type, WriteOptions options, JsonObject? schema = null, bool isCustom = false)
    {
        var bytes = await RequestBody.ReadBytesAsync(call.Http.Request);
        var resource = call.Resource;
        schema ??= resource.OpenApi;
        switch (type)
        {
            case "application/json-patch+json":
                var operations = ReadPatch<JsonArray>(call, bytes, "[]handlers.jsonPatchOp");
                return live => Checked(call, JsonPatch.Apply(live!, operations), live!);
            case "application/merge-patch+json":
                var merge = ReadPatch<JsonObject>(call, bytes, GoMap);
                return live => Checked(call, MergePatch.Apply(live!, merge), live!);
            case "application/strategic-merge-patch+json" when !(resource.IsCustom || isCustom):
                var strategic = ReadPatch<JsonObject>(call, bytes, GoMap, prefix: string.Empty);
                return live => Checked(call, StrategicMergePatch.Apply(live!, strategic, schema), live!);
            case "application/apply-patch+yaml" or "application/apply-patch+json":
                return Apply(call, RequestBody.AsObject(bytes is [(byte)'{', ..] ? RequestBody.Parse(bytes) : YamlText.Parse(bytes)), options, schema);
            default:
                throw !PatchTypes.Split(", ").Contains(type, StringComparer.Ordinal) ? Refusal.NoPatchType() : Refusal.UnsupportedMediaType(resource.IsCustom ? PatchTypes.Replace("application/strategic-merge-patch+json, ", string.Empty, StringComparison.Ordinal) : PatchTypes);
        }
    }

    /// <summary>Refuses a body that is for another place than the path says.</summary>
    public static void CheckTarget(ApiCall call, JsonObject body, bool isCreate)
    {
        var resource = call.Resource;
        CheckKind(resource, body);
        var metadata = body.Metadata();
        if (metadata.Text("namespace") is { Length: > 0 } space && resource.Namespaced && space != call.Namespace)
        {
            throw Refusal.BadRequest($"the namespace of the provided object does not match the namespace sent on the request");
        }

        if (isCreate)
        {
            return;
        }

        if (metadata.Text("name") is not { Length: > 0 } name)
        {
            if (metadata.ContainsKey("name") || !resource.IsCustom)
            {
                throw Refusal.BadRequest($"the name of the object ({call.Name} based on URL) was undeterminable: name must be provided");
            }

            metadata["name"] = call.Name;
        }
        else if (name != call.Name)
        {
            throw OtherName(name, call.Name);
        }
    }

    private static T ReadPatch<T>(ApiCall call, byte[] bytes, string goType, string prefix = "error decoding patch: ")
        where T : JsonNode
    {
        try
        {
            var read = JsonText.Parse(bytes, call.DuplicateFields);
            return read as T ?? throw Refusal.BadRequest($"{prefix}json: cannot unmarshal {RequestBody.TypeName(read)} into Go value of type {goType}");
        }
        catch (FormatException broken)
        {
            throw Refusal.BadRequest(prefix + broken.Message);
        }
    }

    private static StatusException OtherName(string name, string expected) =>
        Refusal.BadRequest($"the name of the object ({name}) does not match the name on the URL ({expected})");

    /// <summary>What comes out of a patch must still be the object that it was for.</summary>
    private static JsonObject Checked(ApiCall call, JsonObject patched, JsonObject live)
    {
        var (resource, metadata, before) = (call.Resource, patched.Metadata(), live.Metadata());
        if (patched.Text("kind") != live.Text("kind") || patched.Text("apiVersion") != live.Text("apiVersion"))
        {
            var (version, kind) = (patched.Text("apiVersion") ?? string.Empty, patched.Text("kind") ?? string.Empty);
            throw Refusal.BadPatch(patched, BodyKinds.NotHandled(resource, version, kind).Message);
        }

        if (!resource.IsCustom)
        {
            try
            {
                FieldTypes.Require(resource, patched);
            }
            catch (StatusException wrongType)
            {
                throw Refusal.BadPatch(patched, wrongType.Message);
            }
        }

        if (metadata.Text("name") != before.Text("name"))
        {
            throw OtherName(metadata.Text("name") ?? string.Empty, call.Name);
        }

        if (metadata.Text("namespace") != before.Text("namespace"))
        {
            throw Refusal.BadRequest("the namespace of the provided object does not match the namespace sent on the request");
        }

        if (metadata.Text("resourceVersion") is { Length: > 0 } expected && expected != before.Text("resourceVersion"))
        {
            throw Refusal.Modified(resource, call.Name);
        }

        if (metadata.Text("uid") is { } uid && uid != before.Text("uid"))
        {
            // Found by two checks, and told twice.
            var immutable = FieldError.Invalid("metadata.uid", JsonValue.Create(uid), "field is immutable");
            throw Refusal.Invalid(resource, call.Name, [immutable, immutable]);
        }

        return patched;
    }

    public static void CheckKind(Resource resource, JsonObject body)
    {
        if (resource.IsCustom && string.IsNullOrEmpty(body.Text("kind")))
        {
            var sent = body.ToUtf8();
            throw Refusal.Unrecognized(resource.Kind, sent, $"Object 'Kind' is missing in '{Encoding.UTF8.GetString(sent)}'", isJsonError: false);
        }

        var (kind, groupVersion) = (body.Text("kind"), body.Text("apiVersion"));
        var isOtherKind = kind is { Length: > 0 } && kind != resource.Kind;
        var isOtherVersion = groupVersion is { Length: > 0 } && groupVersion != resource.GroupVersion;
        if (!resource.IsCustom && (isOtherKind || isOtherVersion))
        {
            throw BodyKinds.NotHandled(resource, isOtherVersion ? groupVersion! : resource.GroupVersion, isOtherKind ? kind! : resource.Kind);
        }

        if (isOtherKind)
        {
            throw Refusal.Invalid(resource.Group, kind!, body.Metadata().Text("name") ?? string.Empty, [FieldError.Invalid("kind", JsonValue.Create(kind), $"must be {resource.Kind}")]);
        }

        if (isOtherVersion)
        {
            throw Refusal.BadRequest($"the API version in the data ({groupVersion}) does not match the expected API version ({resource.GroupVersion})");
        }

        body["kind"] = resource.Kind;
        body["apiVersion"] = resource.GroupVersion;
    }

    private static ObjectWriter.Change Apply(ApiCall call, JsonObject applied, WriteOptions options, JsonObject schema)
    {
        if (string.IsNullOrEmpty(call.Query.GetValueOrDefault("fieldManager")))
        {
            throw Refusal.Invalid("meta.k8s.io", "PatchOptions", string.Empty, [new("Required value", "fieldManager", "is required for apply patch", null)]);
        }

        if (string.IsNullOrEmpty(applied.Text("apiVersion")) || string.IsNullOrEmpty(applied.Text("kind")))
        {
            var named = applied.Text("apiVersion") ?? string.Empty;
            throw Refusal.BadRequest($"invalid object type: {(named.Contains('/', StringComparison.Ordinal) ? named : "/" + named)}, Kind={applied.Text("kind")}");
        }

        CheckTarget(call, applied, isCreate: true);
        if (applied.Metadata().Text("name") is { Length: > 0 } name && name != call.Name)
        {
            throw OtherName(name, call.Name);
        }

        if (applied.Metadata().List("managedFields") is { Count: > 0 })
        {
            throw Refusal.BadRequest("metadata.managedFields must be nil");
        }

        if (call.Resource.HasStatus && options.Subresource.Length == 0)
        {
            // The main resource does not write it, so nobody comes to own it through here.
            applied.Remove("status");
        }

        applied.Metadata()["name"] = call.Name;
        var manager = new FieldManagerInfo(
            options.FieldManager,
            "Apply",
            call.Resource.GroupVersion,
            options.Subresource.Length == 0 ? null : options.Subresource,
            call.Now);
        var version = applied.Metadata().Text("resourceVersion");
        applied.Metadata().Remove("resourceVersion");
        return live =>
        {
            if (version is { Length: > 0 } && version != (live?.Metadata().Text("resourceVersion") ?? string.Empty))
            {
                throw Refusal.Modified(call.Resource, call.Name);
            }

            return ManagedFields.Apply(live, applied, manager, call.IsSet("force"), schema);
        };
    }
}
