// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>What Cluster API says of a Cluster, in the words of the version that is in use.</summary>
internal sealed class ClusterStatusWriter(ApiObject cluster, string version, bool hasConditionsOfV1Beta2, DateTimeOffset now)
{
    private readonly bool _isV1Beta1 = version == "v1beta1";

    /// <summary>The status that the Cluster should have; null when it has it.</summary>
    /// <param name="paused">Why nothing is done; null where it is.</param>
    /// <param name="machines">The Machines that its deletion waits for.</param>
    public JsonObject? Of(string? paused, IReadOnlyCollection<string> machines)
    {
        var deleting = cluster.IsBeingDeleted;
        var wanted = new JsonObject
        {
            ["observedGeneration"] = cluster.Metadata.Generation,
            ["phase"] = deleting && paused is null ? "Deleting" : "Provisioned",
        };
        var conditions = new ConditionList(cluster.Json.Objects(_isV1Beta1 ? (string[])["status", "v1beta2", "conditions"] : ["status", "conditions"]), now)
            .Set("Paused", paused is not null, paused is null ? "NotPaused" : "Paused", paused ?? "")
            .Set("InfrastructureReady", true, "Ready")
            .Set("ControlPlaneInitialized", true, "Initialized")
            .Set("ControlPlaneAvailable", true, "Available")
            .Set("Deleting", deleting && paused is null, deleting ? "WaitingForWorkersDeletion" : "NotDeleting", machines.Count == 0 ? "" : $"* Worker Machines: {string.Join(", ", machines)}")
            .Set("Available", !deleting, deleting ? "NotAvailable" : "Available");
        if (!_isV1Beta1)
        {
            wanted["initialization"] = new JsonObject { ["infrastructureProvisioned"] = true, ["controlPlaneInitialized"] = true };
            wanted["conditions"] = conditions.ToJson();
        }
        else
        {
            wanted["infrastructureReady"] = true;
            wanted["controlPlaneReady"] = true;
            wanted["conditions"] = new ConditionList(cluster.Json.Objects("status", "conditions"), now)
                .SetOld("Ready", true)
                .SetOld("InfrastructureReady", true)
                .SetOld("ControlPlaneReady", true)
                .SetOld("ControlPlaneInitialized", true)
                .ToJson();
            if (hasConditionsOfV1Beta2)
            {
                wanted["v1beta2"] = new JsonObject { ["conditions"] = conditions.ToJson() };
            }
        }

        var present = cluster.Json.Map("status") ?? [];
        return wanted.All(field => JsonNode.DeepEquals(field.Value, present[field.Key])) ? null : wanted;
    }
}
