// SPDX-License-Identifier: Apache-2.0

using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace FiveSpot.Architecture.Tests;

/// <summary>References go one way: Api, Scheduling ← Kubernetes (needs neither) ← Controller, ReclaimAgent ← Sandbox.</summary>
public sealed class ReferenceRules
{
    private static readonly System.Reflection.Assembly Api = typeof(Api.ScheduledMachineSpec).Assembly;
    private static readonly System.Reflection.Assembly Scheduling = typeof(Scheduling.WeeklySchedule).Assembly;
    private static readonly System.Reflection.Assembly Objects = typeof(Kubernetes.ObjectKey).Assembly;
    private static readonly System.Reflection.Assembly Kubernetes = typeof(Kubernetes.ApiClient).Assembly;
    private static readonly System.Reflection.Assembly Lifecycle = typeof(Lifecycle.Decision).Assembly;
    private static readonly System.Reflection.Assembly Controller = typeof(Controller.Hosting.FiveSpotController).Assembly;
    private static readonly System.Reflection.Assembly ReclaimAgent = typeof(ReclaimAgent.Hosting.FiveSpotReclaimAgent).Assembly;
    private static readonly System.Reflection.Assembly Sandbox = typeof(Sandbox.Hosting.SandboxHost).Assembly;

    private static readonly ArchUnitNET.Domain.Architecture Product =
        new ArchLoader().LoadAssemblies(Api, Scheduling, Objects, Kubernetes, Lifecycle, Controller, ReclaimAgent, Sandbox).Build();

    private static readonly string[] ShelvesForAnything = ["Helper", "Helpers", "Util", "Utils", "Utilities", "Models", "Services", "Manager", "Managers", "Common", "Misc"];

    [Fact]
    public void The_leaves_reference_nothing_of_ours()
    {
        Ours(Api).ShouldBeEmpty();
        Ours(Scheduling).ShouldBeEmpty();
        Ours(Objects).ShouldBeEmpty();
        Ours(Kubernetes).ShouldBe(["FiveSpot.Kubernetes.Objects"]);
    }

    [Fact]
    public void The_controller_does_not_know_the_sandbox() =>
        Ours(Controller).ShouldBeSubsetOf(["FiveSpot.Api", "FiveSpot.Scheduling", "FiveSpot.Kubernetes.Objects", "FiveSpot.Kubernetes", "FiveSpot.Lifecycle"]);

    [Fact]
    public void The_agent_knows_neither_the_controller_nor_the_sandbox() =>
        Ours(ReclaimAgent).ShouldBeSubsetOf(["FiveSpot.Api", "FiveSpot.Kubernetes.Objects", "FiveSpot.Kubernetes"]);

    [Fact]
    public void The_decision_does_no_IO_and_has_no_clock() => Check(
        Types().That().Are(
                typeof(Lifecycle.Decision),
                typeof(Lifecycle.Observation),
                typeof(Lifecycle.Ownership),
                typeof(Lifecycle.Plan),
                typeof(Lifecycle.Transitions))
            .Should().NotDependOnAny(typeof(Kubernetes.ApiClient), typeof(TimeProvider), typeof(Task), typeof(CancellationToken)));

    [Fact]
    public void No_type_is_a_shelf_for_anything() =>
        Product.Types
            .Where(type => type.FullName.StartsWith("FiveSpot.", StringComparison.Ordinal))
            .Where(type => Array.Exists(ShelvesForAnything, shelf => type.Name.EndsWith(shelf, StringComparison.Ordinal)
                || type.Namespace.FullName.Split('.').Contains(shelf)))
            .Select(type => type.FullName)
            .ShouldBeEmpty();

    private static void Check(IArchRule rule) =>
        rule.Evaluate(Product).Where(result => !result.Passed).Select(result => result.Description).ShouldBeEmpty();

    private static IEnumerable<string> Ours(System.Reflection.Assembly assembly) => assembly.GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => name.StartsWith("FiveSpot.", StringComparison.Ordinal) || name.StartsWith("5spot", StringComparison.Ordinal));
}
