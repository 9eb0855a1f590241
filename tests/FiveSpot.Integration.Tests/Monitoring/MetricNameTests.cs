// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Monitoring;

/// <summary>What is asked for by name exists: by the rules, by the dashboard, and by the contract.</summary>
public sealed partial class MetricNameTests
{
    [Fact]
    public async Task What_rules_and_panels_ask_for_is_shown_by_a_controller()
    {
        var page = await NewControllerAsync();
        foreach (var expression in MonitoringFolder.Rules().Select(rule => (string)rule["expr"]!).Concat(MonitoringFolder.Questions().Select(question => question.Expression)))
        {
            var names = Name().Matches(expression).Select(match => match.Value).ToList();
            names.ShouldNotBeEmpty();
            names.ShouldBeSubsetOf(page.SampleNames, expression);

            // A label that is asked for must be one that is there from the start: else an alert waits for what never comes.
            foreach (Match selector in Selector().Matches(expression))
            {
                var (name, label) = (selector.Groups[1].Value, selector.Groups[2].Value);
                foreach (var value in selector.Groups[3].Value.Split('|'))
                {
                    page.Samples.Keys.ShouldContain($"{name}{{{label}=\"{value}\"}}", expression);
                }
            }
        }
    }

    [Fact]
    public async Task The_panels_ask_what_Prometheus_understands()
    {
        using var folder = new TemporaryFolder();
        var rules = MonitoringFolder.Questions().Select((question, i) => $"  - {{record: 'r{i}', expr: '{question.Expression.Replace("'", "''", StringComparison.Ordinal)}'}}");
        var file = folder.Write("panels.yaml", $"groups:\n- name: panels\n  rules:\n{string.Join('\n', rules)}\n");
        await PrometheusAssets.PromtoolAsync(folder, "check", "rules", file);
    }

    [Fact]
    public async Task The_metrics_of_the_contract_are_there_and_few_besides()
    {
        var contract = SharedFolder.ReadText("contract.md");
        var section = contract[contract.IndexOf("## 10.", StringComparison.Ordinal)..];
        var listed = section[section.IndexOf("names `fivespot_*`:", StringComparison.Ordinal)..];
        var metrics = Listed().Matches(listed[..listed.IndexOf("\n\n", StringComparison.Ordinal)])
            .Select(match => $"fivespot_{match.Groups[1].Value}").ToList();
        metrics.Count.ShouldBe(19);
        (await NewControllerAsync()).Kinds.Keys.ShouldBe(metrics.Concat(
        [
            // Of our own, besides.
            "fivespot_api_requests_total", "fivespot_boundary_overdue_seconds", "fivespot_events_dropped_total", "fivespot_instances", "fivespot_phase_overdue_seconds",
        ]), ignoreOrder: true);
    }

    [Fact]
    public void The_ServiceMonitor_selects_the_controllers_Service()
    {
        const string Service = "deploy/controller/service.yaml";
        Assert.SkipUnless(File.Exists(Repository.PathOf(Service)), $"there is no {Service}");
        var service = MonitoringFolder.Read(Service);
        var spec = MonitoringFolder.Read("deploy/monitoring/servicemonitor.yaml")["spec"]!;
        foreach (var (label, value) in spec["selector"]!["matchLabels"]!.AsObject())
        {
            ((string?)service["metadata"]!["labels"]![label]).ShouldBe((string)value!);
        }

        spec["namespaceSelector"]!["matchNames"]!.AsArray().Select(name => (string)name!).ShouldContain((string)service["metadata"]!["namespace"]!);
        service["spec"]!["ports"]!.AsArray().ShouldContain(port => (string)port!["name"]! == (string)spec["endpoints"]![0]!["port"]!);
    }

    private static async Task<MetricsPage> NewControllerAsync()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded, Definitions.None);
        using var registry = MetricsPage.NewRegistry();
        using var api = cluster.Connect("test");
        using var controller = new FiveSpotController(api, new ControllerSettings(), NullLoggerFactory.Instance);
        return MetricsPage.Parse(registry.Render());
    }

    [GeneratedRegex("\\bfivespot_[a-z_]+")]
    private static partial Regex Name();

    [GeneratedRegex("(fivespot_[a-z_]+)\\{(?:[^}]*,)?([a-z_]+)=~?\"([A-Za-z|]+)\"\\}")]
    private static partial Regex Selector();

    [GeneratedRegex("`([a-z_]+)(?:\\{[a-z_,]+\\})?`")]
    private static partial Regex Listed();
}
