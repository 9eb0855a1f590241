// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using FiveSpot.Api;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// One pass over one machine: observe, decide, do, decide again, report. It never sleeps and never waits for an effect;
/// it says when it wants to be woken.
/// </summary>
public sealed partial class Reconciler
{
    /// <summary>Name of the source of its spans: one a pass.</summary>
    public const string TraceSourceName = "FiveSpot.Controller";

    private static readonly ActivitySource Traces = new(TraceSourceName);

    // A world that turns out to be another one than was seen is looked at again, but not for ever.
    private const int MaxRounds = 5;

    private readonly Informer<ScheduledMachine> _machines;
    private readonly Observer _observer;
    private readonly StepExecutor _executor;
    private readonly EventRecorder _events;
    private readonly DecisionOptions _options;
    private readonly TimeProvider _clock;
    private readonly WorkloadClusters _clusters;
    private readonly Action<ObjectKey, DateTimeOffset> _wakeAt;
    private readonly ILogger _logger;

    /// <summary>A reconciler over these parts.</summary>
    public Reconciler(
        Informer<ScheduledMachine> machines,
        Observer observer,
        StepExecutor executor,
        EventRecorder events,
        WorkloadClusters clusters,
        DecisionOptions options,
        TimeProvider clock,
        Action<ObjectKey, DateTimeOffset> wakeAt,
        ILogger<Reconciler> logger)
    {
        _machines = machines;
        _observer = observer;
        _executor = executor;
        _events = events;
        _clusters = clusters;
        _options = options;
        _clock = clock;
        _wakeAt = wakeAt;
        _logger = logger;
    }

    /// <summary>One pass.</summary>
    public async ValueTask<WorkResult> ReconcileAsync(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        if (_machines.Get(item.Key) is not { } machine || _observer.Observe(machine) is not { } seen)
        {
            // Gone; or an answer about its kinds is on its way, which wakes it.
            return WorkResult.Done();
        }

        var began = TimeProvider.System.GetTimestamp();
        var (phase, outcome) = (machine.Status.Phase, "error");
        var pass = new ReconcileScope(item.Key, Random.Shared.NextInt64());
        using var scope = _logger.BeginScope(pass);
        using var span = Traces.StartActivity("reconcile");
        try
        {
            (var result, phase) = await PassAsync(item, seen, cancellationToken);
            outcome = result.IsRetry ? "retry" : "success";
            return result;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            ControllerMetrics.Failed(exception);
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);

            // The report may be what failed: that too is tried again no sooner than the server wants.
            return WorkResult.Retry((exception as ApiException)?.RetryAfter, exception);
        }
        finally
        {
            span?.SetTag("k8s.namespace.name", item.Key.Namespace).SetTag("k8s.object.name", item.Key.Name).SetTag("reconcile_id", pass.Id)
                .SetTag("phase", phase).SetTag("result", outcome).SetTag("attempt", item.Attempt);
            ControllerMetrics.Reconciled(phase ?? "", outcome, TimeProvider.System.GetElapsedTime(began));
        }
    }

    /// <summary>Looks at a machine, and no more: so that what is needed to work on it is in the caches when it is to be worked
    /// on.</summary>
    public void Prepare(ObjectKey key)
    {
        if (_machines.Get(key) is { } machine)
        {
            _observer.Observe(machine);
            _clusters.WorkOn(key)?.WatchPods(node: null);
        }
    }

    private async Task<(WorkResult Result, string? Phase)> PassAsync(WorkItem<ObjectKey> item, Observation seen, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var lag = item.DueAt is { } due && due == seen.Machine.Status.NextTransitionTime ? due : (DateTimeOffset?)null;
        var plan = Decision.Decide(seen, now, _options);
        ControllerMetrics.ScheduleEvaluated(seen.Machine.Schedule is null ? null : plan.Status.InSchedule);
        for (var round = 1; plan.Steps.Length > 0; round++)
        {
            seen = round > MaxRounds
                ? seen with { Failure = new StepFailure(ConditionReasons.Retrying, "Its objects keep changing while they are looked at.", NeedsChange: false, item.Attempt) }
                : await CarryOutAsync(plan, seen, item.Attempt, lag, cancellationToken);
            lag = null;
            plan = Decision.Decide(seen, now, _options);
        }

        _clusters.WorkOn(item.Key)?.WatchPods(plan.WatchesPods ? seen.Node.Node : null);
        if (!seen.Machine.IsGone && (seen.Machine.Metadata.Finalizers.Count > 0 || !seen.Machine.IsBeingDeleted))
        {
            await ReportAsync(seen.Machine, plan.Status, cancellationToken);
        }

        if (!plan.RetryLater)
        {
            return (WorkResult.Done(plan.WakeAt), plan.Status.Phase);
        }

        if (plan.WakeAt is { } at)
        {
            _wakeAt(item.Key, at);
        }

        return (WorkResult.Retry(seen.Failure?.RetryAfter), plan.Status.Phase);
    }

    private async Task<Observation> CarryOutAsync(
        Plan plan, Observation seen, int attempt, DateTimeOffset? boundary, CancellationToken cancellationToken)
    {
        foreach (var step in plan.Steps)
        {
            if (boundary is { } at)
            {
                ControllerMetrics.BoundaryLag(_clock.GetUtcNow() - at);
                boundary = null;
            }

            if (step is Step.Announce)
            {
                seen = await AnnounceAsync(plan, seen, cancellationToken);
                continue;
            }

            try
            {
                bool asPlanned;
                (seen, asPlanned) = await _executor.ExecuteAsync(step, seen, cancellationToken);
                LogDone(seen.Machine.Key, step.GetType().Name);
                if (!asPlanned)
                {
                    return seen;
                }
            }
            catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
            {
                ControllerMetrics.Failed(exception);
                LogFailed(seen.Machine.Key, step.GetType().Name, attempt, exception.Message);
                var failure = Describe(step, seen, exception, attempt);

                // The owner doesn't wait for a policy or a webhook that won't have it.
                return step is Step.SwitchOff && failure.IsError
                    ? seen with { SwitchOffRefused = failure.Message }
                    : seen with { Failure = failure };
            }
        }

        return seen;
    }

    private async Task<Observation> AnnounceAsync(Plan plan, Observation seen, CancellationToken cancellationToken)
    {
        try
        {
            seen = seen with { Machine = await ReportAsync(seen.Machine, plan.Status, cancellationToken) };
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            // What is to be done is more urgent than to be told; it is told at the end of the pass.
            ControllerMetrics.Failed(exception);
            LogUntold(seen.Machine.Key, exception.Message);
        }

        return seen with { ReclaimAnnounced = true };
    }

    private static StepFailure Describe(Step step, Observation seen, Exception exception, int attempt) => (exception, step) switch
    {
        // Its kind was there when discovery looked, and is not now: the provider was taken away.
        (ApiException { IsNotFound: true, Reason: ApiException.NotKubernetesReason }, Step.CreateProviderObject create) =>
            new StepFailure(ConditionReasons.KindNotFound, Decision.KindNotServed(create.Role, seen.Slot(create.Role)!), NeedsChange: true, attempt),
        _ => Describe(exception, attempt),
    };

    private static StepFailure Describe(Exception exception, int attempt) => exception switch
    {
        ApiException { IsTransient: true } failure =>
            new StepFailure(ConditionReasons.Retrying, failure.Message, NeedsChange: false, attempt, failure.RetryAfter),
        ApiException { IsConflict: true } failure =>
            new StepFailure(ConditionReasons.Retrying, failure.Message, NeedsChange: false, attempt),
        ApiException failure => new StepFailure(ConditionReasons.Refused, failure.Message, NeedsChange: true, attempt),
        _ => new StepFailure(ConditionReasons.Retrying, exception.Message, NeedsChange: false, attempt),
    };

    private async Task<ScheduledMachine> ReportAsync(ScheduledMachine machine, ScheduledMachineStatus status, CancellationToken cancellationToken)
    {
        if (StatusComparer.AreSame(machine.Status, status))
        {
            return machine;
        }

        // The version that the events are about makes their names: told again after a crash, they are still the same.
        var regarding = new ObjectReference(
            $"{WellKnown.Group}/{WellKnown.Version}", WellKnown.Kind, machine.Metadata.Namespace, machine.Metadata.Name, machine.Uid);
        foreach (var happened in Transitions.Between(machine.Status, status))
        {
            _events.Record(
                regarding,
                happened.IsWarning ? EventType.Warning : EventType.Normal,
                happened.Reason,
                "Reconcile",
                happened.Note,
                machine.ResourceVersion);
            ControllerMetrics.Count(machine.Key, happened);
        }

        // What comes of a reclaim is for whoever asks later what happened to the pods.
        if (machine.Status.Phase != status.Phase || (status.Phase == MachinePhase.EmergencyRemove && machine.Status.Message != status.Message))
        {
            LogPhase(machine.Key, machine.Status.Phase ?? "new", status.Phase ?? "", status.Message ?? "");
        }

        return await _executor.WriteStatusAsync(machine, status, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Machine}: {Before} → {Phase}. {Reason}")]
    private partial void LogPhase(ObjectKey machine, string before, string phase, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Machine}: the reclaim can't be told yet: {Reason}")]
    private partial void LogUntold(ObjectKey machine, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Machine}: {Step} done.")]
    private partial void LogDone(ObjectKey machine, string step);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Machine}: {Step} failed at attempt {Attempt}: {Reason}")]
    private partial void LogFailed(ObjectKey machine, string step, int attempt, string reason);
}
