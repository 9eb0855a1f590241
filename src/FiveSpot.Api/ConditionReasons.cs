// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>The reasons of conditions that other programs rely on (contract).</summary>
public static class ConditionReasons
{
    /// <summary><c>NodeTainted=True</c>: all taints of the spec are on the Node. <c>ReclaimAgentReady=True</c>: the agent
    /// says on its Node that it watches by the configuration in force.</summary>
    public const string Applied = "Applied";

    /// <summary><c>ReclaimAgentReady=Unknown</c>: the agent is told what to look for, and has not yet said that it does.</summary>
    public const string AgentStarting = "AgentStarting";

    /// <summary><c>ReclaimAgentReady=False</c>: nor has it within 60 s. Nobody notices that the owner is back.</summary>
    public const string AgentNotRunning = "AgentNotRunning";

    /// <summary><c>NodeTainted=False</c>, <c>ReclaimAgentReady=False</c>: the Machine has no Node yet.</summary>
    public const string NoNodeYet = "NoNodeYet";

    /// <summary><c>NodeTainted=False</c>: the Node is not Ready yet.</summary>
    public const string NodeNotReady = "NodeNotReady";

    /// <summary><c>NodeTainted=False</c>, <c>ReclaimAgentReady=False</c>: writing to the Node's cluster failed.</summary>
    public const string PatchFailed = "PatchFailed";

    /// <summary>
    /// <c>NodeTainted=False</c>: a taint of the same key and effect is somebody else's, or somebody changed one of ours.
    /// </summary>
    public const string TaintOwnershipConflict = "TaintOwnershipConflict";

    /// <summary><c>MachineReady=False</c>: the Node is not the one that the Machine knows; nothing is written on it.</summary>
    public const string NodeMismatch = "NodeMismatch";

    /// <summary><c>MachineReady=False</c>: the workload cluster does not have the Node that Cluster API names, or has it no more.
    /// </summary>
    public const string NodeNotFound = "NodeNotFound";

    /// <summary>An object of the name that is needed exists and is not 5-Spot's; it is left alone.</summary>
    public const string NameConflict = "NameConflict";

    /// <summary><c>ReferencesValid=False</c>: the spec breaks a rule, which the message states.</summary>
    public const string ReferencesInvalid = "ReferencesInvalid";

    /// <summary><c>Scheduled=False</c>: switched off by a reclaim, whose reason the message gives.</summary>
    public const string EmergencyReclaimDisabledSchedule = "EmergencyReclaimDisabledSchedule";

    /// <summary><c>Scheduled=False</c>: the owner has the machine, but it could not be switched off: it will come back.</summary>
    public const string ScheduleStaysOn = "ScheduleStaysOn";

    /// <summary><c>ReferencesValid</c>: the spec keeps all rules, and what it names is there.</summary>
    public const string ReferencesValid = "ReferencesValid";

    /// <summary><c>ReferencesValid=False</c>: there is no Cluster of the name that <c>clusterName</c> gives; the machine is made when
    /// it comes.</summary>
    public const string ClusterNotFound = "ClusterNotFound";

    /// <summary><c>ReferencesValid=False</c>, <c>Scheduled=False</c>: the Cluster is being deleted, and its machines go with it.
    /// </summary>
    public const string ClusterDeleting = "ClusterDeleting";

    /// <summary><c>Paused=True</c>: the message says by what.</summary>
    public const string Paused = "Paused";

    /// <summary><c>Paused=False</c>: the pause is over.</summary>
    public const string NotPaused = "NotPaused";

    /// <summary><c>ReferencesValid</c>: the API server serves no such kind.</summary>
    public const string KindNotFound = "KindNotFound";

    /// <summary><c>ReferencesValid</c>: the provider's objects can't be read.</summary>
    public const string ProviderUnavailable = "ProviderUnavailable";

    /// <summary><c>ReferencesValid</c>: the controller lacks a right that it needs to make the machine; the message names it.
    /// </summary>
    public const string Forbidden = "Forbidden";

    /// <summary><c>ReferencesValid</c>: the API server refuses one of the objects, or would; the message has its words.</summary>
    public const string Refused = "Refused";

    /// <summary><c>Ready=False</c>: another ScheduledMachine has the computer, or its owner has; the message says which, and until
    /// when.</summary>
    public const string MachineInUse = "MachineInUse";

    /// <summary><c>Ready</c>: an API call fails for now, and is tried again. <c>ReferencesValid=Unknown</c>: the API server has not
    /// said for a while whether it would take the objects.</summary>
    public const string Retrying = "Retrying";

    /// <summary><c>WorkloadClusterReachable=True</c>: its Nodes are watched.</summary>
    public const string Reachable = "Reachable";

    /// <summary><c>WorkloadClusterReachable=Unknown</c>: another kubeconfig is meant than before, and its server has not answered yet.
    /// </summary>
    public const string Connecting = "Connecting";

    /// <summary><c>WorkloadClusterReachable=False</c>: there is no answer, or none that makes sense; the message has the cause.
    /// </summary>
    public const string Unreachable = "Unreachable";

    /// <summary><c>WorkloadClusterReachable=False</c>: it says more than is held of a workload cluster; the message has the numbers. It
    /// is tried again, a minute later at the latest.</summary>
    public const string TooLarge = "TooLarge";

    /// <summary><c>WorkloadClusterReachable=False</c>: its API server refuses the credentials, or what they are used for.
    /// </summary>
    public const string AccessDenied = "AccessDenied";

    /// <summary><c>WorkloadClusterReachable=False</c>: the kubeconfig is not there, or can't be used; the message says why.
    /// </summary>
    public const string KubeconfigUnusable = "KubeconfigUnusable";

    /// <summary><c>WorkloadClusterReachable=Unknown</c>: there is no kubeconfig, and the management cluster has not the Node either:
    /// which cluster the machine joins is not known, and nothing is written to any.</summary>
    public const string KubeconfigNotFound = "KubeconfigNotFound";

    /// <summary><c>MachineReady</c>: there is no Machine.</summary>
    public const string NoMachine = "NoMachine";

    /// <summary><c>MachineReady</c>, <c>Ready</c>: Cluster API reports the Machine ready.</summary>
    public const string MachineReady = "MachineReady";

    /// <summary><c>MachineReady</c>, <c>Ready</c>: Cluster API does not report the Machine ready.</summary>
    public const string MachineNotReady = "MachineNotReady";
}
