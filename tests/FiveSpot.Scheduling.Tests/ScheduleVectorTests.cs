// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using NodaTime;
using NodaTime.Text;

namespace FiveSpot.Scheduling.Tests;

/// <summary>The contract's cases, which another tz implementation found by brute force.</summary>
public sealed class ScheduleVectorTests
{
    private const string Vectors = "vectors/schedule.jsonl";

    [Fact]
    public void Every_vector_holds()
    {
        var path = SharedFolder.Find(Vectors);
        Assert.SkipUnless(path is not null, $"there is no folder with {Vectors}; set FIVESPOT_SHARED");

        var count = 0;
        var wrong = new List<string>();
        foreach (var line in File.ReadLines(path!))
        {
            using var vector = JsonDocument.Parse(line);
            var root = vector.RootElement;
            var schedule = WeeklySchedule.Parse(
                Strings(root.GetProperty("daysOfWeek")),
                Strings(root.GetProperty("hoursOfDay")),
                root.GetProperty("timezone").GetString()!);
            var at = InstantPattern.General.Parse(root.GetProperty("at").GetString()!).Value;
            Instant? next = root.GetProperty("next").GetString() is { } text
                ? InstantPattern.General.Parse(text).Value
                : null;

            if (schedule.IsActive(at) != root.GetProperty("active").GetBoolean() || schedule.NextChange(at) != next)
            {
                wrong.Add($"{line} but got {schedule.IsActive(at)}, {schedule.NextChange(at)}");
            }

            count++;
        }

        wrong.ShouldBeEmpty();
        count.ShouldBe(1_500);
    }

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(item => item.GetString()!)];
}
