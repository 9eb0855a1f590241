// SPDX-License-Identifier: Apache-2.0

using System.Security.Cryptography;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>What a controller manager makes and says of Deployments and ReplicaSets.</summary>
internal static class WorkloadWriter
{
    private const string ApiVersion = "apps/v1";
    private const string TemplateHashLabel = "pod-template-hash";

    /// <summary>The ReplicaSet that a Deployment should have: of its template, which its name tells.</summary>
    public static JsonObject ReplicaSet(ApiObject deployment)
    {
        var template = deployment.Json.Map("spec", "template")!.Copy();
        var hash = Convert.ToHexStringLower(SHA256.HashData(template.ToUtf8()))[..10];
        template.Metadata().Child("labels")[TemplateHashLabel] = hash;
        var selector = deployment.Json.Map("spec", "selector")!.Copy();
        selector.Child("matchLabels")[TemplateHashLabel] = hash;
        return new JsonObject
        {
            ["apiVersion"] = ApiVersion,
            ["kind"] = "ReplicaSet",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"{deployment.Metadata.Name}-{hash}",
                ["namespace"] = deployment.Metadata.Namespace,
                ["labels"] = template.At("metadata", "labels")!.DeepClone(),
                ["ownerReferences"] = new JsonArray(ClusterWriter.OwnerReference(ApiVersion, "Deployment", deployment.Metadata)),
            },
            ["spec"] = new JsonObject { ["replicas"] = ReplicasOf(deployment), ["selector"] = selector, ["template"] = template },
        };
    }

    /// <summary>One more Pod of a ReplicaSet.</summary>
    public static JsonObject Pod(ApiObject replicaSet)
    {
        var template = replicaSet.Json.Map("spec", "template")!;
        var metadata = template.Map("metadata")!.Copy();
        metadata["generateName"] = $"{replicaSet.Metadata.Name}-";
        metadata["namespace"] = replicaSet.Metadata.Namespace;
        metadata["ownerReferences"] = new JsonArray(ClusterWriter.OwnerReference(ApiVersion, "ReplicaSet", replicaSet.Metadata));
        return new JsonObject { ["apiVersion"] = "v1", ["kind"] = "Pod", ["metadata"] = metadata, ["spec"] = template.Map("spec")!.Copy() };
    }

    public static long ReplicasOf(ApiObject workload) => workload.Json.Number("spec", "replicas") ?? 1;

    /// <summary>Whether a Pod counts: one that is about to go, or has finished, is replaced.</summary>
    public static bool IsActive(ApiObject pod) => !pod.IsBeingDeleted && pod.Json.Text("status", "phase") is not ("Succeeded" or "Failed");

    public static bool IsReady(ApiObject pod) =>
        pod.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    /// <summary>The status that a ReplicaSet should have; null when it has it.</summary>
    public static JsonObject? ReplicaSetStatus(ApiObject replicaSet, IReadOnlyCollection<ApiObject> active)
    {
        var ready = active.Count(IsReady);
        return IfOther(replicaSet, new JsonObject
        {
            ["observedGeneration"] = replicaSet.Metadata.Generation,
            ["replicas"] = active.Count,
            ["fullyLabeledReplicas"] = active.Count,
            ["readyReplicas"] = ready,
            ["availableReplicas"] = ready,
        });
    }

    /// <summary>The status that a Deployment should have; null when it has it.</summary>
    public static JsonObject? DeploymentStatus(ApiObject deployment, IReadOnlyCollection<ApiObject> replicaSets, ApiObject newest, DateTimeOffset now)
    {
        var replicas = ReplicasOf(deployment);
        var available = Sum("availableReplicas");
        var isComplete = Count(newest, "availableReplicas") == replicas && Sum("replicas") == replicas;
        return IfOther(deployment, new JsonObject
        {
            ["observedGeneration"] = deployment.Metadata.Generation,
            ["replicas"] = Sum("replicas"),
            ["updatedReplicas"] = Count(newest, "replicas"),
            ["readyReplicas"] = Sum("readyReplicas"),
            ["availableReplicas"] = available,
            ["unavailableReplicas"] = Math.Max(0, replicas - available),
            ["conditions"] = new JsonArray(
                available >= replicas - MostUnavailable(deployment, replicas)
                    ? Condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
                    : Condition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability."),
                isComplete
                    ? Condition("Progressing", "True", "NewReplicaSetAvailable", $"ReplicaSet \"{newest.Metadata.Name}\" has successfully progressed.")
                    : Condition("Progressing", "True", "ReplicaSetUpdated", $"ReplicaSet \"{newest.Metadata.Name}\" is progressing.")),
        });

        long Sum(string field) => replicaSets.Sum(set => Count(set, field));

        JsonObject Condition(string type, string status, string reason, string message)
        {
            var before = deployment.Json.Objects("status", "conditions").FirstOrDefault(condition => condition.Text("type") == type);
            var isSame = before?.Text("status") == status;
            return new JsonObject
            {
                ["type"] = type,
                ["status"] = status,
                ["reason"] = reason,
                ["message"] = message,
                ["lastUpdateTime"] = isSame && before.Text("reason") == reason ? before.Text("lastUpdateTime") : now.ToKubernetesTime(),
                ["lastTransitionTime"] = isSame ? before.Text("lastTransitionTime") : now.ToKubernetesTime(),
            };
        }
    }

    private static long Count(ApiObject workload, string field) => workload.Json.Number("status", field) ?? 0;

    // Of a share, so many as are whole.
    private static long MostUnavailable(ApiObject deployment, long replicas) => deployment.Json.At("spec", "strategy", "rollingUpdate", "maxUnavailable") switch
    {
        null => 0,
        var share when share.Text() is [.. var digits, '%'] && int.TryParse(digits, out var percent) => percent * replicas / 100,
        var number => number.Number() ?? 0,
    };

    private static JsonObject? IfOther(ApiObject seen, JsonObject status)
    {
        var present = seen.Json.Map("status") ?? [];
        return status.All(field => JsonNode.DeepEquals(field.Value, present[field.Key])) ? null : status;
    }
}
