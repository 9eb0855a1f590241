// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>What keeps a machine that is there, and wanted.</summary>
internal static class Active
{
    /// <summary>What is to be done about it, and how it is.</summary>
    public static Plan Keep(
        Observation seen, CapiMachine found, DateTimeOffset now, Times times, Scheduled scheduled)
    {
        var steps = ImmutableArray.CreateBuilder<Step>();

        // What is there goes on, whatever becomes of the finalizer.
        steps.AddRange(Opening.Finalizer(seen).Select(static step => step with { Importance = StepImportance.Independent }));
        steps.AddRange(EmergencyReclaim.Forget(seen));
        if (Remediation.Of(seen, found, now) is { IsDue: true } remediation)
        {
            return Remediation.Told(new StatusReport(seen, now, MachinePhase.Pending, $"In its window; {Remediation.Former(found)} is deleted, and made again once it is gone.", scheduled), found)
                .Plan([.. steps, .. remediation.Steps]);
        }

        if (Ownership.Of(found, seen.Machine) is Owner.NobodyYet || Ownership.LacksItsCluster(found, seen.CapiCluster))
        {
            steps.Add(new Step.AdoptMachine());
        }

        steps.AddRange(Termination.KeepCapiDrain(seen, found));
        steps.AddRange(AgentSetup.Keep(seen, now, isLeaving: false));
        var isCordoned = seen.Node is { State: NodeState.Known, Node: { } node } && Cordoning.IsOurs(node);
        if (isCordoned && seen.Cordon.MayStart(now))
        {
            steps.Add(new Step.Uncordon(seen.Node.Node!));
        }

        var taints = seen.Node is { State: NodeState.Known, Node: { Ready: true } ready } ? Tainting.Of(ready, seen.Machine) : null;
        if (taints is { IsDone: false } && seen.Taints.MayStart(now))
        {
            steps.Add(new Step.SetTaints(seen.Node.Node!, taints));
        }

        var changed = found.Metadata.Annotations.TryGetValue(WellKnown.TemplateHashAnnotation, out var hash)
            && hash != seen.Machine.TemplateHash;
        var state = found.Failure is { } failure ? $"Cluster API says that it failed: {failure.TrimEnd('.')}"
            : seen.Node is { State: NodeState.Missing or NodeState.Deleted or NodeState.Mismatch, Detail: { } detail } ? detail.TrimEnd('.')
            : seen.Node is { ClaimsAreUnknown: true, Detail: { } unknown } ? unknown.TrimEnd('.')
            : seen.Node.Name is { } name ? found.Ready ? $"Node {name} is ready" : $"Node {name} has joined, but the Machine is not ready"
            : "waiting for the machine to join";
        var message = $"In its window; {times.ClosesText}; {state}."
            + (isCordoned && seen.Cordon.Trouble is { } trouble ? $" The Node can't be uncordoned: {trouble}" : "")
            + (changed ? " Changes of the templates take effect at its next opening." : "")
            + Remediation.WaitingText(seen, found, now);
        return new StatusReport(seen, now, MachinePhase.Active, message, scheduled)
            .WakeAt(Remediation.Of(seen, found, now)?.At)
            .WakeAt(isCordoned ? seen.Cordon.NotBefore : null)
            .WakeAt(taints is { IsDone: false } ? seen.Taints.NotBefore : null)
            .WakeAt(AgentSetup.Of(seen, isLeaving: false) is { IsDone: false } ? seen.Agent.NotBefore : null)
            .Plan(steps.ToImmutable());
    }
}
