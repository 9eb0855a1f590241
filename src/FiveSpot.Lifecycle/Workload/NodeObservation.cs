// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Lifecycle.Workload;

/// <summary>What is known of the Node that a Machine became.</summary>
/// <param name="State">How much is known.</param>
/// <param name="Node">The Node; set exactly when <paramref name="State"/> is <see cref="NodeState.Known"/>.</param>
/// <param name="Detail">Why it is not known, for a person.</param>
public sealed record NodeObservation(NodeState State, Node? Node = null, string? Detail = null)
{
    /// <summary>The Machine has not become a Node yet.</summary>
    public static NodeObservation None { get; } = new(NodeState.None);

    /// <summary>Whether its cluster has it, but nobody knows whether it is another Machine's.</summary>
    public bool ClaimsAreUnknown { get; init; }

    /// <summary>Name of the Node, also of one that is not there, or not heard of; null where nobody knows it.</summary>
    public string? Name { get; init; } = Node?.Metadata.Name;
}
