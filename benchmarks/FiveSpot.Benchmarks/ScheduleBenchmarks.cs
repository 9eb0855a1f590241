// SPDX-License-Identifier: Apache-2.0

using BenchmarkDotNet.Attributes;
using FiveSpot.Scheduling;
using NodaTime;

namespace FiveSpot.Benchmarks;

/// <summary>
/// What it costs to ask a schedule. The goals, on one core: IsActive at most 200 ns, NextChange at most 2 µs, neither
/// with any allocation.
/// </summary>
public class ScheduleBenchmarks
{
    private const int Count = 1_024;

    private readonly Instant[] _instants = new Instant[Count];
    private WeeklySchedule _schedule = null!;

    /// <summary>Office hours with and without clock changes, and the longest way to look for a change.</summary>
    [Params("mon-fri 9-17 America/New_York", "mon-fri 9-17 UTC", "sun 2 Australia/Lord_Howe")]
    public string Schedule { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        _schedule = Parse();
        var random = new Random(1);
        var first = Instant.FromUtc(2020, 1, 1, 0, 0);
        for (var i = 0; i < Count; i++)
        {
            _instants[i] = first + Duration.FromSeconds(random.Next(10 * 366 * 86_400));
        }
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public int IsActive()
    {
        var count = 0;
        foreach (var at in _instants)
        {
            count += _schedule.IsActive(at) ? 1 : 0;
        }

        return count;
    }

    [Benchmark(OperationsPerInvoke = Count)]
    public Instant? NextChange()
    {
        Instant? last = null;
        foreach (var at in _instants)
        {
            last = _schedule.NextChange(at);
        }

        return last;
    }

    [Benchmark]
    public WeeklySchedule Parse()
    {
        var parts = Schedule.Split(' ');
        return WeeklySchedule.Parse([parts[0]], [parts[1]], parts[2]);
    }
}
