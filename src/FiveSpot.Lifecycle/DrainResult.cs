// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Lifecycle;

/// <summary>
/// What came of a drain of ours. It is noted on the Machine in the same write that keeps Cluster API from draining again,
/// so that a process that takes over knows it, and tells it.
/// </summary>
/// <param name="Reason"><c>NodeDrained</c> or <c>NodeDrainFailed</c>.</param>
/// <param name="Message">What happened, for a person.</param>
public sealed record DrainResult(string Reason, string Message)
{
    private const string Separator = ": ";

    // It is an annotation, and an event's note, which has 1,024 characters at most.
    private const int LongestMessage = 1000;

    /// <summary>Nothing that could be evicted is left.</summary>
    public static DrainResult Drained(string message) => new(EventReasons.NodeDrained, ForeignText.Line(message, LongestMessage));

    /// <summary>It did not get through, and the machine goes all the same.</summary>
    public static DrainResult Failed(string message) => new(EventReasons.NodeDrainFailed, ForeignText.Line(message, LongestMessage));

    /// <summary>The result that is noted on a Machine; null when none is, or none that we would write.</summary>
    public static DrainResult? Of(CapiMachine machine) =>
        machine.Metadata.Annotations.TryGetValue(WellKnown.DrainResultAnnotation, out var text)
        && text.Split(Separator, 2) is [EventReasons.NodeDrained or EventReasons.NodeDrainFailed, var message]
            ? new DrainResult(text.Split(Separator, 2)[0], message)
            : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Reason}{Separator}{Message}";
}
