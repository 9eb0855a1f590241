// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

namespace FiveSpot.Benchmarks;

/// <summary>Runs <see cref="ScheduleBenchmarks"/> and turns times into rates.</summary>
internal static class Schedules
{
    private const string Part = "Schedules, one core";
    private const double LeastActive = 5_000_000;
    private const double LeastChanges = 500_000;

    public static void Measure(Report report)
    {
        var directory = Path.Combine("artifacts", "bench");
        Directory.CreateDirectory(directory);
        using var log = new StreamWriter(Path.Combine(directory, "schedules.log"));
        using var logger = new StreamLogger(log);
        var config = ManualConfig.CreateEmpty()
            .WithArtifactsPath(directory)
            .AddLogger(logger)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddJob(Job.ShortRun.WithIterationTime(TimeInterval.FromMilliseconds(100)).WithToolchain(InProcessEmitToolchain.Instance));
        var summary = BenchmarkRunner.Run<ScheduleBenchmarks>(config);
        foreach (var measured in summary.Reports.OrderBy(r => r.BenchmarkCase.Descriptor.WorkloadMethod.Name, StringComparer.Ordinal))
        {
            var (method, schedule) = (measured.BenchmarkCase.Descriptor.WorkloadMethod.Name, (string)measured.BenchmarkCase.Parameters["Schedule"]);
            if (measured.ResultStatistics is not { } statistics)
            {
                report.Limit(Part, $"{method}, {schedule}", "no result", "a result", kept: false);
                continue;
            }

            // The median: a neighbour on the machine that wakes up once is no property of ours.
            var rate = 1e9 / statistics.Median;
            var value = Report.Number(rate, "/s");
            var allocated = measured.GcStats.GetBytesAllocatedPerOperation(measured.BenchmarkCase) ?? 0;
            if (method == nameof(ScheduleBenchmarks.Parse))
            {
                report.Add(Part, $"{method}, {schedule}", value);
                continue;
            }

            var least = method == nameof(ScheduleBenchmarks.IsActive) ? LeastActive : LeastChanges;
            report.Limit(
                Part,
                $"{method}, {schedule}",
                value,
                string.Create(CultureInfo.InvariantCulture, $"at least {least:#,0}/s with 0 B allocated ({allocated} B)"),
                rate >= least && allocated == 0);
        }
    }
}
