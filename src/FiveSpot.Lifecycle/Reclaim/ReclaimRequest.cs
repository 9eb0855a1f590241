// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>That a machine's owner wants it back, as the reclaim agent wrote it on the Node.</summary>
/// <param name="Reason">Why, such as <c>process-match: java</c>; one line, for a person.</param>
/// <param name="RequestedAt">When, as it was written: it tells one request from the next. Empty if nothing was.</param>
public sealed record ReclaimRequest(string Reason, string RequestedAt)
{
    /// <summary>The request on a Node; null if there is none: any other value than exactly <c>true</c> is none.</summary>
    public static ReclaimRequest? Of(Node node)
    {
        var annotations = node.Metadata.Annotations;
        return annotations.GetValueOrDefault(WellKnown.ReclaimRequestedAnnotation) == WellKnown.ReclaimRequestedValue
            ? new ReclaimRequest(
                ForeignText.Line(annotations.GetValueOrDefault(WellKnown.ReclaimReasonAnnotation), 300) is { Length: > 0 } reason ? reason : "no reason given",
                ForeignText.Line(annotations.GetValueOrDefault(WellKnown.ReclaimRequestedAtAnnotation), 64))
            : null;
    }

    /// <summary>Whether a Node has anything of a request on it.</summary>
    public static bool IsOn(Node node) =>
        node.Metadata.Annotations.ContainsKey(WellKnown.ReclaimRequestedAnnotation)
        || node.Metadata.Annotations.ContainsKey(WellKnown.ReclaimReasonAnnotation)
        || node.Metadata.Annotations.ContainsKey(WellKnown.ReclaimRequestedAtAnnotation);

    /// <summary>The annotations that take a request off its Node.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Clear() =>
    [
        new(WellKnown.ReclaimRequestedAnnotation, null),
        new(WellKnown.ReclaimReasonAnnotation, null),
        new(WellKnown.ReclaimRequestedAtAnnotation, null),
    ];
}
