// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer;

/// <summary>One entry of the request log.</summary>
/// <param name="Request">The request.</param>
/// <param name="Stage">When it was seen.</param>
/// <param name="Status">The HTTP status that the client gets; null at <see cref="RequestStage.Before"/>.</param>
public sealed record ObservedRequest(ApiRequest Request, RequestStage Stage, int? Status);
