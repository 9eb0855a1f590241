// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer;

/// <summary>The refusals that kube-apiserver has, in its words.</summary>
internal static class Refusal
{
    public const string InitializingMessage = "storage is (re)initializing";

    public static StatusException BadRequest(string message) => new(400, "BadRequest", message);

    /// <summary>A body that is not even of some kind.</summary>
    public static StatusException Unrecognized(string kind, ReadOnlySpan<byte> body, string why, bool isJsonError = true)
    {
        const int Most = 30;
        var start = body[..Math.Min(body.Length, Most)];
        var shown = body switch
        {
            [] => "<empty>",
            [(byte)'{', ..] => Encoding.UTF8.GetString(start),
            _ => Convert.ToHexStringLower(start),
        };
        return BadRequest($"the object provided is unrecognized (must be of type {kind}): {(isJsonError ? "couldn't get version/kind; json parse error: " : "")}{why} ({shown}{(body.Length > Most ? " ..." : "")})");
    }

    public static StatusException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static StatusException NotFound(Resource resource, string name) =>
        new(404, "NotFound", $"{resource.QualifiedName} \"{name}\" not found", Details(resource, name, resource.Plural));

    public static StatusException NoSuchResource() => new(404, "NotFound", "the server could not find the requested resource", []);

    public static StatusException AlreadyExists(Resource resource, string name) =>
        new(409, "AlreadyExists", $"{resource.QualifiedName} \"{name}\" already exists", Details(resource, name, resource.Plural));

    public static StatusException Forbidden(Resource resource, string name, string why, JsonArray? causes = null)
    {
        var details = Details(resource, name, resource.Plural);
        if (causes is not null)
        {
            details["causes"] = causes;
        }

        return new(403, "Forbidden", $"{resource.QualifiedName} \"{name}\" is forbidden: {why}", details);
    }

    /// <summary>409 for an update of an object with another uid, as the storage words it.</summary>
    public static StatusException OtherUid(Resource resource, string @namespace, string name, string asked, string actual)
    {
        var key = @namespace.Length == 0 ? name : $"{@namespace}/{name}";
        return Conflict(resource, name, $"StorageError: invalid object, Code: 4, Key: {resource.StoragePrefix}/{key}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: {asked}, UID in object meta: {actual}");
    }

    public static StatusException Conflict(Resource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedName} \"{name}\": {why}", Details(resource, name, resource.Plural));

    /// <summary>409 for a delete that was meant for another state of the object, which names the kind instead of the resource.</summary>
    public static StatusException Precondition(Resource resource, string name, string why) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {resource.QualifiedKind} \"{name}\": {why}", Details(resource, name, resource.Kind));

    public static StatusException Modified(Resource resource, string name) =>
        Conflict(resource, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static StatusException Invalid(Resource resource, string name, IReadOnlyList<FieldError> errors) =>
        Invalid(resource.Group, resource.Kind, name, errors);

    public static StatusException Invalid(string group, string kind, string name, IReadOnlyList<FieldError> errors)
    {
        var details = new JsonObject();
        if (name.Length > 0)
        {
            details["name"] = name;
        }

        if (group.Length > 0)
        {
            details["group"] = group;
        }

        if (kind.Length > 0)
        {
            details["kind"] = kind;
        }

        details["causes"] = new JsonArray([.. errors.Select(error => (JsonNode)new JsonObject
        {
            ["reason"] = error.Reason,
            ["message"] = error.Body,
            ["field"] = error.Field,
        })]);
        var qualified = group.Length == 0 ? kind : $"{kind}.{group}";
        var texts = errors.Select(error => error.ToString()).Distinct(StringComparer.Ordinal).ToList();
        var text = texts.Count == 1 ? texts[0] : $"[{string.Join(", ", texts)}]";
        return new(422, "Invalid", $"{qualified} \"{name}\" is invalid: {text}", details);
    }

    public static StatusException MethodNotAllowed(string verb, Resource? resource = null) => resource is null
        ? new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", [])
        : new(405, "MethodNotAllowed", $"{verb} is not supported on resources of kind \"{resource.QualifiedName}\"", Details(resource, null, resource.Plural));

    public static StatusException NotAcceptable(string offered) =>
        new(406, "NotAcceptable", $"only the following media types are accepted: {offered}");

    /// <summary>406 for one object asked for as a list, and the other way round.</summary>
    public static StatusException WrongForm(string form, string why) => new(406, "NotAcceptable", $"you requested {form}, but the requested object {why}");

    /// <summary>406 where no encoding at all is one that the server has.</summary>
    public static StatusException NothingAcceptable() => new(
        406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, application/vnd.kubernetes.protobuf", []);

    public static StatusException UnsupportedMediaType(string accepted) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}");

    /// <summary>415 for a patch of no type that there is.</summary>
    public static StatusException NoPatchType() => new(415, "UnsupportedMediaType", "415: Unsupported Media Type", []);

    /// <summary>422 for a patch that makes of an object what is none of its kind.</summary>
    public static StatusException BadPatch(JsonObject patched, string why)
    {
        var error = FieldError.Invalid("patch", JsonValue.Create(patched.ToJsonString()), why);
        return new(422, "Invalid", $" \"\" is invalid: {error}", new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = error.Reason, ["message"] = error.Body, ["field"] = error.Field }),
        });
    }

    /// <summary>415 for protobuf of what is not read in it.</summary>
    public static StatusException TakesJsonOnly(string sent) =>
        new(415, "UnsupportedMediaType", $"this server takes {sent} in JSON, not in protobuf; send it as application/json or application/yaml (kubectl apply -f does)");

    public static StatusException Expired(string message) => new(410, "Expired", message);

    public static StatusException FutureVersion(long asked, long current) =>
        new(504, "Timeout", $"Too large resource version: {asked}, current: {current}", new JsonObject
        {
            ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }),
            ["retryAfterSeconds"] = 1,
        });

    public static StatusException TooManyRequests(string message, JsonArray? causes = null, int? retryAfterSeconds = null)
    {
        var details = new JsonObject();
        if (causes is not null)
        {
            details["causes"] = causes;
        }

        if (retryAfterSeconds is { } seconds)
        {
            details["retryAfterSeconds"] = seconds;
        }

        return new(429, "TooManyRequests", message, details);
    }

    /// <summary>429 for a list or a watch before the objects of a kind are read in.</summary>
    public static StatusException StorageInitializing() => TooManyRequests(InitializingMessage, retryAfterSeconds: 1);

    /// <summary>410 for a watch from before what the server remembers; <paramref name="oldest"/> where it knows from when on.</summary>
    public static StatusException TooOld(long asked, long? oldest = null) =>
        Expired($"too old resource version: {asked}{(oldest is null ? string.Empty : $" ({oldest})")}");

    /// <summary>An error that kube-apiserver has no reason for.</summary>
    public static StatusException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}", new JsonObject
    {
        ["causes"] = new JsonArray(new JsonObject { ["message"] = message }),
    });

    private static JsonObject Details(Resource resource, string? name, string kind)
    {
        var details = new JsonObject();
        if (name is not null)
        {
            details["name"] = name;
        }

        if (resource.Group.Length > 0)
        {
            details["group"] = resource.Group;
        }

        details["kind"] = kind;
        return details;
    }
}
