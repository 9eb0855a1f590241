// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.DeterministicSimulation;

/// <summary>Finds the least that still makes the same property fail, and tells it as a timeline.</summary>
internal static class Shrinker
{
    private const int MostLines = 120;

    /// <summary>What failed, and how to see it again.</summary>
    public static string Explain(Plan plan, Violation violation, bool isShrunk = false)
    {
        var kept = isShrunk ? plan : Shrink(plan, violation.Property);
        using var output = new StringWriter();
        var outcome = Worker.Live(kept, output);
        var failed = outcome.Violation ?? violation;
        var text = new StringBuilder();
        text.AppendLine($"Seed {plan.Seed.Value}: {failed.Property} does not hold: {failed.What}");
        text.AppendLine($"After {failed.At:d\\.hh\\:mm\\:ss}, {plan.Start + failed.At:yyyy-MM-dd HH:mm:ss}Z; {plan.Machines} machines, {plan.Replicas} controllers.");
        text.AppendLine(kept.Faults.Count == 0 ? "It takes no fault." : "It takes these faults:");
        foreach (var fault in kept.Faults)
        {
            text.AppendLine($"  {plan.NumberOf(fault)}: {fault}");
        }

        text.AppendLine($"Again: make simulate ARGS=\"--seed {plan.Seed.Value} --faults {(kept.Faults.Count == 0 ? "-1" : string.Join(',', kept.Faults.Select(plan.NumberOf)))} --trace\"");
        text.AppendLine();
        foreach (var line in Timeline(output.ToString(), failed))
        {
            text.AppendLine(line);
        }

        return text.ToString();
    }

    // One fault less, again and again, until each that is left is needed.
    private static Plan Shrink(Plan plan, string property)
    {
        var kept = plan.Faults.ToList();
        for (var size = Math.Max(1, kept.Count / 2); size >= 1; size /= 2)
        {
            for (var at = 0; at < kept.Count;)
            {
                var fewer = kept[..at].Concat(kept[Math.Min(kept.Count, at + size)..]).ToList();
                if (Worker.Live(plan with { Faults = fewer }, null).Violation?.Property == property)
                {
                    kept = fewer;
                }
                else
                {
                    at += size;
                }
            }
        }

        return plan with { Faults = kept };
    }

    // What is about the machine that the violation names, and what anybody did to the world, up to it.
    private static IEnumerable<string> Timeline(string trace, Violation violation)
    {
        var names = violation.What.Split([' ', ',', ':', ';', '(', ')', '/'], StringSplitOptions.RemoveEmptyEntries)
            .Where(static word => word.StartsWith("pc-", StringComparison.Ordinal)).Distinct(StringComparer.Ordinal).ToList();
        var lines = trace.Split('\n').Where(line =>
            line.Contains(" world ", StringComparison.Ordinal) || line.Contains(" people ", StringComparison.Ordinal) || line.Contains("VIOLATION", StringComparison.Ordinal)
            || line.Contains("Killed", StringComparison.Ordinal) || line.Contains(" starts", StringComparison.Ordinal)
            || names.Exists(name => line.Contains($"/{name}?", StringComparison.Ordinal) || line.Contains($"/{name}/", StringComparison.Ordinal) || line.Contains($" {name}", StringComparison.Ordinal)));
        return lines.TakeLast(MostLines);
    }
}
