// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.DeterministicSimulation;

/// <summary>One thing that goes wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">When, from the beginning.</param>
/// <param name="For">For how long, where it lasts.</param>
/// <param name="Rate">How many of the requests are concerned, where those are: 0 to 1.</param>
/// <param name="Whom">Chooses the link, the machine, the replica that it meets, of as many as there are.</param>
internal sealed record Fault(FaultKind Kind, TimeSpan At, TimeSpan For, double Rate, int Whom)
{
    public TimeSpan Ends => At + For;

    public bool LastsAt(TimeSpan now) => now >= At && now < Ends;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At:d\\.hh\\:mm\\:ss} {Kind}{(For > TimeSpan.Zero ? $" for {For:hh\\:mm\\:ss}" : "")}{(Rate is > 0 and < 1 ? $", {Rate:P0} of requests" : "")} (#{Whom})");
}
