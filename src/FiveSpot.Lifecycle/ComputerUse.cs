// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle;

/// <summary>
/// Why a machine whose window is open has to wait for its computer (contract, section 2, "One computer, one machine").
/// </summary>
/// <param name="Message">Whose it is, and until when.</param>
internal sealed record ComputerUse(string Message)
{
    /// <summary>When that may be over, or is to be said in other words, though nothing has changed that is watched.</summary>
    public DateTimeOffset? Until { get; private init; }

    /// <summary>Whether the machine is to take back what it has made of itself so far.</summary>
    public bool IsToLeave { get; private init; } = true;

    /// <summary>Why it has to wait; null when it need not.</summary>
    public static ComputerUse? Of(Observation seen, DateTimeOffset now)
    {
        if (seen.Computer is not { } computer)
        {
            return null;
        }

        var machine = seen.Machine;
        var hasPlace = seen.Bootstrap?.Ours(machine) is { } place && ComputerUser.IsFor(place.Metadata, machine.Computer!, machine);
        foreach (var other in computer.Others)
        {
            if (computer.IsConfirmed ? other.IsServed : other.HasComputer(now))
            {
                // Both have taken their place at once, each before it could see the other: the one that comes first stays.
                var mayStay = hasPlace && !other.IsServed && !other.ComesBefore(machine);
                return Taken(other, now) with { IsToLeave = !mayStay };
            }
        }

        if (computer.Others.FirstOrDefault(other => other.ReclaimedFor is not null) is { } reclaimed)
        {
            return new(
                $"The owner of its computer has taken it back from {reclaimed.Key.Name} ({reclaimed.ReclaimedFor}): it is free again once {reclaimed.Key.Name} is switched on again, or deleted.");
        }

        if (computer.NotBefore > now)
        {
            return new("Another one has its computer, says the API server, which is asked again.") { Until = computer.NotBefore, IsToLeave = false };
        }

        return !hasPlace && computer.Others.FirstOrDefault(other => other.IsToOpen(now) && other.ComesBefore(machine)) is { } first
            ? new($"{first.Key.Name} comes before it and is to have its computer {UntilText(first, now)}.") { Until = Times.For(first.Machine!, now).Transition }
            : null;
    }

    private static ComputerUse Taken(ComputerUser other, DateTimeOffset now)
    {
        if (other.Machine is not { } machine)
        {
            return new($"Machine {other.Key.Name}, whose ScheduledMachine is gone, has its computer.");
        }

        if (other.IsWanted(now))
        {
            return new($"{other.Key.Name} has its computer {UntilText(other, now)}.") { Until = Times.For(machine, now).Transition };
        }

        var ends = machine.Status.NextCleanup > now ? machine.Status.NextCleanup : null;
        return new($"{other.Key.Name} has its computer and is leaving it{(ends is { } at ? $", until {Times.Text(at)} at the latest" : "")}.") { Until = ends };
    }

    private static string UntilText(ComputerUser other, DateTimeOffset now) => Times.For(other.Machine!, now).UntilText;
}
