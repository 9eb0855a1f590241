// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.ApiServer;
using FiveSpot.ApiServer.Tests;
using FiveSpot.Kubernetes;
using FiveSpot.Sandbox.Display;
using FiveSpot.Simulation;
using FiveSpot.Simulation.Tests;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Sandbox.Tests.Display;

public sealed class MonitorTests : ServerFixture
{
    private const string ScheduledMachines = "/apis/5spot.finos.org/v1alpha1/namespaces/default/scheduledmachines";
    private const string Pods = "/api/v1/namespaces/default/pods";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 5, 18, 0, 0, TimeSpan.Zero));

    protected override EmbeddedApiServerOptions Options => new() { Clock = _clock };

    [Fact]
    public async Task A_machine_on_its_way_out_has_a_line_for_each_thing_it_says()
    {
        using var api = Connect();
        await DefinitionInstaller.InstallMissingAsync(api, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        using var machines = new PhysicalMachines();
        using var owners = new OwnerPrograms(api, machines, NullLoggerFactory.Instance);
        var monitor = new PhaseMonitor(api, owners, _clock, NullLoggerFactory.Instance);
        var output = new StringWriter();
        var showing = new TransitionLines(monitor, TextWriter.Synchronized(output)).RunAsync(stop.Token);
        var watching = monitor.RunAsync(stop.Token);
        (await PostAsync(ScheduledMachines, """
            {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"a"},
             "spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon"]},
              "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K","spec":{}},
              "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"R","spec":{}}}}
            """)).Status.ShouldBe(201);
        await Eventually.GetAsync(() => Task.FromResult(monitor.Snapshot().Count), count => count == 1, "it is seen");

        // What is said while a machine is wanted is in the table; what else is reported makes no line either.
        await ReportAsync("Active", "Waiting for the machine to join.");
        await ReportAsync("Active", "Node a is ready.");
        await ReportAsync("ShuttingDown", "Running pods may finish.");
        await ReportAsync("ShuttingDown", "3 of 17 pods left.");
        await ReportAsync("ShuttingDown", "3 of 17 pods left.", """,{"type":"Ready","status":"False","reason":"X","message":"","lastTransitionTime":"2026-01-05T18:00:00Z"}""");
        await ReportAsync("ShuttingDown", "2 of 17 pods left.");
        await ReportAsync("Inactive", "Outside its window.");

        string[] expected =
        [
            "2026-01-05 18:00:00Z default/a (new) → Active  Waiting for the machine to join.",
            "2026-01-05 18:00:00Z default/a Active → ShuttingDown  Running pods may finish.",
            "2026-01-05 18:00:00Z default/a ShuttingDown  3 of 17 pods left.",
            "2026-01-05 18:00:00Z default/a ShuttingDown  2 of 17 pods left.",
            "2026-01-05 18:00:00Z default/a ShuttingDown → Inactive  Outside its window.",
        ];
        await Eventually.GetAsync(
            () => Task.FromResult(output.ToString()), text => text.Contains("Inactive", StringComparison.Ordinal), "all has been seen");
        output.ToString().Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries).ShouldBe(expected);
        await StopAsync(stop, showing, watching);

        async Task ReportAsync(string phase, string message, string condition = "")
        {
            var status = $$"""{"status":{"phase":"{{phase}}","message":"{{message}}","conditions":[{{condition.TrimStart(',')}}] } }""";
            (await MergeAsync($"{ScheduledMachines}/a/status", status)).Status.ShouldBe(200);
        }
    }

    [Fact]
    public async Task What_an_owner_does_has_a_line()
    {
        using var api = Connect();
        await DefinitionInstaller.InstallMissingAsync(api, TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        using var machines = new PhysicalMachines();
        using var owners = new OwnerPrograms(api, machines, NullLoggerFactory.Instance);
        var monitor = new PhaseMonitor(api, owners, _clock, NullLoggerFactory.Instance);
        var output = new StringWriter();
        var showing = new TransitionLines(monitor, TextWriter.Synchronized(output)).RunAsync(stop.Token);
        var watching = monitor.RunAsync(stop.Token);
        (await PostAsync(ScheduledMachines, """
            {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine",
             "metadata":{"name":"a","annotations":{"sandbox.5spot.finos.org/processes":"java"}},
             "spec":{"clusterName":"c","schedule":{"daysOfWeek":["mon"]},
              "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K","spec":{}},
              "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"R","spec":{}}}}
            """)).Status.ShouldBe(201);
        (await MergeAsync($"{ScheduledMachines}/a/status", """{"status":{"phase":"Active","message":"In its window."}}""")).Status.ShouldBe(200);
        await Eventually.GetAsync(() => Task.FromResult(output.ToString()), text => text.Contains("Active", StringComparison.Ordinal), "the machine is seen");
        var owning = owners.RunAsync(stop.Token);

        await AwaitAsync("2026-01-05 18:00:00Z default/a Active  Its owner runs java.");
        monitor.ProgramsOf(new("default", "a")).ShouldBe("java");
        (await MergeAsync($"{ScheduledMachines}/a", """{"metadata":{"annotations":{"sandbox.5spot.finos.org/processes":null}}}""")).Status.ShouldBe(200);
        await AwaitAsync("2026-01-05 18:00:00Z default/a Active  Its owner runs nothing any more.");
        monitor.ProgramsOf(new("default", "a")).ShouldBeNull();
        await StopAsync(stop, showing, watching, owning);

        Task AwaitAsync(string line) =>
            Eventually.GetAsync(() => Task.FromResult(output.ToString()), text => text.TrimEnd().EndsWith(line, StringComparison.Ordinal), line);
    }

    [Fact]
    public async Task The_pods_of_a_node_are_counted_until_they_are_gone()
    {
        using var api = Connect();
        using var stop = new CancellationTokenSource();
        var counts = new PodCounts(api, NullLoggerFactory.Instance);
        var changes = 0;
        counts.Changed += () => Interlocked.Increment(ref changes);
        var watching = counts.RunAsync(stop.Token);
        foreach (var (name, node) in ((string, string)[])[("one", "a"), ("two", "a"), ("three", "b"), ("done", "b"), ("nowhere", "")])
        {
            var where = node.Length == 0 ? "" : $"\"nodeName\":\"{node}\",";
            (await PostAsync(Pods, $$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}"},"spec":{ {{where}}"containers":[{"name":"c","image":"i"}]} }""")).Status.ShouldBe(201);
        }

        (await MergeAsync($"{Pods}/done/status", """{"status":{"phase":"Succeeded"}}""")).Status.ShouldBe(200);
        await AwaitAsync("a 2, b 1");

        // One that stops still counts; a label is no news.
        (await DeleteAsync($"{Pods}/one")).Status.ShouldBe(200);
        var before = Volatile.Read(ref changes);
        (await MergeAsync($"{Pods}/two", """{"metadata":{"labels":{"a":"b"}}}""")).Status.ShouldBe(200);
        (await DeleteAsync($"{Pods}/three?gracePeriodSeconds=0")).Status.ShouldBe(200);
        await AwaitAsync("a 2");
        Volatile.Read(ref changes).ShouldBe(before + 1);
        (await DeleteAsync($"{Pods}/one?gracePeriodSeconds=0")).Status.ShouldBe(200);
        await AwaitAsync("a 1");
        await StopAsync(stop, watching);

        Task AwaitAsync(string expected) => Eventually.GetAsync(
            () => Task.FromResult(string.Join(", ", counts.ByNode().OrderBy(node => node.Key).Select(node => $"{node.Key} {node.Value}"))),
            seen => seen == expected,
            expected);
    }

    private static async Task StopAsync(CancellationTokenSource stop, params Task[] parts)
    {
        await stop.CancelAsync();
        await Task.WhenAll(parts).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private ApiClient Connect() => new(ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(Server.Kubeconfig()), "test"));
}
