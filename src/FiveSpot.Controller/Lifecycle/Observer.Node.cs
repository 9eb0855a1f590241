// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Workload;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Lifecycle;

/// <content>Whether the Node that was found may be written to.</content>
public sealed partial class Observer
{
    // That a Node is what a Machine says that it is does not make it the Machine's: a providerID comes out of a template.
    private NodeView OnlyItsOwn(CapiMachine? machine, NodeView view) =>
        machine is null || view.Node.Node is not { } node || WhyNotItsOwn(machine, node, view.IsGuess) is not { } reason ? view
        : view with { Node = reason with { Name = node.Metadata.Name }, Pods = null, PodTrouble = null, AgentConfig = null };

    private NodeObservation? WhyNotItsOwn(CapiMachine machine, Node node, bool isGuess)
    {
        var name = node.Metadata.Name;
        if (node.IsControlPlane)
        {
            return new NodeObservation(NodeState.Mismatch, Detail: $"Node {name} is of a control plane: 5-Spot writes to none.");
        }

        if (node.ProviderId is { Length: > MachineClaim.LongestProviderId })
        {
            return new NodeObservation(
                NodeState.Mismatch, Detail: $"The providerID of Node {name} has more than {MachineClaim.LongestProviderId} characters: whose it is can't be told, and nothing is written to it.");
        }

        if (_claims.Trouble is { } trouble)
        {
            return new NodeObservation(
                NodeState.Unknown,
                Detail: $"whether Node {name} is another Machine's is not known, and nothing is written to it before the Machines that 5-Spot did not make are listed: {trouble}")
            { ClaimsAreUnknown = true };
        }

        return _claims.EarlierThan(machine, node, isGuess) is { } elder
            ? new NodeObservation(NodeState.Mismatch, Detail: $"Node {name} is also the Node of {Name(elder)}, which was there first: nothing is written to it.")
            : null;

        // The names of another namespace are not for whoever reads this one.
        string Name(IMachineClaim other) => other.Key.Namespace == machine.Key.Namespace ? $"Machine {other.Key}" : "a Machine in another namespace";
    }
}
