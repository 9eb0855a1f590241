// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests;

/// <summary>The executable's flags and variables reach the kubeconfigs that it reads.</summary>
public sealed class KubeconfigFlagTests
{
    [Theory]
    [InlineData("", "", "KubeconfigUnusable", "KubeconfigUnusable")]
    [InlineData("", "--allow-kubeconfig-proxy-url", "Unreachable", "KubeconfigUnusable")]
    [InlineData("ALLOW_KUBECONFIG_INSECURE_SKIP_TLS_VERIFY=true", "", "KubeconfigUnusable", "Unreachable")]
    [InlineData("ALLOW_KUBECONFIG_PROXY_URL=true", "--allow-kubeconfig-insecure-skip-tls-verify", "Unreachable", "Unreachable")]
    [InlineData("ALLOW_KUBECONFIG_PROXY_URL=true", "--allow-kubeconfig-proxy-url=false", "KubeconfigUnusable", "KubeconfigUnusable")]
    [InlineData("", "", "KubeconfigUnusable", "KubeconfigUnusable", "KubeconfigUnusable", "")]
    [InlineData("ALLOW_KUBECONFIG_OWN_ADDRESSES=true", "", "KubeconfigUnusable", "KubeconfigUnusable", "Unreachable", "")]
    public async Task What_the_operator_allows_is_allowed(string variable, string flag, string withProxy, string withoutCheck, string own = "Unreachable", string? ownAddresses = null)
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        var clusterApi = new ClusterApiByHand(cluster);
        await SetKubeconfigAsync(cluster, "proxy", "proxy-url: 'http://127.0.0.1:1'");
        await SetKubeconfigAsync(cluster, "check", "insecure-skip-tls-verify: true");
        await SetKubeconfigAsync(cluster, "own", "");
        foreach (var name in (string[])["proxy", "check", "own"])
        {
            await cluster.ScheduleAsync(name, $",\"kubeconfigSecretRef\":{{\"name\":\"{name}\"}}", """{"daysOfWeek":["mon-sun"],"hoursOfDay":["0-23"]}""");
        }

        using var folder = new TemporaryFolder();
        await using var controller = GuardedProcess.Start("/usr/bin/env", Path.GetDirectoryName(folder.PathOf("log"))!,
        [
            .. Given(variable), "dotnet", Repository.ProgramOf("FiveSpot.Controller", "5spot"), "--kubeconfig", folder.Write("kubeconfig", cluster.ControllerKubeconfig),
            "--health-port", "0", "--metrics-port", "0", .. ownAddresses is null ? (string[])["--allow-kubeconfig-own-addresses"] : Given(ownAddresses), .. Given(flag),
        ]);
        foreach (var (name, reason) in ((string, string)[])[("proxy", withProxy), ("check", withoutCheck), ("own", own)])
        {
            await cluster.PhaseAsync("Active", name);
            await clusterApi.JoinAsync(name);
            await cluster.PhaseAsync("Active", name, status => status.Conditions.Any(condition => condition.Type == "WorkloadClusterReachable" && condition.Reason == reason));
        }
    }

    private static string[] Given(string argument) => argument.Length == 0 ? [] : [argument];

    private static Task SetKubeconfigAsync(Cluster cluster, string name, string field) => cluster.CreateAsync(Kinds.Secret, new JsonObject
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Secret",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["data"] = new JsonObject
        {
            ["value"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""
                current-context: c
                contexts: [{name: c, context: {cluster: k, user: u} }]
                clusters: [{name: k, cluster: {server: "https://127.0.0.1:1", {{field}} } }]
                users: [{name: u, user: {token: t} }]
                """)),
        },
    });
}
