// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>One replica's end of a leader election: with clocks and a network of its own.</summary>
internal sealed class Candidate : IAsyncDisposable
{
    public const string Namespace = "5spot-system";

    /// <summary>The time between two renewals, by default.</summary>
    public static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(2);

    private readonly ApiClient _leaseApi;
    private readonly ApiClient _api;
    private readonly CancellationTokenSource _stop = new();
    private readonly OtherCounts _others;
    private Task _running = Task.CompletedTask;
    private int _looks;
    private int _pausesBefore = int.MaxValue;

    /// <summary>Not after it yet.</summary>
    /// <param name="cluster">Where the Lease is.</param>
    /// <param name="identity">Its name.</param>
    /// <param name="lease">The common name of the Leases.</param>
    /// <param name="share">Its share; all by default.</param>
    /// <param name="logger">Is told who has it; nobody by default.</param>
    public Candidate(Cluster cluster, string identity, string lease, InstanceShare? share = null, ILogger? logger = null)
    {
        share ??= new InstanceShare();
        Identity = identity;
        Traffic = new ControllerTraffic(cluster.Clock);
        _leaseApi = cluster.Connect(identity, Traffic.Watch, networkTime: Clocks);
        _others = new OtherCounts(_leaseApi, new ObjectKey(Namespace, lease), share);
        Elector = new LeaderElector(
            _leaseApi,
            new LeaderElectionOptions
            {
                Lease = new ObjectKey(Namespace, share.LeaseName(lease)),
                Identity = identity,
                FieldManager = "5spot-controller",
                Annotations = OtherCounts.Annotations(share),
                MayBegin = LookAsync,
            },
            logger ?? NullLogger.Instance);
        _api = cluster.Connect(identity, Traffic.Watch, networkTime: Clocks, writingAllowed: Elector.WritingAllowed);
    }

    public string Identity { get; }

    /// <summary>Its clocks.</summary>
    public TwoClocks Clocks { get; } = new();

    /// <summary>What it asks of the server, and a place to disturb that.</summary>
    public ControllerTraffic Traffic { get; }

    public LeaderElector Elector { get; }

    public bool MayWrite => !Elector.WritingAllowed().IsCancellationRequested;

    public Candidate Start()
    {
        _running = Elector.RunAsync(_stop.Token);
        return this;
    }

    /// <summary>How often it has looked for instances of another number, and come to a result.</summary>
    public int Looks => Volatile.Read(ref _looks);

    /// <summary>Whether it has begun to wait for its next renewal since the last of those looks. The patience of a look is as
    /// long, so that <see cref="TwoClocks.IsAwaited"/> does not tell the one from the other.</summary>
    public bool PausesAfterLook => Clocks.Begun(RetryPeriod) > Volatile.Read(ref _pausesBefore);

    /// <summary>Its process ends as it should.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Nothing of it gets through any more, either way.</summary>
    public void CutOff() => Traffic.Disturb = static (_, _) => ControllerTraffic.Fault.Abort;

    /// <summary>And again.</summary>
    public void LetThrough() => Traffic.Disturb = null;

    /// <summary>Writes what only a leader may.</summary>
    public Task WriteAsync(Cluster cluster) => _api.MergePatchAsync(
        Kinds.Namespace, new ObjectKey("", cluster.Namespace), """{"metadata":{"annotations":{"written":"true"}}}"""u8.ToArray(), "test", null, Cluster.Parse, CancellationToken.None);

    /// <summary>Waits until it leads.</summary>
    public Task LeadsAsync() => Wait.UntilAsync($"{Identity} leads", () => Elector.IsLeader);

    private async Task<string?> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _others.LookAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _pausesBefore, Clocks.Begun(RetryPeriod));
            Interlocked.Increment(ref _looks);
        }
    }

    public async ValueTask DisposeAsync()
    {
        CutOff();
        await _stop.CancelAsync();

        // Its own clock stands still: what it waits for on its way out would never come.
        await Wait.UntilAsync($"{Identity} ends", () =>
        {
            Clocks.Advance(TimeSpan.FromSeconds(1));
            return _running.IsCompleted;
        });
        Elector.Dispose();
        _api.Dispose();
        _leaseApi.Dispose();
        _stop.Dispose();
    }
}
