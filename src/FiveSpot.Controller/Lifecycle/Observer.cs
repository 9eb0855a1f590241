// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using TypedReference = FiveSpot.Api.TypedReference;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>Collects from the caches what a decision needs. It calls nobody and waits for nothing.</summary>
public sealed partial class Observer
{
    private readonly Informer<CapiMachine> _machines;
    private readonly ProviderKinds _kinds;
    private readonly WorkloadClusters _clusters;
    private readonly Permissions _permissions;
    private readonly NodeClaims _claims;
    private readonly Clusters _capiClusters;
    private readonly DryRuns _dryRuns;
    private readonly Computers _computers;
    private readonly Informer<ScheduledMachine> _scheduledMachines;

    /// <summary>An observer over these caches.</summary>
    public Observer(
        Informer<CapiMachine> machines,
        NodeClaims claims,
        Clusters capiClusters,
        ProviderKinds kinds,
        Permissions permissions,
        DryRuns dryRuns,
        Computers computers,
        Informer<ScheduledMachine> scheduledMachines,
        WorkloadClusters clusters)
    {
        _machines = machines;
        _claims = claims;
        _capiClusters = capiClusters;
        _kinds = kinds;
        _permissions = permissions;
        _dryRuns = dryRuns;
        _computers = computers;
        _scheduledMachines = scheduledMachines;
        _clusters = clusters;
    }

    /// <summary>What is observed of a machine now.</summary>
    /// <returns>The observation; null while there is no Machine and an answer about one of its kinds is on its way, after which
    /// the machine is woken.</returns>
    /// <param name="machine">The ScheduledMachine.</param>
    /// <param name="isMachineGone">Whether the server says that its Machine is gone, which the caches may not know yet.</param>
    public Observation? Observe(ScheduledMachine machine, bool isMachineGone = false)
    {
        var capiMachine = _machines.Get(machine.Key);
        var ours = capiMachine is not null && Ownership.Of(capiMachine, machine) is not Owner.SomebodyElse ? capiMachine : null;
        var status = machine.Status;

        // The kinds that may have objects of this machine: those that the living Machine points at come first, then what
        // the spec names for the next one, then what the last report knew of (the templates may have been changed since).
        var bootstrap = Candidates(WellKnown.BootstrapGroup, ours?.Bootstrap, Allowed(machine, machine.Spec?.BootstrapSpec, "spec.bootstrapSpec"), status.BootstrapRef);
        var infrastructure = Candidates(WellKnown.InfrastructureGroup, ours?.Infrastructure, Allowed(machine, machine.Spec?.InfrastructureSpec, "spec.infrastructureSpec"), status.InfrastructureRef);

        if (isMachineGone)
        {
            capiMachine = ours = null;
        }

        var pending = false;
        var bootstrapSlots = Look(bootstrap, machine.Key, machine.Key, ref pending);
        var infrastructureSlots = Look(infrastructure, machine.Key, machine.Key, ref pending);
        var computer = ours is null && machine.FollowsSchedule ? LookAtComputer(machine, bootstrapSlots, ref pending) : null;

        // Asked long before the window opens, so that at the boundary the answer is there; and of one that is switched off, so that
        // it is told, for which nothing waits.
        string? forbidden = null;
        if (ours is null && machine is { IsBeingDeleted: false, Spec: not null, Problems.Count: 0 })
        {
            foreach (var resource in (ReadOnlySpan<ResourceType?>)[bootstrapSlots.FirstOrDefault()?.Resource, infrastructureSlots.FirstOrDefault()?.Resource, _machines.Type])
            {
                if (resource is not null)
                {
                    var permission = _permissions.Find(machine.Key.Namespace, resource, machine.Key);
                    pending |= permission.IsPending && machine.FollowsSchedule;
                    forbidden ??= permission.Missing;
                }
            }
        }

        // What there is of a machine's provider objects matters where there is no Machine; one that is there can be taken away
        // without an answer.
        if (pending && ours is null)
        {
            return null;
        }

        var view = OnlyItsOwn(ours, _clusters.Find(machine, ours));
        var cluster = Observation.ClusterNameOf(machine, ours);
        return new Observation
        {
            Machine = machine,
            CapiMachine = capiMachine,
            CapiCluster = cluster is null ? null : _capiClusters.Find(machine.Key.Namespace, cluster),
            Bootstrap = bootstrapSlots.FirstOrDefault(),
            Infrastructure = infrastructureSlots.FirstOrDefault(),
            Leftovers = [.. bootstrapSlots.Skip(1), .. infrastructureSlots.Skip(1)],
            Node = view.Node,
            Cluster = view.Cluster,
            Cordon = view.Cordon,
            Taints = view.Taints,
            Pods = view.Pods,
            PodTrouble = view.PodTrouble,
            AgentConfig = view.AgentConfig,
            Agent = view.Agent,
            RequestCleared = view.RequestCleared,
            Forbidden = forbidden,
            Computer = computer,
            DryRun = _dryRuns.Find(machine),
        };
    }

    // Of a kind that no template may name (stored before there was a rule) nothing was ever made, and nothing is asked.
    private static ObjectTemplate? Allowed(ScheduledMachine machine, ObjectTemplate? template, string field) =>
        machine.Problems.Any(problem => problem.Field == $"{field}.apiVersion") ? null : template;

    private List<ProviderSlot> Look(
        List<(string Group, string? Version, string Kind)> candidates, ObjectKey key, ObjectKey asker, ref bool pending)
    {
        var slots = new List<ProviderSlot>(candidates.Count);
        foreach (var candidate in candidates)
        {
            slots.Add(Look(candidate, key, asker, ref pending));
        }

        return slots;
    }

    private ProviderSlot Look((string Group, string? Version, string Kind) candidate, ObjectKey key, ObjectKey asker, ref bool pending)
    {
        var found = _kinds.Find(candidate.Group, candidate.Version, candidate.Kind, asker);
        pending |= found.IsPending;
        return new ProviderSlot
        {
            ApiVersion = found.Resource?.ApiVersion ?? (candidate.Version is null ? candidate.Group : $"{candidate.Group}/{candidate.Version}"),
            Kind = candidate.Kind,
            Resource = found.Resource,
            Served = found.Objects?.Type ?? found.Resource,
            Object = found.Objects?.Get(key),
            Trouble = found.Trouble,
            IsPending = found.IsPending,
        };
    }

    // What no template may name was never made, whatever a Machine or a status says that somebody wrote.
    private static List<(string Group, string? Version, string Kind)> Candidates(
        string roleGroup, ProviderReference? referred, ObjectTemplate? template, TypedReference? reported)
    {
        var candidates = new List<(string Group, string? Version, string Kind)>(3);
        var templated = template is null ? default : Split(template.ApiVersion, template.Kind);
        var known = reported is null ? default : Split(reported.ApiVersion, reported.Kind);
        if (referred is not null && WellKnown.IsProviderGroup(referred.Group, roleGroup))
        {
            // v1beta2 leaves the version out: the one that we made it at will do, else any.
            var version = referred.Version
                ?? (Same(templated, referred.Group, referred.Kind) ? templated.Version : null)
                ?? (Same(known, referred.Group, referred.Kind) ? known.Version : null);
            candidates.Add((referred.Group, version, referred.Kind));
        }

        foreach (var other in (ReadOnlySpan<(string, string?, string)>)[templated, known])
        {
            var (group, version, kind) = other;
            if (kind is not null && WellKnown.IsProviderGroup(group, roleGroup) && !candidates.Exists(candidate => Same(candidate, group, kind)))
            {
                candidates.Add((group, version, kind));
            }
        }

        return candidates;
    }

    private static (string Group, string? Version, string Kind) Split(string apiVersion, string kind)
    {
        var (group, version) = ResourceType.SplitApiVersion(apiVersion);
        return (group, version, kind);
    }

    private static bool Same((string Group, string? Version, string Kind) one, string group, string kind) =>
        one.Group == group && one.Kind == kind;
}
