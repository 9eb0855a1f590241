// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>A controller of several over one cluster, with an end of the leader election, clocks and a network of its own.</summary>
internal sealed class Replica : IAsyncDisposable
{
    private readonly Cluster _cluster;
    private readonly Candidate _candidate;
    private readonly RunningController _controller;

    private Replica(Cluster cluster, Candidate candidate, RunningController controller) =>
        (_cluster, _candidate, _controller) = (cluster, candidate, controller);

    /// <summary>Its clocks, for the Lease; those of schedules are the cluster's.</summary>
    public TwoClocks Clocks => _candidate.Clocks;

    /// <summary>See <see cref="Candidate.Looks"/>.</summary>
    public int Looks => _candidate.Looks;

    /// <summary>See <see cref="Candidate.PausesAfterLook"/>.</summary>
    public bool PausesAfterLook => _candidate.PausesAfterLook;

    public ControllerTraffic Traffic => _candidate.Traffic;

    public bool Leads => _controller.Leads;

    public bool MayWrite => _candidate.MayWrite;

    /// <summary>What of its writes came to the server, in order; Leases and events apart.</summary>
    public IReadOnlyList<ControllerTraffic.Call> Writes => [.. Traffic.Calls.Where(call => call.Left > 0 && IsWork(call))];

    /// <summary>Starts one, and waits until its caches are filled.</summary>
    public static async Task<Replica> StartAsync(Cluster cluster, string identity, string lease, InstanceShare? share = null)
    {
        var candidate = new Candidate(cluster, identity, lease, share);
        return new Replica(cluster, candidate, await RunningController.StartAsync(cluster, candidate: candidate, share: share));
    }

    /// <summary>Whether a call is about a machine.</summary>
    public static bool IsWork(ControllerTraffic.Call call) => call.IsWrite && !IsOfLease(call);

    /// <summary>Whether a call is about a Lease.</summary>
    public static bool IsOfLease(ControllerTraffic.Call call) => call.Path.Contains("/leases", StringComparison.Ordinal);

    public Task LeadsAsync() => Wait.UntilAsync($"{_candidate.Identity} leads", () => Leads);

    /// <summary>Time passes for this one until it leads.</summary>
    public Task LeadsInTimeAsync(TimeSpan time)
    {
        Clocks.Advance(time);

        // It may have heard of the last renewal only now.
        return Wait.UntilAsync($"{_candidate.Identity} leads", () =>
        {
            if (!Leads)
            {
                Clocks.Advance(TimeSpan.FromSeconds(1));
            }

            return Leads;
        });
    }

    public Task SettleAsync() => _controller.SettleAsync(_cluster);

    /// <summary>Its process ends as it should, and gives its Lease up.</summary>
    public async Task StopAsync() => await _controller.DisposeAsync();

    /// <summary>Nothing of it gets through any more, either way.</summary>
    public void CutOff() => _candidate.CutOff();

    public void LetThrough() => _candidate.LetThrough();

    public async ValueTask DisposeAsync()
    {
        CutOff();
        var stopping = StopAsync();

        // Its own clock stands still: what it waits for on its way out would never come.
        await Wait.UntilAsync($"{_candidate.Identity} ends", () =>
        {
            Clocks.Advance(TimeSpan.FromSeconds(1));
            return stopping.IsCompleted;
        });
        await stopping;
        await _candidate.DisposeAsync();
    }
}
