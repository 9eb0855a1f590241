// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Scenarios;

/// <summary>References that somebody else wrote who may write the status, or the Machine: they have no other kind watched than a template may.</summary>
public abstract class ForgedReferenceTests(ServerKind kind)
{
    public sealed class OnEmbedded() : ForgedReferenceTests(ServerKind.Embedded);

    public sealed class OnKubeApiServer() : ForgedReferenceTests(ServerKind.KubeApiServer);

    [Fact]
    public async Task A_status_has_no_other_kinds_watched_than_a_template_may()
    {
        await using var scenario = await Scenario.StartAsync(kind);
        await scenario.Cluster.ScheduleAsync();
        await scenario.Cluster.PhaseAsync("Inactive");

        await scenario.Cluster.Api.MergePatchAsync(Kinds.ScheduledMachine, new ObjectKey(scenario.Cluster.Namespace, "pc-1"), Encoding.UTF8.GetBytes("""
            {"status":{"phase":"Pending","bootstrapRef":{"apiVersion":"v1","kind":"Secret","name":"pc-1"},
                       "infrastructureRef":{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","name":"pc-1"}}}
            """), "scenario", "status", Cluster.Parse, CancellationToken.None);
        await scenario.Cluster.PhaseAsync("Inactive");
        await scenario.SettleAsync();

        scenario.Cluster.Calls.ShouldNotContain(static call => call.Path.Contains("/secrets", StringComparison.Ordinal) || call.Path.Contains("rbac.authorization.k8s.io", StringComparison.Ordinal));
    }
}
