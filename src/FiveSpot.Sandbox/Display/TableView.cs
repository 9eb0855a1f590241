// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using FiveSpot.Api;
using FiveSpot.Controller.Lifecycle;
using NodaTime.Extensions;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FiveSpot.Sandbox.Display;

/// <summary>What the live table shows at one moment, for a terminal of a given size.</summary>
public static class TableView
{
    /// <summary>From so many columns on, each machine has one line; below, it has two.</summary>
    public const int WideFrom = 120;

    private const int MostTransitions = 8;

    // The clock, the table's rules and heading, and the heading of the transitions.
    private const int FixedLines = 8;

    /// <summary>Lays it out.</summary>
    /// <param name="machines">A row each.</param>
    /// <param name="recent">The last transitions, the latest first.</param>
    /// <param name="now">Simulated time.</param>
    /// <param name="speed">Simulated seconds a second.</param>
    /// <param name="width">Columns of the terminal.</param>
    /// <param name="height">Lines of the terminal.</param>
    public static IRenderable Render(
        IReadOnlyList<ScheduledMachine> machines, IEnumerable<Transition> recent, DateTimeOffset now, double speed, int width, int height)
    {
        var isWide = width >= WideFrom;
        var used = FixedLines + (machines.Count * (isWide ? 1 : 2));
        var room = Math.Clamp(height - used, 0, MostTransitions);
        return new Rows(
        [
            new Markup(string.Create(
                CultureInfo.InvariantCulture, $"[bold]{now.UtcDateTime:dddd, yyyy-MM-dd HH:mm}[/] UTC  [grey]{speed} times as fast; Ctrl+C ends it[/]")),
            isWide ? Wide(machines, now) : Narrow(machines, now),
            .. recent.Take(room).Select(transition => (IRenderable)Line(transition)),
        ]);
    }

    private static Table Wide(IReadOnlyList<ScheduledMachine> machines, DateTimeOffset now)
    {
        var table = Empty();
        foreach (var heading in (string[])["Name", "Schedule", "Phase", "Ready", "Node", "Next"])
        {
            table.AddColumn(new TableColumn(heading).NoWrap());
        }

        table.AddColumn("Message");
        foreach (var machine in machines)
        {
            table.AddRow(
                Text(NameOf(machine)),
                Text(machine.Schedule?.ToString() ?? "–"),
                Phase(machine.Status.Phase),
                Ready(machine),
                Text(machine.Status.NodeRef?.Name ?? "–"),
                Text(Join(Relative(machine, now), Absolute(machine))),
                Text(machine.Status.Message ?? ""));
        }

        return table;
    }

    private static Table Narrow(IReadOnlyList<ScheduledMachine> machines, DateTimeOffset now)
    {
        var table = Empty();
        foreach (var heading in (string[])["Name, schedule", "Phase, node", "Next"])
        {
            table.AddColumn(new TableColumn(heading).NoWrap());
        }

        table.AddColumn("Message");
        foreach (var machine in machines)
        {
            table.AddRow(
                new Rows(Text(NameOf(machine)), Dim(machine.Schedule?.ToString() ?? "–")),
                new Rows(Phase(machine.Status.Phase), machine.Status.Ready ? Markup.FromInterpolated($"[green]✓[/] {machine.Status.NodeRef?.Name}").Overflow(Overflow.Ellipsis) : Dim("–")),
                new Rows(Text(Relative(machine, now)), Dim(Absolute(machine))),
                new TwoLines(machine.Status.Message ?? ""));
        }

        return table;
    }

    private static Table Empty() => new Table().Border(TableBorder.Simple).Expand();

    private static Text Text(string text) => new Text(text).Overflow(Overflow.Ellipsis);

    private static Text Dim(string text) => new Text(text, new Style(Color.Grey)).Overflow(Overflow.Ellipsis);

    private static Markup Ready(ScheduledMachine machine) => new(machine.Status.Ready ? "[green]✓[/]" : "[grey]–[/]");

    private static Text Phase(string? phase) => new(phase ?? "–", new Style(ColorOf(phase)));

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

    private static string Join(string first, string second) => second.Length == 0 ? first : $"{first}, {second}";

    private static Markup Line(Transition transition)
    {
        var markup = Markup.FromInterpolated(
            CultureInfo.InvariantCulture,
            $"[grey]{transition.At.UtcDateTime:ddd HH:mm:ss}[/] {transition.Key.Name} {transition.From ?? "(new)"} → [{ColorOf(transition.To).ToMarkup()}]{transition.To ?? "(gone)"}[/] [grey]{transition.Message}[/]");
        return markup.Overflow(Overflow.Ellipsis);
    }
}
