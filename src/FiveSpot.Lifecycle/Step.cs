// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>
/// One thing to do: an API call, or some that don't depend on each other. Every step may be done twice, and may find its
/// work done by somebody else. Steps on a workload cluster are started and not waited for.
/// </summary>
public abstract record Step
{
    private Step()
    {
    }

    /// <summary>What its failure means for the steps after it.</summary>
    public StepImportance Importance { get; init; }

    /// <summary>Tells the steps of one machine apart, by which its failures are counted.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>A change to an object that is there: once it has been made it is not wanted again in the same pass.</summary>
    public abstract record Patch : Step;

    /// <summary>What is done on the workload cluster: started, and not waited for.</summary>
    public abstract record NodeStep : Step;

    /// <summary>Puts our finalizer on the ScheduledMachine, before anything is made for it.</summary>
    public sealed record AddFinalizer : Patch;

    /// <summary>Lets the ScheduledMachine go.</summary>
    public sealed record RemoveFinalizer : Step;

    /// <summary>Makes the bootstrap config or the infrastructure machine from its template.</summary>
    /// <param name="Role">Which of the two.</param>
    public sealed record CreateProviderObject(ProviderRole Role) : Step
    {
        /// <inheritdoc/>
        public override string Name => NameOf(Role);

        /// <summary>The name of the step for one of the two.</summary>
        public static string NameOf(ProviderRole role) => role is ProviderRole.Bootstrap ? "CreateBootstrap" : "CreateInfrastructure";
    }

    /// <summary>Brings an object that no Machine ever took up to its template.</summary>
    /// <param name="Role">Which of the two.</param>
    public sealed record UpdateProviderObject(ProviderRole Role) : Patch
    {
        /// <inheritdoc/>
        public override string Name => NameOf(Role);

        /// <summary>The name of the step for one of the two.</summary>
        public static string NameOf(ProviderRole role) => role is ProviderRole.Bootstrap ? "UpdateBootstrap" : "UpdateInfrastructure";
    }

    /// <summary>Asks the API server, past every cache, whether another ScheduledMachine has the computer.</summary>
    public sealed record ConfirmComputerFree : Step;

    /// <summary>Makes the Cluster API Machine that points at both.</summary>
    public sealed record CreateMachine : Step;

    /// <summary>Makes the ScheduledMachine the controller of a Machine that is ours but has none, and its Cluster another owner.
    /// </summary>
    public sealed record AdoptMachine : Patch
    {
        /// <summary>Good to have: the label tells whose the Machine is.</summary>
        public AdoptMachine() => Importance = StepImportance.Optional;
    }

    /// <summary>Brings the bounds of Cluster API's own deletion of the Machine in line with ours.</summary>
    public sealed record SetDeletionTimeouts : Patch
    {
        /// <summary>Good to have: Cluster API goes by what was set before.</summary>
        public SetDeletionTimeouts(DeletionTimeouts timeouts)
        {
            Timeouts = timeouts;
            Importance = StepImportance.Optional;
        }

        /// <summary>What is to be set.</summary>
        public DeletionTimeouts Timeouts { get; }
    }

    /// <summary>Makes Cluster API look at the Machine after a pause.</summary>
    public sealed record TouchMachine : Patch
    {
        /// <summary>The name of the step.</summary>
        public const string StepName = nameof(TouchMachine);

        /// <summary>Good to have: Cluster API looks at it by itself within ten minutes.</summary>
        /// <param name="pause">Which pause that was: the time at which it began, or ended.</param>
        public TouchMachine(string pause)
        {
            Pause = pause;
            Importance = StepImportance.Optional;
        }

        /// <summary>Which pause that was.</summary>
        public string Pause { get; }
    }

    /// <summary>Notes on the ScheduledMachine that its Machine is deleted because it is unhealthy.</summary>
    /// <param name="Note">What is to be noted.</param>
    public sealed record NoteRemediation(RemediationNote Note) : Patch;

    /// <summary>Tells Cluster API to delete the Machine without draining its Node: it is drained, or is not to be.</summary>
    public sealed record ExcludeDrain : Patch
    {
        /// <summary>Good to have: without it Cluster API takes longer, within the timeouts that the Machine carries.</summary>
        public ExcludeDrain(bool andVolumes, DrainResult? result)
        {
            (AndVolumes, Result) = (andVolumes, result);
            Importance = StepImportance.Optional;
        }

        /// <summary>Whether it is not to wait for volumes either.</summary>
        public bool AndVolumes { get; }

        /// <summary>What came of our own drain, which stays with the Machine; null when there was none.</summary>
        public DrainResult? Result { get; }
    }

    /// <summary>Takes that back, on a Machine that is wanted again.</summary>
    public sealed record IncludeDrain : Patch
    {
        /// <summary>Good to have.</summary>
        public IncludeDrain() => Importance = StepImportance.Optional;
    }

    /// <summary>Asks the API server, past every cache, whether there is a Machine.</summary>
    public sealed record ConfirmMachineAbsent : Step;

    /// <summary>Deletes the Machine, if it is still the one that was seen.</summary>
    /// <param name="Uid">Uid of the Machine that was seen.</param>
    public sealed record DeleteMachine(string Uid) : Step
    {
        /// <summary>How long the drain for a reclaim took, and whether it got through; null when there was none.</summary>
        public (TimeSpan Took, bool Succeeded)? EmergencyDrain { get; init; }
    }

    /// <summary>Deletes a provider object, if it is still the one that was seen.</summary>
    public sealed record DeleteProviderObject : Step
    {
        /// <summary>The other one goes, whatever becomes of this.</summary>
        public DeleteProviderObject(ProviderSlot slot)
        {
            Slot = slot;
            Importance = StepImportance.Independent;
        }

        /// <summary>Where it is.</summary>
        public ProviderSlot Slot { get; }

        /// <inheritdoc/>
        public override string Name => NameOf(Slot);

        /// <summary>The name of the step that deletes the object in this place.</summary>
        public static string NameOf(ProviderSlot slot) => $"Delete{slot.Kind}";
    }

    /// <summary>Keeps new pods off the Node.</summary>
    /// <param name="Node">The Node as it was seen.</param>
    public sealed record Cordon(Node Node) : NodeStep;

    /// <summary>Puts our taints on the Node, and takes away those that are no longer wanted.</summary>
    /// <param name="Node">The Node as it was seen.</param>
    /// <param name="Tainting">What is to be there.</param>
    public sealed record SetTaints(Node Node, Tainting Tainting) : NodeStep;

    /// <summary>Asks for the eviction of Pods.</summary>
    /// <param name="Pods">The Pods as they were seen.</param>
    public sealed record Evict(ImmutableArray<Pod> Pods) : NodeStep;

    /// <summary>Deletes Pods at once.</summary>
    /// <param name="Pods">The Pods as they were seen.</param>
    public sealed record DeletePods(ImmutableArray<Pod> Pods) : NodeStep;

    /// <summary>Tells people of a reclaim, by an event and the status, before anything is done about it.</summary>
    public sealed record Announce : Step;

    /// <summary>Switches the ScheduledMachine off, and notes on it why, in one write.</summary>
    /// <param name="Note">What is to be noted.</param>
    public sealed record SwitchOff(ReclaimNote Note) : Patch
    {
        /// <summary>The name of the step.</summary>
        public const string StepName = "SwitchOff";

        /// <inheritdoc/>
        public override string Name => StepName;
    }

    /// <summary>Takes the note of a reclaim off a ScheduledMachine that somebody has switched on again.</summary>
    public sealed record ForgetReclaim : Patch
    {
        /// <summary>Good to have.</summary>
        public ForgetReclaim() => Importance = StepImportance.Optional;
    }

    /// <summary>Sets up the reclaim agent of a Node, or takes it away.</summary>
    /// <param name="Node">The Node as it was seen.</param>
    /// <param name="Config">The ConfigMap as it was seen; null for none.</param>
    /// <param name="Setup">What is to be there.</param>
    public sealed record SetUpAgent(Node Node, ReclaimConfig? Config, AgentSetup Setup) : NodeStep;

    /// <summary>Takes a reclaim request off its Node.</summary>
    /// <param name="Node">The Node as it was seen.</param>
    public sealed record ClearRequest(Node Node) : NodeStep;

    /// <summary>Lets new pods onto a Node that we cordoned.</summary>
    /// <param name="Node">The Node as it was seen.</param>
    public sealed record Uncordon(Node Node) : NodeStep;
}
