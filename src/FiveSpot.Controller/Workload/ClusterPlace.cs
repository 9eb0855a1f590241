// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;

namespace FiveSpot.Controller.Workload;

/// <summary>Where the kubeconfig of a workload cluster is looked for (contract, section 6).</summary>
/// <param name="Secret">Namespace and name of the Secret.</param>
/// <param name="Key">The key in its data.</param>
/// <param name="IsAskedFor">Whether a person named it, so that it must be there; without it, the management cluster is meant.</param>
public sealed record ClusterPlace(ObjectKey Secret, string Key, bool IsAskedFor)
{
    /// <summary>The place for a machine's Node: the Secret that the spec names, else the one that Cluster API makes.</summary>
    public static ClusterPlace Of(ScheduledMachine machine, CapiMachine found)
    {
        if (machine.Spec?.KubeconfigSecretRef is { } asked)
        {
            return new(new ObjectKey(machine.Key.Namespace, asked.Name), asked.Key, IsAskedFor: true);
        }

        // What the Machine says, which can't change as long as it is there, and is known of a spec that can't be read too.
        var cluster = found.Metadata.Labels.GetValueOrDefault(WellKnown.ClusterNameLabel) ?? machine.Spec?.ClusterName ?? "";
        return new(new ObjectKey(machine.Key.Namespace, cluster + WellKnown.KubeconfigSecretSuffix), WellKnown.KubeconfigSecretKey, IsAskedFor: false);
    }
}
