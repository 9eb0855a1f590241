// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using LabelSelector = FiveSpot.ApiServer.Resources.LabelSelector;

namespace FiveSpot.Simulation;

/// <summary>
/// What Cluster API does with MachineHealthChecks: a Machine that is not well for too long is marked, and its owner has to make
/// it anew. Templates of remediations are not played, nor how many may be unwell at a time.
/// </summary>
internal sealed class HealthCheckController(ManagementCluster management, WorkloadClusters workloads, Marks marks, Func<SimulationBehaviour> behaviour)
{
    /// <summary>On a Machine that somebody wants to be made anew.</summary>
    public const string RemediateAnnotation = "cluster.x-k8s.io/remediate-machine";

    private const string SkipAnnotation = "cluster.x-k8s.io/skip-remediation";
    private static readonly TimeSpan DefaultStartupTimeout = TimeSpan.FromMinutes(10);

    /// <summary>One turn.</summary>
    /// <returns>When to look again by itself; null for never.</returns>
    public async Task<DateTimeOffset?> ReconcileAsync(ApiObject check, CancellationToken cancellationToken)
    {
        var key = new ObjectKey(check.Metadata.Namespace, check.Json.Text("spec", "clusterName") ?? "");
        if (management.Clusters.Get(key) is not { } cluster || Pause.Reason(cluster, check.Metadata, "MachineHealthCheck") is not null)
        {
            return null;
        }

        var selector = LabelSelector.From(check.Json.Map("spec", "selector") ?? []);
        DateTimeOffset? wakeAt = null;
        foreach (var machine in management.Machines.Snapshot().Where(machine =>
            machine.Key.Namespace == key.Namespace
            && machine.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel) == key.Name
            && selector.Matches(machine.Metadata.Labels)
            && !machine.Metadata.Annotations.ContainsKey(SkipAnnotation)))
        {
            var next = await CheckAsync(check, cluster, machine, cancellationToken);
            wakeAt = next < wakeAt || wakeAt is null ? next : wakeAt;
        }

        return wakeAt;
    }

    private async Task<DateTimeOffset?> CheckAsync(ApiObject check, ApiObject cluster, MachineObject machine, CancellationToken cancellationToken)
    {
        var found = await JudgeAsync(check, machine, cancellationToken);
        if (found.WakeAt is not null || (found.Reason is null && (machine.IsBeingDeleted || machine.NodeName is null)))
        {
            return found.WakeAt;
        }

        var isToBeRemediated = found.Reason is not null && !machine.IsBeingDeleted && Pause.Reason(cluster, machine.Metadata, MachineApi.Kind) is null;
        var status = new MachineStatusWriter(machine, management.Version, behaviour().HasConditionsOfV1Beta2, marks.Now)
            .HealthChecked(found.Reason, found.OldReason, found.Message, isToBeRemediated);
        if (status is not null)
        {
            await management.PatchStatusAsync(machine, status, cancellationToken);
        }

        return null;
    }

    private async Task<(string? Reason, string OldReason, string Message, DateTimeOffset? WakeAt)> JudgeAsync(
        ApiObject check, MachineObject machine, CancellationToken cancellationToken)
    {
        if (machine.Metadata.Annotations.ContainsKey(RemediateAnnotation))
        {
            return ("HasRemediateAnnotation", "HasRemediateMachineAnnotation", $"Health check failed: marked for remediation via {RemediateAnnotation} annotation", null);
        }

        if (machine.NodeName is not { } name)
        {
            var startup = Seconds(check.Json.Number("spec", "checks", "nodeStartupTimeoutSeconds"), check.Json.Text("spec", "nodeStartupTimeout")) ?? DefaultStartupTimeout;
            return startup == TimeSpan.Zero || machine.IsBeingDeleted ? (null, "", "", null)
                : marks.Due(machine.Uid, "seen", startup) is { } due ? (null, "", "", due)
                : ("NodeStartupTimeout", "NodeStartupTimeout", $"Health check failed:\n  * Node failed to report startup in {startup}", null);
        }

        var workload = await workloads.OfAsync(machine, cancellationToken);
        if (workload.Get(name) is not { } node)
        {
            return ("NodeDeleted", "NodeNotFound", $"Health check failed:\n  * Node {name} has been deleted", null);
        }

        DateTimeOffset? wakeAt = null;
        foreach (var unhealthy in check.Json.Objects("spec", "checks", "unhealthyNodeConditions").Concat(check.Json.Objects("spec", "unhealthyConditions")))
        {
            var (type, status) = (unhealthy.Text("type"), unhealthy.Text("status"));
            var mark = $"{node.Uid} {type} {status}";
            if (!node.Json.Objects("status", "conditions").Any(condition => condition.Text("type") == type && condition.Text("status") == status))
            {
                marks.Forget(machine.Uid, mark);
                continue;
            }

            var timeout = Seconds(unhealthy.Number("timeoutSeconds"), unhealthy.Text("timeout")) ?? TimeSpan.Zero;
            if (marks.Due(machine.Uid, mark, timeout) is not { } due)
            {
                return ("UnhealthyNode", "UnhealthyNode", $"Health check failed:\n  * Condition {type} on Node is reporting status {status} for more than {timeout}", null);
            }

            wakeAt = due < wakeAt || wakeAt is null ? due : wakeAt;
        }

        return (null, "", "", wakeAt);
    }

    private static TimeSpan? Seconds(long? seconds, string? duration) => seconds is null ? GoDuration.Parse(duration) : TimeSpan.FromSeconds(seconds.Value);
}
