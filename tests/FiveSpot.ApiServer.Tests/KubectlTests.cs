// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;

namespace FiveSpot.ApiServer.Tests;

/// <summary>The server as kubectl finds it.</summary>
public sealed class KubectlTests : IClassFixture<KubectlTests.Fixture>
{
    private readonly Fixture _kubectl;

    public KubectlTests(Fixture kubectl) => _kubectl = kubectl;

    [Fact]
    public async Task Objects_are_applied_shown_changed_and_deleted()
    {
        await RunAsync("create namespace apply");
        const string Manifest = """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"apply"},"data":{"k":"v"}}""";
        (await RunAsync("apply -f -", Manifest)).ShouldContain("configmap/a created");
        (await RunAsync("apply -f -", Manifest)).ShouldContain("configmap/a unchanged");
        (await RunAsync("apply -f -", Manifest.Replace("\"v\"", "\"w\"", StringComparison.Ordinal))).ShouldContain("configmap/a configured");
        (await RunAsync("diff -f -", Manifest.Replace("\"v\"", "\"w\"", StringComparison.Ordinal))).ShouldBeEmpty();
        (await RunAsync("-n apply apply --server-side --force-conflicts -f -", Manifest)).ShouldContain("configmap/a serverside-applied");
        (await RunAsync("-n apply get cm -o wide")).ShouldMatch(@"NAME +DATA +AGE\s+a +1 +\d+s");
        (await RunAsync("-n apply label cm a x=y")).ShouldContain("labeled");
        (await RunAsync("-n apply annotate cm a x=y")).ShouldContain("annotated");
        (await RunAsync("""-n apply patch cm a -p {"data":{"n":"1"}}""")).ShouldContain("patched");
        (await RunAsync("""-n apply patch cm a --type=merge -p {"data":{"n":"2"}}""")).ShouldContain("patched");
        (await RunAsync("""-n apply patch cm a --type=json -p [{"op":"replace","path":"/data/n","value":"3"}]""")).ShouldContain("patched");
        (await RunAsync("-n apply edit cm a", editor: "sed -i s/k:/kk:/")).ShouldContain("edited");
        (await RunAsync("-n apply get cm a -o jsonpath={.data}")).ShouldBe("""{"kk":"v","n":"3"}""");
        (await RunAsync("-n apply describe cm a")).ShouldContain("kk:");
        (await RunAsync("-n apply delete cm a")).ShouldContain("deleted");
        (await RunAsync("-n apply get cm a", expected: 1)).ShouldContain("configmaps \"a\" not found");
        (await RunAsync("delete namespace apply")).ShouldContain("deleted");
    }

    [Fact]
    public async Task Typed_commands_work_though_they_send_protobuf()
    {
        await RunAsync("create namespace typed");
        (await RunAsync("-n typed create deployment web --image=nginx:1 --replicas=0 --port=80 --save-config -- run fast")).ShouldContain("created");
        (await RunAsync("-n typed get deployment web -o jsonpath={.spec.replicas},{.spec.selector.matchLabels.app},{.metadata.labels.app},{.spec.template.metadata.labels.app}"))
            .ShouldBe("0,web,web,web");
        (await RunAsync("-n typed get deployment web -o jsonpath={.spec.template.spec.containers[0]['name','image','command']},{.spec.template.spec.containers[0].ports[0].containerPort}"))
            .ShouldBe("""nginx nginx:1 ["run","fast"],80""");
        (await RunAsync("-n typed get deployment web -o jsonpath={.metadata.annotations}")).ShouldContain("last-applied-configuration");
        (await RunAsync("-n typed scale deployment web --replicas=5")).ShouldContain("scaled");
        (await RunAsync("-n typed get deployment web -o jsonpath={.spec.replicas}")).ShouldBe("5");
        (await RunAsync("-n typed create configmap c --from-literal=a=b --from-literal=empty=")).ShouldContain("created");
        (await RunAsync("-n typed get configmap c -o jsonpath={.data}")).ShouldBe("""{"a":"b","empty":""}""");
        (await RunAsync("-n typed create secret generic s --from-literal=a=b")).ShouldContain("created");
        (await RunAsync("-n typed get secret s -o jsonpath={.data.a},{.type}")).ShouldBe("Yg==,Opaque");
        (await RunAsync("-n typed create serviceaccount robot")).ShouldContain("created");
        (await RunAsync("-n typed get all")).ShouldContain("deployment.apps/web");
        (await RunAsync("-n typed auth can-i create pods/robot --subresource=log")).Trim().ShouldBe("yes");
        (await RunAsync("auth can-i get /healthz")).Trim().ShouldBe("yes");
        (await RunAsync("auth can-i --list")).ShouldContain("*.*");
        (await RunAsync("auth whoami")).ShouldContain("kubernetes-admin");
    }

    [Fact]
    public async Task Roles_bindings_and_budgets_are_read_in_protobuf()
    {
        await RunAsync("create namespace rights");
        await RunAsync("-n rights create role r --verb=get,list --resource=pods,deployments.apps --resource-name=x");
        (await RunAsync("-n rights get role r -o jsonpath={.rules}"))
            .ShouldBe("""[{"apiGroups":[""],"resourceNames":["x"],"resources":["pods"],"verbs":["get","list"]},{"apiGroups":["apps"],"resourceNames":["x"],"resources":["deployments"],"verbs":["get","list"]}]""");
        await RunAsync("-n rights create rolebinding b --clusterrole=view --user=ann --serviceaccount=rights:robot");
        (await RunAsync("-n rights get rolebinding b -o jsonpath={.roleRef}{.subjects}"))
            .ShouldBe("""{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}[{"apiGroup":"rbac.authorization.k8s.io","kind":"User","name":"ann"},{"kind":"ServiceAccount","name":"robot","namespace":"rights"}]""");
        await RunAsync("create clusterrole paths --verb=get --non-resource-url=/metrics");
        (await RunAsync("get clusterrole paths -o jsonpath={.rules[0].nonResourceURLs}")).ShouldBe("""["/metrics"]""");
        await RunAsync("create clusterrole sum --aggregation-rule=a=b");
        (await RunAsync("get clusterrole sum -o jsonpath={.aggregationRule}")).ShouldBe("""{"clusterRoleSelectors":[{"matchLabels":{"a":"b"}}]}""");
        await RunAsync("create clusterrolebinding all --clusterrole=sum --group=staff");
        (await RunAsync("get clusterrolebinding all -o jsonpath={.subjects[0].name}")).ShouldBe("staff");
        await RunAsync("-n rights create pdb share --selector=app=web --min-available=50%");
        await RunAsync("-n rights create pdb number --selector=app=api --max-unavailable=2");
        (await RunAsync("-n rights get pdb share -o jsonpath={.spec}")).ShouldBe("""{"minAvailable":"50%","selector":{"matchLabels":{"app":"web"}}}""");
        (await RunAsync("-n rights get pdb number -o jsonpath={.spec}")).ShouldBe("""{"maxUnavailable":2,"selector":{"matchLabels":{"app":"api"}}}""");
    }

    [Fact]
    public async Task A_typed_command_that_is_not_read_in_protobuf_says_to_use_json()
    {
        (await RunAsync("create quota q --hard=pods=1", expected: 1))
            .ShouldContain("this server takes v1 ResourceQuota in JSON, not in protobuf");
        (await RunAsync("create -f -", """
            {"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","namespace":"default"},"spec":{"hard":{"pods":"1"}}}
            """)).ShouldContain("created");
    }

    [Fact]
    public async Task Nodes_are_cordoned_tainted_drained_and_described()
    {
        await RunAsync("create namespace drain");
        await RunAsync("create -f -", """{"apiVersion":"v1","kind":"Node","metadata":{"name":"n1"}}""");
        await RunAsync("create -f -", """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"drain"},
             "spec":{"nodeName":"n1","terminationGracePeriodSeconds":0,"containers":[{"name":"c","image":"i"}]}}
            """);
        (await RunAsync("get pods -A -o wide --field-selector spec.nodeName=n1")).ShouldContain("drain");
        (await RunAsync("taint node n1 a=b:NoSchedule")).ShouldContain("tainted");
        (await RunAsync("describe node n1")).ShouldContain("a=b:NoSchedule");
        (await RunAsync("drain n1 --force --timeout=10s")).ShouldContain("node/n1 drained");
        (await RunAsync("get node n1")).ShouldContain("SchedulingDisabled");
        (await RunAsync("-n drain get pods")).ShouldContain("No resources found");

        await RunAsync("create -f -", """
            {"apiVersion":"v1","kind":"Pod","metadata":{"name":"q","namespace":"drain"},
             "spec":{"nodeName":"n1","containers":[{"name":"c","image":"i"}]}}
            """);
        (await RunAsync("drain n1 --force --disable-eviction --grace-period=0 --timeout=10s")).ShouldContain("node/n1 drained");
        (await RunAsync("-n drain get pods")).ShouldContain("No resources found");
    }

    [Fact]
    public async Task Kinds_are_discovered_explained_and_waited_for()
    {
        (await RunAsync("api-resources")).ShouldMatch(@"poddisruptionbudgets +pdb +policy/v1 +true +PodDisruptionBudget");
        (await RunAsync("explain pod.spec.containers")).ShouldContain("image");
        await RunAsync("apply -f -", """
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"things.kubectl.test"},
             "spec":{"group":"kubectl.test","scope":"Namespaced","names":{"plural":"things","kind":"Thing"},"versions":[{"name":"v1","served":true,"storage":true,
              "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"size":{"type":"integer","description":"how large it is"}}}}}}}]}}
            """);
        (await RunAsync("wait --for=condition=Established crd/things.kubectl.test --timeout=10s")).ShouldContain("condition met");
        (await RunAsync("explain thing.spec.size")).ShouldContain("how large it is");
        (await RunAsync("apply -f -", """{"apiVersion":"kubectl.test/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"sise":1}}""", expected: 1))
            .ShouldContain("unknown field \"spec.sise\"");
        (await RunAsync("apply -f -", """{"apiVersion":"kubectl.test/v1","kind":"Thing","metadata":{"name":"a"},"spec":{"size":1}}""")).ShouldContain("created");
        (await RunAsync("wait --for=jsonpath={.spec.size}=1 thing/a --timeout=10s")).ShouldContain("condition met");
    }

    [Fact]
    public async Task A_watch_shows_changes_as_they_come()
    {
        _kubectl.RequireKubectl();
        await RunAsync("create namespace watched");
        using var watching = _kubectl.Start("-n watched get cm -w --no-headers", null, null);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        await RunAsync("-n watched create cm first");
        (await watching.StandardOutput.ReadLineAsync(deadline.Token))!.ShouldStartWith("first");
        await RunAsync("-n watched create cm second");
        (await watching.StandardOutput.ReadLineAsync(deadline.Token))!.ShouldStartWith("second");
        watching.Kill();
        await watching.WaitForExitAsync(deadline.Token);
    }

    private Task<string> RunAsync(string arguments, string? input = null, int expected = 0, string? editor = null) =>
        _kubectl.RunAsync(arguments, input, expected, editor);

    public sealed class Fixture : ServerFixture
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("kubectl-tests-").FullName;

        protected override void Clean() => Directory.Delete(_folder, recursive: true);

        public void RequireKubectl()
        {
            var found = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "kubectl")));
            Assert.SkipUnless(found, "kubectl is not on the PATH");
        }

        public Process Start(string arguments, string? input, string? editor)
        {
            var config = Path.Combine(_folder, "kubeconfig");
            if (!File.Exists(config))
            {
                File.WriteAllText(config, Server.Kubeconfig());
            }

            var start = new ProcessStartInfo("kubectl", arguments.Split(' '))
            {
                UseShellExecute = false,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["KUBECONFIG"] = config, ["HOME"] = _folder, ["KUBE_EDITOR"] = editor },
            };
            var process = Process.Start(start)!;
            if (input is not null)
            {
                process.StandardInput.Write(input);
            }

            process.StandardInput.Close();
            return process;
        }

        public async Task<string> RunAsync(string arguments, string? input, int expected, string? editor)
        {
            RequireKubectl();
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(TimeSpan.FromSeconds(60));
            using var process = Start(arguments, input, editor);
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            var text = await output + await errors;
            process.ExitCode.ShouldBe(expected, $"kubectl {arguments}: {text}");
            return text;
        }
    }
}
