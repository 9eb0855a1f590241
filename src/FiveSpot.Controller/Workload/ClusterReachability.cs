// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;

namespace FiveSpot.Controller.Workload;

/// <summary>Whether a workload cluster can be spoken to: the condition <c>WorkloadClusterReachable</c>, before it is dated.</summary>
/// <param name="Status">One of <see cref="ConditionStatus"/>.</param>
/// <param name="Reason">Why, in one word.</param>
/// <param name="Message">Why, for a person.</param>
public sealed record ClusterReachability(string Status, string Reason, string Message);
