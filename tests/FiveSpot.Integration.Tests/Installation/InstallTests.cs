// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Admission;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>What an operator types, on a real server, and what becomes of it there.</summary>
public sealed class InstallTests(InstalledCluster installed) : IClassFixture<InstalledCluster>
{
    private static readonly (Version, string) PodSecurity = (new Version(1, 25), "Pod Security");
    private static readonly (Version, string) Policies = (new Version(1, 30), "ValidatingAdmissionPolicy");

    [Fact]
    public async Task All_of_it_is_taken_and_the_second_time_nothing_changes()
    {
        await installed.PrepareAsync();
        var objects = (await Kubectl.KustomizeAsync(Repository.PathOf("deploy"))).Count;

        // Of a kind that a server does not know yet kubectl says so for each object, and applies the rest.
        var version = KubeAssets.Found!.Version;
        List<string> unknown =
        [
            .. version < new Version(1, 30) ? (string[])["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicyBinding"] : [],
            .. version < new Version(1, 21) ? (string[])["PodDisruptionBudget"] : [],
        ];
        UnknownKinds(installed.First.Errors).ShouldBe(unknown, ignoreOrder: true);
        Lines(installed.First.Output).Count.ShouldBe(objects - unknown.Count);

        var second = await installed.KubectlAsync("apply", "-k", "deploy");
        UnknownKinds(second.Errors).ShouldBe(unknown, ignoreOrder: true);

        // Sent each time, as they are: the selector of a budget, since its field is declared so; and the rules of the
        // definition, to a server that keeps none.
        List<string> sent = ["poddisruptionbudget.policy/5spot-controller configured"];
        if (version < new Version(1, 25))
        {
            sent.Add("customresourcedefinition.apiextensions.k8s.io/scheduledmachines.5spot.finos.org configured");
        }

        Lines(second.Output).Except(sent).ShouldAllBe(line => line.EndsWith(" unchanged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_controller_gets_two_pods_past_the_policy_of_the_agents_namespace()
    {
        await installed.PrepareAsync(Policies);
        await Wait.UntilAsync("the policy is in force", async () => await RefusalAsync("""{"hostPID":true,"containers":[{"name":"c","image":"i"}]}""") is { } refusal
            && refusal.Contains(NodeAgent.PodPolicyName, StringComparison.Ordinal));

        // Those that were made before that are judged, too, when they are made anew.
        foreach (var pod in await PodsAsync())
        {
            await installed.Api.DeleteAsync(Kinds.Pod, Key(pod), new DeleteOptions { Uid = Uid(pod), GracePeriodSeconds = 0 }, CancellationToken.None);
        }

        await Wait.UntilAsync("there are two", async () => (await PodsAsync()).Count == 2);
    }

    [Fact]
    public async Task The_controllers_pod_is_as_restricted_as_can_be()
    {
        await installed.PrepareAsync(PodSecurity);
        const string Name = "restricted";
        await installed.Api.CreateAsync(
            Kinds.Namespace, "",
            Bytes(JsonNode.Parse($$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{Name}}}","labels":{"pod-security.kubernetes.io/enforce":"restricted"} } }""")!),
            "test", Cluster.Parse, CancellationToken.None);
        var template = new DeployFolder("controller").Read("deployment.yaml")["spec"]!["template"]!["spec"]!;
        var pod = new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Pod",
            ["metadata"] = new JsonObject { ["name"] = "controller" },
            ["spec"] = template.DeepClone(),
        };
        await installed.Api.CreateAsync(Kinds.Pod, Name, Bytes(pod), "test", Cluster.Parse, CancellationToken.None);

        // The level is in force, then.
        pod["metadata"]!["name"] = "another";
        pod["spec"]!["containers"]![0]!["securityContext"]!["allowPrivilegeEscalation"] = true;
        var refusal = await Should.ThrowAsync<ApiException>(() => installed.Api.CreateAsync(Kinds.Pod, Name, Bytes(pod), "test", Cluster.Parse, CancellationToken.None));
        refusal.Message.ShouldContain("violates PodSecurity \"restricted:latest\"");
    }

    [Fact]
    public async Task The_agent_can_be_taken_away_alone_and_brought_back()
    {
        await installed.PrepareAsync();
        await installed.KubectlAsync("delete", "-k", "deploy/node-agent");
        (await FindAsync(Kinds.DaemonSet, WellKnown.ReclaimAgentName)).ShouldBeNull();
        (await FindAsync(Kinds.Deployment, "5spot-controller")).ShouldNotBeNull();
        (await FindAsync(Kinds.Namespace, WellKnown.SystemNamespace))!["metadata"]!["deletionTimestamp"].ShouldBeNull();

        await installed.KubectlAsync("apply", "-k", "deploy/node-agent");
        (await FindAsync(Kinds.DaemonSet, WellKnown.ReclaimAgentName)).ShouldNotBeNull();
    }

    private static byte[] Bytes(JsonNode body) => JsonSerializer.SerializeToUtf8Bytes(body);

    private static List<string> Lines(string output) => [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];

    /// <summary>The kinds that kubectl found no match for; anything else that it says is more than is expected.</summary>
    private static List<string> UnknownKinds(string errors) =>
    [
        .. Lines(errors).Where(line => !line.StartsWith("ensure CRDs are installed first", StringComparison.Ordinal)).Select(line =>
        {
            const string Intro = "no matches for kind \"";
            var start = line.IndexOf(Intro, StringComparison.Ordinal);
            start.ShouldBeGreaterThan(0, line);
            return line[(start + Intro.Length)..].Split('"')[0];
        }),
    ];

    private async Task<string?> RefusalAsync(string spec)
    {
        try
        {
            await installed.Judge.CreateAsync(
                Kinds.Pod, WellKnown.SystemNamespace, Bytes(JsonNode.Parse($$"""{"apiVersion":"v1","kind":"Pod","metadata":{"generateName":"probe-"},"spec":{{spec}} }""")!),
                "test", Cluster.Parse, CancellationToken.None);
            return null;
        }
        catch (ApiException refusal) when (refusal.IsForbidden || refusal.IsInvalid)
        {
            return refusal.Message;
        }
    }

    private async Task<IReadOnlyList<JsonObject>> PodsAsync() => (await installed.Api.ListAsync(
        Kinds.Pod, new ListOptions { Namespace = WellKnown.SystemNamespace, LabelSelector = "app.kubernetes.io/name=5spot-controller" }, Cluster.Parse, CancellationToken.None)).Items;

    private Task<JsonObject?> FindAsync(ResourceType type, string name) =>
        installed.Api.TryGetAsync(type, new ObjectKey(type.Namespaced ? WellKnown.SystemNamespace : "", name), Cluster.Parse, CancellationToken.None);

    private static ObjectKey Key(JsonObject found) => new((string)found["metadata"]!["namespace"]!, Definitions.NameOf(found));

    private static string Uid(JsonObject found) => (string)found["metadata"]!["uid"]!;
}
