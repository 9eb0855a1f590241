// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>The condition types of a ScheduledMachine.</summary>
public static class ConditionTypes
{
    /// <summary>The machine is in its cluster and works, as it should at this time.</summary>
    public const string Ready = "Ready";

    /// <summary>The machine is wanted now.</summary>
    public const string Scheduled = "Scheduled";

    /// <summary>Cluster API says that the Machine works, with its Node. At <c>v1beta1</c>, whose <c>Ready</c> is True before there is one,
    /// the Node has to be there and healthy, too.</summary>
    public const string MachineReady = "MachineReady";

    /// <summary>The spec keeps all rules, what it names exists, and the API server would make its objects, as far as that is known.
    /// </summary>
    public const string ReferencesValid = "ReferencesValid";

    /// <summary>The taints of the spec are on the Node.</summary>
    public const string NodeTainted = "NodeTainted";

    /// <summary>The workload cluster's API server answers.</summary>
    public const string WorkloadClusterReachable = "WorkloadClusterReachable";

    /// <summary>The agent has said on its Node that it watches by the configuration in force.</summary>
    public const string ReclaimAgentReady = "ReclaimAgentReady";

    /// <summary>Nothing is made, changed or taken away for now, because somebody paused it; the message says by what. Left out where
    /// there never was a pause.</summary>
    public const string Paused = "Paused";
}
