// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Tests;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Tests.ClusterApi;

/// <summary>Contract, section 6: every Machine's claim on a Node counts, and the eldest has it.</summary>
public sealed class NodeClaimsTests
{
    private const string Id = "remote://pc-1";

    // Another Machine, made by 5-Spot or not: its namespace, Cluster, providerID, Node and that one's uid, and by how many
    // seconds it is older. Whether it comes first where a kubeconfig says which cluster it is, and where nothing does.
    [Theory]
    [InlineData("office", "office", Id, null, null, 1, true, true)]
    [InlineData("office", "office", Id, "another", null, 1, true, true)]
    [InlineData("office", "office", null, "pc-1", null, 1, true, true)]
    [InlineData("office", "office", null, "pc-1", "u1", 1, true, true)]
    [InlineData("office", "another", Id, "pc-1", null, 1, true, true)]
    [InlineData("lab", "office", Id, "pc-1", null, 1, true, true)]
    [InlineData("lab", "office", null, "pc-1", "u1", 1, true, true)]
    // Of another network, perhaps.
    [InlineData("office", "another", Id, null, null, 1, false, true)]
    [InlineData("lab", "office", Id, null, null, 1, false, true)]
    [InlineData("lab", "office", Id, "another", null, 1, false, true)]
    [InlineData("lab", "office", null, "pc-1", null, 1, false, true)]
    // Of another Node, or later.
    [InlineData("office", "office", "remote://another", "pc-1", null, 1, false, false)]
    [InlineData("office", "office", null, "another", null, 1, false, false)]
    [InlineData("office", "office", null, "pc-1", "u2", 1, false, false)]
    [InlineData("office", "office", null, null, null, 1, false, false)]
    [InlineData("office", "office", Id, "pc-1", null, -1, false, false)]
    public void The_elder_comes_first(
        string ns, string cluster, string? id, string? node, string? uid, int older, bool comesFirst, bool comesFirstWhereNothingSays)
    {
        foreach (var isOurs in (bool[])[false, true])
        {
            var caches = new Caches();
            var machine = caches.ObserveOurs("pc-1", Id);
            var created = World.Monday.AddSeconds(-older);
            if (isOurs)
            {
                caches.ObserveOurs("other", id, ns, cluster, node, uid, created);
            }
            else
            {
                caches.ObserveOther("other", id, ns, cluster, node, uid, created);
            }

            caches.Earlier(machine, isGuess: false).ShouldBe(comesFirst ? "other" : null);
            caches.Earlier(machine, isGuess: true).ShouldBe(comesFirstWhereNothingSays ? "other" : null);
        }
    }

    [Fact]
    public void Of_one_second_the_one_that_5_Spot_did_not_make_comes_first()
    {
        var caches = new Caches();
        var machine = caches.ObserveOurs("pc-1", Id);
        caches.ObserveOurs("pc-2", Id);
        caches.Earlier(machine).ShouldBeNull();
        caches.ObserveOther("worker-9", Id);
        caches.Earlier(machine).ShouldBe("worker-9");
    }

    [Fact]
    public void Whose_Node_is_claimed_anew_or_no_longer_is_woken()
    {
        var caches = new Caches();
        var machine = caches.ObserveOurs("pc-1", Id, node: "pc-1");
        caches.ObserveOurs("pc-2", "remote://pc-2", node: "pc-2");
        caches.Woken.Clear();

        caches.ObserveOther("worker-1", null);
        caches.ObserveOther("worker-1", "remote://worker-1");
        caches.Woken.ShouldBeEmpty();
        caches.ObserveOther("worker-1", Id);
        caches.Woken.ShouldBe(["pc-1"]);
        caches.Earlier(machine).ShouldBe("worker-1");
        caches.ObserveOther("worker-2", Id);
        caches.ObserveOther("worker-1", "remote://worker-1");
        caches.Woken.ShouldBe(["pc-1", "pc-1", "pc-1"]);
        caches.Earlier(machine).ShouldBe("worker-2");
        caches.ObserveOther("worker-2", null);
        caches.Earlier(machine).ShouldBeNull();

        caches.Woken.Clear();
        caches.ObserveOther("worker-2", null, node: "pc-1");
        caches.Woken.ShouldBe(["pc-1"]);
        caches.ObserveOther("worker-2", null);
        caches.ObserveOther("worker-2", null, node: "pc-1", uid: "u1");
        caches.ObserveOther("worker-2", null);
        caches.Woken.ShouldBe(["pc-1", "pc-1", "pc-1", "pc-1"]);
    }

    [Fact]
    public void Until_they_are_listed_the_claims_of_others_are_not_known()
    {
        new Caches().Claims.Trouble.ShouldBe("they have not been listed yet.");
    }

    [Fact]
    public void A_Node_that_nobody_else_claims_is_found_without_allocation()
    {
        var caches = new Caches();
        var machine = caches.ObserveOurs("pc-1", Id);
        caches.ObserveOther("worker-1", "remote://worker-1");
        caches.Claims.EarlierThan(machine, Caches.Node, isGuess: false);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            caches.Claims.EarlierThan(machine, Caches.Node, isGuess: false);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    /// <summary>Caches that nobody but the test fills.</summary>
    internal sealed class Caches
    {
        public static readonly Node Node = new() { Metadata = new ObjectMetadata { Name = "pc-1", Uid = "u1" }, ProviderId = Id };

        private static readonly ResourceType Machines = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);

        private readonly Informer<CapiMachine> _ours;
        private readonly Informer<MachineClaim> _others;
        private int _version;

        public Caches()
        {
            var kubeconfig = """
                {"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],
                 "clusters":[{"name":"a","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"a","user":{"token":"t"}}]}
                """;
            var api = new ApiClient(ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(kubeconfig), "the test's"));
            _ours = new(api, Machines, null, json => MachineReader.Read(json, Machines.ApiVersion));
            _others = new(api, Machines, null, MachineClaimReader.Read);
            Claims = new(_ours, _others, key => Woken.Add(key.Name));
        }

        public NodeClaims Claims { get; }

        public List<string> Woken { get; } = [];

        public string? Earlier(CapiMachine machine, bool isGuess = false) => Claims.EarlierThan(machine, Node, isGuess)?.Key.Name;

        public CapiMachine ObserveOurs(
            string name, string? id, string ns = "office", string cluster = "office", string? node = null, string? uid = null, DateTimeOffset? created = null)
        {
            var machine = new CapiMachine
            {
                ApiVersion = Machines.ApiVersion,
                Metadata = new ObjectMetadata { Name = name, Namespace = ns, Uid = name, ResourceVersion = Next(), CreationTimestamp = created ?? World.Monday },
                ClusterName = cluster,
                ProviderId = id,
                NodeName = node,
                NodeUid = uid,
            };
            _ours.Observe(machine);
            return machine;
        }

        public void ObserveOther(
            string name, string? id, string ns = "office", string cluster = "office", string? node = null, string? uid = null, DateTimeOffset? created = null) => Observe(new MachineClaim
            {
                Key = new(ns, name),
                ResourceVersion = Next(),
                CreatedAt = created ?? World.Monday,
                ClusterName = cluster,
                ProviderId = id,
                NodeName = node,
                NodeUid = uid,
            });

        public void Observe(MachineClaim claim) => _others.Observe(claim);

        private string Next() => (++_version).ToString(CultureInfo.InvariantCulture);
    }
}
