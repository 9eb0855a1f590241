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

        // Theirs first: ours waits while it renews, and takes it when it is gone.
        Task running;
        await using (var theirs = Start())
        {
            await HolderAsync(holder => holder.Length > 0);
            running = ours.RunAsync(stop.Token);
            await RenewedAsync(theirs);
            ours.IsLeader.ShouldBeFalse();
        }

        await HolderAsync(holder => holder == "ours");
        await Wait.UntilAsync("we lead", () => ours.IsLeader);

        // Ours: theirs waits while we renew, and takes it when we give it up.
        await using var again = Start();
        await RenewedAsync(again);
        await RenewedAsync(again);
        ours.IsLeader.ShouldBeTrue();
        await stop.CancelAsync();
        await running;
        await HolderAsync(holder => holder.Length > 0 && holder != "ours");
        ((int)(await LeaseAsync())!["spec"]!["leaseTransitions"]!).ShouldBe(2);

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

        async Task RenewedAsync(GuardedProcess theirs)
        {
            var before = (string)(await LeaseAsync())!["spec"]!["renewTime"]!;
            await Wait.UntilAsync("it is renewed", async () => (string)(await LeaseAsync())!["spec"]!["renewTime"]! != before, () => Task.FromResult(theirs.LastWords()));
        }

        Task HolderAsync(Func<string, bool> expected) => Wait.UntilAsync(
            "it is in other hands", async () => expected((string?)(await LeaseAsync())?["spec"]?["holderIdentity"] ?? ""), async () => $"{await LeaseAsync()}");
    }
}
