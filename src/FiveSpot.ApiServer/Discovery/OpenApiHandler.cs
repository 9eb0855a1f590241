// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;
using FiveSpot.ApiServer.Resources;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.ApiServer.Discovery;

/// <summary>
/// OpenAPI: version 3 in a document a group version, and version 2 of the same schemas in JSON. kubectl wants version 2 in
/// protobuf, and looks there for kinds that it did not find in version 3: it gets a document with none.
/// </summary>
internal sealed class OpenApiHandler
{
    private const string KindExtension = "x-kubernetes-group-version-kind";

    private const string Conventions = "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
    private const string MetaTypes = "io.k8s.apimachinery.pkg.apis.meta.v1.";
    private const string Version3Schemas = "#/components/schemas/";
    private const string Version2Schemas = "#/definitions/";
    private const string ServerTitle = "Embedded API server";

    private static readonly string[] WriteParameters = ["dryRun", "fieldManager", "fieldValidation"];

    private readonly ResourceCatalog _catalog;
    private readonly ConcurrentDictionary<string, byte[]> _documents = new(StringComparer.Ordinal);
    private long _revision = -1;

    public OpenApiHandler(ResourceCatalog catalog) => _catalog = catalog;

    /// <summary>Null when the path is none of OpenAPI.</summary>
    public ApiResponse? Handle(HttpContext http, string path)
    {
        if (!path.StartsWith("/openapi/", StringComparison.Ordinal))
        {
            return null;
        }

        if (path == "/openapi/v2" && Negotiation.AcceptsProtobufOfOpenApi(http.Request.Headers.Accept))
        {
            return DiscoveryHandler.Tagged(http, EmptyVersion2(), "application/com.github.proto-openapi.spec.v2.v1.0+protobuf");
        }

        if (!Negotiation.AcceptsJson(http.Request.Headers.Accept))
        {
            throw Refusal.NotAcceptable("application/json");
        }

        var revision = _catalog.Revision;
        if (Interlocked.Exchange(ref _revision, revision) != revision)
        {
            _documents.Clear();
        }

        var document = path switch
        {
            "/openapi/v2" => _documents.GetOrAdd(path, _ => Version2().ToUtf8()),
            "/openapi/v3" => _documents.GetOrAdd(path, _ => Index().ToUtf8()),
            _ when path.StartsWith("/openapi/v3/", StringComparison.Ordinal) => Version3(path["/openapi/v3/".Length..]),
            _ => null,
        };
        return document is null ? null : DiscoveryHandler.Tagged(http, document, "application/json");
    }

    private static string PathOf(Resource resource) => resource.Group.Length == 0 ? $"api/{resource.Version}" : $"apis/{resource.GroupVersion}";

    private static string DefinitionName(Resource resource)
    {
        var group = resource.Group.Split('.').Reverse();
        var prefix = resource switch
        {
            { IsCustom: true } => string.Join('.', group),
            { Group: "" } => "io.k8s.api.core",
            { Group: "apiextensions.k8s.io" } => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions",
            _ => $"io.k8s.api.{resource.Group.Split('.')[0]}",
        };
        return $"{prefix}.{resource.Version}.{resource.Kind}";
    }

    private static JsonObject KindOf(Resource resource) =>
        new() { ["group"] = resource.Group, ["version"] = resource.Version, ["kind"] = resource.Kind };

    /// <summary>The schema of a kind; <paramref name="definitions"/> is where in its document those are that it refers to.</summary>
    private static JsonObject SchemaOf(Resource resource, string definitions)
    {
        var schema = resource.OpenApi.Copy();
        schema[KindExtension] = new JsonArray(KindOf(resource));
        var properties = schema.Child("properties");
        properties["apiVersion"] = new JsonObject
        {
            ["description"] = $"APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: {Conventions}#resources",
            ["type"] = "string",
        };
        properties["kind"] = new JsonObject
        {
            ["description"] = $"Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: {Conventions}#types-kinds",
            ["type"] = "string",
        };
        properties["metadata"] = new JsonObject
        {
            ["description"] = $"Standard object's metadata. More info: {Conventions}#metadata",
            ["allOf"] = new JsonArray(new JsonObject { ["$ref"] = definitions + MetaTypes + "ObjectMeta" }),
        };
        return schema;
    }

    /// <summary>The schema of metadata, and of those parts of it that have names in Kubernetes, which explain shows.</summary>
    private JsonObject MetadataSchemas(string definitions)
    {
        var schemas = new JsonObject();
        var metadata = _catalog.Namespaces.OpenApi.Map("properties", "metadata")!.Copy();
        var entries = metadata.Map("properties", "managedFields")!;
        MoveOut(entries.Map("items", "properties")!, "fieldsV1", "FieldsV1");
        MoveOut(entries, "items", "ManagedFieldsEntry");
        MoveOut(metadata.Map("properties", "ownerReferences")!, "items", "OwnerReference");
        schemas[MetaTypes + "ObjectMeta"] = metadata;
        return schemas;

        void MoveOut(JsonObject parent, string property, string name)
        {
            schemas[MetaTypes + name] = parent[property]!.DeepClone();
            parent[property] = new JsonObject { ["$ref"] = definitions + MetaTypes + name };
        }
    }

    private static JsonObject ListSchemaOf(Resource resource)
    {
        var kind = KindOf(resource);
        kind["kind"] = resource.ListKind;
        return new JsonObject
        {
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject
            {
                ["apiVersion"] = new JsonObject { ["type"] = "string" },
                ["kind"] = new JsonObject { ["type"] = "string" },
                ["metadata"] = new JsonObject { ["type"] = "object" },
                ["items"] = new JsonObject { ["type"] = "array", ["items"] = new JsonObject { ["$ref"] = Version3Schemas + DefinitionName(resource) } },
            },
            [KindExtension] = new JsonArray(kind),
        };
    }

    private byte[]? Version3(string name)
    {
        var resources = _catalog.All.FindAll(resource => PathOf(resource) == name);
        return resources.IsEmpty ? null : _documents.GetOrAdd(name, _ => Document(resources).ToUtf8());
    }

    private JsonObject Index()
    {
        var paths = new JsonObject();
        foreach (var group in _catalog.All.GroupBy(PathOf, StringComparer.Ordinal))
        {
            var hash = Convert.ToHexString(SHA512.HashData(Version3(group.Key)!));
            paths[group.Key] = new JsonObject { ["serverRelativeURL"] = $"/openapi/v3/{group.Key}?hash={hash}" };
        }

        return new JsonObject { ["paths"] = paths };
    }

    private JsonObject Document(IEnumerable<Resource> resources)
    {
        var (paths, schemas) = (new JsonObject(), MetadataSchemas(Version3Schemas));
        foreach (var resource in resources)
        {
            schemas[DefinitionName(resource)] = SchemaOf(resource, Version3Schemas);
            if (resource.Store is not null)
            {
                schemas[DefinitionName(resource) + "List"] = ListSchemaOf(resource);
            }

            AddPaths(resource, paths);
        }

        return new JsonObject
        {
            ["openapi"] = "3.0.0",
            ["info"] = new JsonObject { ["title"] = ServerTitle, ["version"] = DiscoveryHandler.Version().Text("gitVersion") },
            ["paths"] = paths,
            ["components"] = new JsonObject { ["schemas"] = schemas },
        };
    }

    private static void AddPaths(Resource resource, JsonObject paths)
    {
        var root = $"/{PathOf(resource)}/{(resource.Namespaced ? "namespaces/{namespace}/" : string.Empty)}{resource.Plural}";
        paths[root] = new JsonObject
        {
            ["get"] = resource.Store is null ? null : Operation(resource, "list"),
            ["post"] = Operation(resource, "post", WriteParameters),
        };
        if (resource.Store is null)
        {
            paths.Map(root)!.Remove("get");
            return;
        }

        paths[root + "/{name}"] = new JsonObject
        {
            ["get"] = Operation(resource, "get"),
            ["put"] = Operation(resource, "put", WriteParameters),
            ["patch"] = Operation(resource, "patch", [.. WriteParameters, "force"]),
            ["delete"] = Operation(resource, "delete", ["dryRun", "gracePeriodSeconds", "propagationPolicy"]),
        };
    }

    private static JsonObject Operation(Resource resource, string action, params string[] parameters) => new()
    {
        ["operationId"] = $"{action}{resource.Version}{resource.Kind}",
        ["parameters"] = new JsonArray([.. parameters.Select(name => (JsonNode)new JsonObject
        {
            ["name"] = name,
            ["in"] = "query",
            ["schema"] = new JsonObject { ["type"] = name is "force" ? "boolean" : name is "gracePeriodSeconds" ? "integer" : "string", ["uniqueItems"] = true },
        })]),
        ["responses"] = new JsonObject { ["200"] = new JsonObject { ["description"] = "OK" } },
        ["x-kubernetes-action"] = action,
        [KindExtension] = KindOf(resource),
    };

    private static byte[] EmptyVersion2()
    {
        const int Swagger = 1, Info = 2, Paths = 8, Title = 1, Version = 2;
        return
        [
            .. Field(Swagger, "2.0"u8),
            .. Field(Info, [.. Field(Title, Encoding.UTF8.GetBytes(ServerTitle)), .. Field(Version, Encoding.UTF8.GetBytes(DiscoveryHandler.Version().Text("gitVersion")!))]),
            .. Field(Paths, []),
        ];

        // Short enough for its length to be one byte.
        static byte[] Field(int number, ReadOnlySpan<byte> content) => [(byte)((number << 3) | 2), (byte)checked((sbyte)content.Length), .. content];
    }

    private JsonObject Version2()
    {
        var definitions = MetadataSchemas(Version2Schemas);
        foreach (var resource in _catalog.All)
        {
            definitions[DefinitionName(resource)] = SchemaOf(resource, Version2Schemas);
        }

        return new JsonObject
        {
            ["swagger"] = "2.0",
            ["info"] = new JsonObject { ["title"] = ServerTitle, ["version"] = DiscoveryHandler.Version().Text("gitVersion") },
            ["paths"] = new JsonObject(),
            ["definitions"] = definitions,
        };
    }
}
