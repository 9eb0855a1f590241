// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Http;

/// <summary>Delete and deletecollection over HTTP.</summary>
internal sealed class DeleteHandlers
{
    private readonly ObjectDeleter _deleter;
    private readonly ObjectReader _reader;

    public DeleteHandlers(ObjectDeleter deleter, ObjectReader reader)
    {
        _deleter = deleter;
        _reader = reader;
    }

    public async Task<ApiResponse> DeleteAsync(ApiCall call)
    {
        var options = await ReadOptionsAsync(call);
        var resource = call.Resource;
        if (resource.Strategy.WhyKept(call.Name) is { } why)
        {
            throw Refusal.Forbidden(resource, call.Name, why);
        }

        var (stored, gone) = await _deleter.DeleteAsync(resource, call.Namespace, call.Name, options);
        if (!gone || resource.QualifiedName is "pods" or "services")
        {
            return _reader.One(call, stored, !gone && options.OrphanDependents == false ? 202 : 200);
        }

        var details = new JsonObject { ["name"] = stored.Name };
        if (resource.Group.Length > 0)
        {
            details["group"] = resource.Group;
        }

        details["kind"] = resource.Plural;
        details["uid"] = stored.Uid;
        return ApiResponse.Json(new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Success",
            ["details"] = details,
        }).Warn(call.Warnings);
    }

    /// <summary>The options of the body; those of the query only where there is none.</summary>
    private static async Task<DeleteOptions> ReadOptionsAsync(ApiCall call)
    {
        var bytes = await RequestBody.ReadBytesAsync(call.Http.Request);
        var options = bytes.Length == 0 ? DeleteOptions.From(null, call.Query) : DeleteOptions.From(Read(call, bytes), ImmutableDictionary<string, string>.Empty);
        return options with { Warnings = call.Warnings };
    }

    private static JsonObject Read(ApiCall call, byte[] bytes) => RequestBody.MediaType(call.Http.Request) switch
    {
        ProtobufText.MediaType => ProtobufText.Parse(bytes),
        "application/yaml" => RequestBody.AsObject(YamlText.Parse(bytes)),
        _ => RequestBody.AsObject(RequestBody.Parse(bytes)),
    };

    public async Task<ApiResponse> DeleteCollectionAsync(ApiCall call)
    {
        var options = await ReadOptionsAsync(call);
        var resource = call.Resource;
        var labels = LabelSelector.Parse(call.Query.GetValueOrDefault("labelSelector"));
        var fields = FieldSelector.Parse(call.Query.GetValueOrDefault("fieldSelector"), resource);
        var deleted = new List<StoredObject>();
        var (objects, _, version) = resource.Store!.Now();
        foreach (var stored in objects.In(resource.Namespaced ? call.Target.Namespace : null))
        {
            if (!labels.Matches(stored.Labels) || !fields.Matches(stored, resource))
            {
                continue;
            }

            try
            {
                await _deleter.DeleteAsync(resource, stored.Namespace, stored.Name, options, isOfCollection: true);
                deleted.Add(stored);
            }
            catch (StatusException gone) when (gone.Code == 404)
            {
                // Somebody else was faster.
            }
        }

        return _reader.Many(call, deleted, new JsonObject { ["resourceVersion"] = version.ToString() }).Warn(call.Warnings);
    }
}
