// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>What the controller counts (contract, section 10). What it shows of its machines is in
/// <see cref="Hosting.ControllerGauges"/>.</summary>
public static class ControllerMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "FiveSpot.Controller";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Lag = Meter.CreateHistogram(
        "fivespot_boundary_lag_seconds",
        "s",
        "From a boundary of a schedule to the machine's first API call.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 60, 300] });

    private static readonly Counter<long> Reconciliations = Meter.CreateCounter<long>(
        "fivespot_reconciliations_total", description: "Passes over a machine, by the phase that they reported and by result: success, retry or error.");

    private static readonly Histogram<double> ReconciliationTimes = Meter.CreateHistogram<double>(
        "fivespot_reconciliation_duration_seconds", "s", "How long a pass over a machine took, with its API calls, by the phase that it reported.");

    private static readonly Counter<long> Evaluations = Meter.CreateCounter<long>(
        "fivespot_schedule_evaluations_total", description: "Schedules that were evaluated, by result: active, inactive or invalid.");

    private static readonly Counter<long> KillSwitches = Meter.CreateCounter<long>(
        "fivespot_kill_switch_activations_total", description: "Kill switches that were seen to be switched on.");

    private static readonly Counter<long> CleanupTimeouts = Meter.CreateCounter<long>(
        "fivespot_finalizer_cleanup_timeouts_total", description: "Deleted ScheduledMachines whose machine was not gone after 600 s.");

    private static readonly Counter<long> Errors = Meter.CreateCounter<long>(
        "fivespot_errors_total",
        description: "What failed, by error_type: conflict (it had changed), refused (the API server won't have it), throttled, "
            + "server (it has trouble of its own), unreachable, or internal.");

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

    // What has not happened yet is a number too: 0. Else a first failure is no increase, and no alert sees it.
    private static readonly string[] ErrorTypes = ["conflict", "refused", "throttled", "server", "unreachable", "internal"];

    /// <summary>Shows what has not been counted yet as 0, to who listens by now.</summary>
    public static void Begin()
    {
        foreach (var type in ErrorTypes)
        {
            Errors.Add(0, new KeyValuePair<string, object?>("error_type", type));
        }

        foreach (var result in (ReadOnlySpan<string>)["success", "failure"])
        {
            Drains.Add(0, new KeyValuePair<string, object?>("result", result));
        }

        foreach (var result in (ReadOnlySpan<string>)["accepted", "blocked", "gone", "failed"])
        {
            Evictions.Add(0, new KeyValuePair<string, object?>("result", result));
        }

        foreach (var result in (ReadOnlySpan<string>)["active", "inactive", "invalid"])
        {
            Evaluations.Add(0, new KeyValuePair<string, object?>("result", result));
        }

        foreach (var state in (ReadOnlySpan<string>)["unknown", "reachable", "unreachable"])
        {
            Clusters.Add(0, new KeyValuePair<string, object?>("state", state));
        }

        KillSwitches.Add(0);
        CleanupTimeouts.Add(0);
    }

    /// <summary>A pass over a machine is over.</summary>
    /// <param name="phase">What it reported.</param>
    /// <param name="result"><c>success</c>, <c>retry</c> (it is tried again after a while) or <c>error</c> (it was cut short).
    /// </param>
    /// <param name="took">How long, in real time.</param>
    public static void Reconciled(string phase, string result, TimeSpan took)
    {
        Reconciliations.Add(1, new("phase", phase), new("result", result));
        ReconciliationTimes.Record(took.TotalSeconds, new KeyValuePair<string, object?>("phase", phase));
    }

    /// <summary>A schedule was evaluated.</summary>
    /// <param name="isActive">Whether the window is open; null if it can't be read.</param>
    public static void ScheduleEvaluated(bool? isActive) =>
        Evaluations.Add(1, new KeyValuePair<string, object?>("result", isActive switch { true => "active", false => "inactive", null => "invalid" }));

    /// <summary>Something failed, which is also told elsewhere.</summary>
    public static void Failed(Exception exception) => Errors.Add(1, new KeyValuePair<string, object?>("error_type", exception switch
    {
        ApiException { IsConflict: true } => "conflict",
        ApiException { IsTooManyRequests: true } => "throttled",
        ApiException { IsTransient: true } => "server",
        ApiException => "refused",
        ApiUnreachableException => "unreachable",
        _ => "internal",
    }));

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
            case EventReasons.KillSwitchActivated:
                KillSwitches.Add(1);
                break;
            case EventReasons.FinalizerCleanupTimedOut:
                CleanupTimeouts.Add(1);
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
