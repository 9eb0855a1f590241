// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>From its log it can be told what a controller did to which machine, and in which pass.</summary>
public sealed class LogTests
{
    [Fact]
    public async Task Each_line_of_a_pass_names_the_machine_and_has_the_id_of_the_pass()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        using var lines = new LogLines();
        using var loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Debug).AddProvider(lines));
        await using var controller = await RunningController.StartAsync(cluster, loggers: loggers);
        await cluster.ScheduleAsync("pc-1");
        await cluster.ScheduleAsync("pc-2");
        await cluster.PhaseAsync("Inactive", "pc-1");
        await cluster.PhaseAsync("Inactive", "pc-2");
        cluster.MoveTo(Scenario.Opening);
        await cluster.PhaseAsync("Active", "pc-1");
        await cluster.PhaseAsync("Active", "pc-2");
        await controller.SettleAsync(cluster);

        var passes = lines.Read().Where(line => line.ContainsKey("reconcile_id")).GroupBy(line => (string)line["reconcile_id"]!).ToList();
        foreach (var pass in passes)
        {
            pass.Key.ShouldMatch("^[0-9a-f]{16}$");
            pass.Select(line => ((string?)line["namespace"], (string?)line["name"])).Distinct().Count().ShouldBe(1);
            ((string?)pass.First()["namespace"]).ShouldBe(cluster.Namespace);
        }

        foreach (var name in (string[])["pc-1", "pc-2"])
        {
            var opening = passes.Single(pass => pass.Any(line => (string?)line["name"] == name && (string?)line["phase"] == "Active" && (string?)line["before"] == "Inactive"));
            opening.Count(line => line.ContainsKey("step")).ShouldBeGreaterThanOrEqualTo(3, "what it made is told beside it");
        }
    }
}
