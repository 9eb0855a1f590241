// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.Kubernetes;

namespace FiveSpot.Simulation;

/// <summary>
/// How the simulated Cluster API, its providers and the machines behave. By default as the real ones do while all is well; each
/// switch may be changed while the simulation runs.
/// </summary>
public sealed record SimulationBehaviour
{
    /// <summary>Whether the controllers of Cluster API and of its providers run. Where they don't, the machines go on.</summary>
    public bool ControllersRun { get; init; } = true;

    /// <summary>
    /// Whether a Machine of <c>v1beta1</c> has <c>status.v1beta2.conditions</c> beside its own, as since Cluster API 1.9. Its own
    /// <c>Ready</c> is true before there is a Node, and stays true when the Node fails.
    /// </summary>
    public bool HasConditionsOfV1Beta2 { get; init; } = true;

    /// <summary>
    /// Whether a Machine is looked at as soon as a pause of its Cluster ends. Cluster API 1.13.4 may come to it ten minutes
    /// later, or when somebody changes it.
    /// </summary>
    public bool NoticesEndOfPause { get; init; }

    /// <summary>Whether machines come up: where they don't, their infrastructure is never provisioned.</summary>
    public bool HardwareComesUp { get; init; } = true;

    /// <summary>Whether machines can be shut down: where they can't, the provider's finalizer stays.</summary>
    public bool HardwareGoesDown { get; init; } = true;

    /// <summary>Whether the kubelets of machines that are up register their Nodes.</summary>
    public bool NodesJoin { get; init; } = true;

    /// <summary>
    /// Whether k0smotron gives its Nodes their providerIDs, which they don't have when they join. One without is nobody's for
    /// Cluster API.
    /// </summary>
    public bool NodesGetProviderIds { get; init; } = true;

    /// <summary>Whether the volumes of a Pod are detached from its Node once the Pod is gone.</summary>
    public bool VolumesDetach { get; init; } = true;

    /// <summary>
    /// Machines, by the names of their Machines, that somebody has switched off: their kubelets say nothing, so that their Nodes
    /// are marked unreachable, and their Pods don't end.
    /// </summary>
    public ImmutableHashSet<ObjectKey> SwitchedOff { get; init; } = [];
}
