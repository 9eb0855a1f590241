// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Patching;

/// <summary>One cause of a failed apply: a field that somebody else owns and the applied configuration changes.</summary>
/// <param name="Field">The field's path, such as <c>.spec.replicas</c>.</param>
/// <param name="Message">Who owns it, such as <c>conflict with "kubectl" using apps/v1</c>.</param>
public sealed record FieldManagerConflict(string Field, string Message)
{
    /// <summary>The reason of such a cause in <c>status.details.causes</c>.</summary>
    public const string Reason = "FieldManagerConflict";
}
