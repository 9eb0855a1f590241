// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>What scenarios ask, and how a day ends in them.</summary>
internal static class ScenarioQuestions
{
    public static async Task<bool> NodeIsCordonedAsync(this Scenario scenario) =>
        (bool?)(await scenario.Cluster.GetAsync(Kinds.Node, "pc-1"))?["spec"]?["unschedulable"] ?? false;

    public static async Task<bool> MachineIsBeingDeletedAsync(this Scenario scenario) =>
        (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))?["metadata"]?["deletionTimestamp"] is not null;

    /// <summary>The window of the first day closes, and the machine goes.</summary>
    public static async Task CloseAsync(this Scenario scenario)
    {
        scenario.Cluster.MoveTo(Scenario.Closing);
        await scenario.Cluster.PhaseAsync("ShuttingDown");
        scenario.Cluster.MoveTo(Scenario.Closing.AddMinutes(5));
        await scenario.ClusterApi.LetGoAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
    }
}
