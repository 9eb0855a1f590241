// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Controller.Lifecycle;

/// <summary>A step that did not succeed.</summary>
/// <param name="Reason">One word in CamelCase for the condition.</param>
/// <param name="Message">What happened, and what a person can do about it.</param>
/// <param name="NeedsChange">Whether it will go on failing until somebody changes something.</param>
/// <param name="Attempt">How often the machine's passes have failed in a row, this one included.</param>
/// <param name="RetryAfter">When the API server asked to be left alone until then.</param>
public sealed record StepFailure(string Reason, string Message, bool NeedsChange, int Attempt, TimeSpan? RetryAfter = null)
{
    /// <summary>From this many failures in a row on, a passing trouble is reported as phase <c>Error</c>.</summary>
    public const int AttemptsBeforeError = 3;

    /// <summary>Whether the phase is <c>Error</c>.</summary>
    public bool IsError => NeedsChange || Attempt >= AttemptsBeforeError;
}
