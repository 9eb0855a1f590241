// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;
using FiveSpot.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.ApiServer.Discovery;

/// <summary>What the server has: group lists, resource lists, and both at once in aggregated form.</summary>
internal sealed class DiscoveryHandler
{
    private readonly ResourceCatalog _catalog;

    public DiscoveryHandler(ResourceCatalog catalog) => _catalog = catalog;

    public static JsonObject Version() => new()
    {
        ["major"] = "1",
        ["minor"] = "34",
        ["gitVersion"] = "v1.34.0+embedded",
        ["gitCommit"] = string.Empty,
        ["gitTreeState"] = "clean",
        ["buildDate"] = "1970-01-01T00:00:00Z",
        ["goVersion"] = "none",
        ["compiler"] = "none",
        ["platform"] = "linux/amd64",
    };

    /// <summary>Null when the path is none of discovery.</summary>
    public ApiResponse? Handle(HttpContext http, string path)
    {
        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var accept = http.Request.Headers.Accept.ToString();
        return parts switch
        {
            ["api"] => Groups(http, accept, isCore: true),
            ["apis"] => Groups(http, accept, isCore: false),
            ["api", "v1"] => Resources(string.Empty, "v1"),
            ["apis", var group] => Group(group),
            ["apis", var group, var version] => Resources(group, version),
            [] => Root(),
            _ => null,
        };
    }

    /// <summary>An answer that the client may keep: its ETag is the hash of its body.</summary>
    public static ApiResponse Tagged(HttpContext http, byte[] body, string contentType)
    {
        var tag = $"\"{Convert.ToHexString(SHA512.HashData(body))}\"";
        var isKnown = http.Request.Headers.IfNoneMatch.ToString() == tag;
        var response = new ApiResponse { Status = isKnown ? 304 : 200, ContentType = contentType, Body = isKnown ? [] : [body] };
        response.Headers.Add(new("ETag", tag));
        response.Headers.Add(new("Vary", "Accept"));
        response.Headers.Add(new("Cache-Control", "public"));
        return response;
    }

    private static ApiResponse Root() => ApiResponse.Json(new JsonObject
    {
        ["paths"] = new JsonArray("/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"),
    });

    private ApiResponse Groups(HttpContext http, string accept, bool isCore)
    {
        if (Negotiation.ChooseDiscovery(accept) is { } version)
        {
            var list = new JsonObject
            {
                ["kind"] = "APIGroupDiscoveryList",
                ["apiVersion"] = $"apidiscovery.k8s.io/{version}",
                ["metadata"] = new JsonObject(),
                ["items"] = new JsonArray([.. _catalog.Groups.Where(group => (group.Key.Length == 0) == isCore).Select(AggregatedGroup)]),
            };
            return Tagged(http, [.. list.ToUtf8(), .. Representation.EndOfValue.Span], $"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
        }

        return isCore
            ? ApiResponse.Json(new JsonObject
            {
                ["kind"] = "APIVersions",
                ["versions"] = new JsonArray("v1"),
                ["serverAddressByClientCIDRs"] = new JsonArray(new JsonObject { ["clientCIDR"] = "0.0.0.0/0", ["serverAddress"] = http.Request.Host.Value }),
            })
            : ApiResponse.Json(new JsonObject
            {
                ["kind"] = "APIGroupList",
                ["apiVersion"] = "v1",
                ["groups"] = new JsonArray([.. _catalog.Groups.Where(group => group.Key.Length > 0).Select(group => GroupOf(group, isAlone: false))]),
            });
    }

    private ApiResponse? Group(string name) => _catalog.Groups.FirstOrDefault(group => group.Key == name) is { } found && name.Length > 0
        ? ApiResponse.Json(GroupOf(found, isAlone: true))
        : null;

    private static JsonObject GroupOf(IGrouping<string, Resource> group, bool isAlone)
    {
        var versions = group.Select(resource => resource.Version).Distinct(StringComparer.Ordinal)
            .OrderDescending(VersionOrder.Names)
            .Select(version => new JsonObject { ["groupVersion"] = $"{group.Key}/{version}", ["version"] = version })
            .ToList();
        var document = new JsonObject();
        if (isAlone)
        {
            document["kind"] = "APIGroup";
            document["apiVersion"] = "v1";
        }

        document["name"] = group.Key;
        document["versions"] = new JsonArray([.. versions]);
        document["preferredVersion"] = versions[0].DeepClone();
        return document;
    }

    private ApiResponse? Resources(string group, string version)
    {
        var resources = _catalog.All.FindAll(resource => resource.Group == group && resource.Version == version);
        if (resources.IsEmpty)
        {
            return null;
        }

        var list = new JsonObject { ["kind"] = "APIResourceList" };
        if (group.Length > 0)
        {
            list["apiVersion"] = "v1";
        }

        list["groupVersion"] = resources[0].GroupVersion;
        list["resources"] = new JsonArray([.. resources.SelectMany(Entries)]);
        return ApiResponse.Json(list);
    }

    private IEnumerable<JsonObject> Entries(Resource resource)
    {
        var entry = new JsonObject
        {
            ["name"] = resource.Plural,
            ["singularName"] = resource.Singular,
            ["namespaced"] = resource.Namespaced,
            ["kind"] = resource.Kind,
            ["verbs"] = resource.Verbs.ToJsonArray(),
        };
        AddNames(resource, entry);
        if (resource.StorageVersionHash is { } hash)
        {
            entry["storageVersionHash"] = hash;
        }

        yield return entry;
        foreach (var part in Subresource.Of(resource, _catalog))
        {
            var sub = new JsonObject
            {
                ["name"] = $"{resource.Plural}/{part.Name}",
                ["singularName"] = string.Empty,
                ["namespaced"] = resource.Namespaced,
            };
            if (part.Group != resource.Group || part.Version != resource.Version)
            {
                sub["group"] = part.Group;
                sub["version"] = part.Version;
            }

            sub["kind"] = part.Kind;
            sub["verbs"] = part.Verbs.ToJsonArray();
            yield return sub;
        }
    }

    private JsonObject AggregatedGroup(IGrouping<string, Resource> group) => new()
    {
        ["metadata"] = group.Key.Length == 0 ? [] : new JsonObject { ["name"] = group.Key },
        ["versions"] = new JsonArray([.. group
            .GroupBy(resource => resource.Version, StringComparer.Ordinal)
            .OrderByDescending(version => version.Key, VersionOrder.Names)
            .Select(version => (JsonNode)new JsonObject
            {
                ["version"] = version.Key,
                ["resources"] = new JsonArray([.. version.Select(AggregatedResource)]),
                ["freshness"] = "Current",
            })]),
    };

    private JsonObject AggregatedResource(Resource resource)
    {
        var entry = new JsonObject
        {
            ["resource"] = resource.Plural,
            ["responseKind"] = KindOf(resource.Group, resource.Version, resource.Kind),
            ["scope"] = resource.Namespaced ? "Namespaced" : "Cluster",
            ["singularResource"] = resource.Singular,
            ["verbs"] = resource.Verbs.ToJsonArray(),
        };
        AddNames(resource, entry);
        var parts = Subresource.Of(resource, _catalog).Select(part => new JsonObject
        {
            ["subresource"] = part.Name,
            ["responseKind"] = KindOf(part.Group, part.Version, part.Kind),
            ["verbs"] = part.Verbs.ToJsonArray(),
        }).ToList();
        if (parts.Count > 0)
        {
            entry["subresources"] = new JsonArray([.. parts]);
        }

        return entry;
    }

    private static JsonObject KindOf(string group, string version, string kind) =>
        new() { ["group"] = group, ["version"] = version, ["kind"] = kind };

    private static void AddNames(Resource resource, JsonObject entry)
    {
        if (resource.ShortNames.Count > 0)
        {
            entry["shortNames"] = resource.ShortNames.ToJsonArray();
        }

        if (resource.Categories.Count > 0)
        {
            entry["categories"] = resource.Categories.ToJsonArray();
        }
    }
}
