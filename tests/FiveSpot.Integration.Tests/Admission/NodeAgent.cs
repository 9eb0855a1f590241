// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>
/// <c>deploy/node-agent</c> in force on a real workload cluster, and those who live there. Only a real server evaluates
/// policies and knows tokens.
/// </summary>
internal sealed class NodeAgent : IAsyncDisposable
{
    public const string PodPolicyName = "5spot-system-pods";
    public const string Account = Accounts.Agent;

    /// <summary>Who makes the pods of DaemonSets.</summary>
    public const string DaemonSetController = "system:serviceaccount:kube-system:daemon-set-controller";

    public static readonly DeployFolder Folder = new("node-agent");

    private const string Probe = "probe";

    // From here on tokens of pods name their Node for good.
    private static readonly Version Needed = new(1, 32);

    private JsonObject _daemonSet = [];

    private NodeAgent(Cluster cluster) => Cluster = cluster;

    public Cluster Cluster { get; }

    public static async Task<NodeAgent> InstallAsync()
    {
        Assert.SkipWhen(KubeAssets.Found is null, KubeAssets.WhyNot);
        Assert.SkipWhen(KubeAssets.Found.Version < Needed, $"Kubernetes {KubeAssets.Found.Version} does not say in a pod's token on which Node it runs: it takes {Needed}");
        var agent = new NodeAgent(await Cluster.StartAsync(ServerKind.KubeApiServer, Definitions.Policed));
        try
        {
            await Folder.ApplyAsync(agent.Cluster.Api);
            agent._daemonSet = await agent.Cluster.Api.GetAsync(Kinds.DaemonSet, new ObjectKey(WellKnown.SystemNamespace, WellKnown.ReclaimAgentName), Cluster.Parse, CancellationToken.None);
            await agent.Cluster.CreateAsync(Kinds.Node, JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"Node","metadata":{"name":"{{{Probe}}}"} }""")!.AsObject());
            await Wait.UntilAsync("the policies are in force", agent.AreInForceAsync);
            return agent;
        }
        catch
        {
            await agent.DisposeAsync();
            throw;
        }
    }

    /// <summary>The pod that the DaemonSet's controller makes for a Node.</summary>
    public JsonObject PodFor(string node)
    {
        var template = _daemonSet["spec"]!["template"]!;
        var spec = template["spec"]!.DeepClone().AsObject();
        spec["affinity"] = JsonNode.Parse($$"""
            {"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[
              {"matchFields":[{"key":"metadata.name","operator":"In","values":["{{node}}"]}]}]} } }
            """);

        // What the admission plugin ServiceAccount does, which these servers run without.
        spec["volumes"]!.AsArray().Add(JsonNode.Parse("""{"name":"kube-api-access","projected":{"sources":[{"serviceAccountToken":{"path":"token"}}]}}"""));
        spec["containers"]![0]!["volumeMounts"]!.AsArray().Add(JsonNode.Parse(
            """{"name":"kube-api-access","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true}"""));

        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject
            {
                ["name"] = $"agent-on-{node}",
                ["labels"] = template["metadata"]!["labels"]!.DeepClone(),
                ["ownerReferences"] = new JsonArray(new JsonObject
                {
                    ["apiVersion"] = "apps/v1",
                    ["kind"] = "DaemonSet",
                    ["name"] = WellKnown.ReclaimAgentName,
                    ["uid"] = (string)_daemonSet["metadata"]!["uid"]!,
                    ["controller"] = true,
                }),
            },
            ["spec"] = spec,
        };
    }

    /// <summary>Creates a pod in the namespace of the agent.</summary>
    public static Task<JsonObject> CreatePodAsync(ApiClient by, JsonObject pod, string ns = WellKnown.SystemNamespace) =>
        by.CreateAsync(Kinds.Pod, ns, Bytes(pod), "scenario", Cluster.Parse, CancellationToken.None);

    /// <summary>Makes a Node as large as they get, with the agent's pod bound to it.</summary>
    public async Task<JsonObject> StartOnAsync(string node)
    {
        await Cluster.CreateAsync(Kinds.Node, JsonNode.Parse($$$"""
            {"apiVersion":"v1","kind":"Node",
             "metadata":{"name":"{{{node}}}","labels":{"{{{WellKnown.ReclaimAgentLabel}}}":"enabled"},"annotations":{"rack":"r12"}},
             "spec":{"taints":[{"key":"dedicated","value":"batch","effect":"NoSchedule"}]} }
            """)!.AsObject());
        var images = new JsonArray([.. Enumerable.Range(0, 50).Select(i => (JsonNode)new JsonObject
        {
            ["names"] = new JsonArray($"example.com/team/image-{i}@sha256:{new string('a', 64)}", $"example.com/team/image-{i}:v1"),
            ["sizeBytes"] = 1_000_000 + i,
        })]);
        await Cluster.PatchAsync(Kinds.Node, node, new JsonObject { ["status"] = new JsonObject { ["images"] = images } }.ToJsonString(), "status");

        using var controller = As(DaemonSetController);
        var pod = await CreatePodAsync(controller, PodFor(node));
        var name = Definitions.NameOf(pod);
        await Cluster.Api.PostAsync(
            Kinds.Pod, new ObjectKey(WellKnown.SystemNamespace, name), "binding",
            Bytes(JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"Binding","metadata":{"name":"{{{name}}}"},"target":{"apiVersion":"v1","kind":"Node","name":"{{{node}}}"} }""")!),
            CancellationToken.None);
        return pod;
    }

    /// <summary>A client with the token that the kubelet has made for a pod of the agent; without a pod, with one made by hand.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="dryRun">Has its writes judged, and not kept.</param>
    public async Task<ApiClient> AgentOfAsync(JsonObject? pod, bool dryRun = false)
    {
        var spec = new JsonObject { ["audiences"] = new JsonArray(), ["expirationSeconds"] = 3600 };
        if (pod is not null)
        {
            spec["boundObjectRef"] = new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Pod",
                ["name"] = Definitions.NameOf(pod),
                ["uid"] = (string)pod["metadata"]!["uid"]!,
            };
        }

        // A subresource that answers with something else than it was sent to.
        var tokens = new ResourceType("", "v1", $"serviceaccounts/{WellKnown.ReclaimAgentName}/token", "TokenRequest", Namespaced: true);
        var answer = await Cluster.Api.CreateAsync(
            tokens, WellKnown.SystemNamespace, Bytes(new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = spec }), "scenario", Cluster.Parse, CancellationToken.None);
        return Cluster.Connect("scenario", dryRun ? inner => new DryRun(inner) : null, (string)answer["status"]!["token"]!);
    }

    /// <summary>A client of somebody else.</summary>
    public ApiClient As(string user) => Cluster.Connect("scenario", inner => new Impersonation(inner, user));

    /// <summary>A client of somebody else whose writes are judged and not kept.</summary>
    public ApiClient WouldBe(string user) => Cluster.Connect("scenario", inner => new DryRun(new Impersonation(inner, user)));

    public static Task PatchNodeAsync(ApiClient by, string node, string patch, string? subresource = null) => by.MergePatchAsync(
        Kinds.Node, new ObjectKey("", node), System.Text.Encoding.UTF8.GetBytes(patch), WellKnown.ReclaimAgentFieldManager, subresource, Cluster.Parse, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        var pods = await Cluster.Api.ListAsync(Kinds.Pod, new ListOptions { Namespace = WellKnown.SystemNamespace }, Cluster.Parse, CancellationToken.None);
        foreach (var pod in pods.Items)
        {
            await Cluster.Api.DeleteAsync(Kinds.Pod, new ObjectKey(WellKnown.SystemNamespace, Definitions.NameOf(pod)), new DeleteOptions { GracePeriodSeconds = 0 }, CancellationToken.None);
        }

        await Folder.DeleteAsync(Cluster.Api);
        await Wait.UntilAsync("the policies are no longer in force", async () => !await IsNodePolicyInForceAsync() && !await IsPodPolicyInForceAsync());
        await Cluster.DisposeAsync();
    }

    /// <summary>A policy's own words in a refusal; all of the refusal if it is not the policy's.</summary>
    public static string WordsOf(string policy, ApiException refusal)
    {
        var intro = $"ValidatingAdmissionPolicy '{policy}' with binding '{policy}' denied request: ";
        var start = refusal.Message.IndexOf(intro, StringComparison.Ordinal);
        var end = refusal.Message.LastIndexOf(" (", StringComparison.Ordinal);
        return start < 0 ? refusal.Message : refusal.Message[(start + intro.Length)..end];
    }

    public static byte[] Bytes(JsonNode body) => JsonSerializer.SerializeToUtf8Bytes(body);

    private async Task<bool> AreInForceAsync() => await IsNodePolicyInForceAsync() && await IsPodPolicyInForceAsync();

    private async Task<bool> IsNodePolicyInForceAsync()
    {
        // RBAC refuses it, too, until the role is in force; in words of its own.
        using var agent = WouldBe(Account);
        return await IsRefusedAsync(WellKnown.ReclaimAgentName, () => PatchNodeAsync(agent, Probe, """{"metadata":{"labels":{"a":"b"}}}"""));
    }

    private async Task<bool> IsPodPolicyInForceAsync()
    {
        using var admin = Cluster.Connect("scenario", inner => new DryRun(inner));
        var pod = JsonNode.Parse("""{"metadata":{"name":"probe"},"spec":{"hostIPC":true,"containers":[{"name":"c","image":"i"}]}}""")!.AsObject();
        return await IsRefusedAsync(PodPolicyName, () => CreatePodAsync(admin, pod));
    }

    private static async Task<bool> IsRefusedAsync(string policy, Func<Task> call)
    {
        try
        {
            await call();
            return false;
        }
        catch (ApiException refusal)
        {
            return refusal.Message.Contains($"ValidatingAdmissionPolicy '{policy}'", StringComparison.Ordinal);
        }
    }
}
