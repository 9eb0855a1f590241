// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>An event to record about a ScheduledMachine.</summary>
/// <param name="Reason">One of <see cref="Api.EventReasons"/>.</param>
/// <param name="Note">One sentence for a person.</param>
/// <param name="IsWarning">Whether a person should look.</param>
public sealed record TransitionEvent(string Reason, string Note, bool IsWarning = false);
