// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Storage;

/// <summary>How many changes of each resource are remembered at most, and for how long by which clock.</summary>
internal sealed record History(int Length, TimeSpan Age, TimeProvider Clock);
