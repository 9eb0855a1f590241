// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Globalization;
using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>
/// What a ScheduledMachine knows of its reclaims: noted in the very write that switches it off, so that it is known why
/// it is off, and for a process that takes over that an eject is under way, also when the Node is gone with all that was on it.
/// </summary>
public sealed record ReclaimNote
{
    /// <summary>So many reclaims within <see cref="RapidWithin"/> are too many (contract, section 9).</summary>
    public const int RapidCount = 3;

    /// <summary>See <see cref="RapidCount"/>.</summary>
    public static readonly TimeSpan RapidWithin = TimeSpan.FromMinutes(10);

    private static readonly ReclaimNote None = new();

    // A person reads them, too.
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    /// <summary>Why the machine was switched off; null once somebody has switched it on again.</summary>
    public string? Reason { get; private init; }

    /// <summary>Which request that was: the time that the agent wrote.</summary>
    public string RequestedAt { get; private init; } = "";

    /// <summary>When it was switched off by reclaims, the latest last; those that are too old to matter are left out.</summary>
    public ImmutableArray<DateTimeOffset> Times { get; private init; } = [];

    /// <summary>When the latest reclaim began.</summary>
    public DateTimeOffset? Began => Times.IsEmpty ? null : Times[^1];

    /// <summary>Whether the machine is reclaimed again and again.</summary>
    public bool IsRapid => Times.Length >= RapidCount && Times[^1] - Times[^RapidCount] <= RapidWithin;

    /// <summary>What a ScheduledMachine has noted.</summary>
    public static ReclaimNote Of(ScheduledMachine machine)
    {
        // Asked in every pass; of all annotations the reader keeps these, so that most machines have none.
        var annotations = machine.Metadata.Annotations;
        return annotations.Count == 0 ? None : new ReclaimNote
        {
            Reason = annotations.GetValueOrDefault(WellKnown.ReclaimReasonAnnotation),
            RequestedAt = annotations.GetValueOrDefault(WellKnown.ReclaimRequestedAtAnnotation) ?? "",
            Times = annotations.TryGetValue(WellKnown.ReclaimsAnnotation, out var times) ? Parse(times) : [],
        };
    }

    /// <summary>Whether it is this request that the machine was switched off for.</summary>
    public bool Answers(ReclaimRequest request) => Reason is not null && RequestedAt == request.RequestedAt;

    /// <summary>What is to be noted of a request. One that is noted already, and whose machine somebody has switched on
    /// again meanwhile, is not another reclaim.</summary>
    public ReclaimNote With(ReclaimRequest request, DateTimeOffset now) => new()
    {
        Reason = request.Reason,
        RequestedAt = request.RequestedAt,
        Times = Answers(request) && !Times.IsEmpty
            ? Times
            : [.. Times.Where(time => time >= now - RapidWithin && time <= now), now.TruncateToSecond()],
    };

    /// <summary>The annotations that say so.</summary>
    public IEnumerable<KeyValuePair<string, string?>> Annotations() =>
    [
        new(WellKnown.ReclaimReasonAnnotation, Reason),
        new(WellKnown.ReclaimRequestedAtAnnotation, RequestedAt),
        new(WellKnown.ReclaimsAnnotation, string.Join(' ', Times.Select(time => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)))),
    ];

    /// <summary>The annotations once somebody has switched the machine on again. When it was reclaimed stays: they may be
    /// doing so for the third time.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> Forget() =>
        [new(WellKnown.ReclaimReasonAnnotation, null), new(WellKnown.ReclaimRequestedAtAnnotation, null)];

    private static ImmutableArray<DateTimeOffset> Parse(string times)
    {
        var parsed = ImmutableArray.CreateBuilder<DateTimeOffset>();
        foreach (var text in times.Split(' ', StringSplitOptions.RemoveEmptyEntries))
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
