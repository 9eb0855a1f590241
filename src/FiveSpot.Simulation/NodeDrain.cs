// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using LabelSelector = FiveSpot.ApiServer.Resources.LabelSelector;

namespace FiveSpot.Simulation;

/// <summary>
/// A drain as Cluster API's controller of Machines does it. What it asks the workload cluster, it asks anew at each turn.
/// </summary>
internal sealed class NodeDrain(ManagementCluster management, ApiClient workload, Marks marks)
{
    /// <summary>On a Pod: <c>skip</c> or <c>wait-completed</c>.</summary>
    public const string DrainLabel = "cluster.x-k8s.io/drain";

    // Of an unreachable Node, Pods that are ending are waited for no longer.
    private const int SecondsOfEnding = 1;

    private static readonly ResourceType Pods = new("", "v1", "pods", "Pod", Namespaced: true);
    private static readonly ResourceType DaemonSets = new("apps", "v1", "daemonsets", "DaemonSet", Namespaced: true);
    private static readonly ResourceType Namespaces = new("", "v1", "namespaces", "Namespace", Namespaced: false);

    /// <summary>Whether a Node is not heard of any more.</summary>
    public static bool IsUnreachable(ApiObject node) =>
        node.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "Unknown");

    /// <summary>The Node, as it is now; null when there is none.</summary>
    public Task<ApiObject?> FindNodeAsync(string name, CancellationToken cancellationToken) =>
        workload.TryGetAsync(SimulatedNodes.Nodes, ObjectKey.ClusterScoped(name), ApiObject.Decode, cancellationToken);

    /// <summary>Cordons a Node, and asks for the eviction of those Pods whose turn it is.</summary>
    /// <returns>What is left, in the words of the condition; null when nothing is.</returns>
    public async Task<string?> AdvanceAsync(MachineObject machine, ApiObject cluster, ApiObject node, CancellationToken cancellationToken)
    {
        if (node.Json.Flag("spec", "unschedulable") != true)
        {
            await workload.PatchAsync(
                SimulatedNodes.Nodes, node.Key, new() { ["spec"] = new JsonObject { ["unschedulable"] = true } }, ApiObject.Decode, cancellationToken);
        }

        var concerned = (await JudgeAsync(machine, cluster, node, cancellationToken)).Where(judged => judged.Behavior != DrainBehavior.Skip).ToList();
        if (concerned.Count == 0)
        {
            return null;
        }

        // Those of a higher order wait until all of the lower ones are gone.
        var turn = concerned.Min(judged => judged.Order);
        List<string> left = [];
        foreach (var (pod, behavior, order) in concerned.OrderBy(judged => judged.Pod.Key.ToString(), StringComparer.Ordinal))
        {
            if (pod.IsBeingDeleted && behavior == DrainBehavior.Drain)
            {
                left.Add($"* Pod {pod.Key}: deletionTimestamp set, but still not removed from the Node");
            }
            else if (order != turn)
            {
                left.Add($"After above Pods have been removed from the Node: {pod.Key}");
            }
            else if (behavior == DrainBehavior.WaitCompleted)
            {
                left.Add($"* Pod {pod.Key}: waiting for completion");
            }
            else if (await EvictAsync(pod, IsUnreachable(node), cancellationToken) is { } what)
            {
                left.Add($"* Pod {pod.Key}: {what}");
            }
        }

        return left.Count == 0 ? null : string.Concat(left.Select(line => $"\n{line}"));
    }

    /// <summary>The claims, with their namespaces, of the Pods that the drain leaves alone.</summary>
    public async Task<IReadOnlySet<string>> ClaimsOfSkippedAsync(MachineObject machine, ApiObject cluster, ApiObject node, CancellationToken cancellationToken) =>
        (await JudgeAsync(machine, cluster, node, cancellationToken))
            .Where(judged => judged.Behavior == DrainBehavior.Skip)
            .SelectMany(judged => AttachedVolumes.ClaimsOf(judged.Pod))
            .ToHashSet(StringComparer.Ordinal);

    private async Task<string?> EvictAsync(ApiObject pod, bool isUnreachable, CancellationToken cancellationToken)
    {
        var type = await new Discovery(workload).FindByNameAsync("v1", "pods/eviction", cancellationToken);
        var eviction = new JsonObject
        {
            ["apiVersion"] = type?.ApiVersion ?? "policy/v1",
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = pod.Metadata.Name, ["namespace"] = pod.Metadata.Namespace },
        };
        if (isUnreachable)
        {
            eviction["deleteOptions"] = new JsonObject { ["gracePeriodSeconds"] = SecondsOfEnding };
        }

        try
        {
            await workload.PostAsync(Pods, pod.Key, "eviction", eviction.ToUtf8(), cancellationToken);
            return "deletionTimestamp set, but still not removed from the Node";
        }
        catch (ApiException refused) when (refused.IsNotFound)
        {
            return null;
        }
        catch (ApiException refused)
        {
            return refused.IsTooManyRequests ? refused.Message : $"failed to evict Pod, {refused.Message}";
        }
    }

    private async Task<List<(ApiObject Pod, DrainBehavior Behavior, long Order)>> JudgeAsync(
        MachineObject machine, ApiObject cluster, ApiObject node, CancellationToken cancellationToken)
    {
        var pods = await workload.ListAsync(
            Pods, new ListOptions { FieldSelector = $"spec.nodeName={node.Metadata.Name}" }, ApiObject.Decode, cancellationToken);
        var rules = RulesFor(machine, cluster);
        List<(ApiObject, DrainBehavior, long)> judged = [];
        foreach (var pod in pods.Items)
        {
            var (behavior, order) = IsUnreachable(node) && HasEndedForLong(pod, machine)
                ? (DrainBehavior.Skip, 0)
                : await JudgeAsync(pod, rules, cancellationToken);
            judged.Add((pod, behavior, order));
        }

        return judged;
    }

    private async Task<(DrainBehavior Behavior, long Order)> JudgeAsync(
        ApiObject pod, IReadOnlyList<ApiObject> rules, CancellationToken cancellationToken)
    {
        if (pod.Metadata.Annotations.ContainsKey("kubernetes.io/config.mirror")
            || await IsOfDaemonSetAsync(pod, cancellationToken))
        {
            return (DrainBehavior.Skip, 0);
        }

        if (pod.Metadata.Labels.TryGetValue(DrainLabel, out var label) && Parse(label.Replace("-", "", StringComparison.Ordinal)) is { } asked && asked != DrainBehavior.Drain)
        {
            return (asked, 0);
        }

        foreach (var rule in rules)
        {
            if (await AppliesToAsync(rule, pod, cancellationToken))
            {
                var behavior = Parse(rule.Json.Text("spec", "drain", "behavior")) ?? DrainBehavior.Drain;
                return (behavior, behavior == DrainBehavior.Drain ? rule.Json.Number("spec", "drain", "order") ?? 0 : 0);
            }
        }

        return (DrainBehavior.Drain, 0);
    }

    // By the server's clock, or where that is another one, by ours.
    private bool HasEndedForLong(ApiObject pod, MachineObject machine)
    {
        if (pod.Metadata.DeletionTimestamp is not { } ends)
        {
            return false;
        }

        var seen = marks.Since(machine.Uid, $"{pod.Uid} ends") + TimeSpan.FromSeconds(pod.Json.Number("metadata", "deletionGracePeriodSeconds") ?? 0);
        return marks.Now - (seen < ends ? seen : ends) >= TimeSpan.FromSeconds(SecondsOfEnding + 1);
    }

    private async Task<bool> IsOfDaemonSetAsync(ApiObject pod, CancellationToken cancellationToken) =>
        pod.Metadata.ControllerOwner is { Kind: "DaemonSet" } owner
        && pod.Json.Text("status", "phase") is not ("Succeeded" or "Failed")
        && await workload.TryGetAsync(DaemonSets, new(pod.Metadata.Namespace, owner.Name), PartialObject.Decode, cancellationToken) is not null;

    // The first that applies decides, by name.
    private IReadOnlyList<ApiObject> RulesFor(MachineObject machine, ApiObject cluster) =>
    [
        .. (management.DrainRules?.Snapshot() ?? [])
            .Where(rule => rule.Metadata.Namespace == machine.Key.Namespace
                && (!rule.Json.Objects("spec", "machines").Any() || rule.Json.Objects("spec", "machines").Any(selected =>
                    Matches(selected.Map("selector"), machine.Metadata) && Matches(selected.Map("clusterSelector"), cluster.Metadata))))
            .OrderBy(rule => rule.Metadata.Name, StringComparer.Ordinal),
    ];

    private async Task<bool> AppliesToAsync(ApiObject rule, ApiObject pod, CancellationToken cancellationToken)
    {
        var selected = rule.Json.Objects("spec", "pods").ToList();
        foreach (var selection in selected)
        {
            if (Matches(selection.Map("selector"), pod.Metadata)
                && (selection.Map("namespaceSelector") is not { } ofNamespace
                    || Matches(ofNamespace, (await workload.GetAsync(Namespaces, ObjectKey.ClusterScoped(pod.Metadata.Namespace), PartialObject.Decode, cancellationToken)).Metadata)))
            {
                return true;
            }
        }

        return selected.Count == 0;
    }

    private static bool Matches(JsonObject? selector, ObjectMetadata obj) => selector is null || LabelSelector.From(selector).Matches(obj.Labels);

    private static DrainBehavior? Parse(string? text) => Enum.TryParse<DrainBehavior>(text, ignoreCase: true, out var behavior) ? behavior : null;
}
