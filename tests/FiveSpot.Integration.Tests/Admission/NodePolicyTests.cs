// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>That the agent of one machine can ask for that machine, and do nothing else to any Node.</summary>
public sealed class NodePolicyTests
{
    private const string Node = "pc-1";
    private const string Request = """
        "5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-reason":"process-match: java","5spot.finos.org/reclaim-requested-at":"2026-01-05T08:59:30.123Z"
        """;

    private const string Stands = "the reclaim of this machine is requested already, and its annotations stay as they are until the controller clears them";
    private const string MustBeTrue = "5spot.finos.org/reclaim-requested must be \"true\": the reclaim agent requests a reclaim, and does not take it back";
    private const string BadReason = "5spot.finos.org/reclaim-reason must have 1 to 512 characters, such as \"process-match: java\"";
    private const string BadTime = "5spot.finos.org/reclaim-requested-at must be a time as in RFC 3339, such as 2026-01-05T08:59:30Z";

    private const string BadHash = "5spot.finos.org/reclaim-agent-watching must be the hash of a configuration, 16 hexadecimal digits in lower case, or be taken away";

    private static readonly string Watching = Saying($"\"{ReclaimConfigHash.Of("match_commands = []")}\"");

    private static string Reclaim => $$$"""{"metadata":{"annotations":{ {{{Request}}} } } }""";

    [Fact]
    public async Task An_agent_requests_the_reclaim_of_its_own_Node()
    {
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node));

        var node = await agent.GetAsync(Kinds.Node, new ObjectKey("", Node), Cluster.Parse, CancellationToken.None);
        var preconditions = $"\"uid\":\"{node["metadata"]!["uid"]}\",\"resourceVersion\":\"{node["metadata"]!["resourceVersion"]}\"";
        await NodeAgent.PatchNodeAsync(agent, Node, $$$"""{"metadata":{ {{{preconditions}}},"annotations":{ {{{Request}}} } } }""");

        var annotations = (await installed.Cluster.GetAsync(Kinds.Node, Node))!["metadata"]!["annotations"]!;
        ((string)annotations[WellKnown.ReclaimRequestedAnnotation]!).ShouldBe(WellKnown.ReclaimRequestedValue);
        ((string)annotations[WellKnown.ReclaimReasonAnnotation]!).ShouldBe("process-match: java");
        ((string)annotations[WellKnown.ReclaimRequestedAtAnnotation]!).ShouldBe("2026-01-05T08:59:30.123Z");

        // Once more the same is no change.
        await NodeAgent.PatchNodeAsync(agent, Node, Reclaim);
    }

    [Fact]
    public async Task An_agent_writes_on_no_other_Node()
    {
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node));
        await installed.StartOnAsync("pc-2");

        foreach (var patch in (string[])[Reclaim, Watching])
        {
            (await RefusalAsync(() => NodeAgent.PatchNodeAsync(agent, "pc-2", patch)))
                .ShouldBe("this reclaim agent may not write on Node pc-2: it runs on pc-1, and may write there alone");
        }
    }

    [Fact]
    public async Task A_token_of_no_pod_writes_on_no_Node()
    {
        await using var installed = await NodeAgent.InstallAsync();
        await installed.StartOnAsync(Node);
        using var byHand = await installed.AgentOfAsync(pod: null);

        foreach (var patch in (string[])[Reclaim, Watching])
        {
            (await RefusalAsync(() => NodeAgent.PatchNodeAsync(byHand, Node, patch))).ShouldBe(
                "this reclaim agent may not write on Node pc-1: its token does not say on which Node it runs, as those of pods do from Kubernetes 1.32 on");
        }
    }

    [Fact]
    public async Task An_agent_changes_nothing_else_of_its_Node()
    {
        (string Patch, string Changes)[] patches =
        [
            ("""{"metadata":{"labels":{"5spot.finos.org/reclaim-agent":null}}}""", "metadata.labels"),
            ("""{"metadata":{"labels":{"node-role.kubernetes.io/control-plane":""}}}""", "metadata.labels"),
            ("""{"metadata":{"annotations":{"rack":"r13"}}}""", "annotation rack"),
            ("""{"metadata":{"annotations":{"rack":null}}}""", "annotation rack"),
            ("""{"metadata":{"annotations":{"5spot.finos.org/applied-taints":"[]"}}}""", "annotation 5spot.finos.org/applied-taints"),
            ("""{"metadata":{"finalizers":["example.com/keep"]}}""", "metadata.finalizers"),
            ("""{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"b"}]}}""", "metadata.ownerReferences"),
            ("""{"spec":{"taints":null}}""", "spec"),
            ("""{"spec":{"taints":[{"key":"dedicated","value":"other","effect":"NoSchedule"}]}}""", "spec"),
            ("""{"spec":{"unschedulable":true}}""", "spec"),
            ("""{"spec":{"providerID":"remote://192.0.2.1"}}""", "spec"),
            ($$$"""{"spec":{"unschedulable":true},"metadata":{"labels":{"a":"b"},"annotations":{"b":"c",{{{Request}}} } } }""", "spec, metadata.labels, annotation b"),
        ];
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node));

        foreach (var (patch, changes) in patches)
        {
            (await RefusalAsync(() => NodeAgent.PatchNodeAsync(agent, Node, patch))).ShouldBe(
                $"the reclaim agent may not change {changes}: of a Node it may set the annotations "
                + "5spot.finos.org/reclaim-requested, 5spot.finos.org/reclaim-reason, 5spot.finos.org/reclaim-requested-at, 5spot.finos.org/reclaim-agent-watching and nothing else");
        }
    }

    [Fact]
    public async Task What_it_sets_must_be_a_request()
    {
        const string Requested = WellKnown.ReclaimRequestedAnnotation;
        const string Reason = WellKnown.ReclaimReasonAnnotation;
        const string At = WellKnown.ReclaimRequestedAtAnnotation;
        (string Annotation, string? Value, string Words)[] broken =
        [
            (Requested, "yes", MustBeTrue),
            (Requested, "True", MustBeTrue),
            (Requested, "", MustBeTrue),
            (Requested, null, MustBeTrue),
            (Reason, null, BadReason),
            (Reason, "", BadReason),
            (Reason, new string('ä', 513), BadReason),
            (At, null, BadTime),
            (At, "", BadTime),
            (At, "now", BadTime),
            (At, "2026-01-05 08:59:30Z", BadTime),
            (At, "2026-01-05T08:59:30", BadTime),
            (At, "2026-13-05T08:59:30Z", BadTime),
            (At, "2026-01-05T24:59:30Z", BadTime),
            (At, "2026-01-05T08:59:30Z\n", BadTime),
            (At, "at 2026-01-05T08:59:30Z", BadTime),
        ];
        (string Annotation, string Value)[] good =
        [
            // The longest entry of killIfCommands.
            (Reason, $"process-match: {new string('ä', 256)}"),
            (At, "2026-01-05T08:59:30Z"),
            (At, "2024-02-29T23:59:59.123456789+05:45"),
        ];
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node), dryRun: true);

        foreach (var (annotation, value, words) in broken)
        {
            (await RefusalAsync(() => NodeAgent.PatchNodeAsync(agent, Node, With(annotation, value)))).ShouldBe(words, $"{annotation}: {value}");
        }

        foreach (var (annotation, value) in good)
        {
            await NodeAgent.PatchNodeAsync(agent, Node, With(annotation, value));
        }

        static string With(string annotation, string? value)
        {
            var patch = JsonNode.Parse(Reclaim)!;
            patch["metadata"]!["annotations"]![annotation] = value;
            return patch.ToJsonString();
        }
    }

    [Fact]
    public async Task A_request_stands_until_the_controller_clears_it()
    {
        const string Clear = """
            {"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":null,"5spot.finos.org/reclaim-reason":null,"5spot.finos.org/reclaim-requested-at":null}}}
            """;
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node));

        // What is no request it may replace.
        await installed.Cluster.PatchAsync(Kinds.Node, Node, """{"metadata":{"annotations":{"5spot.finos.org/reclaim-requested":"yes"}}}""");
        await NodeAgent.PatchNodeAsync(agent, Node, Reclaim);

        foreach (var patch in (string[])[Clear, Reclaim.Replace("java", "idea", StringComparison.Ordinal), Reclaim.Replace("\"true\"", "\"false\"", StringComparison.Ordinal)])
        {
            (await RefusalAsync(() => NodeAgent.PatchNodeAsync(agent, Node, patch))).ShouldBe(Stands);
        }

        // Somebody else may.
        await installed.Cluster.PatchAsync(Kinds.Node, Node, Clear);
        await NodeAgent.PatchNodeAsync(agent, Node, Reclaim);
    }

    [Fact]
    public async Task It_says_that_it_watches_and_takes_that_back_whatever_is_requested()
    {
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node));

        await NodeAgent.PatchNodeAsync(agent, Node, Watching);
        await NodeAgent.PatchNodeAsync(agent, Node, Reclaim);
        await NodeAgent.PatchNodeAsync(agent, Node, Saying("\"0123456789abcdef\""));
        await NodeAgent.PatchNodeAsync(agent, Node, Saying("null"));
        foreach (var word in (string[])["", "true", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdef\\n"])
        {
            (await RefusalAsync(() => NodeAgent.PatchNodeAsync(agent, Node, Saying($"\"{word}\"")))).ShouldBe(BadHash, word);
        }

        // What is there by somebody else's hand keeps nobody from a reclaim.
        await installed.Cluster.PatchAsync(Kinds.Node, Node, """{"metadata":{"annotations":{"5spot.finos.org/reclaim-agent-watching":"odd","5spot.finos.org/reclaim-requested":null}}}""");
        await NodeAgent.PatchNodeAsync(agent, Node, Reclaim);
    }

    // RBAC gives it none of these rights; should somebody do so, it has no use of them.
    [Fact]
    public async Task What_RBAC_may_grant_by_mistake_is_refused_too()
    {
        await using var installed = await NodeAgent.InstallAsync();
        using var agent = await installed.AgentOfAsync(await installed.StartOnAsync(Node));
        var name = $"{installed.Cluster.Namespace}-mistake";
        await installed.Cluster.CreateAsync(Kinds.ClusterRole, JsonNode.Parse($$$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"{{{name}}}"},
             "rules":[{"apiGroups":[""],"resources":["nodes","nodes/status"],"verbs":["*"]}]}
            """)!.AsObject());
        await installed.Cluster.CreateAsync(Kinds.ClusterRoleBinding, JsonNode.Parse($$$"""
            {"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"{{{name}}}"},
             "roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"{{{name}}}"},
             "subjects":[{"kind":"ServiceAccount","name":"{{{WellKnown.ReclaimAgentName}}}","namespace":"{{{WellKnown.SystemNamespace}}}"}]}
            """)!.AsObject());

        await RefusedForAsync("UPDATE of nodes/status", () => NodeAgent.PatchNodeAsync(agent, Node, """{"status":{"nodeInfo":{"machineID":"m"}}}""", "status"));
        await RefusedForAsync("DELETE of nodes", () => agent.DeleteAsync(Kinds.Node, new ObjectKey("", Node), null, CancellationToken.None));
        await RefusedForAsync("CREATE of nodes", () => agent.CreateAsync(
            Kinds.Node, "", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"pc-2"}}"""u8.ToArray(), "scenario", Cluster.Parse, CancellationToken.None));

        await installed.Cluster.DeleteAsync(Kinds.ClusterRoleBinding, name);
        await installed.Cluster.DeleteAsync(Kinds.ClusterRole, name);

        static async Task RefusedForAsync(string operation, Func<Task> call)
        {
            var expected = $"{operation} is not for the reclaim agent: it may patch its Node and do nothing else to Nodes";
            var last = "";
            await Wait.UntilAsync($"refused: {operation}", async () => (last = await RefusalAsync(call)) == expected, () => Task.FromResult(last));
        }
    }

    [Fact]
    public async Task Nobody_else_is_asked()
    {
        await using var installed = await NodeAgent.InstallAsync();
        await installed.StartOnAsync(Node);

        await installed.Cluster.PatchAsync(Kinds.Node, Node, """
            {"metadata":{"labels":{"a":"b"},"annotations":{"5spot.finos.org/reclaim-requested":"yes","5spot.finos.org/reclaim-requested-at":"soon"}},"spec":{"unschedulable":true}}
            """);
    }

    [Fact]
    public async Task The_expressions_of_both_policies_fit_what_they_are_about()
    {
        await using var installed = await NodeAgent.InstallAsync();

        foreach (var policy in (string[])[WellKnown.ReclaimAgentName, NodeAgent.PodPolicyName])
        {
            JsonNode? checking = null;
            await Wait.UntilAsync($"{policy} was looked over", async () =>
                (checking = (await installed.Cluster.GetAsync(DeployFolder.Policy, policy))!["status"]?["typeChecking"]) is not null);
            checking!["expressionWarnings"].ShouldBeNull(policy);
        }
    }

    private static string Saying(string word) => $$$"""{"metadata":{"annotations":{"5spot.finos.org/reclaim-agent-watching":{{{word}}} } } }""";

    private static async Task<string> RefusalAsync(Func<Task> call) =>
        NodeAgent.WordsOf(WellKnown.ReclaimAgentName, await Should.ThrowAsync<ApiException>(call));
}
