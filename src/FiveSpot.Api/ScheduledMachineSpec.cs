// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Serialization;
using FiveSpot.Api.Rules;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>
/// What a person asks of 5-Spot: one physical machine, in one cluster, on a schedule. An object decoded from JSON may
/// break rules: see <see cref="ScheduledMachineRules"/>.
/// </summary>
public sealed record ScheduledMachineSpec
{
    internal const int DefaultPriority = 50;

    /// <summary>What <see cref="GracefulShutdownTimeout"/> and <see cref="NodeDrainTimeout"/> are when they are left out.</summary>
    public const string DefaultTimeout = "5m";

    /// <summary>What an entry of <see cref="KillIfCommands"/> begins with whose text is looked for in whole command lines.
    /// </summary>
    public const string CommandLinePrefix = "argv:";

    /// <summary>A spec with all defaults.</summary>
    public ScheduledMachineSpec()
    {
    }

    // The deserializer takes from a parameter what an absent field means; of an initializer it knows nothing.
    [JsonConstructor]
    internal ScheduledMachineSpec(bool enabled = true, int priority = DefaultPriority)
    {
        Enabled = enabled;
        Priority = priority;
    }

    /// <summary>
    /// The Cluster API Cluster that the machine joins: 1 to 63 characters, of the form of a label's value.
    /// </summary>
    [Schema(
        "Name of the Cluster API Cluster that the machine joins: at most 63 letters, digits, '.', '_' or '-', the "
        + "first and last a letter or a digit. Cannot change while a machine exists. Example: trading-grid.",
        MaxLength = Limits.LabelValue)]
    [CelRule(Cel.ClusterName, Sentences.ClusterName)]
    public required string ClusterName { get; init; }

    /// <summary>Administrative switch; <c>false</c> and <c>schedule.enabled: false</c> mean the same.</summary>
    [Schema(
        "Switches the machine off when false, whatever the schedule says: it is shut down with grace and stays away. "
        + "The same as schedule.enabled: false. Default: true.")]
    [JsonConverter(typeof(NullMeansTrueConverter))]
    public bool Enabled { get; init; } = true;

    /// <summary>When the machine is to be there.</summary>
    [Schema(
        "When the machine is to be in its cluster: in the hours named, on the days named. Outside of them it is "
        + "drained and removed. Name days, hours or both. Example: {daysOfWeek: [mon-fri], hoursOfDay: [\"9-17\"], "
        + "timezone: America/New_York}.")]
    [CelRule(Cel.ScheduleNotEmpty, Sentences.ScheduleEmpty)]
    public required ScheduleSpec Schedule { get; init; }

    /// <summary>
    /// The bootstrap config to create, of group <c>bootstrap.cluster.x-k8s.io</c> or <c>k0smotron.io</c>.
    /// </summary>
    [Schema(
        "Template of the bootstrap config that 5-Spot creates when the window opens: how the machine becomes a Node. "
        + "Its API group is bootstrap.cluster.x-k8s.io or k0smotron.io. A change takes effect at the next opening. "
        + "Example: {apiVersion: bootstrap.cluster.x-k8s.io/v1beta1, kind: K0sWorkerConfig, "
        + "spec: {version: v1.30.0+k0s.0}}.")]
    [CelRule(Cel.BootstrapApiVersion, Sentences.BootstrapApiVersion, On = "apiVersion")]
    public required ObjectTemplate BootstrapSpec { get; init; }

    /// <summary>
    /// The infrastructure machine to create, of group <c>infrastructure.cluster.x-k8s.io</c> or <c>k0smotron.io</c>.
    /// </summary>
    [Schema(
        "Template of the infrastructure machine that 5-Spot creates when the window opens: which physical machine it "
        + "is and how to reach it. Its API group is infrastructure.cluster.x-k8s.io or k0smotron.io. A change takes "
        + "effect at the next opening. Example: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, "
        + "kind: RemoteMachine, spec: {address: 192.168.1.100, port: 22, user: admin, sshKeyRef: {name: ssh-key}}}.")]
    [CelRule(Cel.InfrastructureApiVersion, Sentences.InfrastructureApiVersion, On = "apiVersion")]
    public required ObjectTemplate InfrastructureSpec { get; init; }

    /// <summary>What the Cluster API Machine carries besides.</summary>
    [Schema(
        "What the Cluster API Machine carries besides: labels, annotations, version, failure domain. A change takes "
        + "effect at the next opening.")]
    public MachineTemplate? MachineTemplate { get; init; }

    /// <summary>The Secret with the workload cluster's kubeconfig, in the same namespace.</summary>
    [Schema(
        "The Secret with the kubeconfig of the workload cluster, in the same namespace. Left out: the Secret "
        + "CLUSTERNAME-kubeconfig that Cluster API makes, and if there is none, the management cluster, once it is seen to "
        + "have the machine's Node; until then nothing is written to any. Example: {name: trading-grid-admin, key: value}.")]
    public SecretKeyReference? KubeconfigSecretRef { get; init; }

    /// <summary>Which physical machine it is, where the template does not say: 1 to 253 characters.</summary>
    [Schema(
        "Which physical machine it is: any text of at most 253 characters, the same for all ScheduledMachines of one "
        + "machine. Those of one namespace take turns: one opens when the objects of the one before are gone, whatever its "
        + "window. Left out: the address of a RemoteMachine, or the providerID in the spec of another kind; without either, "
        + "no other ScheduledMachine is taken to be the same machine. A change takes effect at the next opening. "
        + "Example: pc-1.example.com.",
        MinLength = 1, MaxLength = Limits.Computer)]
    public string? Computer { get; init; }

    /// <summary>Order of work when many are due at once, 0–255: higher first.</summary>
    [Schema(
        "Order of work when many machines are due at the same instant: 0 to 255, higher first. Default: 50.",
        Minimum = 0, Maximum = Limits.Priority)]
    [JsonConverter(typeof(PriorityConverter))]
    public int Priority { get; init; } = DefaultPriority;

    /// <summary>
    /// How long running pods may finish by themselves once the window has closed; see <see cref="MachineTimeout"/>.
    /// </summary>
    [Schema(
        "How long running pods may finish by themselves once the window has closed and the Node is cordoned; it ends "
        + "early when none is left. A whole number with s, m or h, at most 24h. Default: 5m.",
        MaxLength = Limits.Duration)]
    [CelRule(Cel.Duration, Sentences.Duration)]
    public string GracefulShutdownTimeout { get; init => field = value ?? DefaultTimeout; } = DefaultTimeout;

    /// <summary>How long evictions may take after that; see <see cref="MachineTimeout"/>.</summary>
    [Schema(
        "How long the evictions that follow may take, with PodDisruptionBudgets obeyed; after that the Machine is "
        + "deleted all the same. A whole number with s, m or h, at most 24h. Default: 5m.",
        MaxLength = Limits.Duration)]
    [CelRule(Cel.Duration, Sentences.Duration)]
    public string NodeDrainTimeout { get; init => field = value ?? DefaultTimeout; } = DefaultTimeout;

    /// <summary>Takes the machine away at once, with no grace and no drain.</summary>
    [Schema(
        "Takes the machine away at once when true, with no grace period and no drain, and keeps it away. Default: "
        + "false.")]
    [JsonConverter(typeof(NullMeansFalseConverter))]
    public bool KillSwitch { get; init; }

    /// <summary>
    /// Programs by which the machine's owner claims it back: at most 100 of 1 to 256 characters.
    /// </summary>
    [Schema(
        "Programs by which the machine's owner claims it back: when one of them starts on the machine, it is ejected "
        + "from the cluster at once and its schedule is switched off. Each is the whole name of a program, as it calls "
        + "itself, or the last part of the path of its file or of one of its arguments: java is neither javac nor idea.jar. "
        + "An entry argv:TEXT is searched in command lines instead, with the arguments joined by spaces. Programs of the "
        + "cluster itself, its pods above all, never count. At most 100 entries of 1 to 256 characters; none by default. "
        + "Example: [java, idea.sh, \"argv:-jar idea.jar\"].",
        MaxItems = Limits.Commands, ItemMinLength = 1, ItemMaxLength = Limits.Command)]
    [CelRule(Cel.CommandLineText, Sentences.CommandLineText, On = CelRuleAttribute.Each)]
    public IReadOnlyList<string> KillIfCommands { get; init => field = value ?? []; } = [];

    /// <summary>Taints to put on the Node once it is Ready: at most 64, <c>(key, effect)</c> unique.</summary>
    [Schema(
        "Taints that 5-Spot puts on the Node once it is Ready, and keeps there as long as the machine is wanted. Key "
        + "and effect together are unique. At most 64; none by default. "
        + "Example: [{key: workload, value: batch, effect: NoSchedule}].",
        MaxItems = Limits.Taints)]
    [CelRule(Cel.TaintsUnique, Sentences.TaintsUnique)]
    public IReadOnlyList<NodeTaint> NodeTaints { get; init => field = value ?? []; } = [];

    /// <summary>Whether nobody has switched the machine off.</summary>
    [JsonIgnore]
    public bool IsEnabled => Enabled && Schedule.Enabled;
}
