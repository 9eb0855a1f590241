// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>A rule that a ScheduledMachine breaks (contract, section 2).</summary>
/// <param name="Field">Path as the API server writes it, such as <c>spec.nodeTaints[3].key</c>.</param>
/// <param name="Message">What is wrong and what is allowed: the sentence that the CRD's rule has.</param>
/// <param name="Value">
/// The offending string, cut to 64 characters and without control characters; <see langword="null"/> if the fault is
/// not one string.
/// </param>
public sealed record RuleViolation(string Field, string Message, string? Value = null)
{
    /// <summary>For a person: <c>spec.priority: out of range: …</c>, with the value where there is one.</summary>
    public override string ToString() => Value is null ? $"{Field}: {Message}" : $"{Field}: \"{Value}\": {Message}";
}
