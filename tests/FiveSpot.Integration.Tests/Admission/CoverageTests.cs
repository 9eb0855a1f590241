// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>That no constraint of the definition is left out of the tests beside.</summary>
public sealed class CoverageTests
{
    [Fact]
    public void Every_constraint_on_a_field_is_kept_by_something_and_broken_by_something()
    {
        ConstraintCase.All.Count.ShouldBeGreaterThan(150, "else the definition was not read to its end");
        ConstraintCase.All.Select(one => one.Constraint).Concat(Constraint.All.Where(one => one.IsRuleOnTheWhole)).ShouldBe(Constraint.All, ignoreOrder: true);
        foreach (var one in ConstraintCase.All)
        {
            one.Accepted.ShouldNotBeEmpty(one.ToString());
            one.Refused.ShouldNotBeEmpty(one.ToString());
        }
    }

    // A new one needs a test of its own.
    [Fact]
    public void The_rules_on_the_whole_are_those_that_have_tests_of_their_own() =>
        Constraint.All.Where(one => one.IsRuleOnTheWhole).Select(one => (string)one.Value["rule"]!).ShouldBe(
        [
            "self.metadata.name.size() <= 63 || has(self.status)",
            "!has(self.status) || !has(self.status.machineRef) || self.spec.clusterName == oldSelf.spec.clusterName",
        ]);

    [Fact]
    public void The_complete_example_has_every_field()
    {
        var example = CompleteExample.Create();
        foreach (var constraint in Constraint.All)
        {
            CompleteExample.At(example, constraint.Path).ShouldNotBeNull(constraint.Path);
        }
    }
}
