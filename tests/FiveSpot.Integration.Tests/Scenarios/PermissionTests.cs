// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>
/// A controller that lacks a right says so before it makes anything, and goes on when it is given. On a real server alone:
/// the embedded one evaluates no RBAC.
/// </summary>
public sealed class PermissionTests
{
    [Fact]
    public async Task Without_the_right_to_the_last_of_three_objects_none_is_made_until_it_is_given()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer);
        await using var rights = await Rights.OfTheControllerAsync(cluster, infrastructure: ["get", "list", "watch", "delete"]);
        await using var controller = await RunningController.StartAsync(cluster, token: KubeServers.RestrictedToken);
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");

        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Error", also: status => status.Message ==
            $"5-Spot may not create remotemachines.infrastructure.cluster.x-k8s.io in namespace {cluster.Namespace}. Give its ServiceAccount that right; until then nothing of the machine is made."
            && status.Conditions.Single(c => c.Type == "ReferencesValid").Reason == "Forbidden");
        cluster.Writes.ShouldNotContain(call => call.Verb == "create");

        await rights.AllowAsync(infrastructure: ["get", "list", "watch", "delete", "create"]);
        await ActiveAsync(cluster);
    }

    [Fact]
    public async Task A_right_that_is_taken_away_after_it_was_asked_for_is_missed_in_the_same_words()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer);
        await using var rights = await Rights.OfTheControllerAsync(cluster, infrastructure: ["*"]);
        await using var controller = await RunningController.StartAsync(cluster, token: KubeServers.RestrictedToken);
        await cluster.ScheduleAsync();
        await cluster.PhaseAsync("Inactive");
        await rights.AllowAsync(infrastructure: ["get", "list", "watch"]);

        cluster.MoveTo(Scenario.Opening);
        await Wait.UntilAsync("it says what it may not", async () =>
        {
            cluster.Clock.Advance(TimeSpan.FromSeconds(1));
            return (await cluster.StatusAsync()).Message!.StartsWith("5-Spot may not create or delete remotemachines.", StringComparison.Ordinal);
        });

        await rights.AllowAsync(infrastructure: ["*"]);
        await ActiveAsync(cluster);
    }

    private static Task ActiveAsync(Cluster cluster) => Wait.UntilAsync("it goes on by itself", async () =>
    {
        cluster.Clock.Advance(TimeSpan.FromSeconds(5));
        return (await cluster.StatusAsync()).Phase == "Active";
    });

    /// <summary>The rights of a restricted controller, which end with the scenario.</summary>
    private sealed class Rights(Cluster cluster) : IAsyncDisposable
    {
        private readonly string _name = $"{cluster.Namespace}-controller";

        public static async Task<Rights> OfTheControllerAsync(Cluster cluster, string[] infrastructure)
        {
            var rights = new Rights(cluster);
            await cluster.CreateAsync(Kinds.ClusterRole, rights.Role(infrastructure));
            await cluster.CreateAsync(Kinds.ClusterRoleBinding, JsonNode.Parse($$"""
                {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"{{rights._name}}"},
                 "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"{{rights._name}}"},
                 "subjects":[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"{{KubeServers.RestrictedUser}}"}]}
                """)!.AsObject());
            return rights;
        }

        public Task AllowAsync(string[] infrastructure) =>
            cluster.PatchAsync(Kinds.ClusterRole, _name, new JsonObject { ["rules"] = Role(infrastructure)["rules"]!.DeepClone() }.ToJsonString());

        public async ValueTask DisposeAsync()
        {
            await cluster.DeleteAsync(Kinds.ClusterRoleBinding, _name);
            await cluster.DeleteAsync(Kinds.ClusterRole, _name);
        }

        private JsonObject Role(string[] infrastructure) => JsonNode.Parse($$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"{{_name}}"},"rules":[
              {"apiGroups":["5spot.finos.org"],"resources":["scheduledmachines","scheduledmachines/status","scheduledmachines/finalizers"],"verbs":["*"]},
              {"apiGroups":["cluster.x-k8s.io","bootstrap.cluster.x-k8s.io"],"resources":["machines","clusters","machinedrainrules","k0sworkerconfigs"],"verbs":["*"]},
              {"apiGroups":["infrastructure.cluster.x-k8s.io"],"resources":["remotemachines"],"verbs":["{{string.Join("\",\"", infrastructure)}}"]},
              {"apiGroups":["",  "events.k8s.io"],"resources":["nodes","events"],"verbs":["*"]}]}
            """)!.AsObject();
    }
}
