// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// Contract, section 4: whoever deletes a ScheduledMachine in whichever way (Argo CD in the foreground), its machine is drained
/// before it goes, and the server's garbage collector takes nothing of it.
/// </summary>
public abstract class ForegroundDeletionTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ForegroundDeletionTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ForegroundDeletionTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData(PropagationPolicy.Foreground)]
    [InlineData(PropagationPolicy.Background)]
    [InlineData(PropagationPolicy.Orphan)]
    public async Task A_deleted_ScheduledMachine_is_drained_before_any_of_its_objects_goes(PropagationPolicy policy)
    {
        await using var scenario = await Scenario.RunningMachineAsync(kind);
        await scenario.Pods.RunAsync("web-1");
        await scenario.SettleAsync();

        await scenario.Cluster.Api.DeleteAsync(
            Kinds.ScheduledMachine, new(scenario.Cluster.Namespace, "pc-1"), new DeleteOptions { PropagationPolicy = policy }, CancellationToken.None);
        if (policy == PropagationPolicy.Foreground || (policy == PropagationPolicy.Orphan && kind == ServerKind.KubeApiServer))
        {
            // By then the garbage collector has looked at the Machine, and has taken the reference that it goes by.
            await Wait.UntilAsync("the ScheduledMachine owns it no longer", async () => !Owners(await MachineAsync(scenario)).Contains("ScheduledMachine"));
        }

        await scenario.Cluster.PhaseAsync("ShuttingDown", also: status => status is { MachineRef: not null } && status.Message!.Contains("Draining", StringComparison.Ordinal));
        await Wait.UntilAsync("the Pod is evicted", () => scenario.Cluster.Calls.Any(call => call.Path.EndsWith("/web-1/eviction", StringComparison.Ordinal)));
        foreach (var type in (ResourceType[])[scenario.Cluster.MachineKind, Kinds.Bootstrap, Kinds.Infrastructure])
        {
            (await scenario.Cluster.GetAsync(type, "pc-1"))!["metadata"]!["deletionTimestamp"].ShouldBeNull($"{type.Kind} stays until the Pods are gone");
        }

        await scenario.Pods.EndAsync("web-1");
        await scenario.ClusterApi.LetGoAsync();
        await Wait.UntilAsync("it is gone", async () => await scenario.Cluster.GetAsync(Kinds.ScheduledMachine, "pc-1") is null);
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
        scenario.Cluster.Writes.ShouldNotContain(call => call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal) && call.At > Scenario.Opening);
    }

    private static async Task<JsonObject> MachineAsync(Scenario scenario) => (await scenario.Cluster.GetAsync(scenario.Cluster.MachineKind, "pc-1"))!;

    private static IEnumerable<string> Owners(JsonObject machine) =>
        (machine["metadata"]!["ownerReferences"]?.AsArray() ?? []).Select(owner => (string)owner!["kind"]!);
}
