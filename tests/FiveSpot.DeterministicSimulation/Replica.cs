// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.Hosting;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.DeterministicSimulation;

/// <summary>One replica of the controller: whenever its process is gone, another one is started, as a kubelet does.</summary>
internal sealed class Replica(Network network, VirtualTime time, Trace trace, ClusterConnection management, int number, bool isElected, double drift, Random random)
{
    // The lease is renewed seldom: days are long, and what is tested is the order of things, not their speed.
    private static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan RenewDeadline = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan RetryPeriod = TimeSpan.FromSeconds(20);

    private int _started;
    private Process? _process;

    /// <summary>The process that runs now; null between two.</summary>
    public Life? Life => _process?.Life;

    /// <summary>Its clocks.</summary>
    public ReplicaClock? Clock => _process?.Clock;

    /// <summary>Who the Lease says it is.</summary>
    public string Identity => $"controller-{number}";

    /// <summary>Starts its process, if it has none.</summary>
    public void Start()
    {
        if (_process is not null)
        {
            return;
        }

        var life = new Life($"{Identity}#{++_started}");
        var clock = new ReplicaClock(time) { Drift = drift };
        var process = _process = new Process(life, clock);
        life.Died = () =>
        {
            clock.Stop();
            process.Controller?.Dispose();
            EndOf(process);
        };
        trace.Add(life.Name, "starts");
        _ = RunAsync(process);
    }

    /// <summary>Tells it to end, as by SIGTERM.</summary>
    public void Stop() => _process?.Stop.Cancel();

    private void EndOf(Process process)
    {
        if (ReferenceEquals(_process, process))
        {
            _process = null;
            time.CreateTimer(_ => Start(), null, TimeSpan.FromSeconds(1 + random.Next(20)), Timeout.InfiniteTimeSpan);
        }
    }

    private async Task RunAsync(Process process)
    {
        var options = new ApiClientOptions
        {
            UserAgent = "5spot",
            NetworkTime = process.Clock,
            KeyComparer = KeyOrder.Instance,
            WatchTimeout = World.WatchTimeout,
            Jitter = random.NextDouble,
            WrapHandler = _ => network.From(process.Life, isDisturbed: true),
        };
        LeaderElector? elector = null;
        if (isElected)
        {
            elector = new LeaderElector(
                new ApiClient(management, options with { RequestTimeout = RenewDeadline / 2 }),
                new LeaderElectionOptions
                {
                    Lease = new ObjectKey("5spot-system", "5spot"),
                    Identity = process.Life.Name,
                    FieldManager = "5spot-controller",
                    Duration = LeaseDuration,
                    RenewDeadline = RenewDeadline,
                    RetryPeriod = RetryPeriod,
                },
                NullLogger.Instance);
        }

        var api = new ApiClient(management, options with { WritingAllowed = elector is null ? null : elector.WritingAllowed });
        var settings = new ControllerSettings { Clock = process.Clock, Instance = Identity };
        process.Controller = new FiveSpotController(api, settings, NullLoggerFactory.Instance, elector);
        try
        {
            await process.Controller.RunAsync(process.Stop.Token);
            trace.Add(process.Life.Name, "has ended");
        }
        catch (Exception broken)
        {
            trace.Add(process.Life.Name, $"has failed: {broken.Message}");
        }

        process.Life.Kill();
    }

    private sealed record Process(Life Life, ReplicaClock Clock)
    {
        public CancellationTokenSource Stop { get; } = new();

        public FiveSpotController? Controller { get; set; }
    }
}
