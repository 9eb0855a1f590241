// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Controller.ClusterApi;

/// <summary>
/// Asks the API server long before a window whether it would make the three objects of a machine: what a webhook, a quota or
/// a policy is against is known at once, and not at the next opening. Asking never waits: the machine is woken when there is
/// an answer.
/// </summary>
/// <remarks>
/// It is asked about a machine that is away and is to be: never at a boundary, and never while there is a Machine. A few are
/// asked about at a time, those that open first before the others, and none while machines wait to be worked on. What was accepted
/// is in the status of the machine, so that nothing is kept of it here, and a restart asks nothing again. A refusal is asked about
/// again, for as long as it lasts, after a minute and then after twice as long each time, at most after an hour.
/// </remarks>
public sealed partial class DryRuns : IDisposable
{
    /// <summary>So many questions in a row without an answer are told; fewer are nobody's business.</summary>
    public const int AttemptsBeforeTold = 3;

    // Enough to ask about ten thousand machines in minutes, too few for the server to notice.
    private const int AtOnce = 4;

    // What the API server says of a webhook that is not made for dry runs.
    private const string CannotBeAsked = "does not support dry run";

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromHours(1);
    private static readonly CreateOptions DryRun = new() { DryRun = true, StrictFieldValidation = true };

    private readonly ConcurrentDictionary<ObjectKey, Entry> _entries = new();
    private readonly WorkQueue<ObjectKey> _queue;
    private readonly Lock _lock = new();
    private readonly ApiClient _api;
    private readonly Informer<ScheduledMachine> _scheduledMachines;
    private readonly Informer<CapiMachine> _machines;
    private readonly Clusters _clusters;
    private readonly ProviderKinds _kinds;
    private readonly Permissions _permissions;
    private readonly TimeProvider _clock;
    private readonly Func<bool> _isBusy;
    private readonly Action<ObjectKey> _wake;
    private readonly ILogger _logger;
    private TaskCompletionSource? _idle;

    /// <summary>Asks nothing yet.</summary>
    /// <param name="api">The management cluster.</param>
    /// <param name="scheduledMachines">The machines that are asked about.</param>
    /// <param name="machines">Their Machines: where there is one, nothing is asked.</param>
    /// <param name="clusters">Their Clusters: where there is none, nothing is asked.</param>
    /// <param name="kinds">The kinds of the other two objects.</param>
    /// <param name="permissions">What the controller may do: what it may not, it need not ask for.</param>
    /// <param name="clock">The time.</param>
    /// <param name="isBusy">Whether machines wait to be worked on: then nothing more is asked until <see cref="Resume"/>.</param>
    /// <param name="wake">Called with the key of each machine for which there is an answer.</param>
    /// <param name="loggers">Where it is said that nobody answers.</param>
    public DryRuns(
        ApiClient api,
        Informer<ScheduledMachine> scheduledMachines,
        Informer<CapiMachine> machines,
        Clusters clusters,
        ProviderKinds kinds,
        Permissions permissions,
        TimeProvider clock,
        Func<bool> isBusy,
        Action<ObjectKey> wake,
        ILoggerFactory loggers)
    {
        _api = api;
        _scheduledMachines = scheduledMachines;
        _machines = machines;
        _clusters = clusters;
        _kinds = kinds;
        _permissions = permissions;
        _clock = clock;
        _isBusy = isBusy;
        _wake = wake;
        _logger = loggers.CreateLogger<DryRuns>();
        _queue = new WorkQueue<ObjectKey>(
            clock,
            Urgency,
            WorkQueueOptions.For(api) with { StopGrace = TimeSpan.Zero, IsMeasured = false },
            _logger);
    }

    /// <summary>Whether nothing is to be asked now.</summary>
    public bool IsIdle => _queue.Depth == 0 && _queue.Running == 0;

    /// <summary>Asks until told to stop.</summary>
    /// <param name="stop">Stops it; what is under way then is given up.</param>
    /// <returns>A task that ends when it has stopped.</returns>
    public Task RunAsync(CancellationToken stop) => _queue.RunAsync(AtOnce, AskAsync, stop);

    /// <summary>What the server said of a machine's objects as they would be now; null while it has not been asked, or has not
    /// answered.</summary>
    public DryRunAnswer? Find(ScheduledMachine machine) =>
        IsAccepted(machine) ? DryRunAnswer.Accepted
        : _entries.TryGetValue(machine.Key, out var entry) && entry.IsAbout(machine) ? entry.Answer
        : null;

    /// <summary>A machine is away, and is to be: asks about it, unless that was done.</summary>
    public void Ask(Observation seen)
    {
        var machine = seen.Machine;
        if (IsAccepted(machine))
        {
            _entries.TryRemove(machine.Key, out _);
            return;
        }

        // Its webhooks may want the Cluster. When that comes the machine is looked at.
        if (ClusterTrouble.Of(seen) is not null)
        {
            return;
        }

        var isBlocked = seen.Forbidden is not null || seen is { Bootstrap.Resource: null } or { Infrastructure.Resource: null };
        lock (_lock)
        {
            if (!_entries.TryGetValue(machine.Key, out var entry) || !entry.IsAbout(machine))
            {
                _entries[machine.Key] = new Entry(machine);
            }
            else if (entry.IsBlocked && !isBlocked)
            {
                entry.IsBlocked = false;
            }
            else
            {
                return;
            }
        }

        _queue.Enqueue(machine.Key);
    }

    /// <summary>A machine is gone.</summary>
    public void Forget(ObjectKey key) => _entries.TryRemove(key, out _);

    /// <summary>Nothing waits to be worked on any more: goes on asking.</summary>
    public void Resume()
    {
        if (Volatile.Read(ref _idle) is null)
        {
            return;
        }

        TaskCompletionSource? idle;
        lock (_lock)
        {
            if (_isBusy())
            {
                return;
            }

            (idle, _idle) = (_idle, null);
        }

        idle?.TrySetResult();
    }

    /// <inheritdoc/>
    public void Dispose() => _queue.Dispose();

    private static bool IsAccepted(ScheduledMachine machine) =>
        machine.TemplateHash.Length > 0 && machine.Status.AcceptedTemplates == machine.TemplateHash;

    // In minutes: what opens sooner is asked about first.
    private int Urgency(ObjectKey key) =>
        _scheduledMachines.Get(key)?.Status.NextActivation is { } at ? -(int)(at.ToUnixTimeSeconds() / 60) : int.MinValue;

    private Task IdleAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _isBusy()
                ? (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken)
                : Task.CompletedTask;
        }
    }

    private async ValueTask<WorkResult> AskAsync(WorkItem<ObjectKey> item, CancellationToken cancellationToken)
    {
        await IdleAsync(cancellationToken);
        if (_scheduledMachines.Get(item.Key) is not { } machine || !_entries.TryGetValue(item.Key, out var entry) || !entry.IsAbout(machine))
        {
            return WorkResult.Done();
        }

        if (IsAccepted(machine) || !IsAway(machine))
        {
            // Whoever sees it at rest again asks again.
            _entries.TryRemove(new(item.Key, entry));
            return WorkResult.Done();
        }

        entry.IsBlocked = true;
        if (FindResources(machine) is not { } found)
        {
            // To have looked for what is in the way has it asked for again; the machine is woken when that is another answer,
            // and then it is asked about at once.
            return WorkResult.Retry(BackOff(++entry.Looks));
        }

        entry.IsBlocked = false;
        entry.Attempts++;
        return await AskAsync(machine, found.Bootstrap, found.Infrastructure, entry, cancellationToken);
    }

    private async Task<WorkResult> AskAsync(
        ScheduledMachine machine, ResourceType bootstrap, ResourceType infrastructure, Entry entry, CancellationToken cancellationToken)
    {
        ScheduledMachine? whole;
        try
        {
            whole = await StepExecutor.ReadWholeAsync(_api, machine, cancellationToken);
        }
        catch (Exception exception) when (exception is ApiException or ApiUnreachableException)
        {
            LogUnanswered(machine.Key, exception.Message);
            return WorkResult.Retry(BackOff(entry.Attempts));
        }

        if (whole is null)
        {
            // What has changed is asked about when it is seen.
            return WorkResult.Retry(BackOff(entry.Attempts));
        }

        var question = new Question(machine);
        await AskAsync(question, bootstrap, ObjectWriter.ProviderObject(whole, ProviderRole.Bootstrap), cancellationToken);
        await AskAsync(question, infrastructure, ObjectWriter.ProviderObject(whole, ProviderRole.Infrastructure), cancellationToken);
        await AskAsync(question, _machines.Type, ObjectWriter.Machine(whole, _machines.Type.Version, ClusterOf(machine)), cancellationToken);
        if (question.IsVoid)
        {
            // Another process works on the machine now.
            _entries.TryRemove(new(machine.Key, entry));
            return WorkResult.Done();
        }

        var answer = question.Refusals.Count > 0 ? new DryRunAnswer(DryRunVerdict.Refused, string.Join(" ", question.Refusals))
            : question.Trouble is null ? DryRunAnswer.Accepted
            : ++entry.Unanswered >= AttemptsBeforeTold ? new DryRunAnswer(DryRunVerdict.Unanswered, question.Trouble)
            : entry.Answer;
        entry.Unanswered = question.Refusals.Count > 0 ? 0 : entry.Unanswered;
        if (answer != entry.Answer)
        {
            entry.Answer = answer;
            _wake(machine.Key);
        }

        if (ReferenceEquals(answer, DryRunAnswer.Accepted))
        {
            return WorkResult.Done();
        }

        var backOff = BackOff(entry.Attempts);
        return WorkResult.Retry(question.RetryAfter > backOff ? question.RetryAfter : backOff);
    }

    private async Task AskAsync(Question question, ResourceType resource, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        var key = question.Machine.Key;
        try
        {
            await _api.CreateAsync(resource, key.Namespace, body, WellKnown.FieldManager, DryRun, static _ => 0, cancellationToken);
        }
        catch (ApiException exception) when (exception.IsAlreadyExists || exception.Message.Contains(CannotBeAsked, StringComparison.Ordinal))
        {
            // All that could be against it came before that; or only the opening will tell.
        }
        catch (ApiException exception) when (IsNoAnswer(exception))
        {
            ControllerMetrics.Failed(exception);
            LogUnanswered(key, exception.Message);
            question.Trouble ??= exception.Message;
            question.RetryAfter = exception.RetryAfter > question.RetryAfter ? exception.RetryAfter.Value : question.RetryAfter;
        }
        catch (ApiException exception)
        {
            if (StepExecutor.IsOfRights(exception))
            {
                _permissions.Forget(key.Namespace, resource);
            }

            question.Refusals.Add(exception.Message);
        }
        catch (ApiUnreachableException exception)
        {
            LogUnanswered(key, exception.Message);
            question.IsVoid |= exception.Failure is TransportFailure.NotLeading;
            question.Trouble ??= exception.Message;
        }
    }

    // A webhook that is down, a server that is busy, credentials that have just been changed: nothing is said of the objects.
    private static bool IsNoAnswer(ApiException exception) =>
        exception.IsTransient || exception.IsConflict || exception.IsUnauthorized || exception.Reason == ApiException.NotKubernetesReason;

    private bool IsAway(ScheduledMachine machine) =>
        machine is { IsBeingDeleted: false, Spec: not null, Schedule: { } schedule } && machine.Problems.Count == 0
        && _machines.Get(machine.Key) is null
        && ClusterOf(machine) is { IsBeingDeleted: false }
        && !(machine.FollowsSchedule && schedule.IsActive(_clock.GetUtcNow().ToInstant()));

    private CapiCluster? ClusterOf(ScheduledMachine machine) => _clusters.Find(machine.Key.Namespace, machine.Spec!.ClusterName);

    // Null where one of the kinds is not there, or the controller may not make one of the objects, or that is not known yet.
    private (ResourceType Bootstrap, ResourceType Infrastructure)? FindResources(ScheduledMachine machine)
    {
        var bootstrap = Find(machine, machine.Spec!.BootstrapSpec);
        var infrastructure = Find(machine, machine.Spec.InfrastructureSpec);
        return bootstrap is not null & infrastructure is not null & IsAllowed(machine, _machines.Type) ? (bootstrap!, infrastructure!) : null;
    }

    private ResourceType? Find(ScheduledMachine machine, ObjectTemplate template)
    {
        var (group, version) = ResourceType.SplitApiVersion(template.ApiVersion);
        return _kinds.Find(group, version, template.Kind, machine.Key).Resource is { } resource && IsAllowed(machine, resource) ? resource : null;
    }

    private bool IsAllowed(ScheduledMachine machine, ResourceType resource) =>
        _permissions.Find(machine.Key.Namespace, resource, machine.Key) is { IsPending: false, Missing: null };

    private static TimeSpan BackOff(int attempts) =>
        FirstRetry * Math.Pow(2, Math.Min(attempts - 1, 10)) is var doubled && doubled < LongestRetry ? doubled : LongestRetry;

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Machine}: whether its objects would be made can't be told yet: {Reason}")]
    private partial void LogUnanswered(ObjectKey machine, string reason);

    /// <summary>A machine that is asked about; written to by one turn of the queue at a time.</summary>
    private sealed class Entry(ScheduledMachine machine)
    {
        private readonly string _uid = machine.Uid;
        private readonly string _templateHash = machine.TemplateHash;

        public DryRunAnswer? Answer { get; set; }

        /// <summary>How often it was looked at while it could not be asked about.</summary>
        public int Looks { get; set; }

        /// <summary>How often it was asked about.</summary>
        public int Attempts { get; set; }

        /// <summary>How many of them in a row had no answer.</summary>
        public int Unanswered { get; set; }

        /// <summary>Whether it can't be asked about: its kind is not there, or a right of the controller's.</summary>
        public bool IsBlocked { get; set; }

        public bool IsAbout(ScheduledMachine other) => other.Uid == _uid && other.TemplateHash == _templateHash;
    }

    /// <summary>What came of the three requests so far.</summary>
    private sealed class Question(ScheduledMachine machine)
    {
        public ScheduledMachine Machine { get; } = machine;

        public List<string> Refusals { get; } = [];

        public string? Trouble { get; set; }

        public TimeSpan RetryAfter { get; set; }

        public bool IsVoid { get; set; }
    }
}
