// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Sandbox.ApiServer;

namespace FiveSpot.Sandbox.Simulation;

/// <summary>What the kubelet of a simulated machine says of its Node.</summary>
internal static class NodeWriter
{
    public const string Kubelet = "kubelet";

    private const string DefaultVersion = "v1.34.1";

    // Cluster API copies labels of these domains from the Machine to its Node.
    private static readonly string[] CopiedDomains = ["node-role.kubernetes.io", "node-restriction.kubernetes.io", "node.cluster.x-k8s.io"];

    public static JsonObject Node(MachineObject machine)
    {
        var labels = new JsonObject
        {
            ["kubernetes.io/arch"] = "amd64",
            ["kubernetes.io/hostname"] = machine.Key.Name,
            ["kubernetes.io/os"] = "linux",
        };
        foreach (var (key, value) in machine.Machine.Metadata.Labels.Where(label => IsCopied(label.Key)))
        {
            labels[key] = value;
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject
            {
                ["name"] = machine.Key.Name,
                ["labels"] = labels,
                ["annotations"] = new JsonObject
                {
                    ["cluster.x-k8s.io/cluster-name"] = machine.ClusterName,
                    ["cluster.x-k8s.io/cluster-namespace"] = machine.Key.Namespace,
                    ["cluster.x-k8s.io/machine"] = machine.Key.Name,
                },
            },
            ["spec"] = new JsonObject { ["providerID"] = machine.ProviderId },
        };
    }

    /// <summary>The status that the Node should have; null when it has it.</summary>
    public static JsonObject? Status(MachineObject machine, ApiObject node, bool ready, DateTimeOffset now)
    {
        var status = ready ? "True" : "False";
        if (node.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == status))
        {
            return null;
        }

        return new JsonObject
        {
            ["addresses"] = new JsonArray(Address(machine, "InternalIP"), Address(machine, "Hostname")),
            ["allocatable"] = Resources(),
            ["capacity"] = Resources(),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now),
                Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
                ready
                    ? Condition("Ready", status, "KubeletReady", "kubelet is posting ready status", now)
                    : Condition("Ready", status, "KubeletNotReady", "container runtime network not ready", now)),
            ["nodeInfo"] = NodeInfo(machine),
        };
    }

    public static JsonObject NodeInfo(MachineObject machine) =>
        SimulatedHardware.NodeInfoOf(machine.Key, machine.Json.Text("spec", "version") ?? DefaultVersion);

    public static JsonObject Address(MachineObject machine, string type) => new()
    {
        ["type"] = type,
        ["address"] = type == "Hostname" ? machine.Key.Name : SimulatedHardware.AddressOf(machine.Key),
    };

    private static JsonObject Resources() => new() { ["cpu"] = "16", ["memory"] = "64Gi", ["pods"] = "110" };

    private static JsonObject Condition(string type, string status, string reason, string message, DateTimeOffset now) => new()
    {
        ["type"] = type,
        ["status"] = status,
        ["reason"] = reason,
        ["message"] = message,
        ["lastHeartbeatTime"] = now.ToKubernetesTime(),
        ["lastTransitionTime"] = now.ToKubernetesTime(),
    };

    private static bool IsCopied(string label) => label.Split('/') is [var domain, _]
        && CopiedDomains.Any(copied => domain == copied || domain.EndsWith($".{copied}", StringComparison.Ordinal));
}
