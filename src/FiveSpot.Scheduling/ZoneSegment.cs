// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Scheduling;

/// <summary>A stretch of time in which the clocks of a zone keep one offset.</summary>
/// <param name="Start">Its first second, since the Unix epoch; <see cref="long.MinValue"/> for the beginning of time.</param>
/// <param name="End">The first second after it; <see cref="long.MaxValue"/> for the end of time.</param>
/// <param name="Offset">What the clocks are ahead of UTC, in seconds.</param>
internal readonly record struct ZoneSegment(long Start, long End, int Offset);
