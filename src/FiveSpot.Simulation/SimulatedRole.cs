// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Simulation;

/// <summary>Who has work to do.</summary>
internal enum SimulatedRole
{
    /// <summary>Cluster API's controller of Clusters.</summary>
    Cluster,

    /// <summary>Cluster API's controller of Machines.</summary>
    Machine,

    /// <summary>Cluster API's controller of MachineHealthChecks.</summary>
    HealthCheck,

    /// <summary>A bootstrap or infrastructure provider.</summary>
    Provider,

    /// <summary>The kubelet of a machine, and those who look after its Node.</summary>
    Kubelet,
}
