// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>Whether somebody notices that the owner of a machine is back, as condition <c>ReclaimAgentReady</c> says it.</summary>
/// <param name="Status">Of the condition.</param>
/// <param name="Reason">Of the condition.</param>
/// <param name="Message">One sentence for a person.</param>
public sealed record AgentReadiness(string Status, string Reason, string Message)
{
    /// <summary>How long an agent may take to say that it watches by the configuration in force (contract, section 9).</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int NamedCommands = 8;

    private static readonly AgentReadiness AsBefore = new("", "", "") { IsAsBefore = true };

    /// <summary>Whether there is no news: what was known before holds.</summary>
    public bool IsAsBefore { get; private init; }

    /// <summary>When it will be something else by itself; null if it won't.</summary>
    public DateTimeOffset? WakeAt { get; private init; }

    /// <summary>What is to be said of a machine.</summary>
    /// <returns>It; null where no agent is asked for, and once its machine goes.</returns>
    public static AgentReadiness? Of(Observation seen, DateTimeOffset now)
    {
        if (!AgentSetup.IsWanted(seen.Machine) || seen.OurMachine is not { IsBeingDeleted: false })
        {
            return null;
        }

        return (AgentSetup.Of(seen, isLeaving: false), seen.Node.State) switch
        {
            ({ IsDone: true }, _) => OfAgent(seen, now),
            (not null, _) when seen.Agent.Trouble is { } trouble => False(ConditionReasons.PatchFailed, trouble),
            (null, NodeState.Known) when seen.AgentConfig?.Trouble is { } trouble => False(ConditionReasons.PatchFailed, $"The agent's ConfigMaps can't be watched: {trouble}"),

            // Being written, or not heard of.
            (not null, _) or (_, NodeState.Known or NodeState.Unknown) => AsBefore,
            _ => False(ConditionReasons.NoNodeYet, seen.Node.Detail ?? "The machine has no Node."),
        };
    }

    // It has all that it needs: does it watch?
    private static AgentReadiness OfAgent(Observation seen, DateTimeOffset now)
    {
        var node = seen.Node.Node!;
        var commands = seen.Machine.Spec!.KillIfCommands;
        var looksFor = string.Join(", ", commands.Take(NamedCommands)) + (commands.Count > NamedCommands ? ", …" : "");
        var says = node.Metadata.Annotations.GetValueOrDefault(WellKnown.ReclaimAgentWatchingAnnotation);
        if (says == seen.AgentConfig!.Config!.Hash)
        {
            return new(ConditionStatus.True, ConditionReasons.Applied, $"The reclaim agent of Node {node.Metadata.Name} looks for {looksFor}.");
        }

        var ends = Began(seen.Machine, now) + Patience;
        if (ends is not null && now < ends)
        {
            return new(ConditionStatus.Unknown, ConditionReasons.AgentStarting, $"The reclaim agent of Node {node.Metadata.Name} is told to look for {looksFor}, and has not yet said that it does.")
            {
                WakeAt = ends,
            };
        }

        return False(
            ConditionReasons.AgentNotRunning,
            $"The reclaim agent of Node {node.Metadata.Name} has not said within {Patience.TotalSeconds:0} s that it looks for {looksFor}"
            + (says is null ? ": nobody notices that the owner is back." : ": it last said that it goes by an earlier configuration.")
            + $" See whether a pod of DaemonSet {WellKnown.ReclaimAgentName} runs there, and what it logs.");
    }

    // Since when it is awaited: from the condition that says so. Null once that has been for too long.
    private static DateTimeOffset? Began(ScheduledMachine machine, DateTimeOffset now) =>
        machine.Status.Conditions.FirstOrDefault(static condition => condition.Type == ConditionTypes.ReclaimAgentReady) switch
        {
            { Reason: ConditionReasons.AgentNotRunning } => null,
            { Reason: ConditionReasons.AgentStarting } waiting when waiting.LastTransitionTime <= now => waiting.LastTransitionTime,
            _ => now.TruncateToSecond(),
        };

    private static AgentReadiness False(string reason, string message) => new(ConditionStatus.False, reason, message);
}
