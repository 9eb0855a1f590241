// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Workload;

/// <summary>Asks for a Pod's eviction, or for its deletion.</summary>
/// <param name="pod">The Pod as it was seen.</param>
/// <param name="goesOn">Asked when it is the call's turn; false for no call.</param>
/// <param name="cancellationToken">Ends it.</param>
/// <returns>Whether it was asked for.</returns>
internal delegate Task<bool> PodCall(Pod pod, Func<bool> goesOn, CancellationToken cancellationToken);
