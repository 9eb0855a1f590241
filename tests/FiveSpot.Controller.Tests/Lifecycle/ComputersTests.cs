// SPDX-License-Identifier: Apache-2.0

using System.Text;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Lifecycle;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Tests;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Controller.Tests.Lifecycle;

public sealed class ComputersTests
{
    private static readonly ResourceType ScheduledMachines = new("5spot.finos.org", "v1alpha1", "scheduledmachines", "ScheduledMachine", Namespaced: true);
    private static readonly ResourceType Machines = new("cluster.x-k8s.io", "v1beta2", "machines", "Machine", Namespaced: true);

    [Fact]
    public void Those_of_one_computer_find_and_wake_each_other()
    {
        var caches = new Caches();
        caches.Observe("pc-1", "192.0.2.1");
        caches.Observe("pc-2", "192.0.2.2");
        caches.Observe("pc-3", null);
        caches.Observe("pc-1", "192.0.2.1", ns: "lab");
        caches.OthersOf("pc-1").ShouldBeEmpty();
        caches.OthersOf("pc-3").ShouldBeEmpty();
        caches.Woken.ShouldBeEmpty();

        caches.Observe("pc-4", "192.0.2.1");
        caches.Woken.ShouldBe(["pc-1"]);
        caches.OthersOf("pc-1").ShouldBe(["pc-4"]);
        caches.OthersOf("pc-4").ShouldBe(["pc-1"]);
        caches.Observe("pc-5", "192.0.2.1");
        caches.OthersOf("pc-1").ShouldBe(["pc-4", "pc-5"]);
        caches.OthersOf("pc-4").ShouldBe(["pc-1", "pc-5"]);

        // It is another computer now.
        caches.Woken.Clear();
        caches.Observe("pc-1", "192.0.2.2");
        caches.Woken.ShouldBe(["pc-4", "pc-5", "pc-2"]);
        caches.OthersOf("pc-4").ShouldBe(["pc-5"]);
        caches.OthersOf("pc-2").ShouldBe(["pc-1"]);
        caches.Observe("pc-1", null);
        caches.OthersOf("pc-2").ShouldBeEmpty();
        caches.OthersOf("pc-1").ShouldBeEmpty();
    }

    [Fact]
    public void What_was_made_for_a_computer_is_of_it_whatever_the_spec_says_now()
    {
        var caches = new Caches();
        caches.Observe("pc-1", "192.0.2.1");
        caches.Observe("pc-2", "192.0.2.1");
        caches.ObserveMachine("pc-1", "192.0.2.1");
        caches.OthersOf("pc-2").ShouldBe(["pc-1"]);

        caches.Observe("pc-1", "192.0.2.7");
        caches.OthersOf("pc-2").ShouldBe(["pc-1"]);
        caches.Observe("pc-3", "192.0.2.7");
        caches.OthersOf("pc-3").ShouldBe(["pc-1"], "it will come");

        caches.Observe("pc-1", "192.0.2.8");
        caches.OthersOf("pc-2").ShouldBe(["pc-1"]);
        caches.OthersOf("pc-3").ShouldBeEmpty();
        caches.Observe("pc-1", "192.0.2.1");
        caches.OthersOf("pc-2").ShouldBe(["pc-1"]);

        // And of what has no ScheduledMachine.
        caches.ObserveMachine("pc-9", "192.0.2.7");
        caches.OthersOf("pc-3").ShouldBe(["pc-9"]);
    }

    [Fact]
    public void Who_has_a_computer_for_itself_is_found_without_allocation()
    {
        var caches = new Caches();
        var machine = caches.Observe("pc-1", "192.0.2.1");
        caches.Computers.OthersOf(machine);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            caches.Computers.OthersOf(machine);
            caches.Computers.NotBefore(machine.Key);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void A_place_is_confirmed_for_one_computer_and_one_object_until_it_is_left()
    {
        var caches = new Caches();
        var key = new ObjectKey("office", "pc-1");
        caches.Computers.Confirm(key, "192.0.2.1", "u1");
        caches.Computers.IsConfirmed(key, "192.0.2.1", "u1").ShouldBeTrue();
        caches.Computers.IsConfirmed(key, "192.0.2.2", "u1").ShouldBeFalse();
        caches.Computers.IsConfirmed(key, "192.0.2.1", "u2").ShouldBeFalse();
        caches.Computers.Leave(key);
        caches.Computers.IsConfirmed(key, "192.0.2.1", "u1").ShouldBeFalse();

        var seconds = Enumerable.Range(0, 8).Select(_ => (caches.Computers.Refuse(key, World.Monday) - World.Monday).TotalSeconds);
        seconds.ShouldBe([1, 2, 4, 8, 16, 32, 60, 60]);
        caches.Computers.NotBefore(key).ShouldBe(World.Monday.AddMinutes(1));
        caches.Computers.Confirm(key, "192.0.2.1", "u1");
        caches.Computers.NotBefore(key).ShouldBeNull();
    }

    /// <summary>Caches that nobody but the test fills.</summary>
    private sealed class Caches
    {
        private readonly Informer<ScheduledMachine> _scheduledMachines;
        private readonly Informer<CapiMachine> _machines;
        private int _version;

        public Caches()
        {
            var kubeconfig = """
                {"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],
                 "clusters":[{"name":"a","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"a","user":{"token":"t"}}]}
                """;
            var api = new ApiClient(ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(kubeconfig), "the test's"));
            _scheduledMachines = new(api, ScheduledMachines, null, ScheduledMachineReader.Read);
            _machines = new(api, Machines, null, json => MachineReader.Read(json, Machines.ApiVersion));
            var kinds = new ProviderKinds(api, new Discovery(api), static _ => { }, NullLoggerFactory.Instance, CancellationToken.None);
            Computers = new(_scheduledMachines, _machines, kinds, key => Woken.Add(key.Name));
        }

        public Computers Computers { get; }

        public List<string> Woken { get; } = [];

        public IEnumerable<string> OthersOf(string name) => Computers.OthersOf(_scheduledMachines.Get(new("office", name))!).Select(key => key.Name);

        public ScheduledMachine Observe(string name, string? computer, string ns = "office")
        {
            _scheduledMachines.Observe(new ScheduledMachine { Metadata = Metadata(name, ns), Computer = computer });
            return _scheduledMachines.Get(new(ns, name))!;
        }

        public void ObserveMachine(string name, string computer) => _machines.Observe(new CapiMachine
        {
            ApiVersion = Machines.ApiVersion,
            Metadata = Metadata(name, "office") with { Annotations = new Dictionary<string, string> { ["5spot.finos.org/computer"] = computer } },
        });

        private ObjectMetadata Metadata(string name, string ns) => new()
        {
            Name = name,
            Namespace = ns,
            Uid = name,
            ResourceVersion = (++_version).ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
    }
}
