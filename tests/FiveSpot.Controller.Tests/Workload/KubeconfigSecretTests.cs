// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Tests;
using FiveSpot.Lifecycle.Workload;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>A Secret that something between it and the controller has changed: the condition says so, and attempts go on.</summary>
public sealed class KubeconfigSecretTests
{
    private const string Metadata = "\"metadata\":{\"name\":\"office-kubeconfig\",\"namespace\":\"default\",\"resourceVersion\":\"1\"}";

    [Theory]
    [InlineData("{M,\"data\":{\"value\":\"%%\"}}", "KubeconfigUnusable", "Key value of Secret default/office-kubeconfig came without being base64, as no API server gives it: something between it and 5-Spot changes what it says.")]
    [InlineData("{M,\"data\":{\"value\":\"\"}}", "KubeconfigUnusable", "The kubeconfig of Secret default/office-kubeconfig, key value can't be used: it is not one YAML mapping.")]
    [InlineData("{M,\"data\":{\"value\":null}}", "KubeconfigUnusable", "The kubeconfig of Secret default/office-kubeconfig, key value can't be used: it is not one YAML mapping.")]
    [InlineData("{M}", "KubeconfigUnusable", "Secret default/office-kubeconfig has no key value.")]
    [InlineData("{M,\"data\":[]}", "KubeconfigUnusable", "Secret default/office-kubeconfig has no key value.")]
    [InlineData("{M,\"data\":{\"a\":\"\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\",\"i\":\"\",\"j\":\"\",\"k\":\"\",\"l\":\"\"}}", "KubeconfigUnusable", "Secret default/office-kubeconfig has no key value.")]
    [InlineData("{M,\"data\":{\"value\":7}}", "Unreachable", "get secrets default/office-kubeconfig: the answer can't be decoded: ")]
    [InlineData("{M,\"data\":{\"value\":\"\\ud800\"}}", "Unreachable", "get secrets default/office-kubeconfig: the answer can't be decoded: ")]
    [InlineData("{\"metadata\":[]}", "Unreachable", "get secrets default/office-kubeconfig: the answer can't be decoded: ")]
    [InlineData("{}", "Unreachable", "get secrets default/office-kubeconfig: the answer can't be decoded: ")]
    [InlineData("[]", "Unreachable", "get secrets default/office-kubeconfig: the answer can't be decoded: ")]
    [InlineData("{M,", "Unreachable", "get secrets default/office-kubeconfig: the answer can't be decoded: ")]
    public async Task What_can_not_be_read_is_said(string secret, string reason, string words)
    {
        var reachability = await AnsweredWithAsync(secret.Replace("M", Metadata, StringComparison.Ordinal));
        (reachability.Status, reachability.Reason).ShouldBe(("False", reason));
        reachability.Message.ShouldContain(words);
        reachability.Message.ShouldNotContain("; it has");
        reachability.Message.Length.ShouldBeLessThan(600);
    }

    private static async Task<ClusterReachability> AnsweredWithAsync(string secret)
    {
        using var stop = new CancellationTokenSource();
        using var server = new Answer(secret);
        var connection = ClusterConnection.ForServer(new Uri("https://127.0.0.1:1"));
        using var api = new ApiClient(connection, new ApiClientOptions { WrapHandler = _ => server });
        var woken = new SemaphoreSlim(0);
        var clusters = new WorkloadClusters(api, new WorkloadSettings(), _ => woken.Release(), NullLoggerFactory.Instance, stop.Token);
        var machine = World.New().Machine;
        var found = new CapiMachine
        {
            ApiVersion = "cluster.x-k8s.io/v1beta2",
            NodeName = "node-1",
            Metadata = new ObjectMetadata { Name = machine.Key.Name, Namespace = machine.Key.Namespace, Uid = "u", ResourceVersion = "1" },
        };
        ClusterReachability? reachability;
        while ((reachability = clusters.Find(machine, found).Cluster) is null)
        {
            (await woken.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBeTrue();
        }

        await stop.CancelAsync();
        return reachability;
    }

    private sealed class Answer(string json) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") });
    }
}
