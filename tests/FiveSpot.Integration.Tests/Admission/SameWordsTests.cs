// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>That the embedded server refuses as a real one does, to the letter.</summary>
public sealed class SameWordsTests
{
    [Fact]
    public async Task Refusals_of_the_embedded_server_are_those_of_a_real_one()
    {
        await using var real = await Cluster.StartAsync(ServerKind.KubeApiServer);
        Assert.SkipUnless(real.ServerVersion >= ConstraintCase.WordsAsOf, $"Kubernetes {real.ServerVersion} words refusals differently: it takes {ConstraintCase.WordsAsOf}");
        await using var embedded = await Cluster.StartAsync(ServerKind.Embedded);
        using var judge = await Judge.AppointAsync(real);
        using var other = await Judge.AppointAsync(embedded);

        List<string> differences = [];
        foreach (var one in ConstraintCase.All)
        {
            foreach (var bad in one.Refused)
            {
                var expected = Words(await judge.RefusalAsync(bad, one.Constraint.IsOfStatus), real);
                var actual = Words(await other.RefusalAsync(bad, one.Constraint.IsOfStatus), embedded);
                if (expected != actual)
                {
                    differences.Add($"{one}:\n  real:     {expected}\n  embedded: {actual}");
                }
            }
        }

        differences.Take(10).ShouldBeEmpty();
    }

    private static string Words(ApiException? refusal, Cluster cluster) => refusal is null
        ? "accepted"
        : $"{refusal.Code} {refusal.Reason}: {refusal.Message.Replace(cluster.Namespace, "NAMESPACE", StringComparison.Ordinal)}\n    {string.Join("\n    ", refusal.Causes)}";
}
