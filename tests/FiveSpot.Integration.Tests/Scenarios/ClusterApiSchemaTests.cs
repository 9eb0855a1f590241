// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>Opening and closing against the definitions that Cluster API and its providers publish.</summary>
public abstract class ClusterApiSchemaTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ClusterApiSchemaTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ClusterApiSchemaTests(ServerKind.KubeApiServer);

    [Theory]
    [InlineData("1.14", "kubeadm")]
    [InlineData("1.14", "k0smotron")]
    [InlineData("1.9", "kubeadm")]
    [InlineData("1.9", "k0smotron")]
    public async Task A_machine_opens_and_closes_and_nothing_that_is_written_is_pruned_or_unknown(string core, string providers)
    {
        var definitions = (core == "1.14" ? Definitions.ClusterApi114 : Definitions.ClusterApi19) with
        {
            Providers = providers == "kubeadm" ? Providers.Kubeadm : Providers.K0smotron,
        };
        await using var scenario = await Scenario.StartAsync(kind, definitions);
        var cluster = scenario.Cluster;
        await cluster.ScheduleAsync(extraSpec: """
            ,"nodeDrainTimeout":"90s","machineTemplate":{"labels":{"topology.kubernetes.io/zone":"b"},"annotations":{"a":"b"},"version":"v1.33.1","failureDomain":"cellar"}
            """);
        await cluster.PhaseAsync("Inactive");
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active");
        await scenario.SettleAsync();

        foreach (var type in (ResourceType[])[cluster.Providers.Bootstrap, cluster.Providers.Infrastructure, cluster.MachineKind])
        {
            var sent = Sent(cluster, type);
            Lost(sent, (await cluster.GetAsync(type, "pc-1"))!, type.Kind).ShouldBeEmpty();

            // Again under another name, for show, and with every unknown field an error.
            using var strict = cluster.Connect("strict", inner => new StrictDryRun(inner));
            sent["metadata"]!["name"] = "pc-2";
            await strict.CreateAsync(type, cluster.Namespace, System.Text.Encoding.UTF8.GetBytes(sent.ToJsonString()), "scenario", Cluster.Parse, CancellationToken.None);
            (await cluster.GetAsync(type, "pc-2")).ShouldBeNull();
        }

        await scenario.ClusterApi.JoinAsync();
        await cluster.PhaseAsync("Active", also: status => status is { Ready: true, NodeRef.Uid: not null });
        await scenario.SettleAsync();
        var reported = JsonNode.Parse(cluster.Writes.Last(call => call.Path.EndsWith("/pc-1/status", StringComparison.Ordinal)).Body)!.AsObject();
        Lost(reported, (await cluster.GetAsync(Kinds.ScheduledMachine, "pc-1"))!, "ScheduledMachine").ShouldBeEmpty();

        // The drain timeout follows, by a patch.
        await cluster.PatchAsync(Kinds.ScheduledMachine, "pc-1", """{"spec":{"nodeDrainTimeout":"2m"}}""");
        await Wait.UntilAsync("the Machine's drain timeout is two minutes", async () =>
        {
            var spec = (await cluster.GetAsync(cluster.MachineKind, "pc-1"))!["spec"]!;
            return core == "1.14" ? (int?)spec["deletion"]?["nodeDrainTimeoutSeconds"] == 120 : (string?)spec["nodeDrainTimeout"] is "120s" or "2m0s" or "2m";
        });

        await scenario.CloseAsync();
        (await scenario.CountAsync()).ShouldBe((0, 0, 0));
    }

    private static JsonObject Sent(Cluster cluster, ResourceType type) => JsonNode.Parse(
        cluster.Writes.Single(call => call.Verb == "create" && call.Path.EndsWith($"/{type.Plural}", StringComparison.Ordinal)).Body)!.AsObject();

    // What was sent and is not there; what the server adds is its own business.
    private static IEnumerable<string> Lost(JsonNode? sent, JsonNode? found, string path)
    {
        switch (sent)
        {
            case JsonObject obj:
                return obj.SelectMany(property => Lost(property.Value, (found as JsonObject)?[property.Key], $"{path}.{property.Key}"));
            case JsonArray array:
                return array.SelectMany((item, i) => Lost(item, found is JsonArray there && i < there.Count ? there[i] : null, $"{path}[{i}]"));
            default:
                return JsonNode.DeepEquals(sent, found) ? [] : [$"{path}: sent {sent?.ToJsonString() ?? "null"}, found {found?.ToJsonString() ?? "nothing"}"];
        }
    }

    private sealed class StrictDryRun(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri($"{request.RequestUri}&dryRun=All&fieldValidation=Strict");
            return base.SendAsync(request, cancellationToken);
        }
    }
}
