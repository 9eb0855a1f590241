// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Detection;

/// <summary>What came of looking for a datagram.</summary>
internal enum ReceiveResult
{
    /// <summary>There was one; perhaps another.</summary>
    Received,

    /// <summary>There is none now.</summary>
    Nothing,

    /// <summary>The kernel had no room for some and dropped them.</summary>
    Lost,
}
