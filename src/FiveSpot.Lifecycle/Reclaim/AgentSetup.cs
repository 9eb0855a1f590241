// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>What the reclaim agent of a Node needs, and what of it is there: a label that brings it there, and a ConfigMap that
/// says what to look for.</summary>
/// <param name="Toml">What it is to look for; null for no agent.</param>
/// <param name="ConfigIsDone">Whether the ConfigMap is as it is to be.</param>
/// <param name="LabelIsDone">Whether the label is; where there is to be no agent, also whether nothing is left of what one said.</param>
public sealed record AgentSetup(string? Toml, bool ConfigIsDone, bool LabelIsDone)
{
    /// <summary>Whether nothing is left to do.</summary>
    public bool IsDone => ConfigIsDone && LabelIsDone;

    /// <summary>What is to be done for a machine on its Node.</summary>
    /// <param name="node">The Node.</param>
    /// <param name="config">The ConfigMap for it; null if there is none.</param>
    /// <param name="machine">The machine that has the Node.</param>
    /// <param name="isLeaving">Whether the machine is on its way out, so that nothing is to be looked for any more.</param>
    public static AgentSetup Of(Node node, ReclaimConfig? config, ScheduledMachine machine, bool isLeaving)
    {
        var label = node.Metadata.Labels.GetValueOrDefault(WellKnown.ReclaimAgentLabel);
        if (isLeaving || !IsWanted(machine))
        {
            return new AgentSetup(Toml: null, ConfigIsDone: config is null, LabelIsDone: !IsOn(node));
        }

        var toml = ReclaimToml.Of(machine.Spec!.KillIfCommands);
        return new AgentSetup(
            toml,
            // It goes with its Node, which may be another one of that name by now.
            config?.Toml == toml && config.Metadata.OwnerReferences.Any(owner => owner.Uid == node.Uid)
                && config.Metadata.Labels.GetValueOrDefault(WellKnown.ScheduledMachineLabel) == machine.Metadata.Name,
            label == WellKnown.ReclaimAgentEnabled);
    }

    /// <summary>What is to be done about the reclaim agent; null where there is none to think of, or that is not known yet.</summary>
    internal static AgentSetup? Of(Observation seen, bool isLeaving) =>
        seen is { Node: { State: NodeState.Known, Node: { } node }, AgentConfig: { IsKnown: true } config }
            ? Of(node, config.Config, seen.Machine, isLeaving)
            : null;

    /// <summary>What sets it up, or takes it away. As long as the machine is here its owner may want it back, also while its window
    /// closes.</summary>
    internal static IEnumerable<Step> Keep(Observation seen, DateTimeOffset now, bool isLeaving) =>
        Of(seen, isLeaving) is { IsDone: false } setup && seen.Agent.MayStart(now)
            ? [new Step.SetUpAgent(seen.Node.Node!, seen.AgentConfig!.Config, setup)]
            : [];

    /// <summary>Whether a Node has anything of an agent on it.</summary>
    public static bool IsOn(Node node) =>
        node.Metadata.Labels.ContainsKey(WellKnown.ReclaimAgentLabel) || node.Metadata.Annotations.ContainsKey(WellKnown.ReclaimAgentWatchingAnnotation);

    /// <summary>Whether a machine asks for an agent.</summary>
    public static bool IsWanted(ScheduledMachine machine) => machine.Spec is { KillIfCommands.Count: > 0 };
}
