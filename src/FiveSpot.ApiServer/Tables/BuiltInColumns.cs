// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer.Tables;

/// <summary>What kubectl shows of the built-in kinds.</summary>
internal static class BuiltInColumns
{
    private const string None = "<none>";

    public static IReadOnlyList<TableColumn> For(string group, string kind) => kind switch
    {
        "Pod" => Pods,
        "Node" => Nodes,
        "Namespace" => [TableColumn.ObjectName, TableColumn.Text("Status", obj => obj.Text("status", "phase")), TableColumn.Age],
        "ConfigMap" => [TableColumn.ObjectName, TableColumn.CountAsText("Data", obj => (obj.Map("data")?.Count ?? 0) + (obj.Map("binaryData")?.Count ?? 0)), TableColumn.Age],
        "Secret" => [TableColumn.ObjectName, TableColumn.Text("Type", obj => obj.Text("type")), TableColumn.CountAsText("Data", obj => obj.Map("data")?.Count ?? 0), TableColumn.Age],
        "ServiceAccount" => [TableColumn.ObjectName, TableColumn.CountAsText("Secrets", obj => obj.List("secrets")?.Count ?? 0), TableColumn.Age],
        "Service" => Services,
        "Event" => Events,
        "Deployment" => Deployments,
        "ReplicaSet" => ReplicaSets,
        "DaemonSet" => DaemonSets,
        "PodDisruptionBudget" => Budgets,
        "ResourceQuota" => [TableColumn.ObjectName, TableColumn.Text("Request", obj => Usage(obj, isLimit: false)), TableColumn.Text("Limit", obj => Usage(obj, isLimit: true)), TableColumn.Age],
        "Lease" => [TableColumn.ObjectName, TableColumn.Text("Holder", obj => obj.Text("spec", "holderIdentity")), TableColumn.Age],
        "Role" or "ClusterRole" or "LimitRange" or "CustomResourceDefinition" => [TableColumn.ObjectName, CreatedAt],
        "RoleBinding" or "ClusterRoleBinding" => [TableColumn.ObjectName, TableColumn.Text("Role", obj => $"{obj.Text("roleRef", "kind")}/{obj.Text("roleRef", "name")}"), TableColumn.Age, Subjects("Users", "User"), Subjects("Groups", "Group"), Subjects("ServiceAccounts", "ServiceAccount")],
        "MutatingWebhookConfiguration" or "ValidatingWebhookConfiguration" => [TableColumn.ObjectName, TableColumn.Count("Webhooks", obj => obj.List("webhooks")?.Count ?? 0), TableColumn.Age],
        "ValidatingAdmissionPolicy" => [TableColumn.ObjectName, TableColumn.Count("Validations", obj => obj.List("spec", "validations")?.Count ?? 0), TableColumn.Text("ParamKind", obj => obj.Text("spec", "paramKind", "kind") ?? "<unset>"), TableColumn.Age],
        "ValidatingAdmissionPolicyBinding" => [TableColumn.ObjectName, TableColumn.Text("PolicyName", obj => obj.Text("spec", "policyName")), TableColumn.Text("ParamRef", obj => obj.Text("spec", "paramRef", "name") ?? "<unset>"), TableColumn.Age],
        _ => TableColumn.Default,
    };

    private static readonly TableColumn CreatedAt =
        new("Created At", "date", string.Empty, string.Empty, 0, (obj, _) => obj.Text("metadata", "creationTimestamp"));

    private static readonly TableColumn[] Pods =
    [
        TableColumn.ObjectName,
        TableColumn.Text("Ready", obj => $"{obj.Objects("status", "containerStatuses").Count(container => container.Flag("ready") == true)}/{obj.List("spec", "containers")?.Count ?? 0}"),
        TableColumn.Text("Status", PodStatus),
        TableColumn.Text("Restarts", obj => obj.Objects("status", "containerStatuses").Sum(container => container.Number("restartCount") ?? 0).ToString()),
        TableColumn.Age,
        TableColumn.Text("IP", obj => OrNone(obj.Text("status", "podIP")), 1),
        TableColumn.Text("Node", obj => OrNone(obj.Text("spec", "nodeName")), 1),
        TableColumn.Text("Nominated Node", obj => OrNone(obj.Text("status", "nominatedNodeName")), 1),
        TableColumn.Text("Readiness Gates", _ => None, 1),
    ];

    private static readonly TableColumn[] Nodes =
    [
        TableColumn.ObjectName,
        TableColumn.Text("Status", NodeStatus),
        TableColumn.Text("Roles", NodeRoles),
        TableColumn.Age,
        TableColumn.Text("Version", obj => obj.Text("status", "nodeInfo", "kubeletVersion")),
        TableColumn.Text("Internal-IP", obj => AddressOf(obj, "InternalIP"), 1),
        TableColumn.Text("External-IP", obj => AddressOf(obj, "ExternalIP"), 1),
        TableColumn.Text("OS-Image", obj => OrUnknown(obj.Text("status", "nodeInfo", "osImage")), 1),
        TableColumn.Text("Kernel-Version", obj => OrUnknown(obj.Text("status", "nodeInfo", "kernelVersion")), 1),
        TableColumn.Text("Container-Runtime", obj => OrUnknown(obj.Text("status", "nodeInfo", "containerRuntimeVersion")), 1),
    ];

    private static readonly TableColumn[] Services =
    [
        TableColumn.ObjectName,
        TableColumn.Text("Type", obj => obj.Text("spec", "type")),
        TableColumn.Text("Cluster-IP", obj => OrNone(obj.Text("spec", "clusterIP"))),
        TableColumn.Text("External-IP", _ => None),
        TableColumn.Text("Port(s)", obj => OrNone(string.Join(',', obj.Objects("spec", "ports").Select(port => $"{port.Number("port")}/{port.Text("protocol")}")))),
        TableColumn.Age,
        TableColumn.Text("Selector", obj => OrNone(Pairs(obj.Map("spec", "selector"))), 1),
    ];

    private static readonly TableColumn[] Events =
    [
        new("Last Seen", "string", string.Empty, string.Empty, 0, (obj, now) => HumanDuration.Since(
            obj.Text("series", "lastObservedTime") ?? obj.Text("lastTimestamp") ?? obj.Text("eventTime") ?? obj.Text("metadata", "creationTimestamp"), now)),
        TableColumn.Text("Type", obj => obj.Text("type")),
        TableColumn.Text("Reason", obj => obj.Text("reason")),
        TableColumn.Text("Object", obj => $"{obj.Text("involvedObject", "kind")?.ToLowerInvariant()}/{obj.Text("involvedObject", "name")}"),
        TableColumn.Text("Subobject", obj => obj.Text("involvedObject", "fieldPath"), 1),
        TableColumn.Text("Source", obj => obj.Text("source", "component") ?? obj.Text("reportingComponent"), 1),
        TableColumn.Text("Message", obj => obj.Text("message")?.Trim()),
        new("First Seen", "string", string.Empty, string.Empty, 1, (obj, now) => HumanDuration.Since(
            obj.Text("firstTimestamp") ?? obj.Text("eventTime") ?? obj.Text("metadata", "creationTimestamp"), now)),
        TableColumn.Text("Count", obj => (obj.Number("series", "count") ?? obj.Number("count") ?? 1).ToString(), 1),
        TableColumn.ObjectName with { Priority = 1 },
    ];

    private static readonly TableColumn[] Deployments =
    [
        TableColumn.ObjectName,
        TableColumn.Text("Ready", obj => $"{obj.Number("status", "readyReplicas") ?? 0}/{obj.Number("spec", "replicas") ?? 0}"),
        TableColumn.CountAsText("Up-to-date", obj => obj.Number("status", "updatedReplicas")),
        TableColumn.CountAsText("Available", obj => obj.Number("status", "availableReplicas")),
        TableColumn.Age,
        .. Template,
    ];

    private static readonly TableColumn[] ReplicaSets =
    [
        TableColumn.ObjectName,
        TableColumn.Count("Desired", obj => obj.Number("spec", "replicas")),
        TableColumn.Count("Current", obj => obj.Number("status", "replicas")),
        TableColumn.Count("Ready", obj => obj.Number("status", "readyReplicas")),
        TableColumn.Age,
        .. Template,
    ];

    private static readonly TableColumn[] DaemonSets =
    [
        TableColumn.ObjectName,
        TableColumn.Count("Desired", obj => obj.Number("status", "desiredNumberScheduled")),
        TableColumn.Count("Current", obj => obj.Number("status", "currentNumberScheduled")),
        TableColumn.Count("Ready", obj => obj.Number("status", "numberReady")),
        TableColumn.Count("Up-to-date", obj => obj.Number("status", "updatedNumberScheduled")),
        TableColumn.Count("Available", obj => obj.Number("status", "numberAvailable")),
        TableColumn.Text("Node Selector", obj => OrNone(Pairs(obj.Map("spec", "template", "spec", "nodeSelector")))),
        TableColumn.Age,
        .. Template,
    ];

    private static readonly TableColumn[] Budgets =
    [
        TableColumn.ObjectName,
        TableColumn.Text("Min Available", obj => obj.At("spec", "minAvailable")?.Print() ?? "N/A"),
        TableColumn.Text("Max Unavailable", obj => obj.At("spec", "maxUnavailable")?.Print() ?? "N/A"),
        TableColumn.Count("Allowed Disruptions", obj => obj.Number("status", "disruptionsAllowed")),
        TableColumn.Age,
    ];

    private static IEnumerable<TableColumn> Template =>
    [
        TableColumn.Text("Containers", obj => string.Join(',', obj.Objects("spec", "template", "spec", "containers").Select(container => container.Text("name"))), 1),
        TableColumn.Text("Images", obj => string.Join(',', obj.Objects("spec", "template", "spec", "containers").Select(container => container.Text("image"))), 1),
        TableColumn.Text("Selector", obj => obj.Map("spec", "selector") is { } selector ? LabelSelector.From(selector).ToString() : None, 1),
    ];

    private static string Usage(JsonObject quota, bool isLimit) => string.Join(", ", (quota.Map("status", "hard") ?? [])
        .Where(hard => hard.Key.StartsWith("limits", StringComparison.Ordinal) == isLimit)
        .OrderBy(hard => hard.Key, StringComparer.Ordinal)
        .Select(hard => $"{hard.Key}: {quota.At("status", "used", hard.Key)?.Print() ?? "0"}/{hard.Value?.Print()}"));

    private static TableColumn Subjects(string name, string kind) => TableColumn.Text(name, obj => string.Join(", ", obj.Objects("subjects")
        .Where(subject => subject.Text("kind") == kind)
        .Select(subject => kind == "ServiceAccount" ? $"{subject.Text("namespace")}/{subject.Text("name")}" : subject.Text("name"))), 1) with
    { Description = $"{name} in the roleBinding" };

    private static string PodStatus(JsonObject pod)
    {
        var status = pod.Text("status", "reason") ?? pod.Text("status", "phase") ?? string.Empty;
        foreach (var container in pod.Objects("status", "containerStatuses"))
        {
            status = container.Text("state", "waiting", "reason") ?? container.Text("state", "terminated", "reason") ?? status;
        }

        return pod.Text("metadata", "deletionTimestamp") is null || status is "Succeeded" or "Failed" ? status : "Terminating";
    }

    private static string NodeStatus(JsonObject node)
    {
        var ready = node.Objects("status", "conditions").FirstOrDefault(condition => condition.Text("type") == "Ready").Text("status");
        var status = ready switch { "True" => "Ready", null => "Unknown", _ => "NotReady" };
        return node.Flag("spec", "unschedulable") == true ? status + ",SchedulingDisabled" : status;
    }

    private static string NodeRoles(JsonObject node)
    {
        const string Prefix = "node-role.kubernetes.io/";
        var roles = (node.Map("metadata", "labels") ?? [])
            .Where(label => label.Key.StartsWith(Prefix, StringComparison.Ordinal) && label.Key.Length > Prefix.Length)
            .Select(label => label.Key[Prefix.Length..])
            .Order(StringComparer.Ordinal);
        return OrNone(string.Join(',', roles));
    }

    private static string AddressOf(JsonObject node, string type) => OrNone(
        node.Objects("status", "addresses").FirstOrDefault(address => address.Text("type") == type).Text("address"));

    private static string Pairs(JsonObject? map) => string.Join(',', (map ?? []).Select(pair => $"{pair.Key}={pair.Value.Text()}").Order(StringComparer.Ordinal));

    private static string OrNone(string? text) => string.IsNullOrEmpty(text) ? None : text;

    private static string OrUnknown(string? text) => string.IsNullOrEmpty(text) ? "<unknown>" : text;
}
