// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>One span a pass, with one for each of its API calls in it; and to a collector they come by OTLP.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task Opening_is_a_pass_with_its_calls()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is Reconciler.TraceSourceName or RuntimeTraces.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using var scenario = await Scenario.StartAsync(ServerKind.Embedded);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");
        scenario.Cluster.MoveTo(Scenario.Opening);
        await scenario.Cluster.PhaseAsync("Active");
        await scenario.SettleAsync();

        var ours = spans.Where(span => (string?)span.GetTagItem("k8s.namespace.name") == scenario.Cluster.Namespace).ToList();
        var machine = ours.Single(span => span.DisplayName == "create machines.cluster.x-k8s.io");
        var pass = ours.Single(span => span.SpanId == machine.ParentSpanId);
        pass.DisplayName.ShouldBe("reconcile");
        ((string?)pass.GetTagItem("k8s.object.name"), (string?)pass.GetTagItem("phase"), (string?)pass.GetTagItem("result")).ShouldBe(("pc-1", "Active", "success"));
        ours.Where(span => span.ParentSpanId == pass.SpanId && span.Kind == ActivityKind.Client).Select(span => span.DisplayName.Split(' ')[0])
            .ShouldBe(["create", "create", "create", "apply"]);
        ours.Where(span => span.DisplayName == "reconcile").Select(span => span.GetTagItem("reconcile_id")).ShouldBeUnique();
    }

    [Fact]
    public async Task A_collector_gets_them()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        using var collector = new HttpListener();
        var address = $"http://127.0.0.1:{Loopback.FreePort()}/";
        collector.Prefixes.Add(address);
        collector.Start();
        var received = new ConcurrentQueue<string>();
        var collecting = CollectAsync(collector, received);
        await using (await NativeController.StartAsync(cluster.Kubeconfig, environment: new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        }))
        {
            await cluster.ScheduleAsync(schedule: """{"daysOfWeek":["mon-sun"],"hoursOfDay":[]}""");
            await cluster.PhaseAsync("Active");
            // A pass ends after its calls: it may come with a later batch.
            foreach (var name in (string[])["reconcile", "create machines.cluster.x-k8s.io", "5spot"])
            {
                await Wait.UntilAsync($"{name} is there", () => received.Any(body => body.Contains(name, StringComparison.Ordinal)));
            }
        }

        collector.Stop();
        await collecting;
    }

    private static async Task CollectAsync(HttpListener collector, ConcurrentQueue<string> received)
    {
        while (true)
        {
            try
            {
                var context = await collector.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                received.Enqueue($"{context.Request.Url!.AbsolutePath} {System.Text.Encoding.Latin1.GetString(body.ToArray())}");
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
