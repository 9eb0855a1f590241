// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Nodes;

/// <summary>What came of an attempt to write on the Node.</summary>
/// <param name="Outcome">What.</param>
/// <param name="Problem">Why it failed, for a person; empty if it did not.</param>
internal readonly record struct NodeWrite(NodeWriteOutcome Outcome, string Problem = "");
