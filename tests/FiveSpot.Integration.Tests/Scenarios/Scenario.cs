// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Lifecycle;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>A cluster with a controller on it, for one scenario.</summary>
internal sealed class Scenario : IAsyncDisposable
{
    public static readonly DateTimeOffset Opening = new(2026, 1, 5, 9, 0, 0, TimeSpan.Zero);
    public static readonly DateTimeOffset Closing = new(2026, 1, 5, 18, 0, 0, TimeSpan.Zero);

    private Scenario(Cluster cluster, RunningController controller)
    {
        Cluster = cluster;
        Controller = controller;
        ClusterApi = new ClusterApiByHand(cluster);
        Pods = new PodsByHand(cluster);
    }

    public Cluster Cluster { get; }

    public RunningController Controller { get; private set; }

    public ClusterApiByHand ClusterApi { get; }

    public PodsByHand Pods { get; }

    public static Task<Scenario> StartAsync(ServerKind kind, string machineVersion = "v1beta2", DecisionOptions? decisions = null) =>
        StartAsync(kind, Definitions.ServingMachineAt(machineVersion), decisions);

    public static async Task<Scenario> StartAsync(
        ServerKind kind, Definitions definitions, DecisionOptions? decisions = null, TimeProvider? networkTime = null)
    {
        var cluster = await Cluster.StartAsync(kind, definitions);
        try
        {
            return new Scenario(cluster, await RunningController.StartAsync(cluster, decisions, networkTime: networkTime));
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>A machine in its window, joined and ready.</summary>
    public static Task<Scenario> RunningMachineAsync(ServerKind kind, string machineVersion = "v1beta2", DecisionOptions? decisions = null) =>
        RunningMachineAsync(kind, Definitions.ServingMachineAt(machineVersion), decisions);

    public static async Task<Scenario> RunningMachineAsync(
        ServerKind kind, Definitions definitions, DecisionOptions? decisions = null, TimeProvider? networkTime = null)
    {
        var scenario = await StartAsync(kind, definitions, decisions, networkTime);
        try
        {
            await scenario.Cluster.ScheduleAsync();
            await scenario.Cluster.PhaseAsync("Inactive");
            scenario.Cluster.MoveTo(Opening);
            await scenario.Cluster.PhaseAsync("Active");
            await scenario.ClusterApi.JoinAsync();
            await scenario.Cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
            return scenario;
        }
        catch
        {
            await scenario.DisposeAsync();
            throw;
        }
    }

    public Task SettleAsync() => Controller.SettleAsync(Cluster);

    /// <summary>Stops the controller and starts another one.</summary>
    public async Task RestartAsync()
    {
        await Controller.DisposeAsync();
        Controller = await RunningController.StartAsync(Cluster);
    }

    /// <summary>How many objects of a machine there are.</summary>
    public async Task<(int Machines, int Bootstraps, int Infrastructures)> CountAsync() =>
    (
        (await Cluster.ListAsync(Cluster.MachineKind)).Count,
        (await Cluster.ListAsync(Cluster.Providers.Bootstrap)).Count,
        (await Cluster.ListAsync(Cluster.Providers.Infrastructure)).Count);

    public async ValueTask DisposeAsync()
    {
        await Controller.DisposeAsync();
        await Cluster.DisposeAsync();
    }
}
