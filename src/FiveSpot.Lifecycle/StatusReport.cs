// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;
using TypedReference = FiveSpot.Api.TypedReference;

namespace FiveSpot.Lifecycle;

/// <summary>Turns a decision into the status that describes it, and into the instant to look again.</summary>
internal sealed class StatusReport
{
    private readonly Observation _seen;
    private readonly DateTimeOffset _now;
    private readonly string _phase;
    private readonly string _message;
    private readonly Scheduled _scheduled;
    private readonly Times _times;
    private readonly AgentReadiness? _agent;
    private (string Reason, string Message)? _brokenReference;
    private DateTimeOffset? _shutdownBegan;
    private DateTimeOffset? _wakeAt;
    private string? _ready;
    private string? _drain;
    private Obstacle? _obstacle;
    private bool _isAtRest;
    private bool _watchesPods;
    private bool _late;
    private bool _retryLater;
    private StepFailure? _failure;
    private string? _setback;

    public StatusReport(Observation seen, DateTimeOffset now, string phase, string message, Scheduled scheduled)
    {
        _seen = seen;
        _now = now;
        _phase = phase;
        _message = message;
        _scheduled = scheduled;
        _times = Times.For(seen.Machine, now);
        _failure = seen.Failure;
        _agent = AgentReadiness.Of(seen, now);
        _wakeAt = _agent?.WakeAt;
    }

    private ScheduledMachineStatus Previous => _seen.Machine.Status;

    /// <summary>Something that the spec refers to is wrong.</summary>
    public StatusReport References(string reason, string message)
    {
        _brokenReference = (reason, message);
        return this;
    }

    /// <summary>What is wrong can be put right without anything changing that is watched.</summary>
    public StatusReport RetryLater()
    {
        _retryLater = true;
        return this;
    }

    /// <summary>Nothing of the machine exists, and nothing of it is to: what would keep it from opening is told now.</summary>
    public StatusReport AtRest()
    {
        _isAtRest = true;
        _obstacle = Obstacle.Of(_seen);
        return this;
    }

    /// <summary>Why the machine is not ready, where the phase does not say enough.</summary>
    public StatusReport Ready(string reason)
    {
        _ready = reason;
        return this;
    }

    /// <summary>A grace period is running since then.</summary>
    public StatusReport ShutdownBegan(DateTimeOffset? at)
    {
        _shutdownBegan = at;
        return this;
    }

    /// <summary>Look again at that instant, besides the boundaries of the schedule.</summary>
    public StatusReport WakeAt(DateTimeOffset? at)
    {
        _wakeAt = Earlier(_wakeAt, at);
        return this;
    }

    /// <summary>The cleanup of a deleted ScheduledMachine has taken too long.</summary>
    public StatusReport Late()
    {
        _late = true;
        return this;
    }

    public Plan Plan(TakingAway takingAway)
    {
        _retryLater |= takingAway.RetryLater;
        _drain = takingAway.Drain;
        _watchesPods = takingAway.WatchesPods;
        return WakeAt(takingAway.WakeAt).Plan(takingAway.Steps);
    }

    public Plan Plan(params ImmutableArray<Step> steps)
    {
        var due = _seen.Failure is not null ? [] : _seen.FailedSteps.IsEmpty ? steps : Due(steps);
        return new()
        {
            Steps = due,
            Status = StatusText.Clean(Status()),
            WatchesPods = _watchesPods,
            IsAtRest = _isAtRest,
            WakeAt = Earlier(_wakeAt, _times.Transition),
            RetryLater = _retryLater || _seen.Failure is not null,
            HasFailed = _failure is not null || _setback is not null,
        };
    }

    // What has failed is told, and not tried again before its time. What needs it waits with it; nothing else does.
    private ImmutableArray<Step> Due(ImmutableArray<Step> steps)
    {
        var due = ImmutableArray.CreateBuilder<Step>(steps.Length);
        foreach (var step in steps)
        {
            if (_seen.FailureOf(step.Name) is not { } failure || failure.NotBefore <= _now)
            {
                due.Add(step);
                continue;
            }

            WakeAt(failure.NotBefore);
            if (step.Importance is StepImportance.Optional)
            {
                _setback ??= failure.Message;
                continue;
            }

            _failure ??= failure;
            if (step.Importance is StepImportance.Needed)
            {
                break;
            }
        }

        return due.ToImmutable();
    }

    private ScheduledMachineStatus Status()
    {
        var machine = _seen.OurMachine;
        var machineReady = MachineReady();
        var ready = Ready(machineReady);
        return new ScheduledMachineStatus
        {
            Phase = Phase,
            Ready = ready.Status == ConditionStatus.True,
            Message = Message,
            InSchedule = _times.InSchedule,
            Conditions = [ready, ScheduledCondition(), machineReady, ReferencesValid(), .. NodeTainted(), .. WorkloadClusterReachable(), .. ReclaimAgentReady(), .. Paused()],
            MachineRef = machine is null ? null : Reference(machine.ApiVersion, ClusterApi.MachineApi.Kind),
            BootstrapRef = Reference(_seen.Bootstrap, Previous.BootstrapRef),
            InfrastructureRef = Reference(_seen.Infrastructure, Previous.InfrastructureRef),
            NodeRef = NodeReference(),
            ProviderID = machine?.ProviderId,
            AppliedNodeTaints = AppliedNodeTaints(),
            LastScheduledTime = machine?.Metadata.CreationTimestamp ?? Previous.LastScheduledTime,
            NextTransitionTime = _times.Transition,
            NextActivation = _times.Activation,
            NextCleanup = NextCleanup(),
            Schedule = _seen.Machine.ScheduleText,
            AcceptedTemplates = AcceptedTemplates(),
            ObservedGeneration = _seen.Machine.Metadata.Generation,
        };
    }

    private string Phase => _failure is { IsError: true } ? MachinePhase.Error : _phase;

    private string Message => _failure?.Message ?? (_setback is null ? AsSeen : $"{AsSeen} Failed, and is tried again: {_setback}");

    private string AsSeen => _obstacle is { Status: ConditionStatus.False } ? $"{_message} It could not open: {_obstacle.Message}" : _message;

    // A Machine that is there was made of them; a refusal is newer than what was said beforehand.
    private string? AcceptedTemplates() =>
        _seen.OurMachine?.Metadata.Annotations.GetValueOrDefault(WellKnown.TemplateHashAnnotation) == _seen.Machine.TemplateHash ? _seen.Machine.TemplateHash
        : _seen.DryRun is not { Verdict: DryRunVerdict.Accepted } || (!_isAtRest && _failure is { Reason: ConditionReasons.Refused }) ? null
        : _seen.Machine.TemplateHash;

    private DateTimeOffset? NextCleanup()
    {
        var ends = _seen.OurMachine is null ? null
            : _shutdownBegan is { } began ? _seen.PausedBy is null ? began : null
            : _phase == MachinePhase.Active ? _times.Transition
            : null;
        return ends + _seen.Machine.GracePeriod + _seen.Machine.DrainTimeout;
    }

    private Condition Ready(Condition machineReady) => (Phase, machineReady.Status) switch
    {
        (MachinePhase.Active, ConditionStatus.True) =>
            Condition(ConditionTypes.Ready, ConditionStatus.True, ConditionReasons.MachineReady, Message),
        (MachinePhase.Active, _) =>
            Condition(ConditionTypes.Ready, ConditionStatus.False, machineReady.Reason, Message),
        _ => Condition(
            ConditionTypes.Ready,
            ConditionStatus.False,
            _late ? EventReasons.FinalizerCleanupTimedOut : _ready ?? _drain ?? _failure?.Reason ?? Phase,
            Message),
    };

    private Condition ScheduledCondition()
    {
        var condition = Condition(ConditionTypes.Scheduled, _scheduled.Status, _scheduled.Reason, _scheduled.Message);
        return _shutdownBegan is { } began && _seen.PausedBy is null ? condition with { LastTransitionTime = began } : condition;
    }

    private Condition MachineReady()
    {
        var (status, reason, message) = (_seen.OurMachine, _seen.Node) switch
        {
            (null, _) => (ConditionStatus.False, ConditionReasons.NoMachine, "There is no Machine."),
            (_, { State: NodeState.Mismatch } node) =>
                (ConditionStatus.False, ConditionReasons.NodeMismatch, node.Detail ?? ""),
            (_, { State: NodeState.Missing or NodeState.Deleted } node) =>
                (ConditionStatus.False, ConditionReasons.NodeNotFound, node.Detail ?? ""),
            ({ Failure: { } failure }, _) =>
                (ConditionStatus.False, ConditionReasons.MachineNotReady, $"Cluster API says that it failed: {failure}"),
            ({ Ready: true }, { Name: { } name }) =>
                (ConditionStatus.True, ConditionReasons.MachineReady, $"Cluster API reports the Machine ready as Node {name}."),
            ({ } machine, _) =>
                (ConditionStatus.False, ConditionReasons.MachineNotReady, machine.ReadyMessage ?? $"Cluster API's phase of the Machine: {machine.Phase ?? "none yet"}."),
        };
        return Condition(ConditionTypes.MachineReady, status, reason, message);
    }

    private Condition ReferencesValid()
    {
        var cluster = ClusterTrouble.Of(_seen);
        var (status, reason, message) = (_brokenReference ?? (cluster is null ? null : (cluster.Reason, cluster.Message)), _failure) switch
        {
            ({ } broken, _) => (ConditionStatus.False, broken.Reason, broken.Message),
            (_, { NeedsChange: true } failure) => (ConditionStatus.False, failure.Reason, failure.Message),
            _ when _obstacle is { } obstacle => (obstacle.Status, obstacle.Reason, obstacle.Message),
            _ => (ConditionStatus.True, ConditionReasons.ReferencesValid, "The spec keeps all rules."),
        };
        return Condition(ConditionTypes.ReferencesValid, status, reason, message);
    }

    // Only where there are taints to speak of.
    private IEnumerable<Condition> NodeTainted()
    {
        var wanted = _seen.Machine.Spec is { NodeTaints.Count: > 0 };
        var node = _seen.Node.Node;
        var taints = node is null ? null : Tainting.Of(node, _seen.Machine);
        return (taints, _seen.Node.State) switch
        {
            ({ Conflict: { } conflict }, _) => [False(ConditionReasons.TaintOwnershipConflict, conflict)],
            (_, NodeState.Known) when !wanted && taints!.IsDone => [],
            ({ IsDone: true }, _) => [Condition(ConditionTypes.NodeTainted, ConditionStatus.True, ConditionReasons.Applied, $"The taints are on Node {node!.Metadata.Name}.")],
            (not null, _) when !node!.Ready => [False(ConditionReasons.NodeNotReady, $"Node {node.Metadata.Name} is not Ready yet.")],
            (not null, _) when _seen.Taints.Trouble is { } trouble => [False(ConditionReasons.PatchFailed, trouble)],
            // Being written, or not heard of: what was known before holds.
            (not null, _) or (_, NodeState.Unknown) => Before(ConditionTypes.NodeTainted),
            _ when wanted => [False(ConditionReasons.NoNodeYet, _seen.Node.Detail ?? "The machine has no Node.")],
            _ => [],
        };

        Condition False(string reason, string message) => Condition(ConditionTypes.NodeTainted, ConditionStatus.False, reason, message);
    }

    private IEnumerable<Condition> ReclaimAgentReady() => _agent switch
    {
        null => [],
        { IsAsBefore: true } => Before(ConditionTypes.ReclaimAgentReady),
        var agent => [Condition(ConditionTypes.ReclaimAgentReady, agent.Status, agent.Reason, agent.Message)],
    };

    private IReadOnlyList<NodeTaint>? AppliedNodeTaints() => _seen.Node switch
    {
        { Node: { } node } => Tainting.Applied(node, _seen.Machine) is { Count: > 0 } applied ? applied : null,
        { State: NodeState.Unknown } => Previous.AppliedNodeTaints,
        _ => null,
    };

    private IEnumerable<Condition> Before(string type) => Previous.Conditions.Where(condition => condition.Type == type);

    // Only while there may be a Node that makes the cluster matter. Until it is heard for the first time, what was known before holds: a
    // controller that was restarted has no news.
    private IEnumerable<Condition> WorkloadClusterReachable() => (_seen.OurMachine, _seen.Cluster) switch
    {
        (not { MayHaveNode: true }, _) => [],
        (_, { } cluster) => [Condition(ConditionTypes.WorkloadClusterReachable, cluster.Status, cluster.Reason, cluster.Message)],
        _ => Before(ConditionTypes.WorkloadClusterReachable),
    };

    // Where there was a pause, from when the times run that it held up.
    private IEnumerable<Condition> Paused() => (_seen.PausedBy, Pause.Condition(Previous)) switch
    {
        ({ } by, _) => [Condition(ConditionTypes.Paused, ConditionStatus.True, ConditionReasons.Paused, $"Paused by {by}.")],
        (_, not null) => [Condition(ConditionTypes.Paused, ConditionStatus.False, ConditionReasons.NotPaused, "The pause is over.")],
        _ => [],
    };

    private Condition Condition(string type, string status, string reason, string message)
    {
        var before = Previous.Conditions.FirstOrDefault(condition => condition.Type == type);
        return new Condition
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            ObservedGeneration = _seen.Machine.Metadata.Generation,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : _now.TruncateToSecond(),
        };
    }

    private TypedReference? Reference(ProviderSlot? slot, TypedReference? before) =>
        slot is { IsPending: true } || (slot?.Ours(_seen.Machine) is null && IsLeft(before)) ? before : slot?.Ours(_seen.Machine) is null ? null : Reference(slot.Resource is null && slot.Served is { } served ? served.ApiVersion : slot.ApiVersion, slot.Kind);

    // Of a kind that the template does not name any more: only by this it is found again.
    private bool IsLeft(TypedReference? before) => before is not null && _seen.Leftovers.Any(left =>
        left.Kind == before.Kind && ResourceType.SplitApiVersion(left.ApiVersion).Group == ResourceType.SplitApiVersion(before.ApiVersion).Group
        && (left.IsPending || left.Trouble is not null || left.Ours(_seen.Machine) is not null));

    private TypedReference Reference(string apiVersion, string kind) => new()
    {
        ApiVersion = apiVersion,
        Kind = kind,
        Name = _seen.Machine.Metadata.Name,
        Namespace = _seen.Machine.Metadata.Namespace,
    };

    // The Node that was found. One that is not heard of is the one of before, or what Cluster API calls it.
    private NodeReference? NodeReference() => (_seen.OurMachine, _seen.Node) switch
    {
        (null, _) => null,
        (_, { State: NodeState.Known, Node: { } node }) => NodeReference(node.Metadata.Name, node.Uid),
        (_, { State: NodeState.Unknown } unknown) => Previous.NodeRef ?? (unknown.Name is { } name ? NodeReference(name, uid: null) : null),
        _ => null,
    };

    private static NodeReference NodeReference(string node, string? uid) => new() { ApiVersion = "v1", Kind = "Node", Name = node, Uid = uid };

    private static DateTimeOffset? Earlier(DateTimeOffset? one, DateTimeOffset? other) =>
        one is null || other < one ? other ?? one : one;
}
