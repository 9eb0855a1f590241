// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Monitoring;

/// <summary>A real Prometheus scrapes a running sandbox, with the rules as they are deployed.</summary>
public sealed partial class ScrapeTests
{
    // An hour is six seconds, and the day's work is nearly over: the first drain comes within ten.
    private const string Speed = "600";
    private const string Afternoon = "2026-01-05T16:30:00Z";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Prometheus_reads_a_sandbox_and_its_rules_and_the_dashboard_have_something_to_show()
    {
        PrometheusAssets.Require("prometheus");
        using var folder = new TemporaryFolder();
        await using var sandbox = GuardedProcess.Start("dotnet", folder.PathOf(""),
        [
            Path.Combine(AppContext.BaseDirectory, "5spot-sandbox.dll"), "--directory", folder.PathOf("sandbox"), "--speed", Speed, "--start-time", Afternoon, "--metrics-port", "0",
        ]);
        var target = "";
        await Wait.UntilAsync(
            "the sandbox tells where its metrics are",
            () =>
            {
                sandbox.HasExited.ShouldBeFalse(sandbox.LastWords());
                target = sandbox.Words.Select(line => Metrics().Match(line).Groups[1].Value).FirstOrDefault(found => found.Length > 0, "");
                return target.Length > 0;
            },
            deadline: Patience);

        await using var prometheus = await PrometheusServer.StartAsync(new Dictionary<string, string>
        {
            ["prometheus.yml"] = Configuration(target),
            ["rules.json"] = MonitoringFolder.Groups().ToJsonString(),
        });
        await UntilAsync("the sandbox is up", "up{job=\"5spot-controller\"} == 1", rows => rows.Count == 1);
        var examples = Directory.GetFiles(Repository.PathOf("examples"), "*.yaml").Sum(file => File.ReadLines(file).Count(line => line == "kind: ScheduledMachine"));
        await UntilAsync("each machine of the examples is in a phase", "sum(fivespot_machines_by_phase)", rows => rows is [{ Value: var machines }] && machines == examples);
        await UntilAsync("a Node is drained", "sum(fivespot_node_drains_total{result=\"success\"})", rows => rows is [{ Value: > 0 }]);
        await UntilAsync("pods are evicted", "sum(fivespot_pod_evictions_total{result=\"accepted\"})", rows => rows is [{ Value: > 0 }]);
        await UntilAsync("boundaries are met", "fivespot_boundary_lag_seconds_count", rows => rows is [{ Value: > 0 }]);

        var scraped = (await prometheus.GetAsync("/api/v1/targets"))!["activeTargets"]!.AsArray().ShouldHaveSingleItem()!;
        ((string?)scraped["lastError"]).ShouldBe("");
        ((string?)scraped["health"]).ShouldBe("up");
        var own = await prometheus.OwnMetricsAsync();
        var troubles = own.Samples.Where(sample => sample.Key.StartsWith("prometheus_target_scrapes_", StringComparison.Ordinal)).ToList();
        troubles.ShouldNotBeEmpty();
        troubles.ShouldAllBe(sample => sample.Value == 0);

        JsonArray rules = [];
        await Wait.UntilAsync("the rules are evaluated", async () =>
        {
            rules = [.. (await prometheus.GetAsync("/api/v1/rules"))!["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()).Select(rule => rule!.DeepClone())];
            return rules.All(rule => (string)rule!["health"]! != "unknown");
        });
        rules.Select(rule => (string)rule!["name"]!).ShouldBe(MonitoringFolder.Rules().Select(rule => (string)rule["alert"]!));
        rules.ShouldAllBe(rule => (string)rule!["health"]! == "ok");

        // A sandbox that runs well has seen no failure, and its owners come back seldom; all else shows something.
        HashSet<string> quiet = ["Errors", "Reclaims by their owners", "Time of drains for owners, p99 of the last hour"];
        foreach (var (panel, expression) in MonitoringFolder.Questions())
        {
            var mayShowNothing = quiet.Contains(panel) || expression.EndsWith("> 0", StringComparison.Ordinal);
            await UntilAsync($"{panel} shows something: {expression}", expression, rows => mayShowNothing || rows.Count > 0);
        }

        async Task UntilAsync(string what, string expression, Func<IReadOnlyList<(JsonObject Labels, double Value)>, bool> holds)
        {
            IReadOnlyList<(JsonObject, double)> rows = [];
            await Wait.UntilAsync(
                what,
                async () => holds(rows = await prometheus.QueryAsync(expression)),
                () => Task.FromResult($"{string.Join("; ", rows)}. {prometheus.LastWords()}"),
                Patience);
        }
    }

    // The labels are those that the operator gives a target.
    private static string Configuration(string target) => $$"""
        global: {scrape_interval: 1s, evaluation_interval: 1s}
        rule_files: [rules.json]
        scrape_configs:
        - job_name: 5spot-controller
          honor_labels: true
          static_configs:
          - targets: ["{{target}}"]
            labels: {namespace: 5spot-system, pod: sandbox}
        """;

    [GeneratedRegex("^Metrics: *http://([0-9.:]+)/metrics")]
    private static partial Regex Metrics();
}
