// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;

namespace FiveSpot.ApiServer;

/// <summary>How a write was asked for.</summary>
internal sealed record WriteOptions
{
    public static readonly WriteOptions ByServer = new() { FieldManager = "kube-controller-manager", FieldValidation = "Ignore", User = ReviewHandlers.ControllerName };

    public required string FieldManager { get; init; }

    /// <summary>In whose name; webhooks are told.</summary>
    public string User { get; init; } = ReviewHandlers.UserName;

    /// <summary>The options as the client gave them, in the query; webhooks are told.</summary>
    public IReadOnlyDictionary<string, string>? Asked { get; init; }

    /// <summary><c>Strict</c>, <c>Warn</c> or <c>Ignore</c>.</summary>
    public string FieldValidation { get; init; } = "Warn";

    public bool DryRun { get; init; }

    /// <summary>Empty, <c>status</c>, or another part that the write goes through; <c>metadata</c> for the server's own edits of that.</summary>
    public string Subresource { get; init; } = string.Empty;

    /// <summary>Whether the object was made by a patch: what is wrong with it is wrong with that.</summary>
    public bool IsPatch { get; init; }

    /// <summary>The fields that came twice.</summary>
    public IReadOnlyCollection<string> DuplicateFields { get; init; } = [];

    /// <summary>Where warnings for the client go.</summary>
    public List<string>? Warnings { get; init; }

    /// <summary><c>meta.k8s.io/v1</c> <c>CreateOptions</c> or <c>UpdateOptions</c>.</summary>
    public JsonObject ToJson(string kind)
    {
        var options = new JsonObject { ["kind"] = kind, ["apiVersion"] = "meta.k8s.io/v1" };
        if (DryRun)
        {
            options["dryRun"] = new JsonArray("All");
        }

        foreach (var name in (ReadOnlySpan<string>)["fieldManager", "fieldValidation"])
        {
            if (Asked?.GetValueOrDefault(name) is { Length: > 0 } value)
            {
                options[name] = value;
            }
        }

        return options;
    }
}
