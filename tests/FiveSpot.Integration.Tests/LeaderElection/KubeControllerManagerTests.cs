// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Integration.Tests.LeaderElection;

/// <summary>
/// client-go's own leader election, in a kube-controller-manager, and ours are after one Lease: each waits for the other, and
/// takes it when the other is gone.
/// </summary>
public sealed class KubeControllerManagerTests
{
    private static readonly ObjectKey Key = new("kube-system", "shared-lease");

    [Fact]
    public async Task Each_takes_over_from_the_other()
    {
        await using var cluster = await Cluster.StartAsync(ServerKind.KubeApiServer);
        using var folder = new TemporaryFolder();
        var kubeconfig = folder.Write("kubeconfig", cluster.Kubeconfig);
        using var api = cluster.Connect("ours");
        using var stop = new CancellationTokenSource();
        using var ours = new LeaderElector(
            api,
            new LeaderElectionOptions
            {
                Lease = Key,
                Identity = "ours",
                FieldManager = "ours",
                Duration = TimeSpan.FromSeconds(4),
                RenewDeadline = TimeSpan.FromSeconds(3),
                RetryPeriod = TimeSpan.FromSeconds(1),
            },
            NullLogger.Instance);

        // Theirs first: ours waits while it renews, and takes it when it has been killed.
        await using (var theirs = Start())
        {
            await HolderAsync(holder => holder.Length > 0);
            var running = ours.RunAsync(stop.Token);
            var renewed = (string)(await LeaseAsync())!["spec"]!["renewTime"]!;
            await Wait.UntilAsync("it is renewed beside us", async () => (string)(await LeaseAsync())!["spec"]!["renewTime"]! != renewed, () => Task.FromResult(theirs.LastWords()));
            ours.IsLeader.ShouldBeFalse();
            await theirs.DisposeAsync();
            await HolderAsync(holder => holder == "ours");
            ours.IsLeader.ShouldBeTrue();

            // Ours: theirs waits while we renew, and takes it when we give it up.
            await using var again = Start();
            renewed = (string)(await LeaseAsync())!["spec"]!["renewTime"]!;
            await Wait.UntilAsync("we renew beside it", async () => (string)(await LeaseAsync())!["spec"]!["renewTime"]! != renewed);
            ours.IsLeader.ShouldBeTrue();
            await stop.CancelAsync();
            await running;
            ((string?)(await LeaseAsync())!["spec"]!["holderIdentity"]).ShouldNotBe("ours");
            await HolderAsync(holder => holder.Length > 0 && holder != "ours");
            ((int)(await LeaseAsync())!["spec"]!["leaseTransitions"]!).ShouldBe(2);
        }

        GuardedProcess Start() => GuardedProcess.Start(KubeAssets.Found!["kube-controller-manager"], folder.PathOf("."), [
            $"--kubeconfig={kubeconfig}",
            $"--authentication-kubeconfig={kubeconfig}",
            $"--authorization-kubeconfig={kubeconfig}",
            "--controllers=bootstrapsigner",
            "--leader-elect=true",
            "--leader-elect-resource-lock=leases",
            $"--leader-elect-resource-namespace={Key.Namespace}",
            $"--leader-elect-resource-name={Key.Name}",
            "--leader-elect-lease-duration=4s",
            "--leader-elect-renew-deadline=3s",
            "--leader-elect-retry-period=1s",
            "--secure-port=0",
            .. KubeAssets.Found!.Version < new Version(1, 24) ? ["--port=0"] : (IEnumerable<string>)[],
        ]);

        Task<JsonObject?> LeaseAsync() => cluster.Api.TryGetAsync(Lease.Resource, Key, Cluster.Parse, CancellationToken.None);

        Task HolderAsync(Func<string, bool> expected) => Wait.UntilAsync(
            "it is in other hands", async () => expected((string?)(await LeaseAsync())?["spec"]?["holderIdentity"] ?? ""), async () => $"{await LeaseAsync()}");
    }
}
