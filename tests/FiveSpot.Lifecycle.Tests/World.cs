// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text;
using FiveSpot.Api;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>
/// A world small enough to hold in one value: the ScheduledMachine, its objects and the Node. Steps are carried out on it
/// as the API servers would, and what Cluster API does can be played by hand.
/// </summary>
internal sealed record World
{
    public const string Uid = "sm-1";

    // Monday.
    public static readonly DateTimeOffset Monday = new(2026, 1, 5, 0, 0, 0, TimeSpan.Zero);

    public required ScheduledMachine Machine { get; init; }

    public CapiMachine? CapiMachine { get; init; }

    /// <summary>The Cluster that the machine names; null for none.</summary>
    public CapiCluster? CapiCluster { get; init; } = Office;

    public PartialObject? Bootstrap { get; init; }

    public PartialObject? Infrastructure { get; init; }

    public Node? Node { get; init; }

    /// <summary>The Pods on the Node: a Deployment's, unless a test says otherwise.</summary>
    public ImmutableArray<Pod> Pods { get; init; } = [PodNamed("web-1")];

    /// <summary>Pods that a budget holds.</summary>
    public ImmutableArray<string> Blocked { get; init; } = [];

    /// <summary>The ConfigMap of the reclaim agent.</summary>
    public ReclaimConfig? AgentConfig { get; init; }

    /// <summary>Whether an agent runs, and says at once what it is told to look for.</summary>
    public bool AgentRuns { get; init; } = true;

    public bool KindsServed { get; init; } = true;

    public int Made { get; init; }

    /// <summary>Whether evictions have been asked for, and no retry is due.</summary>
    public bool Evicted { get; init; }

    public static readonly CapiCluster Office = new()
    {
        Key = new ObjectKey("default", "office"),
        Uid = "cluster-1",
        ResourceVersion = "1",
        ApiVersion = "cluster.x-k8s.io/v1beta2",
        Labels = new Dictionary<string, string>(),
        HasControlPlane = true,
    };

    public static DateTimeOffset At(string time) => DateTimeOffset.Parse($"2026-01-05T{time}Z", System.Globalization.CultureInfo.InvariantCulture);

    public static World New(string extraSpec = "", string schedule = """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}""") => new()
    {
        Machine = ScheduledMachineReader.Read(Encoding.UTF8.GetBytes($$"""
            {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine",
             "metadata":{"name":"pc-1","namespace":"default","uid":"{{Uid}}","resourceVersion":"1","generation":1 },
             "spec":{"clusterName":"office","schedule":{{schedule}},
               "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{} },
               "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","spec":{"address":"192.0.2.1"} }
               {{extraSpec}} } }
            """)),
    };

    public World WithSpec(string extraSpec = "", string schedule = """{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]}""")
    {
        var read = New(extraSpec, schedule).Machine;
        return this with
        {
            Machine = read with { Metadata = Machine.Metadata with { Generation = Machine.Metadata.Generation + 1 }, Status = Machine.Status },
        };
    }

    public Observation Observe() => new()
    {
        Machine = Machine,
        CapiMachine = CapiMachine,
        CapiCluster = CapiCluster,
        Bootstrap = Slot("bootstrap.cluster.x-k8s.io", "K0sWorkerConfig", "k0sworkerconfigs", Bootstrap),
        Infrastructure = Slot("infrastructure.cluster.x-k8s.io", "RemoteMachine", "remotemachines", Infrastructure),
        Node = CapiMachine is not { MayHaveNode: true } machine ? NodeObservation.None
            : Node is not null ? new NodeObservation(NodeState.Known, Node)
            : machine.NodeName is { } name ? new NodeObservation(NodeState.Missing, Detail: $"Node {name} is not in its cluster.") { Name = name }
            : NodeObservation.None,
        Pods = Node is { Unschedulable: true } ? PodsOnNode() : null,
        AgentConfig = AgentSetup.IsWanted(Machine) || AgentConfig is not null ? new ReclaimConfigView(IsKnown: true, AgentConfig) : null,
    };

    public static Pod PodNamed(string name, bool terminating = false) => new()
    {
        Metadata = new ObjectMetadata { Name = name, Namespace = "team", Uid = $"uid of {name}", DeletionTimestamp = terminating ? Monday : null },
    };

    public Plan Decide(DateTimeOffset now) => Decision.Decide(Observe(), now, new DecisionOptions());

    /// <summary>Reconciles as the controller does, until nothing more is to be done now; returns what was done.</summary>
    public World Reconcile(DateTimeOffset now, List<Step>? done = null, DecisionOptions? options = null)
    {
        options ??= new DecisionOptions();
        var world = this;
        var (confirmed, announced) = (false, false);
        var plan = Decision.Decide(world.Observe(), now, options);
        for (var round = 0; plan.Steps.Length > 0; round++)
        {
            round.ShouldBeLessThan(10, $"it does not settle: {string.Join(", ", plan.Steps)}");
            foreach (var step in plan.Steps)
            {
                done?.Add(step);
                confirmed |= step is Step.ConfirmMachineAbsent;
                announced |= step is Step.Announce;
                world = world.Do(step, now);
            }

            plan = Decision.Decide(world.Observe() with { MachineAbsenceConfirmed = confirmed, ReclaimAnnounced = announced }, now, options);
        }

        return world with { Machine = world.Machine with { Status = plan.Status } };
    }

    public World Do(Step step, DateTimeOffset now) => step switch
    {
        Step.AddFinalizer => this with { Machine = Machine with { Metadata = Machine.Metadata with { Finalizers = [WellKnown.Finalizer] } } },
        Step.RemoveFinalizer => this with { Machine = Machine with { Metadata = Machine.Metadata with { Finalizers = [] } } },
        Step.CreateProviderObject { Role: ProviderRole.Bootstrap } => this with { Bootstrap = NewObject(Machine.BootstrapHash), Made = Made + 1 },
        Step.CreateProviderObject => this with { Infrastructure = NewObject(Machine.InfrastructureHash), Made = Made + 1 },
        Step.CreateMachine => this with
        {
            Made = Made + 1,
            CapiMachine = new CapiMachine
            {
                ApiVersion = "cluster.x-k8s.io/v1beta2",
                DeletionTimeouts = DeletionTimeouts.Of(Machine),
                Metadata = NewObject(Machine.TemplateHash).Metadata with
                {
                    CreationTimestamp = now,
                    OwnerReferences = Owners(),
                },
            },
        },
        Step.AdoptMachine => this with
        {
            CapiMachine = CapiMachine! with
            {
                Metadata = CapiMachine.Metadata with
                {
                    OwnerReferences = Owners(),
                },
            },
        },
        Step.SetDeletionTimeouts set => this with { CapiMachine = CapiMachine! with { DeletionTimeouts = set.Timeouts } },
        Step.UpdateProviderObject { Role: ProviderRole.Bootstrap } => this with { Bootstrap = Bootstrap! with { Metadata = Annotated(Bootstrap.Metadata, WellKnown.TemplateHashAnnotation, Machine.BootstrapHash) } },
        Step.UpdateProviderObject => this with { Infrastructure = Infrastructure! with { Metadata = Annotated(Infrastructure.Metadata, WellKnown.TemplateHashAnnotation, Machine.InfrastructureHash) } },
        Step.TouchMachine touch => Annotate(new(CapiMachine!.Metadata.Annotations) { [WellKnown.PauseEndedAnnotation] = touch.Pause }),
        Step.NoteRemediation note => this with { Machine = Machine with { Metadata = With(Machine.Metadata, note.Note.Annotations()) } },
        Step.ExcludeDrain exclude => Annotate(DrainExclusion.Put(exclude.AndVolumes, exclude.Result).ToDictionary(pair => pair.Key, pair => pair.Value!)),
        Step.IncludeDrain => Annotate([]),
        Step.ConfirmMachineAbsent => this,
        Step.DeleteMachine delete when delete.Uid == CapiMachine!.Uid =>
            this with { CapiMachine = CapiMachine with { Metadata = CapiMachine.Metadata with { DeletionTimestamp = now } } },
        Step.DeleteProviderObject { Slot.Kind: "RemoteMachine" } => this with { Infrastructure = null },
        Step.DeleteProviderObject => this with { Bootstrap = null },
        Step.Cordon => this with { Node = Node! with { Unschedulable = true, Metadata = Annotated(Node.Metadata, WellKnown.CordonedByAnnotation, Uid) } },
        Step.Evict evict => this with { Pods = [.. Pods.Select(pod => evict.Pods.Contains(pod) && !Blocked.Contains(pod.Metadata.Name) ? PodNamed(pod.Metadata.Name, terminating: true) : pod)], Evicted = true },
        Step.SetTaints set => this with
        {
            Node = Node! with { Taints = set.Tainting.Taints, Metadata = Annotated(Node.Metadata, WellKnown.AppliedTaintsAnnotation, set.Tainting.Annotation()) },
        },
        Step.Uncordon => this with { Node = Node! with { Unschedulable = false, Metadata = Node.Metadata with { Annotations = Node.Metadata.Annotations.Where(pair => pair.Key != WellKnown.CordonedByAnnotation).ToDictionary() } } },
        Step.Announce => this,
        Step.SwitchOff off => this with
        {
            Machine = Machine with
            {
                Spec = Machine.Spec! with { Schedule = Machine.Spec.Schedule with { Enabled = false } },
                Metadata = With(Machine.Metadata, off.Note.Annotations()),
            },
        },
        Step.ForgetReclaim => this with { Machine = Machine with { Metadata = With(Machine.Metadata, ReclaimNote.Forget()) } },
        Step.DeletePods delete => this with { Pods = [.. Pods.Where(pod => !delete.Pods.Contains(pod) || Blocked.Contains(pod.Metadata.Name))], Evicted = true },
        Step.SetUpAgent { Setup.Toml: { } toml } => this with
        {
            AgentConfig = new ReclaimConfig
            {
                Toml = toml,
                Metadata = new ObjectMetadata
                {
                    Labels = new Dictionary<string, string> { [WellKnown.ScheduledMachineLabel] = "pc-1" },
                    OwnerReferences = [new OwnerReference("v1", "Node", Node!.Metadata.Name, Node.Uid, false, false)],
                },
            },
            Node = Node with
            {
                Metadata = With(Node.Metadata, AgentRuns ? [new(WellKnown.ReclaimAgentWatchingAnnotation, ReclaimConfigHash.Of(toml))] : []) with
                {
                    Labels = new Dictionary<string, string> { [WellKnown.ReclaimAgentLabel] = WellKnown.ReclaimAgentEnabled },
                },
            },
        },
        Step.SetUpAgent => this with
        {
            AgentConfig = null,
            Node = Node! with
            {
                Metadata = With(Node.Metadata, [new(WellKnown.ReclaimAgentWatchingAnnotation, null)]) with { Labels = new Dictionary<string, string>() },
            },
        },
        Step.ClearRequest => this with { Node = Node! with { Metadata = With(Node.Metadata, ReclaimRequest.Clear()) } },
        _ => throw new InvalidOperationException(step.ToString()),
    };

    /// <summary>The machine joins as a Node, which Cluster API sees, or not yet.</summary>
    public World Joins(bool ready = true, bool isSeen = true) => CapiMachine is null ? this : this with
    {
        CapiMachine = isSeen
            ? CapiMachine with { NodeName = "node-1", ProviderId = "remote://1", Ready = ready, Phase = "Running" }
            : CapiMachine with { ProviderId = "remote://1" },
        Node = Node ?? new Node
        {
            Metadata = new ObjectMetadata { Name = "node-1", Uid = "node-uid", ResourceVersion = "1" },
            ProviderId = "remote://1",
            Ready = ready,
        },
        Bootstrap = Owned(Bootstrap),
        Infrastructure = Owned(Infrastructure),
    };

    /// <summary>The reclaim agent: the owner wants the machine back.</summary>
    public World Reclaimed(string value = "true", string at = "2026-01-05T12:00:00Z") => Node is null ? this : this with
    {
        Node = Node with
        {
            Metadata = With(Node.Metadata,
            [
                new(WellKnown.ReclaimRequestedAnnotation, value),
                new(WellKnown.ReclaimReasonAnnotation, "process-match: java"),
                new(WellKnown.ReclaimRequestedAtAnnotation, at),
            ]),
        },
    };

    /// <summary>Cluster API: a Machine that is being deleted goes, with or without what it points at.</summary>
    public World MachineGoes(bool withItsObjects = true) => CapiMachine is not { IsBeingDeleted: true } ? this : this with
    {
        CapiMachine = null,
        Node = null,
        AgentConfig = null,
        Bootstrap = withItsObjects ? null : Bootstrap,
        Infrastructure = withItsObjects ? null : Infrastructure,
    };

    /// <summary>The kubelet: Pods that are ending are gone.</summary>
    public World PodsEnd() => this with { Pods = [.. Pods.Where(pod => !pod.IsTerminating)] };

    /// <summary>Somebody writes an annotation on the ScheduledMachine.</summary>
    public World Annotated(string annotation, string text) => this with { Machine = Machine with { Metadata = With(Machine.Metadata, [new(annotation, text)]) } };

    public World Deleted(DateTimeOffset now) =>
        this with { Machine = Machine with { Metadata = Machine.Metadata with { DeletionTimestamp = now } } };

    private NodePods PodsOnNode()
    {
        ImmutableArray<Pod> left = [.. Pods.Where(pod => pod.IsEvictable)];
        return new NodePods
        {
            Left = left.Length,
            Due = Evicted ? [] : [.. left.Where(pod => !pod.IsTerminating)],
            DueForDeletion = Evicted ? [] : left,
            LookAgainAt = null,
            LeftByName = [.. left.Take(NodePods.Named).Select(pod => Blocked.Contains(pod.Metadata.Name) ? $"{pod.Key} blocked by budget web" : $"{pod.Key}")],
            Progress = new DrainProgress(left.Length, left.Length, null),
        };
    }

    private OwnerReference[] Owners() =>
    [
        new OwnerReference("5spot.finos.org/v1alpha1", "ScheduledMachine", "pc-1", Uid, true, true),
        .. CapiCluster is { } cluster ? [new OwnerReference(cluster.ApiVersion, "Cluster", cluster.Key.Name, cluster.Uid, false, false)] : (OwnerReference[])[],
    ];

    private World Annotate(Dictionary<string, string> annotations) =>
        this with { CapiMachine = CapiMachine! with { Metadata = CapiMachine.Metadata with { Annotations = annotations } } };

    private PartialObject? Owned(PartialObject? found) => found is null ? null : new PartialObject(found.Metadata with
    {
        OwnerReferences = [new OwnerReference("cluster.x-k8s.io/v1beta2", "Machine", "pc-1", CapiMachine!.Uid, true, true)],
    });

    private PartialObject NewObject(string hash) => new(new ObjectMetadata
    {
        Name = "pc-1",
        Namespace = "default",
        Uid = $"made-{Made}",
        ResourceVersion = "1",
        Labels = new Dictionary<string, string> { [WellKnown.ScheduledMachineLabel] = "pc-1" },
        Annotations = Machine.Computer is { } computer
            ? new Dictionary<string, string> { [WellKnown.TemplateHashAnnotation] = hash, [WellKnown.ComputerAnnotation] = computer }
            : new Dictionary<string, string> { [WellKnown.TemplateHashAnnotation] = hash },
    });

    private static ObjectMetadata Annotated(ObjectMetadata metadata, string key, string value) => With(metadata, [new(key, value)]);

    private static ObjectMetadata With(ObjectMetadata metadata, IEnumerable<KeyValuePair<string, string?>> patch)
    {
        var annotations = new Dictionary<string, string>(metadata.Annotations);
        foreach (var (key, value) in patch)
        {
            annotations.Remove(key);
            if (value is not null)
            {
                annotations[key] = value;
            }
        }

        return metadata with { Annotations = annotations };
    }

    private ProviderSlot Slot(string group, string kind, string plural, PartialObject? found) => new()
    {
        ApiVersion = $"{group}/v1beta1",
        Kind = kind,
        Resource = KindsServed ? new ResourceType(group, "v1beta1", plural, kind, Namespaced: true) : null,
        Object = found,
    };
}
