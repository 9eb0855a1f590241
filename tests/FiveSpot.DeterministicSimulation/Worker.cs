// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json;

namespace FiveSpot.DeterministicSimulation;

/// <summary>A process that lives plans, one after another, on one thread.</summary>
internal static class Worker
{
    // The runtime divides some of its work by the number of processors: with one it is the same on each computer.
    private const string Variable = "DOTNET_PROCESSOR_COUNT";

    /// <summary>Whether this process is one.</summary>
    public static bool IsOne => Environment.GetEnvironmentVariable(Variable) == "1";

    /// <summary>Starts one, and waits for its end.</summary>
    /// <param name="arguments">What it is to do.</param>
    /// <param name="line">Gets each line that it says.</param>
    /// <returns>Its exit code.</returns>
    public static int Start(IEnumerable<string> arguments, Action<string> line)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var argument in Own().Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[Variable] = "1";
        using var process = Process.Start(start)!;
        while (process.StandardOutput.ReadLine() is { } said)
        {
            line(said);
        }

        process.WaitForExit();
        return process.ExitCode;
    }

    /// <summary>Lives one plan; if something does not hold, says so, and what is the least that it takes.</summary>
    public static int LiveOne(ulong number, IReadOnlyList<int>? faults, bool isTraced)
    {
        var plan = Plan.Of(number).With(faults);
        var outcome = Live(plan, isTraced ? Console.Out : null);
        if (outcome.Violation is null)
        {
            Console.WriteLine($"Seed {number}: all holds. {outcome.MachineDays:0} machine-days, {outcome.Openings} openings, {outcome.Requests} requests, trace {outcome.Digest:x16}.");
            return 0;
        }

        Console.WriteLine(faults is null ? Shrinker.Explain(Plan.Of(number), outcome.Violation) : Shrinker.Explain(plan, outcome.Violation, isShrunk: true));
        return 1;
    }

    /// <summary>Lives many, and says what came of each in a line of JSON.</summary>
    public static int LiveMany(ulong first, int? count, int step, TimeSpan time)
    {
        var began = Stopwatch.GetTimestamp();
        for (var i = 0; (count is null || i < count) && Stopwatch.GetElapsedTime(began) < time; i++)
        {
            var outcome = Live(Plan.Of(first + (ulong)(i * step)), null);
            Console.WriteLine(JsonSerializer.Serialize(outcome));
        }

        return 0;
    }

    /// <summary>Lives one plan.</summary>
    public static Outcome Live(Plan plan, TextWriter? output) => OneThread.Run(() => World.LiveAsync(plan, output));

    private static IEnumerable<string> Own() =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath!) == "dotnet" ? [Path.Combine(AppContext.BaseDirectory, "5spot-simulate.dll")] : [];
}
