// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer;

/// <summary>Decides for each request, twice, whether it fares as it should.</summary>
/// <returns>The fault, or null to go on.</returns>
public delegate ValueTask<RequestFault?> FaultInjector(ApiRequest request, RequestStage stage, CancellationToken cancellation);
