// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>What a seed means: how long, how many, and what goes wrong.</summary>
internal sealed record Plan(Seed Seed, DateTimeOffset Start, TimeSpan Length, int Machines, int Replicas, IReadOnlyList<Fault> Faults)
{
    /// <summary>After the last fault: for as long, all must have become as it should be.</summary>
    public static readonly TimeSpan Recovery = TimeSpan.FromMinutes(100);

    /// <summary>The plan of a seed.</summary>
    public static Plan Of(ulong number)
    {
        var seed = new Seed(number);
        var random = seed.For("plan");
        var start = new DateTimeOffset(2026, 1, 4, 0, 0, 0, TimeSpan.Zero).AddDays(random.Next(365)).AddHours(random.Next(24));
        var replicas = random.Next(4) == 0 ? 2 : 1;

        // A lease is renewed day and night: of two replicas days are longer.
        var length = TimeSpan.FromDays(replicas == 1 ? random.Next(2, 9) : random.Next(1, 3));
        var machines = random.Next(4, 25);
        List<Fault> faults = [];
        var kinds = Enum.GetValues<FaultKind>();

        // A seed has a mood: some kinds and no others, so that each can be alone, and any two meet.
        var mood = kinds.Where(_ => random.Next(3) == 0).ToArray();
        for (var count = mood.Length == 0 ? 0 : random.Next(2 + (int)(length.TotalDays * 4)); count > 0; count--)
        {
            var kind = mood[random.Next(mood.Length)];
            faults.Add(new Fault(
                kind,
                Round(length * random.NextDouble()),
                LengthOf(kind, random),
                random.Next(3) == 0 ? 1 : random.NextDouble(),
                random.Next(1000)));
        }

        return new Plan(seed, start, length, machines, replicas, [.. faults.OrderBy(static fault => fault.At)]);
    }

    /// <summary>The same with some of its faults; null for all.</summary>
    public Plan With(IReadOnlyList<int>? numbers) => numbers is null ? this : this with { Faults = [.. Faults.Where((_, number) => numbers.Contains(number))] };

    /// <summary>The number of a fault in the plan of this seed.</summary>
    public int NumberOf(Fault fault) => Of(Seed.Value).Faults.ToList().IndexOf(fault);

    private static TimeSpan Round(TimeSpan time) => TimeSpan.FromSeconds(Math.Round(time.TotalSeconds));

    private static TimeSpan LengthOf(FaultKind kind, Random random) => kind switch
    {
        FaultKind.WatchesLate or FaultKind.ClusterApiDown or FaultKind.HardwareStuck or FaultKind.NodeSilent or FaultKind.SecretGone or FaultKind.ClusterPaused
            or FaultKind.WebhookDown or FaultKind.Partition or FaultKind.StaleReads => TimeSpan.FromSeconds(random.Next(5, 1800)),
        <= FaultKind.SlowAnswers => TimeSpan.FromSeconds(random.Next(1, 600)),
        _ => TimeSpan.Zero,
    };
}
