// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer.Admission;

/// <summary>A write that admission webhooks are asked about. What it writes is passed beside it, for webhooks may change that.</summary>
internal sealed record AdmissionRequest
{
    public const string Create = "CREATE";
    public const string Update = "UPDATE";
    public const string Delete = "DELETE";

    public required Resource Resource { get; init; }

    /// <summary>Empty for the object itself.</summary>
    public string Subresource { get; init; } = string.Empty;

    /// <summary>Group, version and kind of what is written, where that is not the resource's.</summary>
    public (string Group, string Version, string Kind)? OtherKind { get; init; }

    public required string Operation { get; init; }

    /// <summary>Of a Namespace it is its own name.</summary>
    public required string Namespace { get; init; }

    /// <summary>Empty when the server has still to make one, and for each object of a deleted collection.</summary>
    public required string Name { get; init; }

    /// <summary>The object before the write; null for a new one.</summary>
    public JsonObject? Old { get; init; }

    public required string User { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Makes the options that the client sent, such as <c>meta.k8s.io/v1 CreateOptions</c>.</summary>
    public required Func<JsonObject> Options { get; init; }

    /// <summary>Where the webhooks' warnings go.</summary>
    public ICollection<string>? Warnings { get; init; }

    /// <summary>A write of an object, or of its status.</summary>
    public static AdmissionRequest Of(Resource resource, string @namespace, string name, JsonObject? old, WriteOptions options) => new()
    {
        Resource = resource,
        // What the server calls an edit of the metadata is a patch of the object.
        Subresource = options.Subresource == "metadata" ? string.Empty : options.Subresource,
        Operation = old is null ? Create : Update,
        Namespace = resource.QualifiedName == "namespaces" ? name : @namespace,
        Name = name,
        Old = old,
        User = options.User,
        DryRun = options.DryRun,
        Options = () => options.ToJson(old is null ? "CreateOptions" : "UpdateOptions"),
        Warnings = options.Warnings,
    };

    /// <summary>The deletion of an object; <paramref name="isOfCollection"/> when the client did not name it.</summary>
    public static AdmissionRequest Of(Resource resource, JsonObject live, DeleteOptions options, bool isOfCollection) => new()
    {
        Resource = resource,
        Operation = Delete,
        Namespace = live.Text("metadata", resource.QualifiedName == "namespaces" ? "name" : "namespace") ?? string.Empty,
        Name = isOfCollection ? string.Empty : live.Text("metadata", "name")!,
        Old = live,
        User = options.User,
        DryRun = options.DryRun,
        Options = options.ToJson,
        Warnings = options.Warnings,
    };
}
