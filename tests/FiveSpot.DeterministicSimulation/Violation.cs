// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>Something that must hold, and does not.</summary>
/// <param name="At">When, from the beginning.</param>
/// <param name="Property">Which, by its name in <see cref="Properties"/>.</param>
/// <param name="What">What was seen.</param>
internal sealed record Violation(TimeSpan At, string Property, string What);
