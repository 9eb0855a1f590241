// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Monitoring;

/// <summary>The alerts of <c>deploy/monitoring</c>: when they fire, and what they tell those who are woken by them.</summary>
public sealed partial class AlertTests
{
    private const string Cases = "tests/FiveSpot.Integration.Tests/Monitoring/alerts.yaml";

    public static TheoryData<string> Commands => [.. MonitoringFolder.Rules()
        .SelectMany(rule => Command().Matches((string)rule["annotations"]!["description"]!)).Select(match => match.Groups[1].Value).Distinct()];

    [Fact]
    public async Task Prometheus_takes_the_rules_as_they_are_deployed()
    {
        using var folder = new TemporaryFolder();
        var rules = folder.Write("rules.json", MonitoringFolder.Groups().ToJsonString());
        (await PrometheusAssets.PromtoolAsync(folder, "check", "rules", rules)).ShouldContain($"{MonitoringFolder.Rules().Count} rules found");
    }

    [Fact]
    public async Task Each_alert_fires_when_it_should_and_at_no_near_miss()
    {
        using var folder = new TemporaryFolder();
        var groups = MonitoringFolder.Groups();
        foreach (var rule in groups["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray()))
        {
            // Each case has to name all annotations; what to do is the same in each.
            rule!["annotations"] = new JsonObject { ["summary"] = (string)rule["annotations"]!["summary"]! };
        }

        folder.Write("rules.json", groups.ToJsonString());
        var cases = folder.Write("alerts.yaml", await File.ReadAllTextAsync(Repository.PathOf(Cases), TestContext.Current.CancellationToken));
        await PrometheusAssets.PromtoolAsync(folder, "test", "rules", cases);
    }

    [Fact]
    public void Each_alert_has_a_case_in_which_it_fires_and_a_near_miss()
    {
        var tested = MonitoringFolder.Read(Cases)["tests"]!.AsArray().SelectMany(test => test!["alert_rule_test"]!.AsArray())
            .Select(test => ((string)test!["alertname"]!, Fires: test["exp_alerts"]!.AsArray().Count > 0)).ToHashSet();
        tested.ShouldBe(MonitoringFolder.Rules().Select(rule => (string)rule["alert"]!).SelectMany(alert => ((string, bool)[])[(alert, true), (alert, false)]), ignoreOrder: true);
    }

    [Fact]
    public void Each_alert_says_how_bad_it_is_what_to_do_and_where_more_is_written()
    {
        var chapters = File.ReadLines(Repository.PathOf("docs/operations.md")).Where(line => line.StartsWith('#'))
            .Select(line => line.TrimStart('#', ' ').ToLowerInvariant().Replace(' ', '-')).ToHashSet();
        foreach (var rule in MonitoringFolder.Rules())
        {
            var alert = (string)rule["alert"]!;
            ((string)rule["labels"]!["severity"]!).ShouldBeOneOf("critical", "warning");
            var annotations = rule["annotations"]!.AsObject();
            ((string?)annotations["summary"]).ShouldNotBeNullOrEmpty(alert);
            ((string)annotations["description"]!).ShouldContain("`kubectl ", customMessage: alert);
            ((string?)annotations["runbook"]).ShouldBe($"docs/operations.md#{alert.ToLowerInvariant()}");
            chapters.ShouldContain(alert.ToLowerInvariant());
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task What_an_alert_tells_people_to_type_works(string command)
    {
        Kubectl.Require();
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        await cluster.ScheduleAsync();
        var typed = command.Replace("{{ $labels.namespace }}", cluster.Namespace, StringComparison.Ordinal).Replace("{{ $labels.name }}", "pc-1", StringComparison.Ordinal);
        typed.ShouldNotContain("{{");

        // As a shell takes it, with its quotes.
        var words = Word().Matches(typed).Select(match => match.Value.Replace("'", "", StringComparison.Ordinal)).Skip(1).ToArray();
        var (output, errors) = await Kubectl.RunAsync(cluster.Kubeconfig, words);
        errors.Replace("No resources found", "", StringComparison.Ordinal).ShouldNotContain("rror", Case.Sensitive, typed);
        if (typed.Contains("scheduledmachine", StringComparison.Ordinal))
        {
            output.ShouldContain("pc-1", customMessage: typed);
        }
    }

    [GeneratedRegex("`(kubectl [^`]*)`")]
    private static partial Regex Command();

    [GeneratedRegex("(?:'[^']*'|[^ '])+")]
    private static partial Regex Word();
}
