// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using ArchUnitNET.Loader;

namespace FiveSpot.Architecture.Tests;

/// <summary>
/// References go one way: Api, Scheduling, Kubernetes.Objects ← Lifecycle ← Controller; Kubernetes.Objects ← Kubernetes ← Controller,
/// ReclaimAgent; ApiServer (needs none of them), Lifecycle, ReclaimAgent ← Simulation ← Sandbox.
/// </summary>
public sealed class ReferenceRules
{
    private static readonly Assembly Api = typeof(Api.ScheduledMachineSpec).Assembly;
    private static readonly Assembly Scheduling = typeof(Scheduling.WeeklySchedule).Assembly;
    private static readonly Assembly Objects = typeof(Kubernetes.ObjectKey).Assembly;
    private static readonly Assembly Kubernetes = typeof(Kubernetes.ApiClient).Assembly;
    private static readonly Assembly Lifecycle = typeof(Lifecycle.Decision).Assembly;
    private static readonly Assembly Controller = typeof(Controller.Hosting.FiveSpotController).Assembly;
    private static readonly Assembly ReclaimAgent = typeof(ReclaimAgent.Hosting.FiveSpotReclaimAgent).Assembly;
    private static readonly Assembly ApiServer = typeof(ApiServer.EmbeddedApiServer).Assembly;
    private static readonly Assembly Simulation = typeof(Simulation.SimulatedClusterApi).Assembly;
    private static readonly Assembly Sandbox = typeof(Sandbox.Hosting.SandboxHost).Assembly;

    private static readonly ArchUnitNET.Domain.Architecture Product = new ArchLoader()
        .LoadAssemblies(Api, Scheduling, Objects, Kubernetes, Lifecycle, Controller, ReclaimAgent, ApiServer, Simulation, Sandbox).Build();

    private static readonly string[] ShelvesForAnything = ["Helper", "Helpers", "Util", "Utils", "Utilities", "Models", "Services", "Manager", "Managers", "Common", "Misc"];

    // Files, sockets, processes, what waits for them, and whatever is another thing each time that it is asked for.
    private static readonly string[] InputAndOutput =
    [
        "System.IO.", "System.Net.", "System.Threading.", "System.Diagnostics.Process", "System.Diagnostics.Stopwatch", "System.Diagnostics.Metrics.",
        "System.Diagnostics.Activity", "System.Console", "System.Environment.", "System.Random", "System.TimeProvider", "Microsoft.Extensions.", "NodaTime.IClock",
    ];

    private const string IteratorsOfTheCompiler = "System.Environment.get_CurrentManagedThreadId";

    [Fact]
    public void The_leaves_reference_nothing_of_ours()
    {
        Ours(Api).ShouldBeEmpty();
        Ours(Scheduling).ShouldBeEmpty();
        Ours(Objects).ShouldBeEmpty();
        Ours(ApiServer).ShouldBeEmpty();
        Ours(Kubernetes).ShouldBe(["FiveSpot.Kubernetes.Objects"]);
    }

    [Fact]
    public void What_decides_does_not_see_a_client() =>
        Ours(Lifecycle).ShouldBeSubsetOf(["FiveSpot.Api", "FiveSpot.Scheduling", "FiveSpot.Kubernetes.Objects"]);

    [Fact]
    public void The_controller_does_not_know_the_sandbox() =>
        Ours(Controller).ShouldBeSubsetOf(["FiveSpot.Api", "FiveSpot.Scheduling", "FiveSpot.Kubernetes.Objects", "FiveSpot.Kubernetes", "FiveSpot.Lifecycle"]);

    [Fact]
    public void The_agent_knows_neither_the_controller_nor_the_sandbox() =>
        Ours(ReclaimAgent).ShouldBeSubsetOf(["FiveSpot.Api", "FiveSpot.Kubernetes.Objects", "FiveSpot.Kubernetes"]);

    [Fact]
    public void The_simulation_knows_neither_the_controller_nor_the_sandbox() => Ours(Simulation).ShouldBeSubsetOf(
        ["FiveSpot.Api", "FiveSpot.Scheduling", "FiveSpot.Kubernetes.Objects", "FiveSpot.Kubernetes", "FiveSpot.Lifecycle", "FiveSpot.ApiServer", "5spot-reclaim-agent"]);

    [Theory]
    [InlineData("FiveSpot.Lifecycle")]
    [InlineData("FiveSpot.Scheduling")]
    public void What_decides_does_no_IO_and_has_no_clock(string assembly) =>
        UsedIn(assembly == "FiveSpot.Lifecycle" ? Lifecycle : Scheduling)
            .Where(name => name != IteratorsOfTheCompiler && Array.Exists(InputAndOutput, part => name.StartsWith(part, StringComparison.Ordinal))).ShouldBeEmpty();

    [Theory]
    [InlineData("Text")]
    [InlineData("Cel", "Text")]
    [InlineData("Patching", "Text")]
    [InlineData("Schemas", "Cel", "Text")]
    public void These_folders_of_the_API_server_stand_alone(string folder, params string[] others)
    {
        var types = Product.Types.Where(type => type.Namespace.FullName == $"FiveSpot.ApiServer.{folder}").ToList();
        types.ShouldNotBeEmpty();
        types.SelectMany(type => type.Dependencies.Select(dependency => dependency.Target.Namespace.FullName))
            .Where(name => name.StartsWith("FiveSpot.", StringComparison.Ordinal)).Distinct()
            .ShouldBeSubsetOf([.. others.Append(folder).Select(name => $"FiveSpot.ApiServer.{name}")]);
    }

    [Fact]
    public void No_type_is_a_shelf_for_anything() =>
        Product.Types
            .Where(type => type.FullName.StartsWith("FiveSpot.", StringComparison.Ordinal))
            .Where(type => Array.Exists(ShelvesForAnything, shelf => type.Name.EndsWith(shelf, StringComparison.Ordinal)
                || type.Namespace.FullName.Split('.').Contains(shelf)))
            .Select(type => type.FullName)
            .ShouldBeEmpty();

    private static IEnumerable<string> Ours(Assembly assembly) => assembly.GetReferencedAssemblies()
        .Select(reference => reference.Name!)
        .Where(name => name.StartsWith("FiveSpot.", StringComparison.Ordinal) || name.StartsWith("5spot", StringComparison.Ordinal));

    // The types and the members of others that its code refers to, in whichever method.
    private static List<string> UsedIn(Assembly assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly.Location));
        var metadata = file.GetMetadataReader();
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => $"{NameOf((TypeReferenceHandle)member.Parent)}.{metadata.GetString(member.Name)}");
        return [.. metadata.TypeReferences.Select(NameOf), .. members];

        string NameOf(TypeReferenceHandle handle)
        {
            var type = metadata.GetTypeReference(handle);
            return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
        }
    }
}
