// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>One message of the proc connector.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Acknowledges">Of an answer one more than what the question had; else 0.</param>
/// <param name="Thread">The thread that it happened to; of an answer the error number, or 0.</param>
/// <param name="Process">The process of that thread.</param>
internal readonly record struct ProcessEvent(ProcessEventKind Kind, uint Acknowledges, int Thread, int Process);
