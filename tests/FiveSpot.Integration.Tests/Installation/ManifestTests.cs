// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Installation;

/// <summary>That the parts of <c>deploy</c> fit together, and agree with what the controller goes by.</summary>
public sealed class ManifestTests
{
    private const string PodLabel = "app.kubernetes.io/name";

    private static readonly DeployFolder Controller = new("controller");
    private static readonly DeployFolder WorkloadAccess = new("workload-access");
    private static readonly JsonObject Deployment = Controller.Read("deployment.yaml");

    private static JsonObject PodSpec => Deployment["spec"]!["template"]!["spec"]!.AsObject();

    private static JsonObject Container => PodSpec["containers"]!.AsArray().ShouldHaveSingleItem()!.AsObject();

    private static Dictionary<string, int> Ports =>
        Container["ports"]!.AsArray().ToDictionary(port => (string)port!["name"]!, port => (int)(long)port!["containerPort"]!);

    public static TheoryData<string> FoldersOfObjects => ["namespace", "controller", "workload-access"];

    [Theory]
    [MemberData(nameof(FoldersOfObjects))]
    public void Each_kustomization_names_every_file_and_each_says_what_it_is_for(string folder)
    {
        var files = new DeployFolder(folder);
        files.Named.ShouldBe(files.Present, ignoreOrder: true);
        foreach (var file in (IEnumerable<string>)["kustomization.yaml", .. files.Present])
        {
            var lines = File.ReadAllLines(Path.Combine(files.Path, file));
            lines[0].ShouldBe("# SPDX-License-Identifier: Apache-2.0");
            lines.Skip(1).TakeWhile(line => line.StartsWith('#')).ShouldContain(line => line.Length > 20, file);
        }
    }

    [Fact]
    public async Task One_cluster_gets_what_a_management_and_a_workload_cluster_get_and_the_namespace_once()
    {
        var (one, management, workload) = (await BuildAsync(""), await BuildAsync("management"), await BuildAsync("workload"));
        one.Keys.ShouldBe(management.Keys.Union(workload.Keys), ignoreOrder: true);
        management.Keys.Intersect(workload.Keys).ShouldBe(["Namespace/5spot-system"]);
        foreach (var (id, found) in one.Where(each => each.Key != "Namespace/5spot-system"))
        {
            JsonNode.DeepEquals(found, management.GetValueOrDefault(id) ?? workload[id]).ShouldBeTrue(id);
        }
    }

    [Theory]
    [InlineData("namespace", 1)]
    [InlineData("crds", 1)]
    [InlineData("admission", 2)]
    [InlineData("controller", 9)]
    [InlineData("workload-access", 4)]
    [InlineData("node-agent", 10)]
    public async Task Each_part_can_be_applied_and_taken_away_by_itself(string part, int objects)
    {
        var built = await BuildAsync(part);
        built.Count.ShouldBe(objects);
        built.Keys.Where(id => id.StartsWith("Namespace/", StringComparison.Ordinal)).ShouldBe(part == "namespace" ? ["Namespace/5spot-system"] : []);
    }

    [Theory]
    [InlineData("", "privileged")]
    [InlineData("management", "restricted")]
    [InlineData("workload", "privileged")]
    public async Task The_namespace_lets_pods_have_more_only_where_the_policy_of_the_agent_holds(string root, string level)
    {
        var built = await BuildAsync(root);
        ((string?)built["Namespace/5spot-system"]["metadata"]!["labels"]!["pod-security.kubernetes.io/enforce"]).ShouldBe(level);
        built.ContainsKey("ValidatingAdmissionPolicyBinding/5spot-system-pods").ShouldBe(level == "privileged");
    }

    [Fact]
    public async Task The_image_is_of_this_version() =>
        ((string?)(await BuildAsync("controller"))["Deployment/5spot-controller"]["spec"]!["template"]!["spec"]!["containers"]![0]!["image"])
            .ShouldBe($"5spot:{typeof(WellKnown).Assembly.GetName().Version!.ToString(3)}");

    [Fact]
    public void All_that_has_a_namespace_is_in_that_of_the_Lease_and_of_the_ConfigMaps()
    {
        Definitions.NameOf(new DeployFolder("namespace").Read("namespace.yaml")).ShouldBe(WellKnown.SystemNamespace);
        foreach (var folder in (DeployFolder[])[Controller, WorkloadAccess])
        {
            foreach (var found in folder.Named.Select(folder.Read).Where(found => !((string)found["kind"]!).StartsWith("Cluster", StringComparison.Ordinal)))
            {
                ((string?)found["metadata"]!["namespace"]).ShouldBe(WellKnown.SystemNamespace, (string)found["kind"]!);
            }
        }
    }

    [Fact]
    public void Both_roles_are_bound_to_the_account_of_the_Deployment()
    {
        var account = Definitions.NameOf(Controller.Read("serviceaccount.yaml"));
        ((string?)PodSpec["serviceAccountName"]).ShouldBe(account);
        ((bool?)PodSpec["automountServiceAccountToken"]).ShouldBe(true);
        foreach (var folder in (DeployFolder[])[Controller, WorkloadAccess])
        {
            foreach (var kind in (string[])["ClusterRole", "Role"])
            {
                var binding = folder.Read($"{kind.ToLowerInvariant()}binding.yaml");
                ((string?)binding["roleRef"]!["kind"]).ShouldBe(kind);
                ((string?)binding["roleRef"]!["name"]).ShouldBe(Definitions.NameOf(folder.Read($"{kind.ToLowerInvariant()}.yaml")));
                binding["subjects"]!.ToJsonString().ShouldBe($$"""[{"kind":"ServiceAccount","name":"{{account}}","namespace":"{{WellKnown.SystemNamespace}}"}]""");
            }
        }
    }

    [Fact]
    public void All_of_it_is_about_the_pods_of_the_Deployment()
    {
        var label = (string)Deployment["spec"]!["template"]!["metadata"]!["labels"]![PodLabel]!;
        foreach (var selector in (JsonNode[])
        [
            Deployment["spec"]!["selector"]!["matchLabels"]!,
            Controller.Read("service.yaml")["spec"]!["selector"]!,
            Controller.Read("poddisruptionbudget.yaml")["spec"]!["selector"]!["matchLabels"]!,
            Controller.Read("networkpolicy.yaml")["spec"]!["podSelector"]!["matchLabels"]!,
            PodSpec["affinity"]!["podAntiAffinity"]!["preferredDuringSchedulingIgnoredDuringExecution"]![0]!["podAffinityTerm"]!["labelSelector"]!["matchLabels"]!,
        ])
        {
            selector.ToJsonString().ShouldBe($$"""{"{{PodLabel}}":"{{label}}"}""");
        }
    }

    [Fact]
    public void Probes_Service_and_NetworkPolicy_name_the_ports_that_the_controller_listens_on()
    {
        Ports.ShouldBe(new Dictionary<string, int> { ["metrics"] = 8080, ["health"] = 8081 });
        foreach (var (probe, path) in (IEnumerable<(string, string)>)[("startupProbe", "/healthz"), ("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")])
        {
            Container[probe]!["httpGet"]!.ToJsonString().ShouldBe($$"""{"port":"health","path":"{{path}}"}""", probe);
        }

        var service = Controller.Read("service.yaml")["spec"]!["ports"]!.AsArray().ShouldHaveSingleItem()!;
        ((string?)service["targetPort"], (string?)service["name"], (int?)(long?)service["port"]).ShouldBe(("metrics", "metrics", Ports["metrics"]));

        var ingress = Controller.Read("networkpolicy.yaml")["spec"]!["ingress"]!.AsArray();
        ingress.Select(rule => (string)rule!["ports"]!.AsArray().ShouldHaveSingleItem()!["port"]!).ShouldBe(["metrics", "health"]);
        ingress.Select(rule => rule!["from"] is null).ShouldBe([false, true], "nobody but Prometheus reads the metrics");
    }

    [Fact]
    public void It_is_let_out_to_names_and_to_API_servers_hosted_ones_included_and_nowhere_else()
    {
        var spec = Controller.Read("networkpolicy.yaml")["spec"]!;
        spec["policyTypes"]!.ToJsonString().ShouldBe("""["Ingress","Egress"]""");
        var egress = spec["egress"]!.AsArray();
        egress.ShouldAllBe(rule => rule!["to"] == null, "where API servers are is not known");
        egress.SelectMany(rule => rule!["ports"]!.AsArray()).Select(port => $"{(string?)port!["protocol"]} {(long)port["port"]!}")
            .ShouldBe(["UDP 53", "TCP 53", "TCP 443", "TCP 6443", "TCP 30443"]);
    }

    [Fact]
    public void It_has_nothing_of_its_machine_and_time_to_end()
    {
        PodSpec["securityContext"]!.ToJsonString().ShouldBe(
            """{"runAsNonRoot":true,"runAsUser":65534,"runAsGroup":65534,"seccompProfile":{"type":"RuntimeDefault"}}""");
        Container["securityContext"]!.ToJsonString().ShouldBe(
            """{"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"capabilities":{"drop":["ALL"]}}""");
        PodSpec["volumes"].ShouldBeNull();
        Container["resources"]!["limits"]!.AsObject().Select(limit => limit.Key).ShouldBe(["memory"]);
        ((long)PodSpec["terminationGracePeriodSeconds"]!).ShouldBeGreaterThan(10);
    }

    [Fact]
    public void It_does_not_run_on_a_machine_that_its_owner_may_claim_back()
    {
        var term = PodSpec["affinity"]!["nodeAffinity"]!["requiredDuringSchedulingIgnoredDuringExecution"]!["nodeSelectorTerms"]!.AsArray().ShouldHaveSingleItem()!;
        term.ToJsonString().ShouldBe($$"""{"matchExpressions":[{"key":"{{WellKnown.ReclaimAgentLabel}}","operator":"DoesNotExist"}]}""");
    }

    [Fact]
    public void Of_Secrets_it_reads_those_whose_name_it_knows()
    {
        var rules = Controller.Read("clusterrole.yaml")["rules"]!.AsArray();
        var secrets = rules.Single(rule => rule!["resources"]!.AsArray().Any(resource => (string)resource! == "secrets"))!;
        secrets.ToJsonString().ShouldBe("""{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}""");

        // A star would take in Secrets, too.
        rules.Where(rule => rule!["resources"]!.AsArray().Any(resource => (string)resource! == "*"))
            .SelectMany(rule => rule!["apiGroups"]!.AsArray().Select(group => (string)group!))
            .ShouldBe(["bootstrap.cluster.x-k8s.io", "infrastructure.cluster.x-k8s.io", "k0smotron.io"]);
        new[] { Controller.Read("role.yaml"), WorkloadAccess.Read("clusterrole.yaml"), WorkloadAccess.Read("role.yaml") }
            .Select(role => role["rules"]!.ToJsonString()).ShouldAllBe(text => !text.Contains("secrets", StringComparison.Ordinal) && !text.Contains('*'));
    }

    [Fact]
    public void Two_replicas_of_which_one_may_be_away()
    {
        ((long?)Deployment["spec"]!["replicas"]).ShouldBe(2);
        ((long?)Controller.Read("poddisruptionbudget.yaml")["spec"]!["maxUnavailable"]).ShouldBe(1);
    }

    [Fact]
    public void It_knows_its_flags_and_variables_and_leads_by_the_Lease_that_it_has_a_right_to()
    {
        var variables = Container["env"]!.AsArray().Select(variable => (string)variable!["name"]!).ToList();
        List<string> asked = [];
        List<string> problems = [];
        var command = CommandLine.Create(
            name =>
            {
                asked.Add(name);
                return null;
            },
            problems);
        var parsed = command.Parse([.. Container["args"]!.AsArray().Select(argument => (string)argument!)]);

        parsed.Errors.ShouldBeEmpty();
        parsed.GetValue<bool>("--enable-leader-election").ShouldBeTrue();
        parsed.GetValue<string>("--lease-namespace").ShouldBe(WellKnown.SystemNamespace);
        (parsed.GetValue<int>("--metrics-port"), parsed.GetValue<int>("--health-port")).ShouldBe((Ports["metrics"], Ports["health"]));
        asked.ShouldContain(variables.ShouldHaveSingleItem());
        Controller.Read("role.yaml")["rules"]![1]!["resourceNames"]!.ToJsonString().ShouldBe($"[\"{parsed.GetValue<string>("--lease-name")}\"]");
    }

    /// <summary>What kubectl makes of a folder, by kind and name.</summary>
    private static async Task<IReadOnlyDictionary<string, JsonObject>> BuildAsync(string folder) =>
        (await Kubectl.KustomizeAsync(Repository.PathOf(Path.Combine("deploy", folder))))
            .ToDictionary(found => string.Create(CultureInfo.InvariantCulture, $"{(string)found["kind"]!}/{Definitions.NameOf(found)}"));
}
