// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace FiveSpot.DeterministicSimulation;

/// <summary>Many plans in as many processes as there are cores, and what came of them all.</summary>
internal sealed class Campaign(ulong first, int? count, TimeSpan time, bool isTwice, int processes)
{
    private const int MostExplained = 3;

    // Two runs of a seed are two processes, on however few cores.
    private readonly int _processes = isTwice ? 2 : processes;

    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, ulong> _digests = [];
    private readonly List<Outcome> _failed = [];
    private readonly List<ulong> _different = [];
    private readonly Counts _faults = new();
    private double _days;
    private long _requests;
    private long _openings;
    private int _seeds;

    /// <summary>Lives them.</summary>
    /// <returns>0 if all held.</returns>
    public int Run()
    {
        Console.WriteLine($"First seed {first}; {(count is { } seeds ? $"{seeds} seeds" : $"{time.TotalSeconds:0} s")}, {_processes} processes{(isTwice ? ", each seed twice" : "")}.");
        var began = Stopwatch.GetTimestamp();
        var workers = Enumerable.Range(0, _processes).Select(number => Task.Factory.StartNew(() => Work(number), default, TaskCreationOptions.LongRunning, TaskScheduler.Default)).ToArray();
        Task.WaitAll(workers);
        var took = Stopwatch.GetElapsedTime(began);
        Report(took);
        foreach (var failed in _failed.Take(MostExplained))
        {
            Console.WriteLine();
            Worker.Start(["--seed", failed.Seed.ToString(CultureInfo.InvariantCulture)], Console.WriteLine);
        }

        return _failed.Count == 0 && _different.Count == 0 && Array.TrueForAll(workers, static worker => worker.Result == 0) ? 0 : 1;
    }

    private int Work(int number)
    {
        // Twice: each process lives all of them; else each its own.
        var (own, step) = isTwice ? (first, 1) : (first + (ulong)number, _processes);
        string[] bound = count is { } seeds
            ? ["--count", Text(isTwice ? seeds : (seeds + step - 1 - number) / step), "--seconds", Text(int.MaxValue / 1000)]
            : ["--seconds", Text((int)time.TotalSeconds)];
        return Worker.Start(["--worker", "--first", Text(own), "--step", Text(step), .. bound], Add);
    }

    private void Add(string line)
    {
        if (!line.StartsWith('{'))
        {
            Console.WriteLine(line);
            return;
        }

        var outcome = JsonSerializer.Deserialize<Outcome>(line)!;
        lock (_lock)
        {
            if (isTwice && _digests.Remove(outcome.Seed, out var other))
            {
                if (other != outcome.Digest)
                {
                    _different.Add(outcome.Seed);
                    Console.WriteLine($"Seed {outcome.Seed} was not the same twice: {other:x16} and {outcome.Digest:x16}.");
                }

                return;
            }

            _digests[outcome.Seed] = outcome.Digest;
            _seeds++;
            _days += outcome.MachineDays;
            _requests += outcome.Requests;
            _openings += outcome.Openings;
            _faults.Add(outcome.Faults);
            if (outcome.Violation is { } violation)
            {
                _failed.Add(outcome);
                Console.WriteLine($"Seed {outcome.Seed}: {violation.Property}: {violation.What}");
            }
        }
    }

    private void Report(TimeSpan took)
    {
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{_seeds} seeds, {_failed.Count} failed{(isTwice ? $", {_different.Count} not the same twice" : "")}: {_days:0} machine-days, {_openings} openings, {_requests} requests in {took.TotalSeconds:0} s: {_days / took.TotalMinutes:0} machine-days a minute, {_requests / took.TotalSeconds:0} requests a second."));
        foreach (var kind in Enum.GetValues<FaultKind>())
        {
            Console.WriteLine($"  {kind,-20} {_faults[kind],10}{(_faults[kind] == 0 ? "  never met anybody" : "")}");
        }
    }

    private static string Text<T>(T value)
        where T : IFormattable => value.ToString(null, CultureInfo.InvariantCulture);
}
