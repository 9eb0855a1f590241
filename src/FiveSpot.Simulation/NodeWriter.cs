// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>What the kubelet of a simulated machine, and those who look after Nodes, say of its Node.</summary>
internal static class NodeWriter
{
    public const string Kubelet = "kubelet";

    /// <summary>On Nodes of k0smotron: the name of their Machine.</summary>
    public const string K0smotronLabel = "k0smotron.io/machine-name";

    /// <summary>On a Node that joins with kubeadm: nothing goes there before Cluster API has written its labels.</summary>
    public const string UninitializedTaint = "node.cluster.x-k8s.io/uninitialized";

    // A real API server puts the latter on every Node that is made.
    private const string UnreachableTaint = "node.kubernetes.io/unreachable", NotReadyTaint = "node.kubernetes.io/not-ready";
    private const string LabelsFromMachine = "cluster.x-k8s.io/labels-from-machine", AnnotationsFromMachine = "cluster.x-k8s.io/annotations-from-machine";
    private const string OwnerKind = "cluster.x-k8s.io/owner-kind", OwnerName = "cluster.x-k8s.io/owner-name";
    private const string DefaultVersion = "v1.34.1";

    // Cluster API copies labels of these domains from the Machine to its Node.
    private static readonly string[] CopiedDomains = ["node-role.kubernetes.io", "node-restriction.kubernetes.io", "node.cluster.x-k8s.io"];
    private static readonly string[] Effects = ["NoSchedule", "NoExecute"];

    private static readonly string[] NodeInfoFields =
    [
        "architecture", "bootID", "containerRuntimeVersion", "kernelVersion", "kubeProxyVersion", "kubeletVersion", "machineID",
        "operatingSystem", "osImage", "systemUUID",
    ];

    /// <summary>What a kubelet registers.</summary>
    /// <param name="machine">Its Machine.</param>
    /// <param name="providerId">Its id, where the kubelet knows it.</param>
    public static JsonObject Node(MachineObject machine, string? providerId)
    {
        var labels = new JsonObject
        {
            ["kubernetes.io/arch"] = "amd64",
            ["kubernetes.io/hostname"] = machine.Key.Name,
            ["kubernetes.io/os"] = "linux",
        };
        var spec = new JsonObject();
        if (IsOfK0smotron(machine))
        {
            labels[K0smotronLabel] = machine.Key.Name;
        }

        if (machine.Bootstrap?.Kind == "KubeadmConfig")
        {
            spec["taints"] = new JsonArray(new JsonObject { ["key"] = UninitializedTaint, ["effect"] = "NoSchedule" });
        }

        if (providerId is not null)
        {
            spec["providerID"] = providerId;
        }

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = machine.Key.Name, ["labels"] = labels },
            ["spec"] = spec,
        };
    }

    /// <summary>Whether k0smotron sets the machine up: then its Node learns its providerID from it.</summary>
    public static bool IsOfK0smotron(MachineObject machine) => machine.Bootstrap?.Kind == "K0sWorkerConfig" || machine.Infrastructure?.Kind == "RemoteMachine";

    /// <summary>
    /// What Cluster API writes to the Node of a Machine: labels of certain domains, which it takes away again when the Machine
    /// has them no more, whose Node it is, and that it has been there. Null when all of that is so.
    /// </summary>
    public static JsonObject? ManagedPatch(MachineObject machine, ApiObject node)
    {
        var labels = new JsonObject();
        var copied = machine.Metadata.Labels.Where(label => IsCopied(label.Key)).ToDictionary(StringComparer.Ordinal);
        foreach (var (key, value) in copied.Where(label => node.Metadata.Labels.GetValueOrDefault(label.Key) != label.Value))
        {
            labels[key] = value;
        }

        foreach (var key in Split(node, LabelsFromMachine).Where(key => !copied.ContainsKey(key) && node.Metadata.Labels.ContainsKey(key)))
        {
            labels[key] = null;
        }

        var annotations = new JsonObject();
        var owner = machine.Metadata.ControllerOwner;
        foreach (var (key, value) in ((string, string?)[])
        [
            ("cluster.x-k8s.io/cluster-name", machine.ClusterName),
            ("cluster.x-k8s.io/cluster-namespace", machine.Key.Namespace),
            ("cluster.x-k8s.io/machine", machine.Key.Name),
            (OwnerKind, owner?.Kind),
            (OwnerName, owner?.Name),
            (LabelsFromMachine, string.Join(',', copied.Keys.Order(StringComparer.Ordinal))),
            (AnnotationsFromMachine, ""),
        ])
        {
            if (node.Metadata.Annotations.GetValueOrDefault(key) != value)
            {
                annotations[key] = value;
            }
        }

        var taints = Taints(node).ToList();
        var kept = taints.Where(taint => taint.Text("key") != UninitializedTaint).ToList();
        if (labels.Count + annotations.Count == 0 && kept.Count == taints.Count)
        {
            return null;
        }

        var patch = new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = node.ResourceVersion, ["labels"] = labels, ["annotations"] = annotations },
        };
        if (kept.Count < taints.Count)
        {
            patch["spec"] = new JsonObject { ["taints"] = kept.Count == 0 ? null : Copies(kept) };
        }

        return patch;
    }

    /// <summary>The status that the kubelet reports; null when the Node has it.</summary>
    public static JsonObject? Status(MachineObject machine, ApiObject node, bool ready, DateTimeOffset now)
    {
        var status = ready ? "True" : "False";
        if (IsSaid(node, "Ready", status) && node.Json.Text("status", "nodeInfo", "machineID") == SimulatedHardware.MachineIdOf(machine.Key))
        {
            return null;
        }

        return new JsonObject
        {
            ["addresses"] = new JsonArray(Address(machine.Key, "InternalIP"), Address(machine.Key, "Hostname")),
            ["allocatable"] = Resources(),
            ["capacity"] = Resources(),
            ["conditions"] = new JsonArray(
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available", now),
                Condition("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure", now),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available", now),
                ready
                    ? Condition("Ready", status, "KubeletReady", "kubelet is posting ready status", now)
                    : Condition("Ready", status, "KubeletNotReady", "container runtime network not ready", now)),
            ["nodeInfo"] = SimulatedHardware.NodeInfoOf(machine.Key, machine.Json.Text("spec", "version") ?? DefaultVersion),
        };
    }

    /// <summary>What is said of a Node whose kubelet says nothing; null when that is said.</summary>
    public static JsonObject? UnreachableStatus(ApiObject node, DateTimeOffset now) => IsSaid(node, "Ready", "Unknown") ? null : new JsonObject
    {
        ["conditions"] = new JsonArray(
        [
            .. ((string[])["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"])
                .Select(type => Condition(type, "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.", now)),
        ]),
    };

    /// <summary>What is to be written so that a Node has those taints that say how it is; null when it has them.</summary>
    /// <param name="node">The Node.</param>
    /// <param name="isReady">Whether it works; null where it is not heard of.</param>
    public static JsonObject? LifecyclePatch(ApiObject node, bool? isReady)
    {
        var taints = Taints(node).ToList();
        var kept = taints.Where(taint => taint.Text("key") != UnreachableTaint && (isReady != true || taint.Text("key") != NotReadyTaint)).ToList();
        var effects = isReady is null ? Effects : [];
        if (taints.Count == kept.Count + effects.Length)
        {
            return null;
        }

        kept.AddRange(effects.Select(effect => new JsonObject { ["key"] = UnreachableTaint, ["effect"] = effect }));
        return new JsonObject { ["spec"] = new JsonObject { ["taints"] = kept.Count == 0 ? null : Copies(kept) } };
    }

    /// <summary>Of what a Node says of its machine, that which a Machine repeats.</summary>
    public static JsonObject Known(JsonObject nodeInfo) =>
        new(NodeInfoFields.Select(field => new KeyValuePair<string, JsonNode?>(field, nodeInfo.Text(field) ?? "")));

    public static JsonObject Address(ObjectKey machine, string type) => new()
    {
        ["type"] = type,
        ["address"] = type == "Hostname" ? machine.Name : SimulatedHardware.AddressOf(machine),
    };

    private static IEnumerable<JsonObject> Taints(ApiObject node) => node.Json.Objects("spec", "taints");

    private static JsonArray Copies(IEnumerable<JsonObject> taints) => new([.. taints.Select(taint => taint.DeepClone())]);

    private static IEnumerable<string> Split(ApiObject node, string annotation) =>
        node.Metadata.Annotations.GetValueOrDefault(annotation, "").Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static bool IsSaid(ApiObject node, string type, string status) =>
        node.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == type && condition.Text("status") == status);

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
