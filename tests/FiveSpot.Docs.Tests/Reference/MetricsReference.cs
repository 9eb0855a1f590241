// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.RegularExpressions;
using FiveSpot.Api;
using FiveSpot.Controller.Hosting;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.ReclaimAgent.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Docs.Tests.Reference;

/// <summary>The metrics, as their own registry shows them once each has been measured.</summary>
internal static partial class MetricsReference
{
    private static readonly ObjectKey Machine = new("default", "business-hours");

    public static string Render()
    {
        var document = new Markdown("Metrics", "the instruments of the executables, as `/metrics` shows them")
            .Paragraph("A histogram has the suffixes `_bucket`, `_sum` and `_count`.");
        Section(document, "5spot", ControllerMetrics.MeterName, MeasureController);
        Section(document, "5spot-reclaim-agent", FiveSpotReclaimAgent.MeterName, MeasureAgent);
        Section(document, "Of both: calls, events and the work queue", RuntimeMetrics.MeterName, MeasureRuntime);
        return document.ToString();
    }

    private static void Section(Markdown document, string heading, string meterName, Func<MetricRegistry, string> measure)
    {
        using var registry = new MetricRegistry(meter => meter.Name == meterName, "fivespot_");
        var shown = measure(registry);
        document.Heading(2, heading).Table(["name", "kind", "labels", "what"], Type().Matches(shown).Select(type => Row(shown, type.Groups["name"].Value, type.Groups["kind"].Value)));
    }

    private static string[] Row(string shown, string name, string kind)
    {
        var sample = Regex.Match(shown, $$"""^{{name}}(_bucket)?(\{(?<labels>.*)\})? """, RegexOptions.Multiline);
        sample.Success.ShouldBeTrue($"{name} is not measured here, so that its labels are not known: {nameof(MetricsReference)} is to measure it");
        var help = Regex.Match(shown, $"^# HELP {name} (?<help>.*)$", RegexOptions.Multiline);
        help.Success.ShouldBeTrue($"{name} has no description");
        var labels = Label().Matches(sample.Groups["labels"].Value).Select(static label => label.Groups["key"].Value).Where(static key => key != "le");
        return [$"`{name}`", kind, string.Join(", ", labels.Select(static label => $"`{label}`")) is { Length: > 0 } keys ? keys : "–", help.Groups["help"].Value];
    }

    private static string MeasureController(MetricRegistry registry)
    {
        using var api = new ApiClient(ClusterConnection.FromKubeconfig(
            """
            clusters: [{name: none, cluster: {server: "https://127.0.0.1:1"}}]
            contexts: [{name: none, context: {cluster: none}}]
            current-context: none
            """u8,
            "nowhere",
            new KubeconfigPolicy()));
        using var controller = new FiveSpotController(api, new ControllerSettings(), NullLoggerFactory.Instance);
        ControllerMetrics.Reconciled(MachinePhase.Active, "success", TimeSpan.Zero);
        ControllerMetrics.ScheduleEvaluated(isActive: true);
        ControllerMetrics.Failed(new InvalidOperationException());
        ControllerMetrics.WorkloadCluster(before: null, "reachable");
        ControllerMetrics.WorkloadCluster("reachable", after: null);
        ControllerMetrics.EmergencyDrain(TimeSpan.Zero, succeeded: true);
        ControllerMetrics.Eviction("accepted");
        ControllerMetrics.BoundaryLag(TimeSpan.Zero);
        foreach (var (_, reason, _) in XmlDocs.Constants(typeof(EventReasons)))
        {
            ControllerMetrics.Count(Machine, new TransitionEvent(reason, ""));
        }

        return registry.Render();
    }

    private static string MeasureAgent(MetricRegistry registry)
    {
        using var metrics = new AgentMetrics(registry);
        metrics.Write("written");
        return registry.Render();
    }

    private static string MeasureRuntime(MetricRegistry registry)
    {
        RuntimeMetrics.Request("get", HttpStatusCode.OK);
        RuntimeMetrics.EventDropped();
        RuntimeMetrics.QueueWait(TimeSpan.Zero);
        return registry.Render();
    }

    [GeneratedRegex("^# TYPE (?<name>[a-z_]+) (?<kind>[a-z]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Type();

    [GeneratedRegex("(?<key>[a-z_]+)=\"", RegexOptions.ExplicitCapture)]
    private static partial Regex Label();
}
