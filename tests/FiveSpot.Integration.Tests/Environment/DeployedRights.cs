// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// The rights that <c>deploy</c> gives to the controller and to the reclaim agent, on a real server: with these and no others
/// they play in every scenario.
/// </summary>
internal static class DeployedRights
{
    private static readonly ResourceType[] Kinds =
        [Environment.Kinds.ServiceAccount, Environment.Kinds.ClusterRole, Environment.Kinds.ClusterRoleBinding, Environment.Kinds.Role, Environment.Kinds.RoleBinding];

    /// <summary>Applies those of some folders, and waits until they are in force.</summary>
    /// <param name="cluster">Where; the namespace is there already.</param>
    /// <param name="folders">Folders of <c>deploy</c>.</param>
    public static async Task ApplyAsync(Cluster cluster, params DeployFolder[] folders)
    {
        foreach (var folder in folders)
        {
            await folder.ApplyAsync(cluster.Api, Kinds);
        }

        using var controller = cluster.Connect("scenario", token: KubeServers.ControllerToken);
        using var agent = cluster.Connect("scenario", token: KubeServers.AgentToken);
        foreach (var role in folders.SelectMany(folder => folder.Named.Select(folder.Read)).Where(found => (string)found["kind"]! is "ClusterRole" or "Role"))
        {
            var by = Definitions.NameOf(role) == WellKnown.ReclaimAgentName ? agent : controller;
            var rule = role["rules"]![0]!;
            var resource = new ResourceType((string)rule["apiGroups"]![0]!, "", (string)rule["resources"]![0]!, "", Namespaced: true);
            await Wait.UntilAsync($"the {role["kind"]} {Definitions.NameOf(role)} is in force", () => AccessReview.IsAllowedAsync(
                by, (string)rule["verbs"]![0]!, resource, (string?)role["metadata"]!["namespace"], CancellationToken.None));
        }
    }
}
