// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;

namespace FiveSpot.Controller.Lifecycle;

// The computer of a machine, and who else is of it.
public sealed partial class Observer
{
    private ComputerView? LookAtComputer(ScheduledMachine machine, List<ProviderSlot> bootstrapSlots, ref bool pending)
    {
        var others = _computers.OthersOf(machine);
        if (others.IsEmpty)
        {
            return null;
        }

        var users = ImmutableArray.CreateBuilder<ComputerUser>(others.Length);
        foreach (var key in others)
        {
            users.Add(LookAt(key, machine, ref pending));
        }

        var place = bootstrapSlots.FirstOrDefault()?.Object?.Uid;
        return new ComputerView(users.MoveToImmutable())
        {
            IsConfirmed = place is not null && _computers.IsConfirmed(machine.Key, machine.Computer!, place),
            NotBefore = _computers.NotBefore(machine.Key),
        };
    }

    // Of whatever instance it is: the caches have the objects of all, and its kinds are opened here too.
    private ComputerUser LookAt(ObjectKey key, ScheduledMachine asker, ref bool pending)
    {
        var computer = asker.Computer!;
        var other = _scheduledMachines.Get(key);
        var capiMachine = _machines.Get(key);
        var bootstrap = Look(
            Candidates(WellKnown.BootstrapGroup, capiMachine?.Bootstrap, other is null ? null : Allowed(other, other.Spec?.BootstrapSpec, "spec.bootstrapSpec"), other?.Status.BootstrapRef),
            key, asker.Key, ref pending);
        _ = Look(
            Candidates(WellKnown.InfrastructureGroup, capiMachine?.Infrastructure, other is null ? null : Allowed(other, other.Spec?.InfrastructureSpec, "spec.infrastructureSpec"), other?.Status.InfrastructureRef),
            key, asker.Key, ref pending);
        var mayBeTaken = bootstrap.FirstOrDefault();
        return new ComputerUser
        {
            Key = key,
            Machine = other,
            CapiCluster = other?.Spec?.ClusterName is { } name ? _capiClusters.Find(key.Namespace, name) : null,
            HasMachine = capiMachine is not null,
            CapiMachine = capiMachine is not null && ComputerUser.IsFor(capiMachine.Metadata, computer, other) ? capiMachine : null,
            Bootstrap = Of(mayBeTaken),
            Others = [.. _kinds.ObjectsOf(key).Where(found => found.Uid != mayBeTaken?.Object?.Uid && ComputerUser.IsFor(found.Metadata, computer, other))],
            BootstrapResource = mayBeTaken?.Resource,
        };

        PartialObject? Of(ProviderSlot? slot) =>
            slot?.Object is { } found && ComputerUser.IsFor(found.Metadata, computer, other) ? found : null;
    }
}
