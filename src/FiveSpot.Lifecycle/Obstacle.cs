// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle;

/// <summary>What would keep a machine that is away from opening, as far as that is known: condition <c>ReferencesValid</c>.
/// </summary>
/// <param name="Status">False; Unknown where it could not be found out for a while.</param>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">What it is, and what a person can do about it.</param>
internal sealed record Obstacle(string Status, string Reason, string Message)
{
    /// <summary>What is known; null for nothing.</summary>
    public static Obstacle? Of(Observation seen) =>
        ClusterTrouble.Of(seen) is { } cluster ? new(ConditionStatus.False, cluster.Reason, cluster.Message)
        : Opening.MissingKind(seen) is { } missing ? new(ConditionStatus.False, ConditionReasons.KindNotFound, missing)
        : seen.Forbidden is { } forbidden ? new(ConditionStatus.False, ConditionReasons.Forbidden, forbidden)
        : seen.DryRun switch
        {
            { Verdict: DryRunVerdict.Refused } refused => new(ConditionStatus.False, ConditionReasons.Refused, refused.Message),
            { Verdict: DryRunVerdict.Unanswered } unanswered => new(
                ConditionStatus.Unknown,
                ConditionReasons.Retrying,
                $"Whether the API server would make its objects could not be found out, and is asked again: {unanswered.Message}"),
            null => Before(seen.Machine),
            _ => null,
        };

    // Asked anew, by a process that was restarted or after a window: until the answer is there, what was known before holds.
    private static Obstacle? Before(ScheduledMachine machine) =>
        machine.Status.Conditions.FirstOrDefault(static condition => condition.Type == ConditionTypes.ReferencesValid)
            is { Status: ConditionStatus.False, Reason: ConditionReasons.Refused } before && before.ObservedGeneration == machine.Metadata.Generation
            ? new(before.Status, before.Reason, before.Message)
            : null;
}
