// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Simulation;

namespace FiveSpot.Docs.Tests.Documents;

/// <summary>How the simulated Cluster API can be made to behave is told.</summary>
public sealed class SimulationTests
{
    public static TheoryData<string> Switches => [.. typeof(SimulationBehaviour).GetProperties().Select(static property => property.Name)];

    [Theory]
    [MemberData(nameof(Switches))]
    public void Every_switch_is_told(string name) =>
        File.ReadAllText(TestFiles.PathOf("docs/simulated-cluster-api.md")).ShouldContain($"`{name}`");
}
