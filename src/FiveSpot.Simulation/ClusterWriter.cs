// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using DeleteOptions = FiveSpot.Kubernetes.DeleteOptions;

namespace FiveSpot.Simulation;

/// <summary>The writes that the simulation makes.</summary>
internal static class ClusterWriter
{
    public const string FieldManager = "5spot-sandbox";

    public static Task<T> PatchAsync<T>(
        this ApiClient api, ResourceType type, ObjectKey key, JsonObject patch, DecodeObject<T> decode, CancellationToken cancellationToken) =>
        api.MergePatchAsync(type, key, patch.ToUtf8(), FieldManager, null, decode, cancellationToken);

    public static Task<T> PatchStatusAsync<T>(
        this ApiClient api, ResourceType type, ObjectKey key, JsonObject status, DecodeObject<T> decode, CancellationToken cancellationToken) =>
        api.MergePatchAsync(type, key, new JsonObject { ["status"] = status }.ToUtf8(), FieldManager, "status", decode, cancellationToken);

    /// <summary>Deletes what may be gone already.</summary>
    public static async Task DeleteIfThereAsync(
        this ApiClient api, ResourceType type, ObjectKey key, DeleteOptions? options, CancellationToken cancellationToken)
    {
        try
        {
            await api.DeleteAsync(type, key, options, cancellationToken);
        }
        catch (ApiException refused) when (refused.IsNotFound || (refused.IsConflict && options?.Uid is not null))
        {
            // Gone, or another one of that name is in its place.
        }
    }

    /// <summary>A merge patch of finalizers, for the version that was seen alone.</summary>
    public static JsonObject FinalizersPatch(ObjectMetadata seen, IEnumerable<string> finalizers) => new()
    {
        ["metadata"] = new JsonObject
        {
            ["resourceVersion"] = seen.ResourceVersion,
            ["finalizers"] = finalizers.ToJsonArray(),
        },
    };

    public static JsonObject OwnerReference(string apiVersion, string kind, ObjectMetadata owner) => new()
    {
        ["apiVersion"] = apiVersion,
        ["kind"] = kind,
        ["name"] = owner.Name,
        ["uid"] = owner.Uid,
        ["controller"] = true,
        ["blockOwnerDeletion"] = true,
    };
}
