// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using FiveSpot.Controller.ClusterApi;

namespace FiveSpot.Controller.Tests.ClusterApi;

/// <summary>What claims cost in memory. Alone, since it is what the process holds that is measured.</summary>
[Collection(nameof(ClaimMemoryTests))]
public sealed class ClaimMemoryTests
{
    [CollectionDefinition(nameof(ClaimMemoryTests), DisableParallelization = true)]
    public sealed class Definition;

    [Fact]
    public void Ten_thousand_Machines_of_others_cost_less_than_8_MiB()
    {
        var caches = new NodeClaimsTests.Caches();
        caches.ObserveOther("warm", "remote://warm", node: "warm");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 10_000; i++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"team-blue-workers-7c9f5d8b6-{i:00000}");
            caches.Observe(MachineClaimReader.Read(Encoding.UTF8.GetBytes($$"""
                {"metadata":{"name":"{{name}}","namespace":"team-blue","uid":"5a0c0b2e-0000-4000-8000-{{i:000000000000}}","resourceVersion":"{{1_000_000 + i}}",
                  "creationTimestamp":"2026-01-05T09:00:00Z","labels":{"cluster.x-k8s.io/cluster-name":"blue","topology.kubernetes.io/zone":"{{i}}"} },
                 "spec":{"clusterName":"blue","providerID":"aws:///eu-central-1a/i-0123456789a{{i:00000}}","bootstrap":{"dataSecretName":"{{name}}"} },
                 "status":{"nodeRef":{"name":"ip-10-0-{{i / 256}}-{{i % 256}}.eu-central-1.compute.internal"},
                  "conditions":[{"type":"Ready","status":"True","message":"{{new string('x', 200)}}"}]} }
                """)));
        }

        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes / 10_000} bytes a Machine");
        bytes.ShouldBeLessThan(8 << 20);
        GC.KeepAlive(caches);
    }

    [Theory]
    [InlineData(253, 512)]
    [InlineData(20_000, 20_000)]
    public void Ten_thousand_Machines_of_whoever_writes_as_much_as_they_may_cost_less_than_32_MiB(int names, int ids)
    {
        var caches = new NodeClaimsTests.Caches();
        caches.ObserveOther("warm", "remote://warm", node: "warm");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var i = 0; i < 10_000; i++)
        {
            var ns = new string('n', 63);
            var name = string.Create(CultureInfo.InvariantCulture, $"{new string('m', 248)}{i:00000}");
            caches.Observe(MachineClaimReader.Read(Encoding.UTF8.GetBytes($$$"""
                {"metadata":{"name":"{{{name}}}","namespace":"{{{ns}}}","uid":"u{{{i}}}","resourceVersion":"{{{1_000_000 + i}}}","labels":{"x":"{{{new string('x', names)}}}"} },
                 "spec":{"clusterName":"{{{i.ToString(CultureInfo.InvariantCulture).PadLeft(names, 'c')}}}","providerID":"{{{i.ToString(CultureInfo.InvariantCulture).PadLeft(ids, 'p')}}}"},
                 "status":{"nodeRef":{"name":"{{{i.ToString(CultureInfo.InvariantCulture).PadLeft(names, 'n')}}}","uid":"{{{i.ToString(CultureInfo.InvariantCulture).PadLeft(names, 'u')}}}"} } }
                """)));
        }

        var bytes = GC.GetTotalMemory(forceFullCollection: true) - before;
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes / 10_000} bytes a Machine");
        bytes.ShouldBeLessThan(32 << 20);
        GC.KeepAlive(caches);
    }
}
