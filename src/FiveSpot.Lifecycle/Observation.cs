// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>Everything that a decision is taken from, apart from the time.</summary>
public sealed record Observation
{
    /// <summary>What a person asked for.</summary>
    public required ScheduledMachine Machine { get; init; }

    /// <summary>The Cluster API Machine of that name, whoever's it is; null when there is none.</summary>
    public CapiMachine? CapiMachine { get; init; }

    /// <summary>The Cluster API Cluster of <see cref="ClusterName"/>; null when there is none.</summary>
    public CapiCluster? CapiCluster { get; init; }

    /// <summary>Whether the API server itself, not only a cache, has said in this pass that there is no Machine.</summary>
    public bool MachineAbsenceConfirmed { get; init; }

    /// <summary>The bootstrap config; null when the spec can't be read and nothing names one.</summary>
    public ProviderSlot? Bootstrap { get; init; }

    /// <summary>The infrastructure machine; null when the spec can't be read and nothing names one.</summary>
    public ProviderSlot? Infrastructure { get; init; }

    /// <summary>Objects of this machine in kinds that the templates named before they were changed.</summary>
    public ImmutableArray<ProviderSlot> Leftovers { get; init; } = [];

    /// <summary>The Node that the Machine became.</summary>
    public NodeObservation Node { get; init; } = NodeObservation.None;

    /// <summary>Whether the Node's cluster answers; null while there is no Node that it would be needed for, and
    /// until the first answer.</summary>
    public ClusterReachability? Cluster { get; init; }

    /// <summary>What has become of the write that cordons the Node, or lifts a cordon.</summary>
    public CallState Cordon { get; init; } = CallState.None;

    /// <summary>What has become of the write of the Node's taints.</summary>
    public CallState Taints { get; init; } = CallState.None;

    /// <summary>The Pods that a drain concerns; null while they are not watched, or not known yet.</summary>
    public NodePods? Pods { get; init; }

    /// <summary>Why the Pods are not known though they are watched, for a person.</summary>
    public string? PodTrouble { get; init; }

    /// <summary>The ConfigMap of the Node's reclaim agent; null where there is neither an agent nor to be one.</summary>
    public ReclaimConfigView? AgentConfig { get; init; }

    /// <summary>What has become of the writes that set the reclaim agent up, or take it away.</summary>
    public CallState Agent { get; init; } = CallState.None;

    /// <summary>What has become of the write that takes a reclaim request off the Node.</summary>
    public CallState RequestCleared { get; init; } = CallState.None;

    /// <summary>Whether people have been told of the reclaim, or it was tried, in this pass.</summary>
    public bool ReclaimAnnounced { get; init; }

    /// <summary>What came of our drain, where it could not be noted on the Machine in this pass.</summary>
    public DrainResult? DrainResult { get; init; }

    /// <summary>What the controller may not do of what it needs to make the machine, for a person; null when it may.</summary>
    public string? Forbidden { get; init; }

    /// <summary>The others of its computer, while it may have to wait for them; null where it has the computer to itself.</summary>
    public ComputerView? Computer { get; init; }

    /// <summary>What the API server says beforehand of the three objects; null while that is not known.</summary>
    public DryRunAnswer? DryRun { get; init; }

    /// <summary>The steps that have failed, in this pass or before, by their names.</summary>
    public ImmutableDictionary<string, StepFailure> FailedSteps { get; init; } = ImmutableDictionary<string, StepFailure>.Empty;

    /// <summary>The steps whose conflict has been looked into in this pass.</summary>
    public ImmutableHashSet<string> LookedInto { get; init; } = [];

    /// <summary>Whether the Machine that the caches have turned out to be gone.</summary>
    public bool IsMachineGone { get; init; }

    /// <summary>Whether the spec turned out to be another one than all of this was observed for.</summary>
    public bool IsOfAnotherSpec { get; init; }

    /// <summary>Why nothing more is to be done in this pass, if so.</summary>
    public StepFailure? Failure { get; init; }

    /// <summary>The Machine, or null when it is somebody else's.</summary>
    public CapiMachine? OurMachine =>
        CapiMachine is { } found && Ownership.Of(found, Machine) is not Owner.SomebodyElse ? found : null;

    /// <summary>Which Cluster counts: the Machine's, and as long as there is none the spec's; null when neither can be told.</summary>
    public string? ClusterName => ClusterNameOf(Machine, OurMachine);

    /// <summary>What pauses the machine, as a sentence goes on after "Paused by"; null when nothing does.</summary>
    public string? PausedBy => Pause.By(this);

    /// <summary>That the owner wants the machine back; null when nobody says so. Another machine's Node says nothing of
    /// this one.</summary>
    public ReclaimRequest? ReclaimRequest => Node is { State: NodeState.Known, Node: { } node } ? Reclaim.ReclaimRequest.Of(node) : null;

    /// <summary>All places in which provider objects of this machine may be.</summary>
    public IEnumerable<ProviderSlot> Slots
    {
        get
        {
            if (Infrastructure is not null)
            {
                yield return Infrastructure;
            }

            if (Bootstrap is not null)
            {
                yield return Bootstrap;
            }

            foreach (var leftover in Leftovers)
            {
                yield return leftover;
            }
        }
    }

    /// <summary>See <see cref="ClusterName"/>.</summary>
    public static string? ClusterNameOf(ScheduledMachine machine, CapiMachine? ours) =>
        ours?.Metadata.Labels.GetValueOrDefault(Api.WellKnown.ClusterNameLabel) ?? machine.Spec?.ClusterName;

    /// <summary>The slot of one role.</summary>
    public ProviderSlot? Slot(ProviderRole role) => role is ProviderRole.Bootstrap ? Bootstrap : Infrastructure;

    /// <summary>How a step has failed; null if it did not, or succeeded since.</summary>
    public StepFailure? FailureOf(string step) => FailedSteps.GetValueOrDefault(step);

    /// <summary>This observation with one slot in place of another.</summary>
    public Observation Replace(ProviderSlot old, ProviderSlot now) => this with
    {
        Bootstrap = ReferenceEquals(Bootstrap, old) ? now : Bootstrap,
        Infrastructure = ReferenceEquals(Infrastructure, old) ? now : Infrastructure,
        Leftovers = [.. Leftovers.Select(slot => ReferenceEquals(slot, old) ? now : slot)],
    };
}
