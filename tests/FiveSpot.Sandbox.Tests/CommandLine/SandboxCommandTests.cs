// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using FiveSpot.ApiServer;
using FiveSpot.ApiServer.Tests;
using FiveSpot.Simulation.Tests;

namespace FiveSpot.Sandbox.Tests.CommandLine;

[UnsupportedOSPlatform("windows")]
public sealed class SandboxCommandTests
{
    private const string OneHour = """
        apiVersion: cluster.x-k8s.io/v1beta2
        kind: Cluster
        metadata: {name: c}
        spec:
          controlPlaneRef: {apiGroup: controlplane.cluster.x-k8s.io, kind: K0smotronControlPlane, name: c}
          infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: RemoteCluster, name: c}
        ---
        apiVersion: 5spot.finos.org/v1alpha1
        kind: ScheduledMachine
        metadata: {name: one-hour}
        spec:
          clusterName: c
          schedule: {daysOfWeek: [mon], hoursOfDay: ["9"]}
          gracefulShutdownTimeout: 10m
          bootstrapSpec: {apiVersion: bootstrap.cluster.x-k8s.io/v1beta1, kind: K0sWorkerConfig, spec: {}}
          infrastructureSpec: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: RemoteMachine, spec: {address: 192.0.2.1, sshKeyRef: {name: key}}}
        """;

    [Fact]
    public async Task A_machine_opens_and_closes_before_the_eyes_of_a_newcomer()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        await using var files = TemporaryFolder.Create();
        await using var sandbox = SandboxProcess.Start(
            "--no-examples", "--apply", files.Write("one-hour.yaml", OneHour), "--start-time", "2026-01-05T08:30:00Z", "--speed", "600", "--port", "0");
        await sandbox.AwaitReadyAsync();
        var management = Path.Combine(sandbox.Directory, ".sandbox", "management.kubeconfig");
        var workload = Path.Combine(sandbox.Directory, ".sandbox", "workload.kubeconfig");
        sandbox.Output.ShouldContain(line => line.Contains(management, StringComparison.Ordinal));
        sandbox.Output.ShouldContain(line => line.Contains(workload, StringComparison.Ordinal));
        File.GetUnixFileMode(management).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.GetUnixFileMode(workload).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);

        await sandbox.AwaitLineAsync(line => line.StartsWith("2026-01-05 0", StringComparison.Ordinal) && line.Contains("default/one-hour (new) → Inactive  Outside its window", StringComparison.Ordinal), "it waits");
        (await sandbox.AwaitLineAsync(line => line.Contains("default/one-hour", StringComparison.Ordinal) && line.Contains("→ Active", StringComparison.Ordinal), "it opens"))
            .ShouldStartWith("2026-01-05 09:0");
        (await Kubectl.RunAsync(management, "get", "sm")).ShouldMatch(@"NAME +PHASE +READY[\s\S]*one-hour +Active");
        (await Kubectl.RunAsync(management, "get", "secrets", "c-kubeconfig")).ShouldContain("cluster.x-k8s.io/secret");
        (await Kubectl.RunAsync(workload, "get", "nodes")).ShouldContain("one-hour");
        (await Kubectl.RunAsync(management, "get", "nodes", "-o", "name")).ShouldBeEmpty();
        await sandbox.AwaitLineAsync(line => line.Contains("default/one-hour Active → ShuttingDown", StringComparison.Ordinal), "it closes");
        await sandbox.AwaitLineAsync(line => line.Contains("default/one-hour ShuttingDown → Inactive", StringComparison.Ordinal), "it is gone");
        (await Kubectl.RunAsync(management, "get", "machines,k0sworkerconfigs,remotemachines", "-o", "name")).ShouldBeEmpty();
        (await Kubectl.RunAsync(workload, "get", "nodes", "-o", "name")).ShouldBeEmpty();

        await sandbox.SignalAsync("INT");
        (await sandbox.ExitAsync()).ShouldBe(0);
        sandbox.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_machine_of_no_Cluster_says_how_to_make_one()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        await using var files = TemporaryFolder.Create();
        var machine = OneHour[(OneHour.IndexOf("---\n", StringComparison.Ordinal) + 4)..];
        var cluster = OneHour[..OneHour.IndexOf("---\n", StringComparison.Ordinal)];
        await using var sandbox = SandboxProcess.Start("--no-examples", "--apply", files.Write("one-hour.yaml", machine), "--start-time", "2026-01-05T09:10:00Z");
        await sandbox.AwaitReadyAsync();
        await sandbox.AwaitLineAsync(
            line => line.Contains("default/one-hour", StringComparison.Ordinal) && line.Contains("There is no Cluster c in namespace default", StringComparison.Ordinal)
                && line.EndsWith("Make one as examples/clusters.yaml does.", StringComparison.Ordinal),
            "it says so");

        await Kubectl.RunAsync(Path.Combine(sandbox.Directory, ".sandbox", "management.kubeconfig"), "apply", "-f", files.Write("cluster.yaml", cluster));
        await sandbox.AwaitLineAsync(line => line.Contains("default/one-hour", StringComparison.Ordinal) && line.Contains("→ Active", StringComparison.Ordinal), "it opens");
    }

    [Fact]
    public async Task An_owner_comes_back_before_the_eyes_of_a_newcomer()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the reclaim agent needs Linux");
        await using var files = TemporaryFolder.Create();
        var lent = OneHour.Replace("name: one-hour", "name: lent", StringComparison.Ordinal)
            .Replace("hoursOfDay: [\"9\"]", "hoursOfDay: [\"0-23\"]", StringComparison.Ordinal)
            .Replace("spec:\n  clusterName", "spec:\n  killIfCommands: [java]\n  clusterName", StringComparison.Ordinal);
        await using var sandbox = SandboxProcess.Start("--no-examples", "--apply", files.Write("lent.yaml", lent), "--start-time", "2026-01-05T00:30:00Z", "--speed", "120");
        await sandbox.AwaitReadyAsync();
        var management = Path.Combine(sandbox.Directory, ".sandbox", "management.kubeconfig");
        var workload = Path.Combine(sandbox.Directory, ".sandbox", "workload.kubeconfig");
        (await Kubectl.RunAsync(workload, "get", "namespace", "5spot-system", "-o", "name")).Trim().ShouldBe("namespace/5spot-system");
        await Kubectl.RunAsync(management, "wait", "sm/lent", "--for=condition=ReclaimAgentReady", "--timeout=60s");

        await Kubectl.RunAsync(management, "annotate", "sm", "lent", "sandbox.5spot.finos.org/processes=java -jar editor.jar");

        await sandbox.AwaitLineAsync(line => line.EndsWith("default/lent Active  Its owner runs java -jar editor.jar.", StringComparison.Ordinal), "the owner is back");
        await sandbox.AwaitLineAsync(line => line.Contains("default/lent Active → EmergencyRemove  Its owner wants it back (process-match: java).", StringComparison.Ordinal), "it goes");
        await sandbox.AwaitLineAsync(line => line.Contains("default/lent EmergencyRemove → Disabled  Its owner wants it back (process-match: java).", StringComparison.Ordinal), "it is gone");
        (await Kubectl.RunAsync(management, "get", "sm", "lent", "-o", "jsonpath={.spec.schedule.enabled}")).ShouldBe("false");
        (await Kubectl.RunAsync(workload, "get", "nodes,configmaps", "-A", "-o", "name")).ShouldBeEmpty();

        await Kubectl.RunAsync(management, "annotate", "sm", "lent", "sandbox.5spot.finos.org/processes-");
        await sandbox.AwaitLineAsync(line => line.EndsWith("default/lent Disabled  Its owner runs nothing any more.", StringComparison.Ordinal), "the owner has gone");
        await Kubectl.RunAsync(management, "patch", "sm", "lent", "--type", "merge", "-p", """{"spec":{"schedule":{"enabled":true}}}""");
        await Kubectl.RunAsync(management, "wait", "sm/lent", "--for=condition=Ready", "--timeout=60s");
        await Kubectl.RunAsync(management, "wait", "sm/lent", "--for=condition=ReclaimAgentReady", "--timeout=60s");
        await sandbox.SignalAsync("INT");
        (await sandbox.ExitAsync()).ShouldBe(0);
        sandbox.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_namespace_goes_with_all_that_is_in_it()
    {
        Assert.SkipUnless(Kubectl.IsThere, "kubectl is not on the path");
        await using var files = TemporaryFolder.Create();
        var twice = OneHour.Replace("hoursOfDay: [\"9\"]", "hoursOfDay: [\"0-23\"]", StringComparison.Ordinal)
            + "\n---\n" + OneHour[(OneHour.IndexOf("---\n", StringComparison.Ordinal) + 4)..]
                .Replace("one-hour", "waits", StringComparison.Ordinal).Replace("192.0.2.1", "192.0.2.2", StringComparison.Ordinal);
        await using var sandbox = SandboxProcess.Start("--no-examples", "--start-time", "2026-01-05T10:30:00Z", "--speed", "600");
        await sandbox.AwaitReadyAsync();
        var management = Path.Combine(sandbox.Directory, ".sandbox", "management.kubeconfig");
        var workload = Path.Combine(sandbox.Directory, ".sandbox", "workload.kubeconfig");
        await Kubectl.RunAsync(management, "create", "namespace", "office");
        await Kubectl.RunAsync(management, "apply", "-n", "office", "-f", files.Write("twice.yaml", twice));
        await Kubectl.RunAsync(management, "wait", "-n", "office", "sm/one-hour", "--for=condition=Ready", "--timeout=50s");
        await sandbox.AwaitLineAsync(line => line.Contains("office/waits (new) → Inactive", StringComparison.Ordinal), "the other waits");

        await Kubectl.RunAsync(management, "delete", "namespace", "office", "--timeout=50s");

        (await Kubectl.RunAsync(management, "get", "sm,machines,clusters,k0sworkerconfigs,remotemachines", "-A", "-o", "name")).ShouldBeEmpty();

        // Cluster API leaves alone the Node of a Cluster that goes; 5-Spot has it cordoned and drained.
        (await Kubectl.RunAsync(workload, "get", "nodes", "-o", "jsonpath={.items[?(@.spec.unschedulable!=true)].metadata.name}")).ShouldBeEmpty();
        await sandbox.SignalAsync("INT");
        (await sandbox.ExitAsync()).ShouldBe(0);
        sandbox.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_examples_are_there_unless_they_are_not_wanted_and_SIGTERM_ends_it()
    {
        await using var sandbox = SandboxProcess.Start("--speed", "60", "--directory", "box");
        await sandbox.AwaitReadyAsync();
        foreach (var name in (string[])["business-hours", "desk-7-nights", "sun-london", "sun-new-york", "tainted-gpu", "kill-switch", "kill-if-commands"])
        {
            await sandbox.AwaitLineAsync(line => line.Contains($"/{name} ", StringComparison.Ordinal), name);
        }

        File.Exists(Path.Combine(sandbox.Directory, "box", "sandbox.log")).ShouldBeTrue();
        await AssertWorkIsDoneAsync(Path.Combine(sandbox.Directory, "box", "workload.kubeconfig"));
        await sandbox.SignalAsync("TERM");
        (await sandbox.ExitAsync()).ShouldBe(0);
        sandbox.Errors.ShouldBeEmpty();
    }

    private static async Task AssertWorkIsDoneAsync(string kubeconfig)
    {
        if (Kubectl.IsThere)
        {
            await Kubectl.RunAsync(kubeconfig, "wait", "deployment/web", "deployment/slow", "--for=condition=Progressing", "--timeout=30s");
            await Kubectl.RunAsync(kubeconfig, "rollout", "status", "deployment/web", "--timeout=30s");
            await Kubectl.RunAsync(kubeconfig, "rollout", "status", "deployment/slow", "--timeout=30s");
        }
    }

    [Theory]
    [InlineData("--start-time takes a date", "--start-time", "yesterday")]
    [InlineData("--speed takes a number", "--speed", "0")]
    [InlineData("--speed takes a number", "--speed", "-5")]
    [InlineData("--port takes a port", "--port", "70000")]
    [InlineData("go together", "--management-kubeconfig", "x")]
    [InlineData("x can't be", "--management-kubeconfig", "x", "--workload-kubeconfig", "y")]
    [InlineData("--apply no-such-file.yaml", "--apply", "no-such-file.yaml")]
    [InlineData("--sped", "--sped", "3")]
    [InlineData("--directory /proc/nowhere", "--directory", "/proc/nowhere")]
    public async Task What_is_no_good_is_said_in_a_sentence(string sentence, params string[] args)
    {
        await using var sandbox = SandboxProcess.Start(args);
        (await sandbox.ExitAsync()).ShouldBe(2);
        sandbox.Errors.ShouldContain(sentence);
        sandbox.Errors.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("this is no YAML", "a: [")]
    [InlineData("this is no Kubernetes object", "a: b")]
    [InlineData("there is no object in it", "# nothing\n---\n")]
    [InlineData("has no kind Cat in example.com/v1", "apiVersion: example.com/v1\nkind: Cat\nmetadata: {name: tom}")]
    [InlineData("ConfigMap Tom was refused", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Tom}")]
    public async Task A_manifest_that_is_none_is_said_in_a_sentence(string sentence, string text)
    {
        await using var files = TemporaryFolder.Create();
        await using var sandbox = SandboxProcess.Start("--no-examples", "--apply", files.Write("bad.yaml", text));
        (await sandbox.ExitAsync()).ShouldBe(2);
        sandbox.Errors.ShouldContain("bad.yaml");
        sandbox.Errors.ShouldContain(sentence);
        sandbox.Errors.ShouldNotContain("   at ");
    }

    [Theory]
    [InlineData("--port")]
    [InlineData("--workload-port")]
    [InlineData("--metrics-port")]
    public async Task A_port_in_use_is_said_in_a_sentence(string flag)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var sandbox = SandboxProcess.Start(flag, $"{port}");
        (await sandbox.ExitAsync()).ShouldBe(2);
        sandbox.Errors.ShouldBe($"Port {port} of 127.0.0.1 is in use: choose another with {flag}, or 0 for any free one.");
    }

    [Fact]
    public async Task Given_clusters_are_used_and_get_what_they_lack()
    {
        await using var files = TemporaryFolder.Create();
        await using var management = await EmbeddedApiServer.StartAsync(cancellation: TestContext.Current.CancellationToken);
        await using var workload = await EmbeddedApiServer.StartAsync(cancellation: TestContext.Current.CancellationToken);
        string[] args =
        [
            "--no-examples", "--start-time", "2026-01-05T09:10:00Z", "--apply", files.Write("one-hour.yaml", OneHour),
            "--management-kubeconfig", files.Write("m.kubeconfig", management.Kubeconfig()), "--workload-kubeconfig", files.Write("w.kubeconfig", workload.Kubeconfig()),
        ];
        await using (var first = SandboxProcess.Start(args))
        {
            await first.AwaitReadyAsync();
            first.Output.ShouldNotContain(line => line.StartsWith("Nodes join", StringComparison.Ordinal));
            (await first.AwaitLineAsync(line => line.StartsWith("Installed", StringComparison.Ordinal), "Installed")).ShouldContain("machines.cluster.x-k8s.io");
            await first.AwaitLineAsync(line => line.Contains("default/one-hour", StringComparison.Ordinal) && line.Contains("→ Active", StringComparison.Ordinal), "it opens");
            await Eventually.GetAsync(() => IsThereAsync("/api/v1/namespaces/5spot-system"), isThere => isThere, "the reclaim agents have their namespace");
            await first.SignalAsync("INT");
            (await first.ExitAsync()).ShouldBe(0);
        }

        await using var second = SandboxProcess.Start(args);
        await second.AwaitReadyAsync();
        second.Output.ShouldNotContain(line => line.StartsWith("Installed", StringComparison.Ordinal));

        async Task<bool> IsThereAsync(string what)
        {
            using var http = ServerFixture.ClientFor(workload);
            return (await http.GetAsync(new Uri(what, UriKind.Relative), TestContext.Current.CancellationToken)).IsSuccessStatusCode;
        }
    }

    [Fact]
    public async Task A_given_kubeconfig_that_names_a_file_is_not_put_into_a_Secret()
    {
        await using var files = TemporaryFolder.Create();
        await using var management = await EmbeddedApiServer.StartAsync(cancellation: TestContext.Current.CancellationToken);
        await using var workload = await EmbeddedApiServer.StartAsync(cancellation: TestContext.Current.CancellationToken);
        var withFile = workload.Kubeconfig().Replace($"token: {workload.Token}", $"tokenFile: {files.Write("token", workload.Token)}", StringComparison.Ordinal);
        var path = files.Write("m.kubeconfig", management.Kubeconfig());
        await using var sandbox = SandboxProcess.Start(
            "--no-examples", "--start-time", "2026-01-05T09:10:00Z", "--apply", files.Write("one-hour.yaml", OneHour),
            "--management-kubeconfig", path, "--workload-kubeconfig", files.Write("w.kubeconfig", withFile));

        (await sandbox.AwaitLineAsync(line => line.StartsWith("Nodes join", StringComparison.Ordinal), "it says so"))
            .ShouldMatch(@"^Nodes join the management cluster\. .*w\.kubeconfig.*'tokenFile'");
        using var http = ServerFixture.ClientFor(management);
        await Eventually.GetAsync(() => IsThereAsync("/api/v1/nodes/one-hour"), isThere => isThere, "the Node is there");
        (await IsThereAsync("/api/v1/namespaces/default/secrets/c-kubeconfig")).ShouldBeFalse();

        async Task<bool> IsThereAsync(string what) =>
            (await http.GetAsync(new Uri(what, UriKind.Relative), TestContext.Current.CancellationToken)).IsSuccessStatusCode;
    }

    [Fact]
    public async Task Help_names_every_flag()
    {
        await using var sandbox = SandboxProcess.Start("--help");
        (await sandbox.ExitAsync()).ShouldBe(0);
        var help = string.Join('\n', sandbox.Output);
        foreach (var flag in (string[])["--speed", "--start-time", "--directory", "--port", "--workload-port", "--apply", "--no-examples", "--management-kubeconfig", "--workload-kubeconfig", "--version", "kubectl annotate sm NAME sandbox.5spot.finos.org/processes=java"])
        {
            help.ShouldContain(flag);
        }
    }
}
