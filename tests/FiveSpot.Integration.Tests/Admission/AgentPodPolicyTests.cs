// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>That in the agent's namespace no pod but the agent's has anything of its machine, and that one no more than it needs.</summary>
public sealed class AgentPodPolicyTests
{
    private const string Node = "pc-1";
    private const string OneContainer = "a pod of the reclaim agent has one container, and no initContainers";
    private const string BadMount = "container agent mounts more than is allowed: a pod of the reclaim agent mounts everything with readOnly, no subPath and no mountPropagation";
    private const string Writable = "the container of the reclaim agent must have readOnlyRootFilesystem";
    private const string HostNamespaces = " is too much: in this namespace only the reclaim agent may have hostPID and hostNetwork, and nobody hostIPC";
    private const string AgentVolume = " is of a kind that is not allowed: the reclaim agent may have hostPath /proc and /etc/machine-id, and projected volumes";
    private const string PlainVolume = " is of a kind that is not allowed: in this namespace a pod may have configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected and secret";
    private const string Capability = " adds a capability: in this namespace only the reclaim agent may add one, and that is NET_ADMIN";
    private const string SettingMore = " sets more than is allowed: in this namespace it may choose user, groups, seccompProfile and fewer rights";
    private const string Unconfined = " is not confined: in this namespace every container must have allowPrivilegeEscalation false, capabilities that drop ALL, and seccompProfile RuntimeDefault or Localhost";
    private const string AsRoot = " may run as root: in this namespace only the reclaim agent may, and every other container must have runAsNonRoot true and no runAsUser 0";
    private const string AsItWasMade = "a pod of the reclaim agent stays as its DaemonSet made it: change DaemonSet 5spot-reclaim-agent, which replaces its pods";

    // As 5-Spot's controller runs, where one cluster plays both roles.
    private const string Plain = """
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"plain"},
         "spec":{
          "securityContext":{"runAsNonRoot":true,"runAsUser":65534,"runAsGroup":65534,"fsGroup":65534,"seccompProfile":{"type":"RuntimeDefault"}},
          "containers":[{"name":"c","image":"i","ports":[{"containerPort":8080}],
           "securityContext":{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}},
           "volumeMounts":[{"name":"scratch","mountPath":"/tmp"}]}],
          "volumes":[{"name":"scratch","emptyDir":{}},{"name":"config","configMap":{"name":"c"}},{"name":"token","projected":{"sources":[]}}]}}
        """;

    [Fact]
    public async Task The_pod_of_the_DaemonSet_is_let_in_and_nothing_more_than_it()
    {
        (string Path, string Json, string Words)[] changes =
        [
            ("spec.hostIPC", "true", $"hostPID, hostNetwork, hostIPC{HostNamespaces}"),
            ("spec.initContainers", """[{"name":"i","image":"i"}]""", OneContainer),
            ("spec.containers[+]", """{"name":"second","image":"i"}""", OneContainer),
            ("spec.volumes[+]", """{"name":"root","hostPath":{"path":"/"}}""", $"volume root{AgentVolume}"),
            ("spec.volumes[+]", """{"name":"etc","hostPath":{"path":"/etc"}}""", $"volume etc{AgentVolume}"),
            ("spec.volumes[+]", """{"name":"process","hostPath":{"path":"/proc/1"}}""", $"volume process{AgentVolume}"),
            ("spec.volumes[+]", """{"name":"scratch","emptyDir":{}}""", $"volume scratch{AgentVolume}"),
            ("spec.containers[0].volumeMounts[0].readOnly", "false", BadMount),
            ("spec.containers[0].volumeMounts[1].readOnly", "null", BadMount),
            ("spec.containers[0].volumeMounts[0].subPath", "\"1/root\"", BadMount),
            ("spec.containers[0].volumeMounts[0].subPathExpr", "\"$(NODE_NAME)\"", BadMount),
            ("spec.containers[0].volumeMounts[0].mountPropagation", "\"HostToContainer\"", BadMount),
            ("spec.containers[0].securityContext.readOnlyRootFilesystem", "false", Writable),
            ("spec.containers[0].securityContext.readOnlyRootFilesystem", "null", Writable),
            ("spec.containers[0].securityContext.capabilities.add", """["NET_ADMIN","SYS_PTRACE"]""", $"container agent{Capability}"),
            ("spec.containers[0].securityContext.capabilities.add", """["ALL"]""", $"container agent{Capability}"),
            ("spec.containers[0].securityContext.capabilities.drop", "null", $"container agent{Unconfined}"),
            ("spec.containers[0].securityContext.allowPrivilegeEscalation", "null", $"container agent{Unconfined}"),
            ("spec.containers[0].securityContext.procMount", "\"Default\"", $"the securityContext of container agent{SettingMore}"),
            ("spec.containers[0].securityContext.seLinuxOptions", """{"type":"spc_t"}""", $"the securityContext of container agent{SettingMore}"),
            ("spec.containers[0].securityContext.appArmorProfile", """{"type":"Unconfined"}""", $"the securityContext of container agent{SettingMore}"),
            ("spec.securityContext.seLinuxOptions", """{"type":"spc_t"}""", $"the securityContext of the pod{SettingMore}"),
            ("spec.securityContext.seccompProfile", "null", $"container agent{Unconfined}"),
            ("spec.containers[0].securityContext.seccompProfile", """{"type":"Unconfined"}""", $"container agent{Unconfined}"),
            ("metadata.ownerReferences", "null", NotBy(NodeAgent.DaemonSetController)),
            ("metadata.ownerReferences[0].controller", "false", NotBy(NodeAgent.DaemonSetController)),
            ("metadata.ownerReferences[0].name", "\"another\"", NotBy(NodeAgent.DaemonSetController)),
            ("metadata.ownerReferences[0].kind", "\"ReplicaSet\"", NotBy(NodeAgent.DaemonSetController)),

            // Without the account it is a pod like any other, to which nothing of this is allowed.
            ("spec.serviceAccountName", "\"default\"", $"hostPID, hostNetwork{HostNamespaces}"),
        ];
        await using var installed = await NodeAgent.InstallAsync();
        using var controller = installed.WouldBe(NodeAgent.DaemonSetController);

        await NodeAgent.CreatePodAsync(controller, installed.PodFor(Node));
        await EachIsRefusedAsync(controller, () => installed.PodFor(Node), changes);

        // Kubernetes itself refuses both at once.
        var privileged = installed.PodFor(Node);
        Set(privileged, "spec.containers[0].securityContext.privileged", "true");
        (await RefusalAsync(() => NodeAgent.CreatePodAsync(controller, privileged))).ShouldContain("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
        Set(privileged, "spec.containers[0].securityContext.allowPrivilegeEscalation", "null");
        (await RefusalAsync(() => NodeAgent.CreatePodAsync(controller, privileged))).ShouldBe($"container agent{Unconfined}");
    }

    [Fact]
    public async Task Nobody_makes_pods_of_the_agent_by_hand()
    {
        await using var installed = await NodeAgent.InstallAsync();
        using var admin = installed.Cluster.Connect("scenario", inner => new DryRun(inner));

        (await RefusalAsync(() => NodeAgent.CreatePodAsync(admin, installed.PodFor(Node)))).ShouldBe(NotBy("admin"));

        // Nor one that has nothing of its agent but the name, and with it the rights on Nodes.
        var plain = Pod();
        plain["spec"]!["serviceAccountName"] = WellKnown.ReclaimAgentName;
        (await RefusalAsync(() => NodeAgent.CreatePodAsync(admin, plain))).ShouldBe(NotBy("admin"));
    }

    [Fact]
    public async Task Pods_that_have_nothing_of_their_machine_are_let_in_and_no_others()
    {
        (string Path, string Json, string Words)[] changes =
        [
            ("spec.hostPID", "true", $"hostPID{HostNamespaces}"),
            ("spec.hostNetwork", "true", $"hostNetwork{HostNamespaces}"),
            ("spec.hostIPC", "true", $"hostIPC{HostNamespaces}"),
            ("spec.containers[0].ports[0].hostPort", "8080", "hostPort is too much: in this namespace only the reclaim agent may listen on its machine's network"),
            ("spec.volumes[+]", """{"name":"proc","hostPath":{"path":"/proc"}}""", $"volume proc{PlainVolume}"),
            ("spec.volumes[+]", """{"name":"nfs","nfs":{"server":"s","path":"/"}}""", $"volume nfs{PlainVolume}"),
            ("spec.containers[0].securityContext.capabilities.add", """["NET_ADMIN"]""", $"container c{Capability}"),
            ("spec.securityContext.sysctls", """[{"name":"kernel.shm_rmid_forced","value":"1"}]""", $"the securityContext of the pod{SettingMore}"),
            ("spec.containers[0].securityContext", "null", $"container c{Unconfined}"),
            ("spec.containers[0].securityContext.allowPrivilegeEscalation", "true", $"container c{Unconfined}"),
            ("spec.containers[0].securityContext.capabilities", "null", $"container c{Unconfined}"),
            ("spec.securityContext.seccompProfile", """{"type":"Unconfined"}""", $"container c{Unconfined}"),
            ("spec.securityContext.runAsNonRoot", "null", $"container c{AsRoot}"),
            ("spec.containers[0].securityContext.runAsNonRoot", "false", $"container c{AsRoot}"),
            ("spec.securityContext.runAsUser", "0", $"container c{AsRoot}"),
            ("spec.containers[0].securityContext.runAsUser", "0", $"container c{AsRoot}"),
            ("spec.initContainers", """[{"name":"first","image":"i"}]""", $"container first{Unconfined}"),
            ("spec.containers[+]", """{"name":"second","image":"i"}""", $"container second{Unconfined}"),
        ];
        await using var installed = await NodeAgent.InstallAsync();
        using var admin = installed.Cluster.Connect("scenario", inner => new DryRun(inner));

        await NodeAgent.CreatePodAsync(admin, Pod());
        await EachIsRefusedAsync(admin, Pod, changes);

        // Elsewhere it is for others to say.
        var privileged = Pod();
        Set(privileged, "spec.containers[0].securityContext", """{"privileged":true}""");
        Set(privileged, "spec.hostPID", "true");
        await NodeAgent.CreatePodAsync(admin, privileged, installed.Cluster.Namespace);
    }

    [Fact]
    public async Task Pods_stay_as_they_were_let_in()
    {
        await using var installed = await NodeAgent.InstallAsync();
        using var admin = installed.Cluster.Connect("scenario");
        var agent = Definitions.NameOf(await installed.StartOnAsync(Node));
        await NodeAgent.CreatePodAsync(admin, Pod());

        (await RefusalAsync(() => ReplaceAsync(agent, pod => pod["spec"]!["containers"]![0]!["image"] = "another"))).ShouldBe(AsItWasMade);
        (await RefusalAsync(() => DebugAsync(agent, """{"name":"debug","image":"i"}"""))).ShouldBe(AsItWasMade);
        (await RefusalAsync(() => DebugAsync("plain", """{"name":"debug","image":"i"}"""))).ShouldBe($"container debug{Unconfined}");
        await DebugAsync("plain", """{"name":"debug","image":"i","securityContext":{"allowPrivilegeEscalation":false,"capabilities":{"drop":["ALL"]}}}""");
        await ReplaceAsync("plain", pod => pod["spec"]!["containers"]![0]!["image"] = "another");

        // Labels are nobody's business; nor is it when the garbage collector takes their owner from them.
        await ReplaceAsync(agent, pod => pod["metadata"]!["labels"]!["a"] = "b");
        await ReplaceAsync(agent, pod => pod["metadata"]!.AsObject().Remove("ownerReferences"));

        Task DebugAsync(string name, string container) =>
            ReplaceAsync(name, pod => pod["spec"]!["ephemeralContainers"] = new JsonArray(JsonNode.Parse(container)), "ephemeralcontainers");

        async Task ReplaceAsync(string name, Action<JsonObject> change, string? subresource = null)
        {
            var key = new ObjectKey(WellKnown.SystemNamespace, name);
            var pod = await admin.GetAsync(Kinds.Pod, key, Cluster.Parse, CancellationToken.None);
            change(pod);
            await admin.ReplaceAsync(Kinds.Pod, key, NodeAgent.Bytes(pod), "scenario", subresource, Cluster.Parse, CancellationToken.None);
        }
    }

    private static string NotBy(string user) =>
        $"pods with ServiceAccount 5spot-reclaim-agent are made by the DaemonSet of that name alone, not by {user}: use another ServiceAccount";

    private static JsonObject Pod() => JsonNode.Parse(Plain)!.AsObject();

    private static async Task EachIsRefusedAsync(ApiClient by, Func<JsonObject> create, IEnumerable<(string Path, string Json, string Words)> changes)
    {
        foreach (var (path, json, words) in changes)
        {
            var pod = create();
            Set(pod, path, json);
            (await RefusalAsync(() => NodeAgent.CreatePodAsync(by, pod))).ShouldBe(words, $"{path}: {json}");
        }
    }

    /// <summary>Sets what stands at a path such as <c>spec.containers[0].image</c>; <c>[+]</c> adds to a list.</summary>
    private static void Set(JsonObject pod, string path, string json)
    {
        var steps = path.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        var parent = steps.SkipLast(1).Aggregate((JsonNode)pod, (node, step) => step[0] == '[' ? node[int.Parse(step[1..^1], null)]! : node[step]!);
        if (steps[^1] == "[+]")
        {
            parent.AsArray().Add(JsonNode.Parse(json));
        }
        else
        {
            parent.AsObject()[steps[^1]] = JsonNode.Parse(json);
        }
    }

    private static async Task<string> RefusalAsync(Func<Task> call) =>
        NodeAgent.WordsOf(NodeAgent.PodPolicyName, await Should.ThrowAsync<ApiException>(call));
}
