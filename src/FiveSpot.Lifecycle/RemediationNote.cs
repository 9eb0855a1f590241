// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Globalization;
using FiveSpot.Api;

namespace FiveSpot.Lifecycle;

/// <summary>
/// What a ScheduledMachine knows of its remediations: noted before the Machine is deleted, so that one that is unhealthy again
/// as soon as it is there is not deleted again at once, whoever looks at it then.
/// </summary>
public sealed record RemediationNote
{
    /// <summary>How long after the first remediation there may be another; twice as long after each that follows.</summary>
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromMinutes(5);

    /// <summary>The longest time between two.</summary>
    public static readonly TimeSpan LongestBackOff = TimeSpan.FromHours(1);

    /// <summary>A machine that was well for so long begins anew.</summary>
    public static readonly TimeSpan Forgotten = TimeSpan.FromHours(2);

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    // So many that the back-off is the longest.
    private const int Kept = 5;

    private static readonly RemediationNote None = new();

    /// <summary>Uid of the Machine that was deleted last.</summary>
    public string? MachineUid { get; private init; }

    /// <summary>When, the latest last; those that no longer count are left out.</summary>
    public ImmutableArray<DateTimeOffset> Times { get; private init; } = [];

    /// <summary>What a ScheduledMachine has noted.</summary>
    public static RemediationNote Of(ScheduledMachine machine)
    {
        // Asked in every pass; most machines have no annotation that is kept.
        var annotations = machine.Metadata.Annotations;
        return annotations.Count == 0 ? None : new RemediationNote
        {
            MachineUid = annotations.GetValueOrDefault(WellKnown.RemediatedMachineAnnotation),
            Times = annotations.TryGetValue(WellKnown.RemediationsAnnotation, out var times) ? Parse(times) : [],
        };
    }

    /// <summary>The earliest instant at which a Machine may be deleted for its health; one for which that is noted already may be
    /// at once.</summary>
    public DateTimeOffset NotBefore(string uid) =>
        Times.IsEmpty || uid == MachineUid ? DateTimeOffset.MinValue : Times[^1].After(BackOff(Times.Length));

    /// <summary>What is to be noted before a Machine is deleted.</summary>
    public RemediationNote With(string uid, DateTimeOffset now) => new()
    {
        MachineUid = uid,
        Times = [.. (Times.IsEmpty || now - Times[^1] > Forgotten ? [] : Times).TakeLast(Kept - 1), now.TruncateToSecond()],
    };

    /// <summary>The annotations that say so.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Annotations() =>
    [
        new(WellKnown.RemediatedMachineAnnotation, MachineUid),
        new(WellKnown.RemediationsAnnotation, string.Join(' ', Times.Select(time => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)))),
    ];

    private static TimeSpan BackOff(int times) =>
        FirstBackOff * Math.Pow(2, times - 1) is var doubled && doubled < LongestBackOff ? doubled : LongestBackOff;

    private static ImmutableArray<DateTimeOffset> Parse(string times)
    {
        var parsed = ImmutableArray.CreateBuilder<DateTimeOffset>();
        foreach (var text in times.Split(' ', StringSplitOptions.RemoveEmptyEntries).TakeLast(Kept))
        {
            if (DateTimeOffset.TryParseExact(text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
            {
                parsed.Add(time);
            }
        }

        parsed.Sort();
        return parsed.ToImmutable();
    }
}
