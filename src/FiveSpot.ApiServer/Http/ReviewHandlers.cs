// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Http;

/// <summary>The reviews: whoever has the token may do everything, and is told so.</summary>
internal static class ReviewHandlers
{
    public const string UserName = "kubernetes-admin";

    /// <summary>In whose name the server's own controllers act.</summary>
    public const string ControllerName = "system:kube-controller-manager";

    private static readonly string[] Groups = ["system:masters", "system:authenticated"];

    public static JsonArray GroupsOf(string user) => user == UserName ? Groups.ToJsonArray() : new JsonArray("system:authenticated");

    public static async Task<ApiResponse> CreateAsync(ApiCall call)
    {
        var review = await call.RequireBodyAsync();
        WriteHandlers.CheckKind(call.Resource, review);
        review["kind"] = call.Resource.Kind;
        review["apiVersion"] = call.Resource.GroupVersion;
        review.Metadata();
        review["status"] = call.Resource.Kind switch
        {
            "SelfSubjectReview" => new JsonObject
            {
                ["userInfo"] = new JsonObject { ["username"] = UserName, ["groups"] = Groups.ToJsonArray() },
            },
            "SelfSubjectRulesReview" => new JsonObject
            {
                ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }),
                ["nonResourceRules"] = new JsonArray(new JsonObject { ["verbs"] = new JsonArray("*"), ["nonResourceURLs"] = new JsonArray("*") }),
                ["incomplete"] = false,
            },
            _ => Access(call, review),
        };
        return ApiResponse.Json(review, 201);
    }

    private static JsonObject Access(ApiCall call, JsonObject review)
    {
        if (review.Map("spec", "resourceAttributes") is null && review.Map("spec", "nonResourceAttributes") is null)
        {
            throw Refusal.Invalid(call.Resource.Group, string.Empty, string.Empty, [new("Invalid value", "spec.resourceAttributes", "exactly one of nonResourceAttributes or resourceAttributes must be specified", null)]);
        }

        if (review.Map("spec", "resourceAttributes") is not null && review.Map("spec", "nonResourceAttributes") is { } path)
        {
            var attributes = new JsonObject { ["Path"] = path.Text("path") ?? string.Empty, ["Verb"] = path.Text("verb") ?? string.Empty };
            throw Refusal.Invalid(call.Resource.Group, string.Empty, string.Empty, [new("Invalid value", "spec.nonResourceAttributes", "cannot be specified in combination with resourceAttributes", attributes)]);
        }

        return new JsonObject { ["allowed"] = true };
    }
}
