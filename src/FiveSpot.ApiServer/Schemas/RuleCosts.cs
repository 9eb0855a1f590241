// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Schemas;

/// <summary>The estimated worst cost of a schema's CEL rules, in Kubernetes' units.</summary>
/// <param name="Rules">Each rule or message expression by its path, with its cost times the number of places where it
/// runs in one object.</param>
/// <param name="Total">The sum.</param>
public sealed record RuleCosts(IReadOnlyDictionary<string, double> Rules, double Total)
{
    /// <summary>The most that one rule may cost: 10,000,000.</summary>
    public const double RuleLimit = 10_000_000;

    /// <summary>The most that all rules together may cost: 100,000,000.</summary>
    public const double TotalLimit = 100_000_000;
}
