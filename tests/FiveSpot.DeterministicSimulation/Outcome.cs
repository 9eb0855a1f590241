// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>What came of one seed.</summary>
internal sealed record Outcome(ulong Seed, ulong Digest, long Lines, double MachineDays, long Requests, long Openings, IReadOnlyList<long> Faults, Violation? Violation);
