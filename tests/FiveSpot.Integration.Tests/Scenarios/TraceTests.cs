// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Diagnostics;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>One span a pass, with one for each of its API calls in it.</summary>
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
}
