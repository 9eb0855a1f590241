// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Rules;

namespace FiveSpot.Api;

/// <summary>
/// The rules of the contract (section 2) for objects that the API server took before it had them. What days, hours and
/// time zones mean is for the schedule's parser; only their bounds are here.
/// </summary>
public static class ScheduledMachineRules
{
    /// <summary>The most violations that are reported of one object; the last then says that there are more.</summary>
    public const int MaxViolations = 20;

    /// <summary>
    /// Finds what breaks a rule, in the order of the fields. Never throws, whatever was decoded from JSON; the work is
    /// bounded, however large the spec: of a list, map or string that is too long only that is said.
    /// </summary>
    /// <param name="name">Name of the ScheduledMachine.</param>
    /// <param name="spec">Its spec, which may hold nulls where its type has none.</param>
    /// <returns>Empty if all rules are kept; at most <see cref="MaxViolations"/>.</returns>
    public static IReadOnlyList<RuleViolation> Check(string name, ScheduledMachineSpec spec) =>
        new RuleCheck().Run(name, spec);
}
