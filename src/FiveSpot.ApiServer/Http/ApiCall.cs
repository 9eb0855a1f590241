// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Schemas;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.ApiServer.Http;

/// <summary>One request for a resource, read as far as every handler needs it.</summary>
internal sealed class ApiCall
{
    public ApiCall(HttpContext http, RequestTarget target, Resource resource, DateTimeOffset now)
    {
        Http = http;
        Target = target;
        Resource = resource;
        Now = now;
        Query = http.Request.Query.ToDictionary(pair => pair.Key, pair => pair.Value.ToString(), StringComparer.Ordinal);
    }

    public HttpContext Http { get; }

    public RequestTarget Target { get; }

    public Resource Resource { get; }

    public IReadOnlyDictionary<string, string> Query { get; }

    public List<string> Warnings { get; } = [];

    /// <summary>The fields of the body that came twice.</summary>
    public List<string> DuplicateFields { get; } = [];

    public string Name => Target.Name!;

    /// <summary>The namespace of the object: empty for a cluster-scoped one.</summary>
    public string Namespace => Resource.Namespaced ? Target.Namespace ?? string.Empty : string.Empty;

    public string Accept => Http.Request.Headers.Accept.ToString();

    public RepresentationKind Representation => Negotiation.Choose(Accept);

    public string UserAgent => Http.Request.Headers.UserAgent.ToString();

    /// <summary>The instant that the server has for this request.</summary>
    public DateTimeOffset Now { get; }

    public bool IsSet(string parameter) => Query.GetValueOrDefault(parameter) is "true" or "1";

    /// <summary>The body; null when there is none.</summary>
    public Task<JsonObject?> ReadBodyAsync() => ReadBodyAsync(Resource.Kind);

    public Task<JsonObject?> ReadBodyAsync(string kind) => RequestBody.ReadObjectAsync(Http.Request, kind, DuplicateFields);

    /// <summary>The body, which must be there.</summary>
    /// <exception cref="StatusException">400: there is none.</exception>
    public async Task<JsonObject> RequireBodyAsync(string? kind = null) =>
        await ReadBodyAsync(kind ?? Resource.Kind) ?? throw Refusal.Unrecognized(kind ?? Resource.Kind, [], "unexpected end of JSON input");

    public WriteOptions WriteOptions(string subresource = "")
    {
        if (Query.TryGetValue("dryRun", out var dryRun) && dryRun != "All")
        {
            throw Refusal.Invalid("meta.k8s.io", OptionsKind, string.Empty,
                [new("Unsupported value", "dryRun", "supported values: \"All\"", new JsonArray(JsonValue.Create(dryRun)))]);
        }

        if (Query.TryGetValue("fieldValidation", out var validation) && validation is not ("" or "Strict" or "Warn" or "Ignore"))
        {
            throw Refusal.Invalid("meta.k8s.io", OptionsKind, string.Empty,
                [new("Unsupported value", "fieldValidation", "supported values: \"\", \"Ignore\", \"Strict\", \"Warn\"", JsonValue.Create(validation))]);
        }

        if (Query.GetValueOrDefault("fieldManager") is { Length: > 128 })
        {
            throw Refusal.Invalid("meta.k8s.io", OptionsKind, string.Empty, [FieldError.TooLong("fieldManager", 128)]);
        }

        return new WriteOptions
        {
            FieldManager = Query.GetValueOrDefault("fieldManager") is { Length: > 0 } manager ? manager : ManagerOf(UserAgent),
            FieldValidation = string.IsNullOrEmpty(validation) ? "Warn" : validation,
            DryRun = dryRun is not null,
            Subresource = subresource,
            Asked = Query,
            Warnings = Warnings,
            DuplicateFields = DuplicateFields,
        };
    }

    private string OptionsKind => Http.Request.Method switch
    {
        "POST" => "CreateOptions",
        "PUT" => "UpdateOptions",
        "PATCH" => "PatchOptions",
        _ => "DeleteOptions",
    };

    /// <summary>The default manager: the user agent up to its version.</summary>
    private static string ManagerOf(string agent)
    {
        var name = agent.Split('/')[0];
        return name.Length == 0 ? "unknown" : name.Length > 128 ? name[..128] : name;
    }
}
