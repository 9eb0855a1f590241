// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;

namespace FiveSpot.ApiServer;

/// <summary><c>metav1.DeleteOptions</c>.</summary>
internal sealed record DeleteOptions
{
    public long? GracePeriodSeconds { get; init; }

    public string? Uid { get; init; }

    public string? ResourceVersion { get; init; }

    /// <summary><c>Background</c>, <c>Foreground</c>, <c>Orphan</c>; null leaves it to the object's finalizers.</summary>
    public string? PropagationPolicy { get; init; }

    public bool? OrphanDependents { get; init; }

    public bool DryRun { get; init; }

    /// <summary>In whose name; webhooks are told.</summary>
    public string User { get; init; } = ReviewHandlers.UserName;

    /// <summary>Where warnings for the client go.</summary>
    public List<string>? Warnings { get; init; }

    /// <summary><c>meta.k8s.io/v1</c> <c>DeleteOptions</c>.</summary>
    public JsonObject ToJson()
    {
        var options = new JsonObject { ["kind"] = "DeleteOptions", ["apiVersion"] = "meta.k8s.io/v1" };
        if (GracePeriodSeconds is { } seconds)
        {
            options["gracePeriodSeconds"] = seconds;
        }

        if (Uid is not null || ResourceVersion is not null)
        {
            var preconditions = options.Child("preconditions");
            preconditions.CopyIn("uid", JsonValue.Create(Uid));
            preconditions.CopyIn("resourceVersion", JsonValue.Create(ResourceVersion));
        }

        options.CopyIn("orphanDependents", JsonValue.Create(OrphanDependents));
        options.CopyIn("propagationPolicy", JsonValue.Create(PropagationPolicy));
        if (DryRun)
        {
            options["dryRun"] = new JsonArray("All");
        }

        return options;
    }

    /// <summary>Reads the options from the body or, where it has none, from the query.</summary>
    /// <exception cref="StatusException">400 or 422: the options contradict each other.</exception>
    public static DeleteOptions From(JsonObject? body, IReadOnlyDictionary<string, string> query)
    {
        var options = new DeleteOptions
        {
            GracePeriodSeconds = body.Number("gracePeriodSeconds") ?? ParseNumber(query.GetValueOrDefault("gracePeriodSeconds")),
            Uid = body.Text("preconditions", "uid"),
            ResourceVersion = body.Text("preconditions", "resourceVersion"),
            PropagationPolicy = body.Text("propagationPolicy") ?? query.GetValueOrDefault("propagationPolicy"),
            OrphanDependents = body.Flag("orphanDependents") ?? (query.TryGetValue("orphanDependents", out var orphan) ? orphan == "true" : null),
            DryRun = body.Texts("dryRun").Any() || query.ContainsKey("dryRun"),
        };
        if (body.Text("kind") is { Length: > 0 } kind && kind != "DeleteOptions")
        {
            throw Refusal.BadRequest($"no kind \"{kind}\" is registered for version \"{body.Text("apiVersion")}\" in scheme \"k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27\"");
        }

        var dryRun = body.Texts("dryRun").Concat(query.TryGetValue("dryRun", out var inQuery) ? [inQuery] : []).ToList();
        if (dryRun.Exists(value => value != "All"))
        {
            throw Refusal.Invalid("meta.k8s.io", "DeleteOptions", string.Empty, [new("Unsupported value", "dryRun", "supported values: \"All\"", dryRun.ToJsonArray())]);
        }

        if (options.PropagationPolicy is not (null or "Background" or "Foreground" or "Orphan"))
        {
            throw Refusal.Invalid("meta.k8s.io", "DeleteOptions", string.Empty,
            [
                new("Unsupported value", "propagationPolicy", "supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"", JsonValue.Create(options.PropagationPolicy)),
            ]);
        }

        if (options is { PropagationPolicy: not null, OrphanDependents: not null })
        {
            throw Refusal.Invalid("meta.k8s.io", "DeleteOptions", string.Empty,
            [
                new("Invalid value", "propagationPolicy", "orphanDependents and deletionPropagation cannot be both set", JsonValue.Create(options.PropagationPolicy)),
            ]);
        }

        return options;
    }

    private static long? ParseNumber(string? text) =>
        long.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) ? number : null;
}
