// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ReclaimAgent.Configuration;

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>A process that the owner started.</summary>
/// <param name="Pid">Its pid.</param>
/// <param name="Pattern">What it matched.</param>
/// <param name="Noticed">When.</param>
internal readonly record struct ProcessMatch(int Pid, Pattern Pattern, DateTimeOffset Noticed);
