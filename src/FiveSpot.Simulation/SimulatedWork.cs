// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>Something to look at, by one of those who are simulated.</summary>
/// <param name="Role">By whom.</param>
/// <param name="Key">The object; of a kubelet, its Machine.</param>
/// <param name="Kind">Its kind with its group, where one role has several.</param>
internal readonly record struct SimulatedWork(SimulatedRole Role, ObjectKey Key, string Kind = "")
{
    public override string ToString() => Kind.Length == 0 ? $"{Role} {Key}" : $"{Kind} {Key}";
}
