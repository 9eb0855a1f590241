// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Controller.Hosting;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Integration.Tests.Scenarios;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.BadDays;

/// <summary>Several instances divide the machines, each with a Lease of its own.</summary>
public abstract class InstanceTests(ServerKind kind)
{
    public sealed class OnEmbedded() : InstanceTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : InstanceTests(ServerKind.KubeApiServer);

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    private static int _leases;

    private readonly string _lease = $"instances-{Interlocked.Increment(ref _leases)}";

    [Fact]
    public async Task Each_machine_is_made_once_by_its_owner()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var first = await Replica.StartAsync(cluster, "first", _lease, new InstanceShare(0, 2));
        await using var second = await Replica.StartAsync(cluster, "second", _lease, new InstanceShare(1, 2));
        await first.LeadsAsync();
        await second.LeadsAsync();
        var names = Enumerable.Range(0, 12).Select(i => $"pc-{i}").ToList();
        foreach (var name in names)
        {
            await cluster.ScheduleAsync(name);
        }

        foreach (var name in names)
        {
            await cluster.PhaseAsync("Inactive", name);
        }

        cluster.MoveTo(Scenario.Opening);
        foreach (var name in names)
        {
            await cluster.PhaseAsync("Active", name);
        }

        (await cluster.ListAsync(cluster.MachineKind)).Count.ShouldBe(names.Count);
        foreach (var (replica, share) in ((Replica, InstanceShare)[])[(first, new(0, 2)), (second, new(1, 2))])
        {
            var owned = names.Where(name => share.Owns(new ObjectKey(cluster.Namespace, name))).Order().ToList();
            owned.ShouldNotBeEmpty();
            Made(replica).Order().ShouldBe(owned);
        }

        IEnumerable<string> Made(Replica replica) => replica.Writes
            .Where(call => call.Verb == "create" && call.Path.EndsWith("/machines", StringComparison.Ordinal))
            .Select(call => (string)JsonNode.Parse(call.Body)!["metadata"]!["name"]!);
    }

    [Fact]
    public async Task One_with_another_number_waits_until_the_others_are_gone_or_have_crashed()
    {
        await using var cluster = await Cluster.StartAsync(kind);
        await using var first = await Replica.StartAsync(cluster, "first", _lease, new InstanceShare(0, 2));
        await using var second = await Replica.StartAsync(cluster, "second", _lease, new InstanceShare(1, 2));
        await first.LeadsAsync();
        await second.LeadsAsync();
        await using var other = await Replica.StartAsync(cluster, "other", _lease, new InstanceShare(2, 3));
        await PeriodAsync();
        other.Leads.ShouldBeFalse();
        (await WhyAsync()).ShouldBe($"Lease 5spot-system/{_lease}-0 is held by first, which divides the machines by 2, and this instance by 3. Nothing is written until it is given up.");

        await first.StopAsync();
        await PeriodAsync();
        other.Leads.ShouldBeFalse();
        (await WhyAsync())!.ShouldStartWith($"Lease 5spot-system/{_lease}-1 is held by second");

        // It has been seen already: from there on its time runs.
        second.CutOff();
        for (var waited = TimeSpan.Zero; waited < Duration - (3 * Candidate.RetryPeriod); waited += Candidate.RetryPeriod)
        {
            await PeriodAsync();
            other.Leads.ShouldBeFalse();
        }

        for (var i = 0; i < 4; i++)
        {
            await PeriodAsync();
        }

        await other.LeadsAsync();

        // The next of its renewals, with which it looks again.
        async Task PeriodAsync()
        {
            await Wait.UntilAsync("it waits for its next renewal", () => other.PausesAfterLook);
            var looks = other.Looks;
            if (other.Leads)
            {
                return;
            }

            other.Clocks.Advance(Candidate.RetryPeriod);
            await Wait.UntilAsync("it has looked again", () => other.Looks > looks || other.Leads);
        }

        Task<string?> WhyAsync() => new OtherCounts(cluster.Api, new ObjectKey(Candidate.Namespace, _lease), new InstanceShare(2, 3)).LookAsync(CancellationToken.None);
    }
}
