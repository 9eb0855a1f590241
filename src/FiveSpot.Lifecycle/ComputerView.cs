// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;

namespace FiveSpot.Lifecycle;

/// <summary>The computer of a machine, where others are of the same.</summary>
/// <param name="Others">The others, and what is there of them.</param>
public sealed record ComputerView(ImmutableArray<ComputerUser> Others)
{
    /// <summary>Whether the machine's bootstrap config was there before anybody else's. Who came after that will leave, or waits.
    /// </summary>
    public bool IsConfirmed { get; init; }

    /// <summary>Until when the machine is to wait because the API server, past every cache, has said that another has the computer;
    /// null when it has not.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}
