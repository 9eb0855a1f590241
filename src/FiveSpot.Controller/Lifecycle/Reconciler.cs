// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
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

    private const string StatusWrite = "WriteStatus";

    private static readonly StepFailure NotKept = new(
        ConditionReasons.Retrying,
        "The API server accepts the change and does not keep it: a webhook undoes it, or the definition does not know the field.",
        NeedsChange: false,
        Attempt: 0);

    // A world that turns out to be another one than was seen is looked at again, but not for ever.
    private const int MaxRounds = 5;

    private readonly Informer<ScheduledMachine> _machines;
    private readonly Observer _observer;
    private readonly StepExecutor _executor;
    private readonly StepFailures _failures;
    private readonly EventRecorder _events;
    private readonly DecisionOptions _options;
    private readonly TimeProvider _clock;
    private readonly WorkloadClusters _clusters;
    private readonly DryRuns _dryRuns;
    private readonly Computers _computers;
    private readonly Action<ObjectKey, DateTimeOffset> _wakeAt;
    private readonly ILogger _logger;
    private readonly StatusPace _pace;

    // The status of machines for which it can't be written: when a shutdown began, and what was told, goes on from there.
    private readonly ConcurrentDictionary<ObjectKey, (string Uid, ScheduledMachineStatus Status)> _unwritten = new();

    /// <summary>A reconciler over these parts.</summary>
    public Reconciler(
        Informer<ScheduledMachine> machines,
        Observer observer,
        StepExecutor executor,
        StepFailures failures,
        EventRecorder events,
        WorkloadClusters clusters,
        DryRuns dryRuns,
        Computers computers,
        DecisionOptions options,
        TimeProvider clock,
        Action<ObjectKey, DateTimeOffset> wakeAt,
        ILogger<Reconciler> logger)
    {
        _machines = machines;
        _observer = observer;
        _executor = executor;
        _failures = failures;
        _events = events;
        _clusters = clusters;
        _dryRuns = dryRuns;
        _computers = computers;
        _options = options;
        _clock = clock;
        _wakeAt = wakeAt;
        _logger = logger;
        _pace = new StatusPace(clock);
    }

    /// <summary>One pass.</summary>
    public async ValueTask<WorkResult> ReconcileAsync(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        if (_machines.Get(item.Key) is not { } machine)
        {
            _failures.Forget(item.Key);
            _unwritten.TryRemove(item.Key, out _);
            _pace.Forget(item.Key);
            return WorkResult.Done();
        }

        if (_observer.Observe(machine) is not { } seen)
        {
            // An answer about its kinds is on its way, which wakes it.
            return WorkResult.Done();
        }

        var began = TimeProvider.System.GetTimestamp();
        var (phase, outcome) = (machine.Status.Phase, "error");
        var pass = new ReconcileScope(item.Key, Random.Shared.NextInt64());
        using var scope = _logger.BeginScope(pass);
        using var span = Traces.StartActivity("reconcile");
        try
        {
            (var result, phase, var hasFailed) = await PassAsync(item, seen, cancellationToken);
            outcome = hasFailed ? "retry" : "success";
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

    private async Task<(WorkResult Result, string? Phase, bool HasFailed)> PassAsync(WorkItem<ObjectKey> item, Observation seen, CancellationToken cancellationToken)
    {
        var now = _clock.GetUtcNow();
        var lag = item.DueAt is { } due && due == seen.Machine.Status.NextTransitionTime ? due : (DateTimeOffset?)null;
        seen = WithUnwritten(seen) with { FailedSteps = _failures.Of(seen.Machine) };
        var plan = Decision.Decide(seen, now, _options);
        Dictionary<string, StepFailure?>? patched = null;
        ControllerMetrics.ScheduleEvaluated(seen.Machine.Schedule is null ? null : plan.Status.InSchedule);
        for (var round = 1; plan.Steps.Length > 0; round++)
        {
            seen = round > MaxRounds
                ? seen with { Failure = new StepFailure(ConditionReasons.Retrying, "Its objects keep changing while they are looked at.", NeedsChange: false, item.Attempt) }
                : await CarryOutAsync(plan, seen, patched ??= [], lag, cancellationToken);
            lag = null;
            if (seen.IsOfAnotherSpec)
            {
                // What is observed depends on the spec. The cache knows the new one, and has brought about a pass of its own.
                return (WorkResult.Done(), plan.Status.Phase, false);
            }

            if (seen.IsMachineGone)
            {
                // Without a Machine other things matter: its kinds, rights, who else is of its computer.
                if (_observer.Observe(seen.Machine, isMachineGone: true) is not { } anew)
                {
                    return (WorkResult.Done(), plan.Status.Phase, false);
                }

                seen = anew with { FailedSteps = seen.FailedSteps, LookedInto = seen.LookedInto, ReclaimAnnounced = seen.ReclaimAnnounced, DrainResult = seen.DrainResult };
            }

            plan = Decision.Decide(seen, now, _options);
        }

        _clusters.WorkOn(item.Key)?.WatchPods(plan.WatchesPods ? seen.Node.Node : null);
        var wakeAt = plan.WakeAt;
        var hasFailed = plan.HasFailed || plan.RetryLater;
        if (seen.Machine.IsGone)
        {
            _failures.Forget(item.Key);
        }
        else if (seen.Machine.Metadata.Finalizers.Count > 0 || !seen.Machine.IsBeingDeleted)
        {
            var (_, notBefore) = await ReportAsync(seen, plan.Status, cancellationToken);
            wakeAt = notBefore is not null && !(wakeAt < notBefore) ? notBefore : wakeAt;
            hasFailed |= IsUnwritten(seen.Machine, out _);
        }

        if (plan.IsAtRest)
        {
            _computers.Leave(item.Key);
            _dryRuns.Ask(seen);
        }

        if (!plan.RetryLater)
        {
            return (WorkResult.Done(wakeAt), plan.Status.Phase, hasFailed);
        }

        if (wakeAt is { } at)
        {
            _wakeAt(item.Key, at);
        }

        return (WorkResult.Retry(), plan.Status.Phase, hasFailed);
    }

    private async Task<Observation> CarryOutAsync(
        Plan plan, Observation seen, Dictionary<string, StepFailure?> patched, DateTimeOffset? boundary, CancellationToken cancellationToken)
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

            (seen, var outcome) = await CarryOutAsync(step, seen, patched, cancellationToken);
            if (outcome is StepOutcome.NotAsPlanned || (outcome is StepOutcome.Failed && step.Importance is StepImportance.Needed))
            {
                return seen;
            }
        }

        return seen;
    }

    private enum StepOutcome
    {
        Done,
        Failed,

        /// <summary>Something else than the plan knew is there: a new plan is to be made.</summary>
        NotAsPlanned,
    }

    private async Task<(Observation Seen, StepOutcome Outcome)> CarryOutAsync(
        Step step, Observation seen, Dictionary<string, StepFailure?> patched, CancellationToken cancellationToken)
    {
        if (step is Step.Patch && patched.TryGetValue(step.Name, out var last))
        {
            // Asked for again at once it would go on for ever.
            return (Failed(step, seen, Fail(step, seen, NotKept, last: last)), StepOutcome.Failed);
        }

        try
        {
            (seen, var asPlanned) = await _executor.ExecuteAsync(step, seen, cancellationToken);
            seen = WithUnwritten(seen);
            if (!asPlanned)
            {
                return (seen with { LookedInto = seen.LookedInto.Add(step.Name) }, StepOutcome.NotAsPlanned);
            }
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException or NameConflictException)
        {
            ControllerMetrics.Failed(exception);
            return (Failed(step, seen, Fail(step, seen, Describe(exception), (exception as ApiException)?.RetryAfter)), StepOutcome.Failed);
        }

        if (step is Step.Patch)
        {
            patched.Add(step.Name, seen.FailureOf(step.Name));
        }

        if (step is Step.NodeStep)
        {
            LogStarted(seen.Machine.Key, step.Name);
        }
        else
        {
            LogDone(seen.Machine.Key, step.Name);
        }

        return (Succeeded(step, seen), StepOutcome.Done);
    }

    private Observation Succeeded(Step step, Observation seen)
    {
        if (seen.FailureOf(step.Name) is null)
        {
            return seen;
        }

        _failures.Remove(seen.Machine, step.Name);
        return seen with { FailedSteps = seen.FailedSteps.Remove(step.Name) };
    }

    private static Observation Failed(Step step, Observation seen, StepFailure failure)
    {
        seen = seen with { FailedSteps = seen.FailedSteps.SetItem(step.Name, failure) };
        return step is Step.ExcludeDrain { Result: { } result } ? seen with { DrainResult = result } : seen;
    }

    private StepFailure Fail(Step step, Observation seen, StepFailure failure, TimeSpan? retryAfter = null, StepFailure? last = null)
    {
        failure = _failures.Add(seen.Machine, step.Name, failure, retryAfter, last);
        LogFailed(seen.Machine.Key, step.Name, failure.Attempt, failure.Message);
        return failure;
    }

    private async Task<Observation> AnnounceAsync(Plan plan, Observation seen, CancellationToken cancellationToken)
    {
        // What is to be done is more urgent than to be told; where it can't be told now, it is at the end of the pass.
        var (machine, _) = await ReportAsync(seen, plan.Status, cancellationToken);
        return seen with { Machine = machine, ReclaimAnnounced = true };
    }

    // That a kind is not served is for discovery to say, which is asked: a proxy answers 404 too.
    private static StepFailure Describe(Exception exception) => exception switch
    {
        NameConflictException => new StepFailure(EventReasons.NameConflict, exception.Message, NeedsChange: true, Attempt: 0),
        // A token that is being renewed, or something that is not Kubernetes, refuses nothing for good.
        ApiException { IsUnauthorized: true } or ApiException { Reason: ApiException.NotKubernetesReason or ApiException.UndecodableReason } =>
            new StepFailure(ConditionReasons.Retrying, exception.Message, NeedsChange: false, Attempt: 0),
        ApiException { IsTransient: false, IsConflict: false, IsNotFound: false } =>
            new StepFailure(ConditionReasons.Refused, exception.Message, NeedsChange: true, Attempt: 0),
        _ => new StepFailure(ConditionReasons.Retrying, exception.Message, NeedsChange: false, Attempt: 0),
    };

    /// <summary>Writes the status, where it is another one, and tells what happened.</summary>
    /// <returns>The ScheduledMachine with it, and when to come again where it could not be written, or is not to be yet.</returns>
    private async Task<(ScheduledMachine Machine, DateTimeOffset? NotBefore)> ReportAsync(
        Observation seen, ScheduledMachineStatus status, CancellationToken cancellationToken)
    {
        var machine = seen.Machine;
        var isWritten = !IsUnwritten(machine, out _);
        if (isWritten && StatusComparer.AreSame(machine.Status, status))
        {
            return (machine, null);
        }

        var failed = _failures.Of(machine).GetValueOrDefault(StatusWrite);
        if (failed?.NotBefore > _clock.GetUtcNow())
        {
            return (machine, failed.NotBefore);
        }

        var isPaced = isWritten && IsSayingOfOthers(machine.Status, status);
        if (isPaced && _pace.NotBefore(machine.Key) is { } next)
        {
            return (machine, next);
        }

        if (isPaced)
        {
            _pace.Write(machine.Key);
        }

        // Told before it is written, so that a crash loses nothing; and once, however often it has to be written.
        Tell(machine, machine.Status, status);
        try
        {
            var written = await _executor.WriteStatusAsync(machine, status, isUrgent: seen.ReclaimRequest is not null, cancellationToken);
            _failures.Remove(machine, StatusWrite);
            _unwritten.TryRemove(machine.Key, out _);
            return (written, null);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            failed = _failures.Add(
                machine, StatusWrite, new StepFailure(ConditionReasons.Retrying, exception.Message, NeedsChange: false, Attempt: 0), (exception as ApiException)?.RetryAfter);
            _unwritten[machine.Key] = (machine.Uid, status);

            // Deleted meanwhile, or deleted and made again: what there is to say of it is said when it is seen.
            if (exception is not ApiException { IsNotFound: true } and not ApiException { IsConflict: true })
            {
                ControllerMetrics.Failed(exception);
                LogFailed(machine.Key, StatusWrite, failed.Attempt, exception.Message);
            }

            return (machine with { Status = status }, failed.NotBefore);
        }
    }

    // Whether nothing is new but what a workload cluster has a say in, and what is said of it. Phases, references and times are
    // exact.
    private static bool IsSayingOfOthers(ScheduledMachineStatus before, ScheduledMachineStatus status) => StatusComparer.AreSame(before, status with
    {
        Ready = before.Ready,
        Message = before.Message,
        Conditions = before.Conditions,
        NodeRef = before.NodeRef,
        AppliedNodeTaints = before.AppliedNodeTaints,
    });

    private bool IsUnwritten(ScheduledMachine machine, [NotNullWhen(true)] out ScheduledMachineStatus? status)
    {
        status = _unwritten.TryGetValue(machine.Key, out var unwritten) && unwritten.Uid == machine.Uid ? unwritten.Status : null;
        return status is not null;
    }

    private Observation WithUnwritten(Observation seen) =>
        IsUnwritten(seen.Machine, out var status) && !ReferenceEquals(seen.Machine.Status, status) ? seen with { Machine = seen.Machine with { Status = status } } : seen;

    private void Tell(ScheduledMachine machine, ScheduledMachineStatus before, ScheduledMachineStatus status)
    {
        // The version that the events are about makes their names: told again after a crash, they are still the same.
        var regarding = new ObjectReference(
            $"{WellKnown.Group}/{WellKnown.Version}", WellKnown.Kind, machine.Metadata.Namespace, machine.Metadata.Name, machine.Uid);
        foreach (var happened in Transitions.Between(before, status))
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
        if (before.Phase != status.Phase || (status.Phase == MachinePhase.EmergencyRemove && before.Message != status.Message))
        {
            LogPhase(machine.Key, before.Phase ?? "new", status.Phase ?? "", status.Message ?? "");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Machine}: {Before} → {Phase}. {Reason}")]
    private partial void LogPhase(ObjectKey machine, string before, string phase, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Machine}: {Step} done.")]
    private partial void LogDone(ObjectKey machine, string step);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Machine}: {Step} started.")]
    private partial void LogStarted(ObjectKey machine, string step);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Machine}: {Step} failed at attempt {Attempt}: {Reason}")]
    private partial void LogFailed(ObjectKey machine, string step, int attempt, string reason);
}
