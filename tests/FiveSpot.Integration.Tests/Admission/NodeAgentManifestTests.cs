// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>That the files of <c>deploy/node-agent</c> agree with each other, and with what the controller and the agent go by.</summary>
public sealed class NodeAgentManifestTests
{
    private static readonly string[] Policies = ["validatingadmissionpolicy-nodes.yaml", "validatingadmissionpolicy-pods.yaml"];

    private static readonly JsonObject DaemonSet = NodeAgent.Folder.Read("daemonset.yaml");

    private static JsonObject PodSpec => DaemonSet["spec"]!["template"]!["spec"]!.AsObject();

    private static JsonObject Container => PodSpec["containers"]!.AsArray().ShouldHaveSingleItem()!.AsObject();

    private static Dictionary<string, string> Flags =>
        Container["args"]!.AsArray().Select(argument => ((string)argument!).Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    public static TheoryData<string> Files => [.. NodeAgent.Folder.Present];

    [Fact]
    public void The_kustomization_names_every_file() => NodeAgent.Folder.Named.ShouldBe(NodeAgent.Folder.Present, ignoreOrder: true);

    [Fact]
    public void Each_policy_is_bound()
    {
        foreach (var policy in Policies)
        {
            var binding = NodeAgent.Folder.Read(BindingOf(policy));
            ((string)binding["spec"]!["policyName"]!).ShouldBe(Definitions.NameOf(NodeAgent.Folder.Read(policy)));
            binding["spec"]!["validationActions"]!.ToJsonString().ShouldBe("""["Deny"]""", policy);
            ((string?)NodeAgent.Folder.Read(policy)["spec"]!["failurePolicy"]).ShouldBe("Fail", policy);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_file_says_what_it_is_for(string file)
    {
        var lines = File.ReadAllLines(Path.Combine(NodeAgent.Folder.Path, file));

        lines[0].ShouldBe("# SPDX-License-Identifier: Apache-2.0");
        lines.Skip(1).TakeWhile(line => line.StartsWith('#')).ShouldContain(line => line.Length > 20);
    }

    [Fact]
    public void All_is_in_the_namespace_in_which_the_controller_puts_the_ConfigMaps()
    {
        foreach (var file in (string[])["serviceaccount.yaml", "role.yaml", "rolebinding.yaml", "daemonset.yaml"])
        {
            ((string?)NodeAgent.Folder.Read(file)["metadata"]!["namespace"]).ShouldBe(WellKnown.SystemNamespace, file);
        }

        var selector = NodeAgent.Folder.Read(BindingOf("validatingadmissionpolicy-pods.yaml"))["spec"]!["matchResources"]!["namespaceSelector"]!["matchLabels"]!;
        ((string?)selector["kubernetes.io/metadata.name"]).ShouldBe(WellKnown.SystemNamespace);
    }

    [Fact]
    public void It_runs_where_the_controller_says_and_whatever_the_taints()
    {
        Definitions.NameOf(DaemonSet).ShouldBe(WellKnown.ReclaimAgentName);
        ((string?)PodSpec["nodeSelector"]![WellKnown.ReclaimAgentLabel]).ShouldBe(WellKnown.ReclaimAgentEnabled);
        JsonNode.DeepEquals(PodSpec["tolerations"], JsonNode.Parse("""[{"operator":"Exists"}]""")).ShouldBeTrue();
        ((string?)PodSpec["priorityClassName"]).ShouldBe("system-node-critical");
        JsonNode.DeepEquals(DaemonSet["spec"]!["selector"]!["matchLabels"], DaemonSet["spec"]!["template"]!["metadata"]!["labels"]).ShouldBeTrue();
    }

    [Fact]
    public void Its_rights_are_those_that_it_needs()
    {
        Rules("clusterrole.yaml").ShouldBe("""[{"apiGroups":[""],"resources":["nodes"],"verbs":["get","patch"]}]""");
        Rules("role.yaml").ShouldBe("""[{"apiGroups":[""],"resources":["configmaps"],"verbs":["list","watch"]}]""");
        foreach (var kind in (string[])["ClusterRole", "Role"])
        {
            var binding = NodeAgent.Folder.Read($"{kind.ToLowerInvariant()}binding.yaml");
            ((string?)binding["roleRef"]!["kind"]).ShouldBe(kind);
            ((string?)binding["roleRef"]!["name"]).ShouldBe(Definitions.NameOf(NodeAgent.Folder.Read($"{kind.ToLowerInvariant()}.yaml")));
            binding["subjects"]!.ToJsonString().ShouldBe($$"""[{"kind":"ServiceAccount","name":"{{WellKnown.ReclaimAgentName}}","namespace":"{{WellKnown.SystemNamespace}}"}]""");
        }

        Definitions.NameOf(NodeAgent.Folder.Read("serviceaccount.yaml")).ShouldBe(WellKnown.ReclaimAgentName);
        ((string?)PodSpec["serviceAccountName"]).ShouldBe(WellKnown.ReclaimAgentName);
        ((bool?)PodSpec["automountServiceAccountToken"]).ShouldBe(true);

        static string Rules(string file) => NodeAgent.Folder.Read(file)["rules"]!.ToJsonString();
    }

    // The policy judges the same on a server that has policies; this is for all others.
    [Fact]
    public void It_has_of_its_machine_what_it_needs()
    {
        PodSpec["securityContext"]!.ToJsonString().ShouldBe("""{"seccompProfile":{"type":"RuntimeDefault"}}""");
        Container["securityContext"]!.ToJsonString().ShouldBe(
            """{"runAsUser":0,"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"],"add":["NET_ADMIN"]}}""");
        PodSpec.Where(field => field.Key.StartsWith("host", StringComparison.Ordinal)).Select(field => field.Key).ShouldBe(["hostPID", "hostNetwork"]);
        PodSpec["volumes"]!.AsArray().Select(volume => volume!["hostPath"]!.ToJsonString()).ShouldBe(
            ["""{"path":"/proc","type":"Directory"}""", """{"path":"/etc/machine-id","type":"File"}"""]);
        Container["volumeMounts"]!.AsArray().ShouldAllBe(mount => (bool?)mount!["readOnly"] == true);
        ((string?)Container["resources"]!["limits"]!["memory"]).ShouldBe("48Mi");
        Container["resources"]!["limits"]!["cpu"].ShouldBeNull();
    }

    [Fact]
    public async Task The_agent_knows_its_flags_and_variables()
    {
        using var agent = Process.Start(new ProcessStartInfo(NativeAgent.Executable, "--help") { RedirectStandardOutput = true, UseShellExecute = false })!;
        var help = await agent.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        foreach (var name in Flags.Keys.Concat(Container["env"]!.AsArray().Select(variable => (string)variable!["name"]!)))
        {
            help.ShouldContain(name);
        }
    }

    [Fact]
    public void Its_flags_name_what_is_mounted_and_what_is_probed()
    {
        MountOf("/proc").ShouldBe(Flags["--proc-root"]);
        MountOf("/etc/machine-id").ShouldBe(Flags["--machine-id-path"]);

        var probe = Container["readinessProbe"]!["httpGet"]!;
        ((string?)probe["host"]).ShouldBe(Flags["--metrics-address"]);
        probe["port"]!.ToJsonString().ShouldBe(Flags["--metrics-port"]);
        IPAddress.IsLoopback(IPAddress.Parse(Flags["--metrics-address"])).ShouldBeTrue();

        Container["env"]!.AsArray().ToDictionary(variable => (string)variable!["name"]!, variable => (string)variable!["valueFrom"]!["fieldRef"]!["fieldPath"]!)
            .ShouldBe(new Dictionary<string, string> { ["NODE_NAME"] = "spec.nodeName", ["POD_NAMESPACE"] = "metadata.namespace" });

        static string MountOf(string path)
        {
            var volume = PodSpec["volumes"]!.AsArray().Single(volume => (string)volume!["hostPath"]!["path"]! == path)!;
            return (string)Container["volumeMounts"]!.AsArray().Single(mount => (string)mount!["name"]! == (string)volume["name"]!)!["mountPath"]!;
        }
    }

    [Fact]
    public void The_policies_speak_of_this_account_and_these_annotations()
    {
        var policy = NodeAgent.Folder.Read("validatingadmissionpolicy-nodes.yaml");
        ((string?)policy["spec"]!["matchConditions"]![0]!["expression"]).ShouldBe($"request.userInfo.username == '{NodeAgent.Account}'");
        var names = policy["spec"]!["variables"]!.AsArray().Select(variable => (string)variable!["expression"]!).Where(expression => expression.StartsWith("'5spot", StringComparison.Ordinal));
        names.ShouldBe([$"'{WellKnown.ReclaimRequestedAnnotation}'", $"'{WellKnown.ReclaimReasonAnnotation}'", $"'{WellKnown.ReclaimRequestedAtAnnotation}'", $"'{WellKnown.ReclaimAgentWatchingAnnotation}'"]);
    }

    [Fact]
    public async Task It_is_built_with_the_image_of_this_version()
    {
        Kubectl.Require();

        var (output, errors) = await Kubectl.RunAsync("", "kustomize", NodeAgent.Folder.Path);

        errors.ShouldBe("");
        output.Split('\n').Count(line => line.StartsWith("kind: ", StringComparison.Ordinal)).ShouldBe(NodeAgent.Folder.Present.Count);
        output.ShouldContain($" image: {WellKnown.ReclaimAgentName}:{typeof(WellKnown).Assembly.GetName().Version!.ToString(3)}\n");
    }

    [Theory]
    [InlineData(ServerKind.Embedded)]
    [InlineData(ServerKind.KubeApiServer)]
    public async Task Servers_take_it_as_it_is(ServerKind kind)
    {
        Kubectl.Require();
        await using var cluster = await Cluster.StartAsync(kind, Definitions.None);

        var (output, errors) = await Kubectl.RunAsync(cluster.Kubeconfig, "apply", "--server-side", "--dry-run=server", "-k", NodeAgent.Folder.Path);

        // Policies are of 1.30; of a server before that kubectl says so of each of the four.
        var hasPolicies = cluster.ServerVersion is null || cluster.ServerVersion >= new Version(1, 30);
        errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith("ensure CRDs", StringComparison.Ordinal))
            .ShouldAllBe(line => !hasPolicies && line.Contains("no matches for kind \"ValidatingAdmissionPolicy", StringComparison.Ordinal));
        output.Split('\n').Count(line => line.EndsWith("serverside-applied (server dry run)", StringComparison.Ordinal))
            .ShouldBe(NodeAgent.Folder.Present.Count - (hasPolicies ? 0 : 4));
    }

    private static string BindingOf(string policy) => policy.Replace("policy-", "policybinding-", StringComparison.Ordinal);
}
