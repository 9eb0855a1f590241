// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text.Json;
using FiveSpot.Api;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle;

/// <summary>
/// Section 8 of the contract as one function: which taints are to be on a Node, from those that are there, those that 5-Spot
/// put there, and those that the spec asks for. A taint is told by its key and effect.
/// </summary>
/// <param name="Taints">All taints that are to be on the Node, in their order.</param>
/// <param name="Owned">Those of them that 5-Spot put there, with the value that it gave them.</param>
/// <param name="Conflict">What is left alone because somebody else put or changed it, for a person; null for nothing.</param>
/// <param name="IsDone">Whether the Node is as it is to be.</param>
public sealed record Tainting(ImmutableArray<Taint> Taints, ImmutableArray<NodeTaint> Owned, string? Conflict, bool IsDone)
{
    /// <summary>What is to be done with the taints of a machine's Node.</summary>
    public static Tainting Of(Node node, ScheduledMachine machine)
    {
        var noted = Noted(node);
        var before = noted ?? Reported(node, machine);
        var wanted = machine.Spec?.NodeTaints ?? [];
        var taints = node.Taints;
        var owned = ImmutableArray.CreateBuilder<NodeTaint>();
        var conflicts = new List<string>();
        foreach (var ours in before)
        {
            var wish = wanted.FirstOrDefault(taint => Same(taint, ours));
            if (taints.FirstOrDefault(taint => Same(taint, ours)) is not { } there)
            {
                continue; // Taken away: put back below, if it is still wanted.
            }

            if (there.Value != ValueOf(ours))
            {
                conflicts.Add($"{Text(ours)} was changed to {there.Key}={there.Value}:{there.Effect} by somebody else");
                owned.Add(ours);
            }
            else if (wish is null)
            {
                taints = taints.Remove(there);
            }
            else
            {
                taints = ValueOf(wish) == there.Value ? taints : taints.Replace(there, New(wish));
                owned.Add(wish);
            }
        }

        foreach (var wish in wanted.Where(wish => !owned.Any(ours => Same(ours, wish))))
        {
            if (taints.FirstOrDefault(taint => Same(taint, wish)) is { } there)
            {
                conflicts.Add($"{there.Key}={there.Value}:{there.Effect} is on the Node already and is not 5-Spot's");
            }
            else
            {
                taints = taints.Add(New(wish));
                owned.Add(wish);
            }
        }

        return new Tainting(
            taints,
            owned.ToImmutable(),
            conflicts.Count == 0 ? null : $"Left alone: {string.Join("; ", conflicts)}.",
            taints.SequenceEqual(node.Taints) && (noted is null ? owned.Count == 0 : owned.SequenceEqual(noted)));
    }

    /// <summary>The taints that 5-Spot has on a Node: those that it put there, and that still are as it put them.</summary>
    public static IReadOnlyList<NodeTaint> Applied(Node node, ScheduledMachine machine) =>
    [
        .. (Noted(node) ?? Reported(node, machine))
            .Where(ours => node.Taints.Any(taint => Same(taint, ours) && taint.Value == ValueOf(ours))),
    ];

    /// <summary>The value of the annotation that says which taints are ours.</summary>
    public string Annotation() => JsonSerializer.Serialize([.. Owned], ApiJsonContext.Default.NodeTaintArray);

    // What the Node itself says is written together with the taints, and so is always true of them.
    private static NodeTaint[]? Noted(Node node)
    {
        if (!node.Metadata.Annotations.TryGetValue(WellKnown.AppliedTaintsAnnotation, out var text))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(text, ApiJsonContext.Default.NodeTaintArray) is { } taints
                && Array.TrueForAll(taints, static taint => taint is { Key: not null, Effect: not null })
                ? taints
                : null;
        }
        catch (JsonException)
        {
            return null; // Somebody wrote something else there.
        }
    }

    // Without its note, what was last reported of this very Node tells which are ours.
    private static IReadOnlyList<NodeTaint> Reported(Node node, ScheduledMachine machine) =>
        machine.Status.NodeRef?.Uid == node.Uid ? machine.Status.AppliedNodeTaints ?? [] : [];

    private static Taint New(NodeTaint taint) => new(taint.Key, ValueOf(taint), taint.Effect);

    private static string ValueOf(NodeTaint taint) => taint.Value ?? "";

    private static string Text(NodeTaint taint) => $"{taint.Key}={taint.Value}:{taint.Effect}";

    private static bool Same(NodeTaint one, NodeTaint other) => one.Key == other.Key && one.Effect == other.Effect;

    private static bool Same(Taint one, NodeTaint other) => one.Key == other.Key && one.Effect == other.Effect;
}
