// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Objects that a tenant may write, as large as the server takes them: nobody else is concerned.</summary>
public abstract class GreedyObjectTests(ServerKind kind)
{
    public sealed class OnEmbedded() : GreedyObjectTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : GreedyObjectTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task Templates_of_a_megabyte_are_made_into_objects_and_hide_nobody()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        for (var i = 0; i < 12; i++)
        {
            var machine = Cluster.ScheduledMachineJson($"large-{i}", extraSpec: ",\"machineTemplate\":{\"annotations\":{\"example.com/kept\":\"yes\"} }");
            machine["spec"]!["infrastructureSpec"]!["metadata"] = new JsonObject
            {
                ["annotations"] = new JsonObject { ["example.com/large"] = new string('x', 200_000) },
            };
            machine["metadata"]!["labels"] = new JsonObject([.. Enumerable.Range(0, 15_000).Select(n => KeyValuePair.Create<string, JsonNode?>($"l{n}", new string('x', 60)))]);
            await scenario.Cluster.CreateAsync(Kinds.ScheduledMachine, machine);
        }

        await scenario.Cluster.ScheduleAsync();
        await scenario.RestartAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.Cluster.PhaseAsync("Active", "large-7");
        (await scenario.Cluster.GetAsync(Kinds.Infrastructure, "large-7"))!["metadata"]!["annotations"]!["example.com/large"]!.GetValue<string>().Length.ShouldBe(200_000);
        (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "large-7"))!["metadata"]!["annotations"]!["example.com/kept"]!.GetValue<string>().ShouldBe("yes");
    }
}
