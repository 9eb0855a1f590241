// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Sandbox.ApiServer;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>What Cluster API says of a Machine, in the words of the version that is in use.</summary>
internal static class MachineStatusWriter
{
    /// <summary>The status that the Machine should have; null when it has it.</summary>
    public static JsonObject? Status(MachineObject machine, string version, MachineProgress progress, DateTimeOffset now)
    {
        var deleting = machine.Machine.IsBeingDeleted;
        var wanted = new JsonObject { ["phase"] = Phase(progress, deleting), ["observedGeneration"] = machine.Machine.Metadata.Generation };
        if (!deleting)
        {
            wanted["addresses"] = progress.Provisioned ? new JsonArray(NodeWriter.Address(machine, "InternalIP")) : null;
            wanted["nodeInfo"] = progress.Node is null ? null : NodeWriter.NodeInfo(machine);
            if (version == "v1beta1")
            {
                wanted["bootstrapReady"] = progress.Bootstrapped;
                wanted["infrastructureReady"] = progress.Provisioned;
                wanted["nodeRef"] = progress.Node is not { } node ? null : new JsonObject
                {
                    ["apiVersion"] = "v1",
                    ["kind"] = "Node",
                    ["name"] = node.Metadata.Name,
                    ["uid"] = node.Uid,
                };
            }
            else
            {
                wanted["initialization"] = new JsonObject
                {
                    ["bootstrapDataSecretCreated"] = progress.Bootstrapped,
                    ["infrastructureProvisioned"] = progress.Provisioned,
                };
                wanted["nodeRef"] = progress.Node is not { } node ? null : new JsonObject { ["name"] = node.Metadata.Name };
            }
        }

        wanted["conditions"] = Conditions(machine, version, progress, deleting, now);
        var present = machine.Json.Map("status") ?? [];
        return wanted.All(field => JsonNode.DeepEquals(field.Value, present[field.Key])) ? null : wanted;
    }

    private static string Phase(MachineProgress progress, bool deleting) =>
        deleting ? "Deleting"
        : progress.Node is not null ? "Running"
        : progress.Provisioned ? "Provisioned"
        : progress.Bootstrapped ? "Provisioning"
        : "Pending";

    private static JsonArray Conditions(MachineObject machine, string version, MachineProgress progress, bool deleting, DateTimeOffset now)
    {
        var v1beta1 = version == "v1beta1";
        var message = progress.Waiting
            ?? (!progress.Bootstrapped ? "Waiting for the bootstrap provider to make the bootstrap data."
            : !progress.Provisioned ? "Waiting for the infrastructure provider to bring the machine up."
            : progress.Node is null ? "Waiting for the machine to join its cluster as a Node."
            : !progress.NodeReady ? $"Waiting for Node {progress.Node.Metadata.Name} to be Ready."
            : null);
        var conditions = new JsonArray { (JsonNode)Condition("Ready", message is null, deleting ? "Deleting" : "NotReady", message) };
        if (!deleting)
        {
            conditions.Add((JsonNode)Condition(v1beta1 ? "BootstrapReady" : "BootstrapConfigReady", progress.Bootstrapped, "NotReady", progress.Bootstrapped ? null : message));
            conditions.Add((JsonNode)Condition("InfrastructureReady", progress.Provisioned, "NotReady", progress.Provisioned ? null : message));
            conditions.Add((JsonNode)Condition(v1beta1 ? "NodeHealthy" : "NodeReady", progress.NodeReady, "NodeNotReady", progress.NodeReady ? null : message));
        }

        return conditions;

        JsonObject Condition(string type, bool isTrue, string reason, string? text)
        {
            var status = isTrue ? "True" : "False";
            var before = machine.Json.Objects("status", "conditions").FirstOrDefault(condition => condition.Text("type") == type);
            var condition = new JsonObject
            {
                ["type"] = type,
                ["status"] = status,
                ["lastTransitionTime"] = before?.Text("status") == status ? before.Text("lastTransitionTime") : now.ToKubernetesTime(),
            };
            if (!v1beta1)
            {
                condition["reason"] = isTrue ? type : reason;
                condition["message"] = text ?? "";
            }
            else if (!isTrue)
            {
                condition["reason"] = reason;
                condition["message"] = text ?? "";
                condition["severity"] = "Info";
            }

            return condition;
        }
    }
}
