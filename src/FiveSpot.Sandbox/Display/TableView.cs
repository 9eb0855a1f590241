// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using NodaTime.Extensions;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FiveSpot.Sandbox.Display;

/// <summary>
/// What the live table shows at one moment, for a terminal of a given size: two lines a machine, its columns and what it
/// says of itself.
/// </summary>
public static class TableView
{
    /// <summary>From so many columns on there is room for Node and time.</summary>
    public const int WideFrom = 110;

    private const int MostTransitions = 8;
    private const int LongestPrograms = 30;
    private const int LeastName = 12, LeastSchedule = 10, LeastNode = 8;

    // The clock, the heading, the two rules, and the line that the cursor stands on.
    private const int FixedLines = 5;
    private const string Gap = "  ";

    private static readonly Style Plain = Style.Plain;
    private static readonly Style Bold = new(decoration: Decoration.Bold);
    private static readonly Style Dim = new(Color.Grey);

    // As EmergencyRemove, which comes of it.
    private static readonly Style Owner = new(Color.Orange1);

    /// <summary>Lays it out.</summary>
    /// <param name="machines">A row each.</param>
    /// <param name="pods">How many Pods are on a Node, by its name.</param>
    /// <param name="programsOf">What the owner of a machine runs there; null if nothing.</param>
    /// <param name="recent">What happened last, the latest first.</param>
    /// <param name="now">Simulated time.</param>
    /// <param name="speed">Simulated seconds a second.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="height">Lines of the terminal.</param>
    public static IRenderable Render(
        IReadOnlyList<ScheduledMachine> machines,
        IReadOnlyDictionary<string, int> pods,
        Func<ObjectKey, string?> programsOf,
        IEnumerable<Transition> recent,
        DateTimeOffset now,
        double speed,
        int width,
        int height)
    {
        var columns = Columns(machines, pods, now, width);
        var rule = new StyledLine((new string('─', width), Dim));
        List<IRenderable> lines =
        [
            new StyledLine(
                (now.UtcDateTime.ToString("dddd, yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture), Bold),
                (string.Create(CultureInfo.InvariantCulture, $" UTC  {speed} times as fast; Ctrl+C ends it"), Dim)),
            new StyledLine([.. columns.Select(column => (column.Fit(column.Heading), Bold))]),
            rule,
        ];
        for (var i = 0; i < machines.Count; i++)
        {
            var row = i;
            lines.Add(new StyledLine(
                [.. columns.Select(column => (column.Fit(column.Cells[row]), column.StyleOf(machines[row])))]));
            lines.Add(new StyledLine((Gap, Plain), (OwnerOf(machines[row], programsOf), Owner), (MessageOf(machines[row], width), Dim)));
        }

        lines.Add(rule);
        lines.AddRange(recent.Take(Math.Clamp(height - FixedLines - (2 * machines.Count), 0, MostTransitions)).Select(Line));
        return new Rows(lines);
    }

    private static List<Column> Columns(
        IReadOnlyList<ScheduledMachine> machines, IReadOnlyDictionary<string, int> pods, DateTimeOffset now, int width)
    {
        var name = new Column("Name", LeastName, [.. machines.Select(NameOf)], _ => Plain);
        var schedule = new Column("Schedule", LeastSchedule, [.. machines.Select(machine => machine.Schedule?.ToString() ?? "–")], _ => Plain);
        var phase = new Column("Phase", MachinePhase.EmergencyRemove.Length, [.. machines.Select(machine => machine.Status.Phase ?? "–")], machine => new Style(ColorOf(machine.Status.Phase)));
        var ready = new Column("Ready", 0, [.. machines.Select(machine => machine.Status.Ready ? "✓" : "–")], machine => machine.Status.Ready ? new Style(Color.Green) : Dim);
        var node = new Column("Node", LeastNode, [.. machines.Select(machine => machine.Status.NodeRef?.Name ?? "–")], _ => Plain);
        var load = new Column("Pods", 0, [.. machines.Select(machine => PodsOf(machine, pods))], _ => Plain);
        var next = new Column("Next", 10, [.. machines.Select(machine => Relative(machine, now))], _ => Plain);
        var at = new Column("At", 13, [.. machines.Select(Absolute)], _ => Dim);

        // Where there is no room for all of it, the message tells Node and time, and schedules and names are cut.
        List<Column> columns = [name, schedule, phase, ready, node, load, next, at];
        if (width < WideFrom)
        {
            columns = [name, schedule, phase, ready, load, next];
            phase.Width = MachinePhase.ShuttingDown.Length;
        }

        foreach (var (column, least) in ((Column, int)[])[(schedule, 16), (node, LeastNode), (name, LeastName), (schedule, LeastSchedule)])
        {
            column.Width = Math.Max(Math.Min(least, column.Width), column.Width - Math.Max(0, Excess(columns, width)));
        }

        columns[^1].IsLast = true;
        return columns;
    }

    private static int Excess(List<Column> columns, int width) => columns.Sum(column => column.Width + Gap.Length) - Gap.Length - width;

    private static Color ColorOf(string? phase) => phase switch
    {
        MachinePhase.Active => Color.Green,
        MachinePhase.Pending => Color.Aqua,
        MachinePhase.ShuttingDown => Color.Yellow,
        MachinePhase.EmergencyRemove => Color.Orange1,
        MachinePhase.Terminated => Color.Fuchsia,
        MachinePhase.Error => Color.Red,
        _ => Color.Grey,
    };

    private static string MessageOf(ScheduledMachine machine, int width)
    {
        var message = machine.Status.Message ?? "";
        return width < WideFrom && machine.Status.NodeRef?.Name is { } node && !message.Contains(node, StringComparison.Ordinal) ? $"Node {node}. {message}" : message;
    }

    // The cause before the effect, and never cut off by it.
    private static string OwnerOf(ScheduledMachine machine, Func<ObjectKey, string?> programsOf) =>
        programsOf(machine.Key) is { } programs ? $"Its owner runs {StyledLine.Cut(programs, LongestPrograms)}. " : "";

    private static string PodsOf(ScheduledMachine machine, IReadOnlyDictionary<string, int> pods) =>
        machine.Status.NodeRef?.Name is { } node ? pods.GetValueOrDefault(node).ToString(CultureInfo.InvariantCulture) : "–";

    private static string NameOf(ScheduledMachine machine) =>
        machine.Key.Namespace == "default" ? machine.Key.Name : machine.Key.ToString();

    private static string Relative(ScheduledMachine machine, DateTimeOffset now)
    {
        if (machine.Status.NextTransitionTime is not { } next)
        {
            return "–";
        }

        var left = next - now;
        return left <= TimeSpan.Zero ? "now"
            : left.TotalMinutes < 1 ? "in < 1m"
            : left.TotalHours < 1 ? $"in {left.Minutes}m"
            : left.TotalDays < 1 ? $"in {left.Hours}h {left.Minutes:00}m"
            : $"in {(int)left.TotalDays}d {left.Hours}h";
    }

    // In the zone of its schedule: the time that its owner thinks in.
    private static string Absolute(ScheduledMachine machine)
    {
        if (machine.Status.NextTransitionTime is not { } next || machine.Schedule is not { } schedule)
        {
            return "";
        }

        var local = next.ToInstant().InZone(schedule.Zone);
        return $"{local.ToString("ddd HH:mm", CultureInfo.InvariantCulture)} {local.GetZoneInterval().Name}";
    }

    private static StyledLine Line(Transition transition) => new(
        (transition.At.UtcDateTime.ToString("ddd HH:mm:ss ", CultureInfo.InvariantCulture), Dim),
        (transition.From == transition.To ? $"{transition.Key.Name} " : $"{transition.Key.Name} {transition.From ?? "(new)"} → ", Plain),
        (transition.To ?? "(gone)", new Style(ColorOf(transition.To))),
        ($"  {transition.Message}", Dim));

    private sealed class Column(string heading, int least, string[] cells, Func<ScheduledMachine, Style> styleOf)
    {
        public string Heading { get; } = heading;

        public string[] Cells { get; } = cells;

        public Func<ScheduledMachine, Style> StyleOf { get; } = styleOf;

        public bool IsLast { get; set; }

        public int Width { get; set; } = cells.Select(cell => cell.Length).Append(heading.Length).Append(least).Max();

        public string Fit(string text) => IsLast ? StyledLine.Cut(text, Width) : StyledLine.Cut(text, Width).PadRight(Width) + Gap;
    }
}
