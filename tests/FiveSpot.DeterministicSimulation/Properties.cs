// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.Json.Nodes;
using FiveSpot.Api;
using FiveSpot.ApiServer;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.DeterministicSimulation;

/// <summary>
/// What must hold, whatever goes wrong. Looked at with each change of a store and each write of a controller; and in the end, once
/// nothing goes wrong any more. The first thing that does not hold ends a run.
/// </summary>
internal sealed class Properties
{
    /// <summary>How many calls a controller may make in a minute for each machine, and for itself.</summary>
    private const int CallsAMachine = 40;
    private const int CallsBeside = 120;

    // What was true a moment ago may still be acted on: a watch takes its time, and a write too.
    private static readonly TimeSpan Notice = TimeSpan.FromMinutes(2);

    private readonly VirtualTime _time;
    private readonly Trace _trace;
    private readonly IReadOnlyDictionary<string, EmbeddedApiServer> _servers;
    private readonly Plan _plan;
    private readonly Dictionary<string, TimeSpan> _reclaimed = new(StringComparer.Ordinal);
    private readonly HashSet<string> _cordonedByPerson = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TimeSpan> _disabledSince = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _callsOf = new(StringComparer.Ordinal);
    private long _minute;
    private bool _wasRestored;

    public Properties(VirtualTime time, Trace trace, IReadOnlyDictionary<string, EmbeddedApiServer> servers, Network network, Plan plan)
    {
        (_time, _trace, _servers, _plan) = (time, trace, servers, plan);
        network.Answered += OnWrite;
        foreach (var (name, server) in servers)
        {
            server.Store.Committed += (store, change) => OnChange(name, store, change);
        }
    }

    /// <summary>The first thing that did not hold; null while all does.</summary>
    public Violation? First { get; private set; }

    /// <summary>How many Machines were made.</summary>
    public long Openings { get; private set; }

    /// <summary>How many writes controllers have made.</summary>
    public long CallsOfControllers { get; private set; }

    /// <summary>The owner of a machine has come back.</summary>
    public void Reclaimed(string machine) => _reclaimed[machine] = _time.Elapsed;

    /// <summary>A person has cordoned a Node.</summary>
    public void Cordoned(string uid, bool wasCordoned)
    {
        // Where 5-Spot had cordoned it already, whose it is can't be told from the Node.
        if (!wasCordoned)
        {
            _cordonedByPerson.Add(uid);
        }
    }

    /// <summary>The store of the management cluster is what it was an hour ago.</summary>
    public void Restored() => _wasRestored = true;

    // ---- with each change

    private void OnChange(string server, ResourceStore store, WatchEvent change)
    {
        var json = change.Object.Json;
        switch (store.Key)
        {
            case "machines.cluster.x-k8s.io" when change.Type == WatchEventType.Added:
                Openings++;
                OneMachineEach(store);
                NotUnderTheirHands(change.Object.Name);
                break;
            case "remotemachines.infrastructure.cluster.x-k8s.io" when change.Type == WatchEventType.Added:
                OneMachineAComputer(store, json);
                break;
            case "remotemachines.infrastructure.cluster.x-k8s.io" when IsBeingDeleted(json) && change.Previous is { } before && !IsBeingDeleted(before.Json):
                MachineFirst(change.Object.Name, json);
                break;
            case "scheduledmachines.5spot.finos.org":
                if ((bool?)json["spec"]?["schedule"]?["enabled"] == false || (bool?)json["spec"]?["killSwitch"] == true)
                {
                    _disabledSince.TryAdd(change.Object.Name, _time.Elapsed);
                }
                else
                {
                    _disabledSince.Remove(change.Object.Name);
                }

                break;
            case "nodes" when server != "management":
                PersonsCordon(change);
                break;
            default:
                break;
        }
    }

    private void OneMachineEach(ResourceStore machines)
    {
        foreach (var group in machines.Current.In(World.Namespace).GroupBy(static machine => machine.Labels.GetValueOrDefault(WellKnown.ScheduledMachineLabel)))
        {
            if (group.Key is not null && group.Count() > 1)
            {
                Fail(nameof(OneMachineEach), $"ScheduledMachine {group.Key} has {string.Join(" and ", group.Select(static machine => machine.Name))}");
            }
        }
    }

    private void OneMachineAComputer(ResourceStore infrastructures, JsonObject made)
    {
        var address = (string?)made["spec"]?["address"];
        var same = infrastructures.Current.In(World.Namespace).Where(other => (string?)other.Json["spec"]?["address"] == address).Select(static other => other.Name).ToList();
        if (same.Count > 1)
        {
            Fail(nameof(OneMachineAComputer), $"{string.Join(" and ", same)} are both {address}");
        }
    }

    private void MachineFirst(string name, JsonObject infrastructure)
    {
        if (Find("machines", "cluster.x-k8s.io", name) is { } machine && !IsBeingDeleted(machine)
            && (string?)machine["spec"]?["infrastructureRef"]?["name"] == name)
        {
            Fail(nameof(MachineFirst), $"RemoteMachine {name} ({(string?)infrastructure["metadata"]?["uid"]}) is deleted, and its Machine is not");
        }
    }

    // Nobody opens a machine that is switched off, once that can be known.
    private void NotUnderTheirHands(string name)
    {
        if (_disabledSince.TryGetValue(name, out var since) && _time.Elapsed - since > Notice && !IsLate())
        {
            Fail(nameof(NotUnderTheirHands), $"{name} is switched off since {since:d\\.hh\\:mm\\:ss}, and is opened");
        }
    }

    private void PersonsCordon(WatchEvent change)
    {
        if (!_cordonedByPerson.Contains(change.Object.Uid) || change.Type == WatchEventType.Deleted)
        {
            return;
        }

        if ((string?)change.Object.Json["metadata"]?["labels"]?["person"] != "was-here" && (string?)change.Previous?.Json["metadata"]?["labels"]?["person"] == "was-here")
        {
            Fail(nameof(PersonsCordon), $"a person's label is gone from Node {change.Object.Name}");
        }

        if ((bool?)change.Object.Json["spec"]?["unschedulable"] != true && (bool?)change.Previous?.Json["spec"]?["unschedulable"] == true)
        {
            Fail(nameof(PersonsCordon), $"Node {change.Object.Name} was cordoned by a person, and is uncordoned");
        }
    }

    // ---- with each write of a controller

    private void OnWrite(Life life, string server, HttpRequestMessage request, HttpStatusCode status)
    {
        if (!life.Name.StartsWith("controller-", StringComparison.Ordinal))
        {
            return;
        }

        var path = request.RequestUri!.AbsolutePath;
        var isLease = path.Contains("/leases/", StringComparison.Ordinal) || path.EndsWith("/leases", StringComparison.Ordinal);
        if (!isLease)
        {
            CallsOfControllers++;
        }

        Bounded(life);
        if ((int)status >= 300 || isLease)
        {
            return;
        }

        var parts = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        Leads(life, path);
        Ours(life, server, request.Method, parts);
    }

    private void Bounded(Life life)
    {
        var minute = (long)_time.Elapsed.TotalMinutes;
        if (minute != _minute)
        {
            _minute = minute;
            _callsOf.Clear();
        }

        var calls = _callsOf[life.Name] = _callsOf.GetValueOrDefault(life.Name) + 1;
        if (calls > (CallsAMachine * _plan.Machines) + CallsBeside)
        {
            Fail(nameof(Bounded), $"{life.Name} has made {calls} writes in a minute");
        }
    }

    private void Leads(Life life, string path)
    {
        if (_plan.Replicas == 1)
        {
            return;
        }

        var holder = (string?)Find("leases", "coordination.k8s.io", "5spot", "5spot-system")?["spec"]?["holderIdentity"];
        if (holder != life.Name && !_wasRestored)
        {
            Fail(nameof(Leads), $"{life.Name} wrote {path}, and {(holder is null or "" ? "nobody" : holder)} holds the Lease");
        }
    }

    private void Ours(Life life, string server, HttpMethod method, string[] parts)
    {
        // /api/v1/nodes/NAME, /apis/GROUP/VERSION/namespaces/NS/PLURAL/NAME[/SUBRESOURCE]
        var at = parts[0] == "api" ? 2 : 3;
        if (parts.Length > at + 1 && parts[at] == "namespaces" && parts.Length > at + 2)
        {
            at += 2;
        }

        var (plural, name) = (parts[at], parts.Length > at + 1 ? parts[at + 1] : null);
        var isAllowed = plural switch
        {
            "machines" or "k0sworkerconfigs" or "remotemachines" or "scheduledmachines" => name is null || IsOneOfOurs(name),
            "nodes" => server != "management" && name is not null && IsOneOfOurs(name),
            "pods" => server != "management" && ((parts.Length > at + 2 && parts[at + 2] == "eviction") || (method == HttpMethod.Delete && _reclaimed.Count > 0)),
            "configmaps" => server != "management",
            "events" => true,
            _ => false,
        };
        if (!isAllowed)
        {
            Fail(nameof(Ours), $"{life.Name}: {method} {string.Join('/', parts)} on {server}");
        }
    }

    private bool IsOneOfOurs(string name)
    {
        for (var number = 0; number < _plan.Machines; number++)
        {
            if (People.NameOf(number) == name)
            {
                return true;
            }
        }

        return false;
    }

    // ---- in the end

    /// <summary>Every machine is as its spec and the clock say.</summary>
    public void CheckSettled()
    {
        if (First is not null)
        {
            return;
        }

        var now = _time.GetUtcNow();
        var machines = Store("scheduledmachines", WellKnown.Group).Current.In(World.Namespace).ToList();
        foreach (var machine in machines)
        {
            var spec = machine.Json["spec"]!;
            var isOff = (bool?)spec["schedule"]!["enabled"] == false || (bool?)spec["killSwitch"] == true;
            var week = Week.Of(spec["schedule"]!);
            var isToBeOpen = !isOff && week.IsOpenAt(now);
            var isTwin = machines.Any(other => other.Name != machine.Name && Address(other.Json) == Address(machine.Json));
            var made = Find("machines", "cluster.x-k8s.io", machine.Name);
            var phase = (string?)machine.Json["status"]?["phase"];
            var said = $"it is {phase ?? "nothing"}: {(string?)machine.Json["status"]?["message"]}";
            if (machine.IsTerminating)
            {
                Fail(nameof(CheckSettled), $"{machine.Name} was deleted long ago, and is still there; {said}");
            }
            else if (isToBeOpen && !isTwin && (made is null || phase != MachinePhase.Active))
            {
                Fail(nameof(CheckSettled), $"{machine.Name} is to be open at {now:ddd HH:mm}Z ({week.Days} {week.Hours} {week.Zone}), and {(made is null ? "has no Machine" : "has a Machine")}; {said}");
            }
            else if (!isToBeOpen && (made is not null || Find("remotemachines", "infrastructure.cluster.x-k8s.io", machine.Name) is not null))
            {
                Fail(nameof(CheckSettled), $"{machine.Name} is to be closed at {now:ddd HH:mm}Z ({week.Days} {week.Hours} {week.Zone}{(isOff ? ", off" : "")}), and is not; {said}");
            }
        }
    }

    /// <summary>Nobody writes anything where nothing is to be done.</summary>
    public void CheckSilent(long before)
    {
        if (First is null && CallsOfControllers != before)
        {
            Fail(nameof(CheckSilent), $"{CallsOfControllers - before} writes in five minutes in which nothing happened");
        }
    }

    private static string? Address(JsonObject machine) => (string?)machine["spec"]?["infrastructureSpec"]?["spec"]?["address"];

    // Whether somebody may not know yet what has long been so.
    private bool IsLate() => _wasRestored || _plan.Faults.Any(fault => fault.Kind is FaultKind.WatchesLate or FaultKind.Partition or FaultKind.SlowAnswers or FaultKind.ClockJump
        && fault.LastsAt(_time.Elapsed - Notice));

    private ResourceStore Store(string plural, string group) => _servers["management"].Store.For(plural, group);

    private JsonObject? Find(string plural, string group, string name, string ns = World.Namespace) => Store(plural, group).Find(ns, name)?.Json;

    private static bool IsBeingDeleted(JsonObject json) => json["metadata"]?["deletionTimestamp"] is not null;

    private void Fail(string property, string what)
    {
        if (First is null)
        {
            First = new Violation(_time.Elapsed, property, what);
            _trace.Add("VIOLATION", $"{property}: {what}");
        }
    }
}
