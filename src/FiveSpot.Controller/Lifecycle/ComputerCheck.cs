// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// Asks the API server, past every cache, what there is of the others of a computer. A machine asks once its own bootstrap config
/// is there: of two that take their places at once at least one sees the other, whatever their caches know, and in however many
/// processes they are worked on.
/// </summary>
internal static class ComputerCheck
{
    /// <summary>What there is of them. One after the other: nearly always there is one, and who fails asks no more than it must.</summary>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    public static async Task<ComputerView> AskAsync(
        ApiClient api, ComputerView view, string computer, ResourceType scheduledMachines, ResourceType machines, DecodeObject<CapiMachine> readMachine, CancellationToken cancellationToken)
    {
        var others = ImmutableArray.CreateBuilder<ComputerUser>(view.Others.Length);
        foreach (var other in view.Others)
        {
            others.Add(await AskAsync(api, other, computer, scheduledMachines, machines, readMachine, cancellationToken));
        }

        return view with { Others = others.MoveToImmutable() };
    }

    // The spec, since its owner may have taken the computer back. The Machine before the bootstrap config: one that is made after
    // that is made by somebody whose bootstrap config is there before, or who sees ours. As long as there
    // is a Machine Cluster API leaves it its bootstrap config, but for the last moment.
    private static async Task<ComputerUser> AskAsync(
        ApiClient api, ComputerUser user, string computer, ResourceType scheduledMachines, ResourceType machines, DecodeObject<CapiMachine> readMachine, CancellationToken cancellationToken)
    {
        var scheduled = await api.TryGetAsync(scheduledMachines, user.Key, ScheduledMachineReader.Read, cancellationToken);
        var machine = await api.TryGetAsync(machines, user.Key, readMachine, cancellationToken);
        var bootstrap = user.BootstrapResource is { } resource ? await api.TryGetMetadataAsync(resource, user.Key, cancellationToken) : null;
        return user with
        {
            Machine = scheduled,
            HasMachine = machine is not null,
            CapiMachine = machine is not null && ComputerUser.IsFor(machine.Metadata, computer, scheduled) ? machine : null,
            Bootstrap = bootstrap is not null && ComputerUser.IsFor(bootstrap.Metadata, computer, scheduled) ? bootstrap : null,
        };
    }
}
