// SPDX-License-Identifier: Apache-2.0

using System.Globalization;

namespace FiveSpot.Benchmarks;

/// <summary>What was measured, a line each, and which limits were broken.</summary>
internal sealed class Report
{
    private readonly List<(string Part, string What, string Value, string Wanted, Verdict Verdict)> _lines = [];

    private enum Verdict
    {
        None,
        Good,
        Missed,
        Broken,
    }

    /// <summary>A number that is reported and no more.</summary>
    public void Add(string part, string what, string value) => Line(part, what, value, "", Verdict.None);

    /// <summary>A number with a goal: missing it is shown, and no more.</summary>
    public void Goal(string part, string what, string value, string wanted, bool reached) =>
        Line(part, what, value, wanted, reached ? Verdict.Good : Verdict.Missed);

    /// <summary>A number with a limit: breaking it fails the run.</summary>
    public void Limit(string part, string what, string value, string wanted, bool kept) =>
        Line(part, what, value, wanted, kept ? Verdict.Good : Verdict.Broken);

    /// <summary>Prints the table.</summary>
    /// <returns>Whether every limit was kept.</returns>
    public bool Print(TextWriter to)
    {
        var (what, value) = (_lines.Max(line => line.What.Length), _lines.Max(line => line.Value.Length));
        string? part = null;
        foreach (var line in _lines)
        {
            if (line.Part != part)
            {
                to.WriteLine();
                to.WriteLine(line.Part);
                part = line.Part;
            }

            var verdict = line.Verdict switch
            {
                Verdict.Good => $"   {line.Wanted}: yes",
                Verdict.Missed => $"   {line.Wanted}: MISSED",
                Verdict.Broken => $"   {line.Wanted}: BROKEN",
                _ => "",
            };
            to.WriteLine($"  {line.What.PadRight(what)}  {line.Value.PadLeft(value)}{verdict}");
        }

        var broken = _lines.Count(line => line.Verdict == Verdict.Broken);
        to.WriteLine();
        to.WriteLine(broken == 0 ? "Every limit is kept." : $"{broken} limits are broken.");
        return broken == 0;
    }

    /// <summary>Milliseconds with a digit after the point.</summary>
    public static string Milliseconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalMilliseconds:0.0} ms");

    /// <summary>A number with its thousands apart.</summary>
    public static string Number(double number, string unit = "") =>
        string.Create(CultureInfo.InvariantCulture, $"{number:#,0} {unit}").TrimEnd();

    private void Line(string part, string what, string value, string wanted, Verdict verdict)
    {
        _lines.Add((part, what, value, wanted, verdict));

        // The table comes at the end; whoever waits for it sees that something happens.
        Console.Error.WriteLine($"{part}: {what}: {value}");
    }
}
