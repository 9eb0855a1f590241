// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// Which ScheduledMachines of a namespace are of one computer, so that whoever waits for it is found without a search, and woken
/// when another's objects have gone.
/// </summary>
/// <remarks>
/// A ScheduledMachine is of the computer that its spec names, and of the one that its objects were made for as long as there are
/// any: the spec may have been changed since, or be gone with its ScheduledMachine.
/// </remarks>
public sealed class Computers
{
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Namespace, string Computer), Users> _users = [];

    // Those whose objects were made for another computer than their spec names now.
    private readonly Dictionary<ObjectKey, string> _elsewhere = [];

    // The bootstrap config with which one has taken its place, once it was seen after that that nobody else had done so.
    private readonly Dictionary<ObjectKey, (string Computer, string Uid)> _confirmed = [];

    // Until when one waits because the server knows more than the caches, and how often in a row that was so.
    private readonly Dictionary<ObjectKey, (DateTimeOffset Until, int Times)> _refused = [];
    private readonly Informer<ScheduledMachine> _scheduledMachines;
    private readonly Informer<CapiMachine> _machines;
    private readonly ProviderKinds _kinds;
    private readonly Action<ObjectKey> _wake;

    /// <summary>Follows these caches from now on.</summary>
    /// <param name="scheduledMachines">The ScheduledMachines; not running yet.</param>
    /// <param name="machines">Their Machines; not running yet.</param>
    /// <param name="kinds">Their other objects.</param>
    /// <param name="wake">Called with the key of each ScheduledMachine whose computer another has left or come to.</param>
    public Computers(
        Informer<ScheduledMachine> scheduledMachines, Informer<CapiMachine> machines, ProviderKinds kinds, Action<ObjectKey> wake)
    {
        _scheduledMachines = scheduledMachines;
        _machines = machines;
        _kinds = kinds;
        _wake = wake;
        scheduledMachines.Changed += OnScheduledMachineChanged;
        machines.Changed += change => OnObjectChanged(change.Key, change.Old is null != change.New is null);
        kinds.ObjectChanged += change => OnObjectChanged(change.Key, change.Old is null != change.New is null);
    }

    /// <summary>The others of a machine's computer; empty where it has none to itself or none at all.</summary>
    public ImmutableArray<ObjectKey> OthersOf(ScheduledMachine machine)
    {
        if (machine.Computer is not { } computer)
        {
            return [];
        }

        lock (_lock)
        {
            return OthersOf((machine.Key.Namespace, computer), machine.Key);
        }
    }

    /// <summary>Whether a machine has taken its place at a computer with this bootstrap config, and nobody else had done so before
    /// it.</summary>
    public bool IsConfirmed(ObjectKey machine, string computer, string bootstrapUid)
    {
        lock (_lock)
        {
            return _confirmed.TryGetValue(machine, out var confirmed) && confirmed == (computer, bootstrapUid);
        }
    }

    /// <summary>It has: whoever comes to the computer now finds its bootstrap config there.</summary>
    public void Confirm(ObjectKey machine, string computer, string bootstrapUid)
    {
        lock (_lock)
        {
            _confirmed[machine] = (computer, bootstrapUid);
            _refused.Remove(machine);
        }
    }

    /// <summary>It wants the computer no longer: what it may have left there takes no place.</summary>
    public void Leave(ObjectKey machine)
    {
        lock (_lock)
        {
            _confirmed.Remove(machine);
            _refused.Remove(machine);
        }
    }

    /// <summary>The API server has said that another has the computer, of which the caches may not know: it is not asked again at
    /// once, whatever wakes the machine.</summary>
    /// <returns>When it may be asked again.</returns>
    public DateTimeOffset Refuse(ObjectKey machine, DateTimeOffset now)
    {
        lock (_lock)
        {
            var times = Math.Min(_refused.GetValueOrDefault(machine).Times + 1, 10);
            var wait = FirstWait * Math.Pow(2, times - 1);
            var until = now + (wait < LongestWait ? wait : LongestWait);
            _refused[machine] = (until, times);
            return until;
        }
    }

    /// <summary>Until when a machine waits because of that; null when it need not.</summary>
    public DateTimeOffset? NotBefore(ObjectKey machine)
    {
        lock (_lock)
        {
            return _refused.TryGetValue(machine, out var refused) ? refused.Until : null;
        }
    }

    private void OnScheduledMachineChanged(ObjectChange<ScheduledMachine> change)
    {
        var (old, now) = (change.Old?.Computer, change.New?.Computer);
        ImmutableArray<ObjectKey> concerned;
        lock (_lock)
        {
            concerned = Concerned(change.Key, old);
            if (old != now)
            {
                Remove(change.Key, old);
                Add(change.Key, now);
            }

            Follow(change.Key, now);
            concerned = concerned.AddRange(Concerned(change.Key, now));
            if (change.New is null)
            {
                _confirmed.Remove(change.Key);
                _refused.Remove(change.Key);
            }
        }

        Wake(concerned);
    }

    private void OnObjectChanged(ObjectKey key, bool cameOrWent)
    {
        if (!cameOrWent)
        {
            return;
        }

        var computer = _scheduledMachines.Get(key)?.Computer;
        ImmutableArray<ObjectKey> concerned;
        lock (_lock)
        {
            concerned = Concerned(key, computer);
            Follow(key, computer);
            concerned = concerned.AddRange(Concerned(key, computer));
        }

        Wake(concerned);
    }

    private void Wake(ImmutableArray<ObjectKey> keys)
    {
        foreach (var key in keys)
        {
            _wake(key);
        }
    }

    private ImmutableArray<ObjectKey> Concerned(ObjectKey key, string? computer)
    {
        var others = computer is null ? [] : OthersOf((key.Namespace, computer), key);
        return _elsewhere.TryGetValue(key, out var elsewhere) ? others.AddRange(OthersOf((key.Namespace, elsewhere), key)) : others;
    }

    private ImmutableArray<ObjectKey> OthersOf((string Namespace, string Computer) computer, ObjectKey key) =>
        !_users.TryGetValue(computer, out var users) || users.Rest.IsDefaultOrEmpty && users.First == key ? []
        : users.First == key ? users.Rest
        : users.Rest.IsDefault ? [users.First]
        : users.Rest.Remove(key).Insert(0, users.First);

    // What its objects say, where it is another thing than what its spec says.
    private void Follow(ObjectKey key, string? computer)
    {
        var made = MadeFor(key);
        var now = made is not null && made != computer ? made : null;
        var before = _elsewhere.GetValueOrDefault(key);
        if (before == now)
        {
            return;
        }

        // The spec may have gone back to where the objects are.
        if (before is not null && before != computer)
        {
            Remove(key, before);
        }

        _elsewhere.Remove(key);
        if (now is not null)
        {
            _elsewhere[key] = now;
            Add(key, now);
        }
    }

    private string? MadeFor(ObjectKey key)
    {
        if (_machines.Get(key) is { } machine)
        {
            return machine.Metadata.Annotations.GetValueOrDefault(WellKnown.ComputerAnnotation);
        }

        foreach (var found in _kinds.ObjectsOf(key))
        {
            if (found.Metadata.Annotations.TryGetValue(WellKnown.ComputerAnnotation, out var computer))
            {
                return computer;
            }
        }

        return null;
    }

    private void Add(ObjectKey key, string? computer)
    {
        if (computer is null)
        {
            return;
        }

        var place = (key.Namespace, computer);
        if (!_users.TryGetValue(place, out var users))
        {
            _users[place] = new Users(key, default);
        }
        else if (users.First != key && (users.Rest.IsDefault || !users.Rest.Contains(key)))
        {
            _users[place] = users with { Rest = users.Rest.IsDefault ? [key] : users.Rest.Add(key) };
        }
    }

    private void Remove(ObjectKey key, string? computer)
    {
        if (computer is null || !_users.TryGetValue((key.Namespace, computer), out var users))
        {
            return;
        }

        ImmutableArray<ObjectKey> left = users.Rest.IsDefault ? [] : users.Rest;
        left = users.First == key ? left : [users.First, .. left.Remove(key)];
        if (left.IsEmpty)
        {
            _users.Remove((key.Namespace, computer));
        }
        else
        {
            _users[(key.Namespace, computer)] = new Users(left[0], left.Length == 1 ? default : left.RemoveAt(0));
        }
    }

    // Nearly every computer has one: nothing is allocated for it but its place here.
    private readonly record struct Users(ObjectKey First, ImmutableArray<ObjectKey> Rest);
}
