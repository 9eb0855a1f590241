// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Text.RegularExpressions;

namespace FiveSpot.Api.Tests;

/// <summary>The names of the contract, read from the contract itself.</summary>
public sealed class NamesTests
{
    [Fact]
    public void Events_are_those_of_the_contract() =>
        Constants(typeof(EventReasons)).ShouldBe(
            Quoted(Section("**Events**", "`Warning` where")).Where(static name => char.IsUpper(name[0])), ignoreOrder: true);

    [Fact]
    public void Phases_are_those_of_the_contract() =>
        Constants(typeof(MachinePhase)).ShouldBe(
            Regex.Matches(Section("## 4. Phases", "What decides"), "^\\| `(\\w+)` \\|", RegexOptions.Multiline)
                .Select(static match => match.Groups[1].Value),
            ignoreOrder: true);

    [Fact]
    public void Condition_types_are_those_of_the_contract() =>
        Constants(typeof(ConditionTypes)).ShouldBe(
            Quoted(Section("with `observedGeneration`; types", "|\n")), ignoreOrder: true);

    [Theory]
    [InlineData(typeof(ConditionReasons))]
    [InlineData(typeof(WellKnown))]
    public void Other_names_are_in_the_contract(Type type)
    {
        // Cluster API's and Kubernetes' own conventions, and names that only 5-Spot itself reads.
        string[] own =
        [
            WellKnown.CordonedByAnnotation, WellKnown.DrainResultAnnotation, WellKnown.TemplateHashAnnotation, WellKnown.ReclaimsAnnotation, WellKnown.InstanceCountAnnotation, WellKnown.Singular,
            ConditionReasons.ReferencesInvalid, ConditionReasons.Forbidden, ConditionReasons.ScheduleStaysOn,
            ConditionReasons.Reachable, ConditionReasons.Unreachable, ConditionReasons.AccessDenied, ConditionReasons.KubeconfigUnusable,
            ConditionReasons.KindNotFound, ConditionReasons.ProviderUnavailable,
            ConditionReasons.Refused, ConditionReasons.Retrying, ConditionReasons.NoMachine, ConditionReasons.MachineNotReady,
        ];
        var contract = Contract().Replace("…/", "5spot.finos.org/", StringComparison.Ordinal);
        foreach (var name in Constants(type).Except(own))
        {
            contract.ShouldContain(name);
        }
    }

    private static string Section(string from, string to)
    {
        var contract = Contract();
        var start = contract.IndexOf(from, StringComparison.Ordinal);
        start.ShouldBeGreaterThan(0);
        return contract[start..contract.IndexOf(to, start, StringComparison.Ordinal)].Split("types", 2)[^1];
    }

    private static string Contract() => File.ReadAllText(TestFiles.Shared("contract.md"));

    private static IEnumerable<string> Quoted(string text) =>
        Regex.Matches(text, "`(\\w+)`").Select(static match => match.Groups[1].Value);

    private static IEnumerable<string> Constants(Type type) =>
        type.GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(static field => field.IsLiteral)
            .Select(static field => (string)field.GetRawConstantValue()!);
}
