// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;
using FiveSpot.ApiServer.Tables;

namespace FiveSpot.ApiServer.Http;

/// <summary>Get and list, in each of their forms.</summary>
internal sealed class ObjectReader
{
    private readonly ObjectStore _store;
    private readonly TimeProvider _clock;

    public ObjectReader(ObjectStore store, TimeProvider clock)
    {
        _store = store;
        _clock = clock;
    }

    public ApiResponse Get(ApiCall call)
    {
        RequireKnown(ParseVersion(call.Query.GetValueOrDefault("resourceVersion")) ?? 0);
        var stored = call.Resource.Store!.Find(call.Namespace, call.Name) ?? throw Refusal.NotFound(call.Resource, call.Name);
        return One(call, stored, 200);
    }

    /// <summary>The answer that carries one object.</summary>
    public ApiResponse One(ApiCall call, StoredObject stored, int status)
    {
        var resource = call.Resource;
        var body = call.Representation switch
        {
            RepresentationKind.MetadataList => throw Refusal.WrongForm("PartialObjectMetadataList", $"is not a list (*{BodyKinds.GoTypeOf(resource, isList: false)})"),
            RepresentationKind.Metadata => [Representation.MetadataHead, stored.MetadataTail],
            RepresentationKind.Table => new List<ReadOnlyMemory<byte>> { TablePrinter.Table(resource, [stored], _clock.GetUtcNow(), IncludeOf(call), stored.ResourceVersion.ToString()).ToUtf8() },
            _ => [resource.Head, resource.Tail(stored)],
        };
        return new ApiResponse { Status = status, Body = [.. body, Representation.EndOfValue] }.Warn(call.Warnings);
    }

    public ApiResponse List(ApiCall call)
    {
        var resource = call.Resource;
        var labels = LabelSelector.Parse(call.Query.GetValueOrDefault("labelSelector"));
        var fields = FieldSelector.Parse(call.Query.GetValueOrDefault("fieldSelector"), resource);
        var limit = ParseNumber(call.Query.GetValueOrDefault("limit")) ?? 0;
        if (resource.IsInitializing() && !(limit > 0 && labels.IsEmpty && fields.IsEmpty))
        {
            throw Refusal.StorageInitializing();
        }

        var (objects, version, after) = Begin(call);
        var matching = objects.In(resource.Namespaced ? call.Target.Namespace : null)
            .Where(stored => labels.Matches(stored.Labels) && fields.Matches(stored, resource));
        if (after is { } key)
        {
            matching = matching.Where(stored => Compare((stored.Namespace, stored.Name), key) > 0);
        }

        var page = new List<StoredObject>();
        var remaining = 0L;
        foreach (var stored in matching)
        {
            if (limit == 0 || page.Count < limit)
            {
                page.Add(stored);
            }
            else
            {
                remaining++;
            }
        }

        var metadata = new JsonObject { ["resourceVersion"] = version.ToString(CultureInfo.InvariantCulture) };
        if (remaining > 0)
        {
            metadata["continue"] = ContinueToken(version, page[^1]);
            if (labels.IsEmpty && fields.IsEmpty)
            {
                metadata["remainingItemCount"] = remaining;
            }
        }

        else if (resource.IsCustom && call.Representation == RepresentationKind.Full)
        {
            metadata["continue"] = string.Empty;
        }

        return Many(call, page, metadata);
    }

    /// <summary>The answer that carries a list.</summary>
    public ApiResponse Many(ApiCall call, List<StoredObject> page, JsonObject metadata)
    {
        var resource = call.Resource;
        var representation = call.Representation;
        if (representation == RepresentationKind.Table)
        {
            var table = TablePrinter.Table(resource, page, _clock.GetUtcNow(), IncludeOf(call), null);
            table["metadata"] = metadata;
            return ApiResponse.Json(table);
        }

        if (representation == RepresentationKind.Metadata)
        {
            throw Refusal.WrongForm("PartialObjectMetadata", $"is a list (*{BodyKinds.GoTypeOf(resource, isList: true)})");
        }

        var isMetadata = representation == RepresentationKind.MetadataList;
        var (kind, apiVersion) = isMetadata ? ("PartialObjectMetadataList", "meta.k8s.io/v1") : (resource.ListKind, resource.GroupVersion);
        var body = new List<ReadOnlyMemory<byte>>((page.Count * 3) + 3)
        {
            Encoding.UTF8.GetBytes($"{{\"kind\":\"{kind}\",\"apiVersion\":\"{apiVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":["),
        };

        // Lists of built-in kinds do not repeat kind and apiVersion in each item; those of custom resources do.
        var head = isMetadata ? Representation.MetadataHead : resource.IsCustom ? resource.Head : Representation.BareHead;
        for (var i = 0; i < page.Count; i++)
        {
            if (i > 0)
            {
                body.Add(Representation.Comma);
            }

            body.Add(head);
            body.Add(isMetadata ? page[i].MetadataTail : resource.Tail(page[i]));
        }

        body.Add(Representation.ListEnd);
        body.Add(Representation.EndOfValue);
        return new ApiResponse { Body = body };
    }

    public static string IncludeOf(ApiCall call) => call.Query.GetValueOrDefault("includeObject") switch
    {
        null or "" => "Metadata",
        "Metadata" or "Object" or "None" => call.Query["includeObject"],
        var other => throw Refusal.BadRequest($"Unable to convert to Table as requested: includeObject: Invalid value: \"{other}\": must be 'Metadata', 'Object', 'None', or empty"),
    };

    public static long? ParseVersion(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? version
            : throw new StatusException(500, string.Empty, $"resourceVersion: Invalid value: \"{text}\": strconv.ParseUint: parsing \"{text}\": invalid syntax");
    }

    /// <summary>A number in a query; null when there is none.</summary>
    /// <exception cref="StatusException">400: no number.</exception>
    public static long? ParseNumber(string? text) => string.IsNullOrEmpty(text) ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Refusal.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");

    private static long? ParseListVersion(string? text)
    {
        try
        {
            return ParseVersion(text);
        }
        catch (StatusException unreadable)
        {
            throw Refusal.BadRequest($"invalid resource version: {unreadable.Message}");
        }
    }

    public void RequireKnown(long version)
    {
        if (version > _store.ResourceVersion)
        {
            throw Refusal.FutureVersion(version, _store.ResourceVersion);
        }
    }

    private static int Compare((string Namespace, string Name) one, (string Namespace, string Name) other) =>
        string.CompareOrdinal(one.Namespace, other.Namespace) is not 0 and var order ? order : string.CompareOrdinal(one.Name, other.Name);

    private static string ContinueToken(long version, StoredObject last)
    {
        var token = new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = version, ["start"] = $"{last.Namespace}/{last.Name}" };
        return Convert.ToBase64String(token.ToUtf8()).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static (long Version, (string, string) After) ParseToken(string token)
    {
        try
        {
            var padded = token.Replace('-', '+').Replace('_', '/').PadRight((token.Length + 3) / 4 * 4, '=');
            var fields = JsonText.Parse(Convert.FromBase64String(padded));
            var start = fields.Text("start")!.Split('/', 2);
            return (fields.Number("rv")!.Value, (start[0], start[1]));
        }
        catch (Exception broken) when (broken is FormatException or NullReferenceException or InvalidOperationException or IndexOutOfRangeException)
        {
            throw Refusal.BadRequest("invalid continue token: continue key is not valid: " + broken.Message);
        }
    }

    /// <summary>The objects that a list is of, their resourceVersion, and the key that the page starts after.</summary>
    private (Snapshot Objects, long Version, (string, string)? After) Begin(ApiCall call)
    {
        var store = call.Resource.Store!;
        var asked = ParseListVersion(call.Query.GetValueOrDefault("resourceVersion"));
        var match = call.Query.GetValueOrDefault("resourceVersionMatch");
        if (call.Query.GetValueOrDefault("continue") is { Length: > 0 } token)
        {
            if (asked is > 0 || match is not null)
            {
                throw Refusal.BadRequest("specifying resource version is not allowed when using continue");
            }

            var (version, after) = ParseToken(token);
            var then = store.At(version) ?? throw Refusal.Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
            return (then, version, after);
        }

        if (match is not (null or "Exact" or "NotOlderThan"))
        {
            throw Refusal.Invalid("meta.k8s.io", "ListOptions", string.Empty, [new("Unsupported value", "resourceVersionMatch", "supported values: \"Exact\", \"NotOlderThan\", \"\"", JsonValue.Create(match))]);
        }

        if (match is not null && asked is null)
        {
            throw Refusal.Invalid("meta.k8s.io", "ListOptions", string.Empty, [new("Forbidden", "resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided", null)]);
        }

        if (match == "Exact" && asked == 0)
        {
            throw Refusal.Invalid("meta.k8s.io", "ListOptions", string.Empty, [new("Forbidden", "resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"", null)]);
        }

        RequireKnown(asked ?? 0);
        if (match == "Exact" || (match is null && asked is > 0 && call.Query.ContainsKey("limit")))
        {
            var exact = store.At(asked!.Value) ?? throw Refusal.Expired($"The resourceVersion for the provided list is too old.");
            return (exact, asked.Value, null);
        }

        var now = store.Now();
        return (now.Objects, now.ResourceVersion, null);
    }
}
