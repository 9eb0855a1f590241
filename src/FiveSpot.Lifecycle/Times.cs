// SPDX-License-Identifier: Apache-2.0

using NodaTime;
using NodaTime.Text;

namespace FiveSpot.Lifecycle;

/// <summary>The boundaries around an instant, as values and as people read them.</summary>
internal sealed record Times(DateTimeZone? Zone, bool InSchedule, DateTimeOffset? Transition, DateTimeOffset? Activation)
{
    private static readonly InstantPattern Utc = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm:ss 'UTC'");
    private static readonly ZonedDateTimePattern Local =
        ZonedDateTimePattern.CreateWithInvariantCulture("ddd uuuu-MM-dd HH:mm z", zoneProvider: null);

    private static readonly Times None = new(null, InSchedule: false, null, null);

    public static Times For(ScheduledMachine machine, DateTimeOffset now)
    {
        if (machine.Schedule is not { } schedule)
        {
            return None;
        }

        var instant = now.ToInstant();
        return new Times(
            schedule.Zone,
            schedule.IsActive(instant),
            schedule.NextChange(instant)?.ToDateTimeOffset(),
            schedule.NextActivation(instant)?.ToDateTimeOffset());
    }

    public string ClosesText => Transition is { } at ? $"closes {LocalText(at)}" : "it never closes";

    public string OpensText => Activation is { } at ? $"opens {LocalText(at)}" : "it never opens";

    public string UntilText => Transition is { } at ? $"until {LocalText(at)}" : "for good, since its window never closes";

    public static string Text(DateTimeOffset at) => Utc.Format(at.ToInstant());

    /// <summary>The earliest that is still to come; null if none is.</summary>
    public static DateTimeOffset? Earliest(DateTimeOffset now, params ReadOnlySpan<DateTimeOffset?> times)
    {
        DateTimeOffset? earliest = null;
        foreach (var at in times)
        {
            earliest = at > now && !(at >= earliest) ? at : earliest;
        }

        return earliest;
    }

    private string LocalText(DateTimeOffset at) => Local.Format(at.ToInstant().InZone(Zone!));
}
