// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>
/// The number of instances goes from 2 to 3, in any order of stops, crashes and starts: at no moment have two of them the
/// right to write to the same machine, and in the end each machine has an owner.
/// </summary>
public sealed class RolloutTests
{
    private const int Orders = 12;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private static int _leases;

    [Fact]
    public async Task A_machine_never_has_two_owners_and_ends_with_one()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.Embedded);
        var machines = Enumerable.Range(0, 30).Select(i => new ObjectKey("office", $"pc-{i}")).ToList();
        for (var order = 0; order < Orders; order++)
        {
            await RollOutAsync(cluster, machines, new Random(order), $"order {order}");
        }
    }

    private static async Task RollOutAsync(Cluster cluster, List<ObjectKey> machines, Random random, string what)
    {
        var lease = $"rollout-{Interlocked.Increment(ref _leases)}";
        var all = new List<(Candidate Candidate, InstanceShare Share)>();
        try
        {
            var old = new[] { new InstanceShare(0, 2), new InstanceShare(1, 2) }.Select(Start).ToList();
            foreach (var candidate in old)
            {
                await candidate.LeadsAsync();
            }

            var actions = new List<Func<Task>>();
            foreach (var candidate in old)
            {
                actions.Add(random.Next(2) == 0 ? candidate.StopAsync : () => CrashAsync(candidate));
            }

            actions.AddRange(Enumerable.Range(0, 3).Select(id => new Func<Task>(() =>
            {
                Start(new InstanceShare(id, 3));
                return Task.CompletedTask;
            })));
            foreach (var action in actions.OrderBy(_ => random.Next()).ToList())
            {
                await action();
                for (var ticks = random.Next(0, 8); ticks > 0; ticks--)
                {
                    await PassAsync();
                }
            }

            var passed = 0;
            await Wait.UntilAsync("each machine has an owner", async () =>
            {
                await PassAsync();
                passed++;
                return machines.TrueForAll(machine => OwnersOf(machine) == 1);
            });
            passed.ShouldBeLessThan(120, what);
        }
        finally
        {
            foreach (var (candidate, _) in all)
            {
                await candidate.DisposeAsync();
            }
        }

        Candidate Start(InstanceShare share)
        {
            var candidate = new Candidate(cluster, $"{share.Id} of {share.Count}", lease, share).Start();
            all.Add((candidate, share));
            return candidate;
        }

        Task CrashAsync(Candidate candidate)
        {
            candidate.CutOff();
            return Task.CompletedTask;
        }

        // A second passes for each of them, one after the other, as on machines of their own.
        async Task PassAsync()
        {
            foreach (var (candidate, _) in all.OrderBy(_ => random.Next()).ToList())
            {
                candidate.Clocks.Advance(Tick);
                Check();
            }

            await Task.Yield();
            await Wait.UntilAsync("calls are over", () =>
            {
                Check();
                return all.TrueForAll(one => one.Candidate.Traffic.Calls.All(call => call.IsOver));
            });
            Check();
        }

        void Check() => machines.Where(machine => OwnersOf(machine) > 1).ShouldBeEmpty(what);

        int OwnersOf(ObjectKey machine) => all.Count(one => one.Share.Owns(machine) && one.Candidate.MayWrite);
    }
}
