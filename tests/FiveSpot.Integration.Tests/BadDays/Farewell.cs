// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>How a leader comes to lead no more.</summary>
public enum Farewell
{
    /// <summary>It is told to stop: it finishes what is in flight and gives its Lease up.</summary>
    Stop,

    /// <summary>From one moment to the next nothing of it gets through any more.</summary>
    Crash,

    /// <summary>It can reach everything but its Lease.</summary>
    LosesSightOfItsLease,
}
