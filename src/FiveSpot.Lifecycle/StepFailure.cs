// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>A step that did not succeed.</summary>
/// <param name="Reason">One word in CamelCase for the condition.</param>
/// <param name="Message">What happened, and what a person can do about it.</param>
/// <param name="NeedsChange">Whether it will go on failing until somebody changes something.</param>
/// <param name="Attempt">How often it has failed in a row, this time included.</param>
public sealed record StepFailure(string Reason, string Message, bool NeedsChange, int Attempt)
{
    /// <summary>From this many failures in a row on, a passing failure is reported as phase <c>Error</c>.</summary>
    public const int AttemptsBeforeError = 3;

    /// <summary>When it failed for the first time in a row.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Until when it is not tried again, whatever else makes the machine be looked at.</summary>
    public DateTimeOffset NotBefore { get; init; }

    /// <summary>Whether the phase is <c>Error</c>.</summary>
    public bool IsError => NeedsChange || Attempt >= AttemptsBeforeError;
}
