// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Admission;
using FiveSpot.ApiServer.Controllers;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Schemas;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Http;

/// <summary>What is asked of an object through another kind: scale, eviction, binding, finalize.</summary>
internal sealed class SubresourceHandlers
{
    private static readonly JsonObject ScaleSchema = new() { ["type"] = "object" };

    private readonly ResourceCatalog _catalog;
    private readonly ObjectWriter _writer;
    private readonly ObjectDeleter _deleter;
    private readonly ObjectReader _reader;
    private readonly DisruptionController _disruptions;
    private readonly AdmissionWebhooks _webhooks;

    public SubresourceHandlers(
        ResourceCatalog catalog, ObjectWriter writer, ObjectDeleter deleter, ObjectReader reader, DisruptionController disruptions, AdmissionWebhooks webhooks)
    {
        _catalog = catalog;
        _writer = writer;
        _deleter = deleter;
        _reader = reader;
        _disruptions = disruptions;
        _webhooks = webhooks;
    }

    /// <summary>Null when the resource has no such part.</summary>
    public async Task<ApiResponse?> HandleAsync(ApiCall call, string subresource, string verb) => (subresource, verb) switch
    {
        ("scale", "get" or "update" or "patch") when call.Resource.Scale is not null => await ScaleAsync(call, verb),
        ("eviction", "create") when call.Resource == _catalog.Pods => await EvictAsync(call),
        ("binding", "create") when call.Resource == _catalog.Pods => await BindAsync(call),
        ("finalize", "update") when call.Resource == _catalog.Namespaces => await FinalizeAsync(call),
        _ => null,
    };

    private static JsonObject ScaleOf(Resource resource, StoredObject stored)
    {
        var paths = resource.Scale!;
        var metadata = new JsonObject { ["name"] = stored.Name };
        foreach (var name in (ReadOnlySpan<string>)["namespace", "uid", "resourceVersion", "creationTimestamp"])
        {
            metadata.CopyIn(name, stored.Metadata[name]);
        }

        var status = new JsonObject { ["replicas"] = stored.Json.Number(paths.StatusReplicas) ?? 0 };
        var selector = paths.Selector is null ? null : stored.Json.At(paths.Selector);
        if (paths.SelectorIsText ? selector.Text() is not null : selector is JsonObject)
        {
            status["selector"] = paths.SelectorIsText ? selector.Text() : LabelSelector.From((JsonObject)selector!).ToString();
        }

        return new JsonObject
        {
            ["kind"] = "Scale",
            ["apiVersion"] = "autoscaling/v1",
            ["metadata"] = metadata,
            ["spec"] = new JsonObject { ["replicas"] = stored.Json.Number(paths.SpecReplicas) ?? 0 },
            ["status"] = status,
        };
    }

    private async Task<ApiResponse> ScaleAsync(ApiCall call, string verb)
    {
        var resource = call.Resource;
        if (verb == "get")
        {
            var found = resource.Store!.Find(call.Namespace, call.Name) ?? throw Refusal.NotFound(resource, call.Name);
            return ApiResponse.Json(ScaleOf(resource, found));
        }

        var options = call.WriteOptions("scale");
        var body = verb == "update" ? await call.RequireBodyAsync() : null;
        var type = RequestBody.MediaType(call.Http.Request);
        var patch = verb == "patch" ? await WriteHandlers.ReadPatchAsync(call, type, options, ScaleSchema) : null;
        var (stored, _) = await _writer.UpdateAsync(resource, call.Namespace, call.Name, live => Rescale(resource, live!, body, patch), options);
        return ApiResponse.Json(ScaleOf(resource, stored)).Warn(call.Warnings);
    }

    private static JsonObject Rescale(Resource resource, JsonObject live, JsonObject? body, ObjectWriter.Change? patch)
    {
        var scale = body ?? patch!(ScaleOf(resource, new StoredObject(live, 0)));
        var replicas = scale.Number("spec", "replicas") ?? 0;
        if (replicas < 0)
        {
            throw resource.IsCustom
                ? Refusal.Invalid(resource, live.Metadata().Text("name")!, [FieldError.Invalid($".{string.Join('.', resource.Scale!.SpecReplicas)}", replicas, "should be a non-negative integer")])
                : Refusal.Invalid("autoscaling", "Scale", live.Metadata().Text("name")!, [FieldError.Invalid("spec.replicas", replicas, "must be greater than or equal to 0")]);
        }

        var next = live.Copy();
        if (scale.Text("metadata", "resourceVersion") is { Length: > 0 } version)
        {
            next.Metadata()["resourceVersion"] = version;
        }

        var parent = next;
        foreach (var step in resource.Scale!.SpecReplicas[..^1])
        {
            parent = parent.Child(step);
        }

        parent[resource.Scale.SpecReplicas[^1]] = replicas;
        return next;
    }

    private async Task<ApiResponse> EvictAsync(ApiCall call)
    {
        var body = await call.RequireBodyAsync("Eviction");
        if (body.Text("kind") is { } kind && kind != "Eviction")
        {
            throw Refusal.BadRequest($"{kind} in version \"{body.Text("apiVersion")}\" cannot be handled as a Eviction: converting ({body.Text("apiVersion")}.{kind}) to (policy.Eviction): unknown conversion");
        }

        if (body.Text("metadata", "name") is { Length: > 0 } name && name != call.Name)
        {
            throw Refusal.BadRequest("name in URL does not match name in Eviction object");
        }

        var options = DeleteOptions.From(body.Map("deleteOptions"), call.Query);
        await AdmitAsync(call, body);
        _disruptions.Evict(call.Namespace, call.Name, options, _deleter);
        return ApiResponse.Json(
            new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 }, 201).Warn(call.Warnings);
    }

    /// <summary>Asks webhooks about an eviction; what they would change of it changes nothing.</summary>
    private async ValueTask AdmitAsync(ApiCall call, JsonObject eviction)
    {
        if (_webhooks.IsEmpty)
        {
            return;
        }

        var version = eviction.Text("apiVersion") ?? "policy/v1";
        eviction["apiVersion"] = version;
        eviction["kind"] = "Eviction";
        var request = AdmissionRequest.Of(call.Resource, call.Namespace, call.Name, null, call.WriteOptions("eviction")) with
        {
            OtherKind = ("policy", version.Split('/')[^1], "Eviction"),
        };
        await _webhooks.MutateAsync(request, eviction);
        await _webhooks.ValidateAsync(request, eviction);
    }

    private async Task<ApiResponse> BindAsync(ApiCall call)
    {
        var body = await call.RequireBodyAsync("Binding");
        var node = body.Text("target", "name");
        if (string.IsNullOrEmpty(node))
        {
            throw Refusal.Invalid(string.Empty, "Binding", call.Name, [FieldError.Required("target.name")]);
        }

        await _writer.UpdateAsync(
            call.Resource,
            call.Namespace,
            call.Name,
            live =>
            {
                if (live.Text("spec", "nodeName") is { Length: > 0 } bound)
                {
                    throw Refusal.Conflict(call.Resource, call.Name, $"pod {call.Name} is already assigned to node \"{bound}\"");
                }

                var next = live!.Copy();
                next.Child("spec")["nodeName"] = node;
                next.Child("status")["conditions"] = new JsonArray(
                [
                    .. next.Objects("status", "conditions").Where(condition => condition.Text("type") != "PodScheduled").Select(condition => condition.DeepClone()),
                    new JsonObject { ["type"] = "PodScheduled", ["status"] = "True", ["lastProbeTime"] = null, ["lastTransitionTime"] = call.Now.ToKubernetesTime() },
                ]);
                return next;
            },
            call.WriteOptions("binding"));
        return ApiResponse.Json(new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["code"] = 201 }, 201);
    }

    private async Task<ApiResponse> FinalizeAsync(ApiCall call)
    {
        var body = await call.RequireBodyAsync();
        WriteHandlers.CheckTarget(call, body, isCreate: false);
        var (stored, _) = await _writer.UpdateAsync(
            call.Resource,
            call.Namespace,
            call.Name,
            live =>
            {
                var next = live!.Copy();
                next.CopyIn("spec", body["spec"]);
                if (body.Text("metadata", "resourceVersion") is { Length: > 0 } version)
                {
                    next.Metadata()["resourceVersion"] = version;
                }

                return next;
            },
            call.WriteOptions("finalize"));
        return _reader.One(call, stored, 200);
    }
}
