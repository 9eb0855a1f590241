// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Admission;
using FiveSpot.ApiServer.Patching;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Schemas;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer;

/// <summary>Creates and updates: from what a client sent to what is stored, with every rule on the way.</summary>
internal sealed class ObjectWriter
{
    private const string NameLetters = "bcdfghjklmnpqrstvwxz2456789";
    private const int MostAttempts = 100;

    private readonly ResourceCatalog _catalog;
    private readonly AdmissionWebhooks _webhooks;
    private readonly TimeProvider _clock;
    private readonly Chance _chance;

    public ObjectWriter(ResourceCatalog catalog, AdmissionWebhooks webhooks, TimeProvider clock, Chance chance)
    {
        _chance = chance;
        _catalog = catalog;
        _webhooks = webhooks;
        _clock = clock;
    }

    /// <summary>The body of an update, worked out from the live object (null when there is none, which only apply may meet).</summary>
    public delegate JsonObject Change(JsonObject? live);

    /// <summary>Stores a new object; takes over <paramref name="obj"/>.</summary>
    /// <remarks><paramref name="applied"/>: True when the object comes out of server-side apply, its field owners with it.</remarks>
    public async ValueTask<StoredObject> CreateAsync(Resource resource, string @namespace, JsonObject obj, WriteOptions options, bool applied = false)
    {
        var metadata = obj.Metadata();
        RequireNamespace(resource, @namespace, metadata);
        if (!string.IsNullOrEmpty(metadata.Text("resourceVersion")))
        {
            throw new StatusException(500, string.Empty, "resourceVersion should not be set on objects to be created");
        }

        CheckFields(resource, obj, options, applied);
        var sent = obj;
        obj = await MutateAsync(resource, AdmissionRequest.Of(resource, @namespace, metadata.Text("name") ?? string.Empty, null, options), obj);
        metadata = obj.Metadata();
        var generated = string.IsNullOrEmpty(metadata.Text("name")) && !string.IsNullOrEmpty(metadata.Text("generateName"));
        for (var attempt = 1; ; attempt++)
        {
            var next = generated ? obj.Copy() : obj;
            if (generated)
            {
                var prefix = metadata.Text("generateName")!;
                next.Metadata()["name"] = string.Concat(prefix.AsSpan(0, Math.Min(prefix.Length, 58)), _chance.Letters(NameLetters, 5));
            }

            var name = next.Metadata().Text("name") ?? string.Empty;
            PrepareForCreate(resource, next, ReferenceEquals(sent, obj) ? null : sent, options, applied);
            await ValidateAsync(AdmissionRequest.Of(resource, @namespace, name, null, options), next);
            var json = resource.ToStorage(next);
            if (options.DryRun && resource.Store!.Find(@namespace, name) is null)
            {
                return new StoredObject(json, 0);
            }

            if (!options.DryRun && resource.Store!.Create(json) is { } stored)
            {
                return stored;
            }

            if (!generated || attempt == 8)
            {
                throw Refusal.AlreadyExists(resource, name);
            }
        }
    }

    /// <summary>Changes an object until the change is stored, or finds that there is nothing to change.</summary>
    /// <remarks>
    /// <paramref name="fromClient"/>: True when the whole object comes from the client (PUT): its resourceVersion counts.
    /// <paramref name="applied"/>: True when <paramref name="change"/> is server-side apply.
    /// </remarks>
    public async ValueTask<(StoredObject Stored, bool Created)> UpdateAsync(
        Resource resource, string @namespace, string name, Change change, WriteOptions options, bool fromClient = false, bool applied = false)
    {
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            var live = resource.Store!.Find(@namespace, name);
            if (live is null)
            {
                if (options.Subresource.Length > 0 || !(applied || (fromClient && resource.Strategy.AllowCreateOnUpdate)))
                {
                    throw Refusal.NotFound(resource, name);
                }

                var created = change(null);
                if (created.Metadata().Text("uid") is { Length: > 0 } uid)
                {
                    throw Refusal.Conflict(resource, name, $"uid mismatch: the provided object specified uid {uid}, and no existing object was found");
                }

                created.Metadata()["name"] = name;
                created.Metadata().Remove("resourceVersion");
                return (await CreateAsync(resource, @namespace, created, options, applied), true);
            }

            var old = resource.FromStorage(live.Json);
            var sent = change(old);
            CheckFields(resource, sent, options, applied);
            var request = AdmissionRequest.Of(resource, @namespace, name, old, options);
            var next = await MutateAsync(resource, request, sent);
            Prepare(resource, next, ReferenceEquals(sent, next) ? null : sent, old, options, fromClient, applied);
            await ValidateAsync(request, next);
            if (IsSame(next, old))
            {
                return (live, false);
            }

            if (Commit(resource, live, next, options) is { } stored)
            {
                return (stored, false);
            }
        }

        throw Refusal.Modified(resource, name);
    }

    /// <summary>True when nothing but the server's own bookkeeping tells two objects apart.</summary>
    public static bool IsSame(JsonObject one, JsonObject other)
    {
        if (one.Count != other.Count)
        {
            return false;
        }

        foreach (var (name, value) in one)
        {
            if (!other.TryGetPropertyValue(name, out var counterpart))
            {
                return false;
            }

            if (name == "metadata" ? !IsSameMetadata(value.Map()!, counterpart.Map()!) : !JsonNode.DeepEquals(value, counterpart))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSameMetadata(JsonObject one, JsonObject other)
    {
        foreach (var name in one.Select(pair => pair.Key).Union(other.Select(pair => pair.Key), StringComparer.Ordinal))
        {
            var same = name switch
            {
                "resourceVersion" => true,
                "managedFields" => IsSameManagers(one.List(name), other.List(name)),
                _ => JsonNode.DeepEquals(one[name], other[name]),
            };
            if (!same)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsSameManagers(JsonArray? one, JsonArray? other)
    {
        if ((one?.Count ?? 0) != (other?.Count ?? 0))
        {
            return false;
        }

        return one is null || one.Zip(other!).All(pair => pair.First is JsonObject first && pair.Second is JsonObject second
            && first.All(field => field.Key == "time" || JsonNode.DeepEquals(field.Value, second[field.Key])));
    }

    private static void ThrowIfAny(Resource resource, JsonObject obj, List<FieldError> errors)
    {
        if (errors.Count > 0)
        {
            throw Refusal.Invalid(resource, obj.Metadata().Text("name") ?? string.Empty, errors);
        }
    }

    /// <summary>The parts of an object that are written through another kind are none that webhooks are asked about here.</summary>
    private static bool IsAdmitted(AdmissionRequest request) => request.Subresource is not ("scale" or "binding");

    private async ValueTask<JsonObject> MutateAsync(Resource resource, AdmissionRequest request, JsonObject obj)
    {
        if (_webhooks.IsEmpty || !IsAdmitted(request))
        {
            return obj;
        }

        var changed = (await _webhooks.MutateAsync(request, obj))!;
        if (!ReferenceEquals(changed, obj) && resource.Schema is { } schema)
        {
            schema.Prune(changed, isResourceRoot: true);
            schema.ApplyDefaults(changed);
        }

        return changed;
    }

    private async ValueTask ValidateAsync(AdmissionRequest request, JsonObject obj)
    {
        if (!_webhooks.IsEmpty && IsAdmitted(request))
        {
            await _webhooks.ValidateAsync(request, obj);
        }
    }

    private static void CheckFields(Resource resource, JsonObject obj, WriteOptions options, bool applied)
    {
        if (resource.Schema is not { } schema)
        {
            return;
        }

        if (!resource.IsCustom)
        {
            FieldTypes.Require(resource, obj);
        }

        var isStrict = options.FieldValidation == "Strict";
        var whole = isStrict && options.IsPatch ? obj.Copy() : obj;
        var dropped = schema.Prune(obj, isResourceRoot: true);
        if (dropped.Count + options.DuplicateFields.Count > 0 && options.FieldValidation != "Ignore")
        {
            var texts = options.DuplicateFields.Select(path => $"duplicate field \"{path}\"")
                .Concat(dropped.Select(path => $"unknown field \"{path}\"")).ToList();
            if (isStrict)
            {
                var why = $"strict decoding error: {string.Join(", ", texts)}";
                throw options.IsPatch
                    ? Refusal.BadPatch(whole, why)
                    : Refusal.BadRequest($"{resource.Kind} in version \"{resource.Version}\" cannot be handled as a {resource.Kind}: {why}");
            }

            options.Warnings?.AddRange(texts);
        }

        // What is applied is not decoded as other bodies are, so a null in it stays and is refused.
        schema.ApplyDefaults(obj, keepNulls: applied && resource.IsCustom);
    }

    /// <summary>Brings a new object into its stored form; <paramref name="sent"/> is what it was before webhooks changed it, null if they did not.</summary>
    private void PrepareForCreate(Resource resource, JsonObject obj, JsonObject? sent, WriteOptions options, bool applied)
    {
        var metadata = obj.Metadata();
        metadata.Remove("deletionTimestamp");
        metadata.Remove("deletionGracePeriodSeconds");
        metadata.Remove("selfLink");
        metadata.Remove("resourceVersion");
        metadata["uid"] = _chance.Uid();
        metadata["creationTimestamp"] = _clock.GetUtcNow().ToKubernetesTime();
        metadata.Remove("generation");
        if (resource.Strategy.HasGeneration)
        {
            metadata["generation"] = 1;
        }

        Shape(resource, obj);
        var errors = new List<FieldError>();
        MetadataRules.Validate(obj, null, resource, errors);
        resource.Strategy.Validate(obj, null, errors);
        if (resource.IsCustom && resource.Schema is { } schema)
        {
            errors.AddRange(schema.Validate(obj, null));
        }

        ThrowIfAny(resource, obj, errors);
        if (!applied)
        {
            if (sent is not null)
            {
                Shape(resource, sent = sent.Copy());
            }

            TrackOwners(resource, null, sent, obj, options);
        }
    }

    /// <summary>Brings an update into its stored form; <paramref name="sent"/> is what it was before webhooks changed it, null if they did not.</summary>
    private void Prepare(Resource resource, JsonObject next, JsonObject? sent, JsonObject old, WriteOptions options, bool fromClient, bool applied)
    {
        CheckIdentity(resource, next, old, fromClient);
        Shape(resource, next, old, options);
        if (resource.Strategy.HasGeneration && resource.Strategy.ChangesGeneration(next, old))
        {
            next.Metadata()["generation"] = (old.Metadata().Number("generation") ?? 0) + 1;
        }

        var errors = new List<FieldError>();
        MetadataRules.Validate(next, old, resource, errors);
        if (options.Subresource.Length == 0)
        {
            resource.Strategy.Validate(next, old, errors);
        }

        if (resource.IsCustom && resource.Schema is { } schema)
        {
            errors.AddRange(schema.Validate(next, old, statusOnly: options.Subresource == "status"));
        }

        ThrowIfAny(resource, next, errors);
        if (!applied)
        {
            if (sent is not null)
            {
                Shape(resource, sent, old, options);
            }

            TrackOwners(resource, old, sent, next, options);
        }
    }

    private static void Shape(Resource resource, JsonObject obj)
    {
        MetadataRules.DropEmpty(obj);
        resource.Strategy.PrepareForCreate(obj);
        resource.Strategy.ApplyDefaults(obj);
    }

    private static void Shape(Resource resource, JsonObject next, JsonObject old, WriteOptions options)
    {
        MetadataRules.Restore(next, old);
        MetadataRules.DropEmpty(next);
        next.Metadata()["resourceVersion"] = old.Metadata().Text("resourceVersion");
        if (options.Subresource == "status")
        {
            KeepAllButStatus(next, old, resource.Strategy.StatusCarriesMetadata);
            resource.Strategy.PrepareForStatusUpdate(next, old);
        }
        else if (options.Subresource.Length == 0)
        {
            if (resource.HasStatus)
            {
                next.CopyIn("status", old["status"]);
            }

            resource.Strategy.PrepareForUpdate(next, old);
        }

        resource.Strategy.ApplyDefaults(next);
    }

    private static void CheckIdentity(Resource resource, JsonObject next, JsonObject old, bool fromClient)
    {
        var (metadata, before) = (next.Metadata(), old.Metadata());
        var name = before.Text("name")!;
        var version = metadata.Text("resourceVersion");
        if (string.IsNullOrEmpty(version))
        {
            if (fromClient && !resource.Strategy.AllowUnconditionalUpdate)
            {
                throw Refusal.Invalid(resource.Group, resource.Plural, name, [new("Invalid value", "metadata.resourceVersion", "must be specified for an update", JsonValue.Create(0))]);
            }
        }
        else if (version != before.Text("resourceVersion"))
        {
            throw Refusal.Modified(resource, name);
        }

        if (metadata.Text("uid") is { Length: > 0 } uid && uid != before.Text("uid"))
        {
            throw Refusal.OtherUid(resource, before.Text("namespace") ?? string.Empty, name, uid, before.Text("uid") ?? string.Empty);
        }

        if (metadata.Text("name") is { } renamed && renamed != name)
        {
            throw Refusal.Invalid(resource, name, [new("Invalid value", "metadata.name", "field is immutable", JsonValue.Create(renamed))]);
        }

        if (metadata.Text("namespace") is { } moved && moved != (before.Text("namespace") ?? string.Empty))
        {
            throw Refusal.Invalid(resource, name, [new("Invalid value", "metadata.namespace", "field is immutable", JsonValue.Create(moved))]);
        }
    }

    private static void KeepAllButStatus(JsonObject next, JsonObject old, bool carriesMetadata)
    {
        foreach (var name in next.Select(pair => pair.Key).Union(old.Select(pair => pair.Key), StringComparer.Ordinal).ToList())
        {
            if (name is not ("status" or "metadata"))
            {
                next.CopyIn(name, old[name]);
            }
        }

        var (metadata, before) = (next.Metadata(), old.Metadata());
        foreach (var name in metadata.Select(pair => pair.Key).Union(before.Select(pair => pair.Key), StringComparer.Ordinal).ToList())
        {
            if (name != "managedFields" && !(carriesMetadata && name is "labels" or "annotations"))
            {
                metadata.CopyIn(name, before[name]);
            }
        }
    }

    /// <summary>What webhooks changed is nobody's: who owns what is found out by <paramref name="sent"/>, where that is another than <paramref name="after"/>.</summary>
    private void TrackOwners(Resource resource, JsonObject? before, JsonObject? sent, JsonObject after, WriteOptions options)
    {
        var manager = new FieldManagerInfo(
            options.FieldManager,
            "Update",
            resource.GroupVersion,
            options.Subresource is "" or "metadata" ? null : options.Subresource,
            _clock.GetUtcNow());
        var tracked = ManagedFields.TrackUpdate(before, sent ?? after, manager, resource.OpenApi);
        if (tracked.Metadata()["managedFields"] is { } fields)
        {
            after.Metadata()["managedFields"] = fields.DeepClone();
        }
        else
        {
            after.Metadata().Remove("managedFields");
        }
    }

    private static StoredObject? Commit(Resource resource, StoredObject live, JsonObject next, WriteOptions options)
    {
        var json = resource.ToStorage(next);
        if (options.DryRun)
        {
            return new StoredObject(json, live.ResourceVersion);
        }

        var metadata = json.Metadata();
        var gone = metadata.Text("deletionTimestamp") is not null
            && metadata.List("finalizers") is not { Count: > 0 }
            && !resource.Strategy.IsHeld(json)
            && (live.Metadata.Number("deletionGracePeriodSeconds") ?? 0) == 0;
        // Whoever took the last finalizer off sees the object as of the version before.
        return gone ? resource.Store!.Delete(live, json)?.WithResourceVersion(live.ResourceVersion) : resource.Store!.Replace(live, json);
    }

    private void RequireNamespace(Resource resource, string @namespace, JsonObject metadata)
    {
        if (!resource.Namespaced)
        {
            metadata.Remove("namespace");
            return;
        }

        metadata["namespace"] = @namespace;
        var owner = _catalog.Namespaces.Store!.Find(string.Empty, @namespace) ?? throw Refusal.NotFound(_catalog.Namespaces, @namespace);
        if (owner.IsTerminating)
        {
            throw Refusal.Forbidden(
                resource,
                metadata.Text("name") ?? string.Empty,
                $"unable to create new content in namespace {@namespace} because it is being terminated",
                new JsonArray(new JsonObject { ["reason"] = "NamespaceTerminating", ["message"] = $"namespace {@namespace} is being terminated", ["field"] = "metadata.namespace" }));
        }
    }
}
