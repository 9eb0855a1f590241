// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>What the controller measures of itself.</summary>
public static class ControllerMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "FiveSpot.Controller";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Lag = Meter.CreateHistogram<double>(
        "fivespot_boundary_lag_seconds", "s", "From a boundary of a schedule to the machine's first API call.");

    private static readonly Counter<long> Drains = Meter.CreateCounter<long>(
        "fivespot_node_drains_total", description: "Drains of Nodes that are over, by result: success or failure.");

    private static readonly Counter<long> Reclaims = Meter.CreateCounter<long>(
        "fivespot_emergency_reclaims_total", description: "Machines that were switched off because their owner wanted them back, by machine.");

    private static readonly Counter<long> RapidReclaims = Meter.CreateCounter<long>(
        "fivespot_rapid_re_reclaims_total", description: "Machines that were reclaimed three times within ten minutes, by machine.");

    private static readonly Histogram<double> EmergencyDrains = Meter.CreateHistogram<double>(
        "fivespot_emergency_drain_duration_seconds", "s", "How long drains for a reclaim took, by outcome: success or timeout.");

    private static readonly Counter<long> Evictions = Meter.CreateCounter<long>(
        "fivespot_pod_evictions_total", description: "Evictions that were asked for, by result: accepted, blocked, gone or failed.");

    private static readonly UpDownCounter<long> Clusters = Meter.CreateUpDownCounter<long>(
        "fivespot_workload_clusters", description: "Workload clusters in use, by state: unknown, reachable or unreachable.");

    /// <summary>A workload cluster has come into a state, out of another.</summary>
    /// <param name="before">The former state; null for one that was not in use.</param>
    /// <param name="after">The state; null for one that is in use no more.</param>
    public static void WorkloadCluster(string? before, string? after)
    {
        if (before is not null)
        {
            Clusters.Add(-1, new KeyValuePair<string, object?>("state", before));
        }

        if (after is not null)
        {
            Clusters.Add(1, new KeyValuePair<string, object?>("state", after));
        }
    }

    /// <summary>Something happened to a machine that is counted as well as told.</summary>
    public static void Count(ObjectKey machine, TransitionEvent happened)
    {
        switch (happened.Reason)
        {
            case EventReasons.NodeDrained:
                Drains.Add(1, new KeyValuePair<string, object?>("result", "success"));
                break;
            case EventReasons.NodeDrainFailed:
                Drains.Add(1, new KeyValuePair<string, object?>("result", "failure"));
                break;
            case EventReasons.EmergencyReclaimDisabledSchedule:
                Reclaims.Add(1, new("namespace", machine.Namespace), new("name", machine.Name));
                break;
            case EventReasons.RapidReReclaim:
                RapidReclaims.Add(1, new("namespace", machine.Namespace), new("name", machine.Name));
                break;
        }
    }

    /// <summary>A drain for a reclaim is over.</summary>
    public static void EmergencyDrain(TimeSpan took, bool succeeded) =>
        EmergencyDrains.Record(took.TotalSeconds, new KeyValuePair<string, object?>("outcome", succeeded ? "success" : "timeout"));

    /// <summary>An eviction was asked for.</summary>
    /// <param name="result"><c>accepted</c>, <c>blocked</c> (a budget is against it), <c>gone</c> or <c>failed</c>.</param>
    public static void Eviction(string result) => Evictions.Add(1, new KeyValuePair<string, object?>("result", result));

    /// <summary>The first API call for a machine leaves now, that long after the boundary that caused it.</summary>
    public static void BoundaryLag(TimeSpan lag) => Lag.Record(lag.TotalSeconds);
}
