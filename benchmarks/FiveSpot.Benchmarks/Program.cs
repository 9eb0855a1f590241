// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Benchmarks;

internal static class Program
{
    private static readonly string[] Parts = ["schedules", "openings", "real", "drain", "native", "reclaim", "owner", "failover", "lies"];

    private static async Task<int> Main(string[] args)
    {
        if (Array.Exists(args, arg => !Parts.Contains(arg)))
        {
            await Console.Error.WriteLineAsync($"The parts are {string.Join(", ", Parts)}; all of them when none is named.");
            return 2;
        }

        var parts = args.Length == 0 ? Parts : args;
        var report = new Report();
        if (parts.Contains("schedules"))
        {
            Schedules.Measure(report);
        }

        if (parts.Contains("openings"))
        {
            await Openings.MeasureAsync(report);
        }

        if (parts.Contains("real"))
        {
            await Openings.MeasureOnRealServerAsync(report);
        }

        if (parts.Contains("drain"))
        {
            await Drains.MeasureAsync(report);
        }

        if (parts.Contains("native"))
        {
            await NativeExecutable.MeasureAsync(report);
        }

        if (parts.Contains("reclaim"))
        {
            await Reclaims.MeasureAsync(report);
        }

        if (parts.Contains("owner"))
        {
            await OwnerReturns.MeasureAsync(report);
        }

        if (parts.Contains("failover"))
        {
            await Failover.MeasureAsync(report);
        }

        if (parts.Contains("lies"))
        {
            await Lies.MeasureAsync(report);
        }

        return report.Print(Console.Out) ? 0 : 1;
    }
}
