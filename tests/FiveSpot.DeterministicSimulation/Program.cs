// SPDX-License-Identifier: Apache-2.0

using System.CommandLine;
using System.Globalization;

namespace FiveSpot.DeterministicSimulation;

internal static class Program
{
    private static int Main(string[] args)
    {
        var seed = new Option<ulong?>("--seed") { Description = "Live this one plan, and say what came of it." };
        var faults = new Option<int[]?>("--faults")
        {
            Description = "Of its faults, only these, by their numbers: as a shrunk failure names them.",
            AllowMultipleArgumentsPerToken = true,
            CustomParser = static result => [.. result.Tokens.SelectMany(static token => token.Value.Split(',')).Select(static part => int.Parse(part, CultureInfo.InvariantCulture))],
        };
        var trace = new Option<bool>("--trace") { Description = "Show all that happens." };
        var first = new Option<ulong?>("--first") { Description = "The first seed of many; another one each time unless it is given." };
        var count = new Option<int?>("--count") { Description = "How many seeds; as many as there is time for unless it is given." };
        var seconds = new Option<int>("--seconds") { Description = "For how long.", DefaultValueFactory = static _ => 60 };
        var twice = new Option<bool>("--twice") { Description = "Live each plan twice, in two processes, and compare what happened." };
        var processes = new Option<int>("--processes") { Description = "How many at once; one a core.", DefaultValueFactory = static _ => Environment.ProcessorCount };
        var worker = new Option<bool>("--worker") { Hidden = true };
        var step = new Option<int>("--step") { Hidden = true, DefaultValueFactory = static _ => 1 };
        var command = new RootCommand("Lives simulated weeks of 5-Spot, with all that goes wrong in a distributed system, each from one number.")
        {
            seed, faults, trace, first, count, seconds, twice, processes, worker, step,
        };
        command.SetAction(parsed =>
        {
            if (!Worker.IsOne)
            {
                return parsed.GetValue(seed) is null
                    ? new Campaign(
                        parsed.GetValue(first) ?? (ulong)Random.Shared.NextInt64(1L << 40), parsed.GetValue(count), TimeSpan.FromSeconds(parsed.GetValue(seconds)),
                        parsed.GetValue(twice), parsed.GetValue(processes)).Run()
                    : Worker.Start(args, static line => Console.WriteLine(line));
            }

            return parsed.GetValue(seed) is { } one
                ? Worker.LiveOne(one, parsed.GetValue(faults), parsed.GetValue(trace))
                : Worker.LiveMany(parsed.GetValue(first) ?? 0, parsed.GetValue(count), parsed.GetValue(step), TimeSpan.FromSeconds(parsed.GetValue(seconds)));
        });
        return command.Parse(args).Invoke();
    }
}
