// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using FiveSpot.Controller.ClusterApi;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Reclaim;
using FiveSpot.Lifecycle.Workload;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>
/// Carries out one step, and says what the world is like after it. Where the world turns out to be
/// another one than was seen, it looks again instead: then the rest of the plan is void, and the next decision is taken
/// from what is really there. Calls to workload clusters are started here and not waited for: each wakes its machine.
/// </summary>
public sealed class StepExecutor
{
    private static readonly ResourceType ScheduledMachines =
        new(WellKnown.Group, WellKnown.Version, WellKnown.Plural, WellKnown.Kind, Namespaced: true);

    // What is merely good to have is not waited for as long as the rest, and an owner who wants the machine back is there now: a
    // webhook that takes its time keeps neither waiting, be it with the switching off or with a report.
    private static readonly TimeSpan OptionalTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan OwnerTimeout = TimeSpan.FromSeconds(2);

    // A field that its kind does not know would be dropped without a word: an address that is mistyped is no address.
    private static readonly CreateOptions Strict = new() { StrictFieldValidation = true };

    private readonly ApiClient _api;
    private readonly Informer<ScheduledMachine> _scheduledMachines;
    private readonly Informer<CapiMachine> _machines;
    private readonly ProviderKinds _kinds;
    private readonly Permissions _permissions;
    private readonly Computers _computers;
    private readonly WorkloadClusters _clusters;
    private readonly TimeProvider _clock;

    /// <summary>An executor on this management cluster; the answers to its writes go into these caches.</summary>
    public StepExecutor(
        ApiClient api,
        Informer<ScheduledMachine> scheduledMachines,
        Informer<CapiMachine> machines,
        ProviderKinds kinds,
        Permissions permissions,
        Computers computers,
        WorkloadClusters clusters,
        TimeProvider clock)
    {
        _api = api;
        _scheduledMachines = scheduledMachines;
        _machines = machines;
        _kinds = kinds;
        _permissions = permissions;
        _computers = computers;
        _clusters = clusters;
        _clock = clock;
    }

    /// <summary>Carries out one step.</summary>
    /// <returns>The world after it, and whether the plan's next step still fits it.</returns>
    /// <exception cref="NameConflictException">An object of that name is somebody else's.</exception>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer: the step may have been done or not.</exception>
    public async Task<(Observation World, bool AsPlanned)> ExecuteAsync(Step step, Observation seen, CancellationToken cancellationToken)
    {
        try
        {
            return await CarryOutAsync(step, seen, cancellationToken);
        }
        catch (ApiException exception) when (exception.IsNotServed)
        {
            LookForVersions(seen);
            throw;
        }
    }

    private async Task<(Observation World, bool AsPlanned)> CarryOutAsync(Step step, Observation seen, CancellationToken cancellationToken)
    {
        var machine = seen.Machine;
        switch (step)
        {
            case Step.AddFinalizer:
                return await PatchScheduledMachineAsync(
                    step, seen, ObjectWriter.FinalizersPatch(machine, [.. machine.Metadata.Finalizers, WellKnown.Finalizer]), cancellationToken);

            case Step.RemoveFinalizer:
                return await PatchScheduledMachineAsync(
                    step,
                    seen,
                    ObjectWriter.FinalizersPatch(machine, machine.Metadata.Finalizers.Where(finalizer => finalizer != WellKnown.Finalizer)),
                    cancellationToken);

            case Step.CreateProviderObject create:
                return await CreateProviderObjectAsync(create.Role, seen, cancellationToken);

            case Step.UpdateProviderObject update:
                return await UpdateProviderObjectAsync(update, seen, cancellationToken);

            case Step.ConfirmComputerFree:
                return await ConfirmComputerFreeAsync(seen, cancellationToken);

            case Step.CreateMachine:
                return await CreateMachineAsync(seen, cancellationToken);

            case Step.AdoptMachine:
                return await PatchMachineAsync(step, seen, ObjectWriter.AdoptionPatch(machine, seen.CapiMachine!, seen.CapiCluster), cancellationToken);

            case Step.TouchMachine touch:
                return await PatchMachineAsync(
                    step, seen, ObjectWriter.AnnotationsPatch(resourceVersion: null, [new(WellKnown.PauseEndedAnnotation, touch.Pause)], seen.CapiMachine!.Uid), cancellationToken);

            case Step.NoteRemediation note:
                return await PatchScheduledMachineAsync(
                    step, seen, ObjectWriter.AnnotationsPatch(machine.ResourceVersion, note.Note.Annotations()), cancellationToken);

            case Step.SetDeletionTimeouts set:
                return await PatchMachineAsync(
                    step, seen, ObjectWriter.DeletionTimeoutsPatch(seen.CapiMachine!.Uid, set.Timeouts, _machines.Type.Version), cancellationToken);

            case Step.ExcludeDrain exclude:
                return await PatchMachineAsync(
                    step, seen, AnnotationsPatch(seen, DrainExclusion.Put(exclude.AndVolumes, exclude.Result)), cancellationToken);

            case Step.IncludeDrain:
                return await PatchMachineAsync(step, seen, AnnotationsPatch(seen, DrainExclusion.Take(seen.CapiMachine!)), cancellationToken);

            case Step.ConfirmMachineAbsent:
                return await ConfirmMachineAbsentAsync(seen, cancellationToken);

            case Step.DeleteMachine delete:
                return await DeleteMachineAsync(delete, seen, cancellationToken);

            case Step.DeleteProviderObject delete:
                return await DeleteProviderObjectAsync(delete, seen, cancellationToken);

            case Step.Cordon cordon:
                return StartCordon(cordon.Node, machine.Uid, seen);

            case Step.Uncordon uncordon:
                return StartCordon(uncordon.Node, cordonedBy: null, seen);

            case Step.SetTaints set:
                _clusters.WorkOn(machine.Key)?.Start(
                    NodeWork.Taints,
                    (session, stop) => PatchNodeAsync(session, set.Node, ObjectWriter.TaintsPatch(set.Node, set.Tainting), WellKnown.NodeTaintsFieldManager, stop));
                return (seen with { Taints = seen.Taints with { IsUnderWay = true } }, true);

            case Step.Evict evict:
                _clusters.WorkOn(machine.Key)?.Evict(evict.Pods);
                return (seen with { Pods = seen.Pods! with { Due = [] } }, true);

            case Step.DeletePods delete:
                _clusters.WorkOn(machine.Key)?.Delete(delete.Pods);
                return (seen with { Pods = seen.Pods! with { DueForDeletion = [] } }, true);

            case Step.SwitchOff off:
                return await PatchScheduledMachineAsync(step, seen, ObjectWriter.SwitchOffPatch(machine, off.Note), cancellationToken);

            case Step.ForgetReclaim:
                return await PatchScheduledMachineAsync(
                    step, seen, ObjectWriter.AnnotationsPatch(machine.ResourceVersion, ReclaimNote.Forget()), cancellationToken);

            case Step.SetUpAgent set:
                _clusters.WorkOn(machine.Key)?.Start(
                    NodeWork.Agent,
                    (session, stop) => set.Setup.Toml is { } toml ? SetUpAgentAsync(session, machine, set, toml, stop) : TakeAgentAwayAsync(session, set, stop),
                    isShownLater: set is { Setup.Toml: null, Config: not null });
                return (seen with { Agent = seen.Agent with { IsUnderWay = true } }, true);

            case Step.ClearRequest clear:
                _clusters.WorkOn(machine.Key)?.Start(
                    NodeWork.ReclaimRequest,
                    (session, stop) => PatchNodeAsync(session, clear.Node, ObjectWriter.NodePatch(clear.Node, [], ReclaimRequest.Clear()), WellKnown.ReclaimFieldManager, stop));
                return (seen with { RequestCleared = seen.RequestCleared with { IsUnderWay = true } }, true);

            default:
                throw new InvalidOperationException($"A step that nobody carries out: {step}");
        }
    }

    /// <summary>Writes the status.</summary>
    /// <param name="machine">Whose it is.</param>
    /// <param name="status">What is to be written.</param>
    /// <param name="isUrgent">Whether its owner waits for the machine, and with it for this write.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The ScheduledMachine with it.</returns>
    /// <exception cref="ApiException">The API server refused; 404 or 409 if it was deleted, or deleted and made again.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer: it may have been written or not.</exception>
    public async Task<ScheduledMachine> WriteStatusAsync(
        ScheduledMachine machine, ScheduledMachineStatus status, bool isUrgent, CancellationToken cancellationToken)
    {
        var written = await _api.ApplyAsync(
            ScheduledMachines,
            machine.Key,
            ObjectWriter.Status(machine, status),
            WellKnown.FieldManager,
            force: true,
            "status",
            ScheduledMachineReader.Read,
            cancellationToken,
            isUrgent ? OwnerTimeout : null);
        _scheduledMachines.Observe(written);
        return written;
    }

    private async Task<(Observation World, bool AsPlanned)> PatchScheduledMachineAsync(
        Step step, Observation seen, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken)
    {
        try
        {
            var written = await _api.MergePatchAsync(
                ScheduledMachines,
                seen.Machine.Key,
                patch,
                WellKnown.FieldManager,
                subresource: null,
                ScheduledMachineReader.Read,
                cancellationToken,
                step is Step.SwitchOff ? OwnerTimeout : TimeoutOf(step));
            if (written.Metadata.Finalizers.Count > 0 || !written.IsBeingDeleted)
            {
                _scheduledMachines.Observe(written);
            }

            return (seen with { Machine = written }, true);
        }
        catch (ApiException exception) when (exception.IsConflict && IsFirst(step, seen))
        {
            return await LookAtMachineAgainAsync(seen, cancellationToken);
        }
        catch (ApiException exception) when (exception.IsNotFound)
        {
            return (Gone(seen), false);
        }
    }

    /// <summary>A ScheduledMachine with all that its objects are made of.</summary>
    /// <returns>Null if it is another one by now than the one that was decided about.</returns>
    /// <exception cref="ApiException">The API server refused.</exception>
    /// <exception cref="ApiUnreachableException">There was no answer.</exception>
    internal static async Task<ScheduledMachine?> ReadWholeAsync(ApiClient api, ScheduledMachine machine, CancellationToken cancellationToken)
    {
        if (!machine.IsAbridged)
        {
            return machine;
        }

        var whole = await api.TryGetAsync(ScheduledMachines, machine.Key, ScheduledMachineReader.ReadWhole, cancellationToken);
        return whole is { Problems.Count: 0 } && whole.Uid == machine.Uid && whole.TemplateHash == machine.TemplateHash ? whole : null;
    }

    private async Task<(Observation World, bool AsPlanned)> LookAtMachineAgainAsync(Observation seen, CancellationToken cancellationToken)
    {
        var current = await _api.TryGetAsync(ScheduledMachines, seen.Machine.Key, ScheduledMachineReader.Read, cancellationToken);
        if (current is null || current.Uid != seen.Machine.Uid)
        {
            return (Gone(seen), false);
        }

        _scheduledMachines.Observe(current);
        return (seen with { Machine = current, IsOfAnotherSpec = current.Metadata.Generation != seen.Machine.Metadata.Generation }, false);
    }

    private async Task<(Observation World, bool AsPlanned)> CreateProviderObjectAsync(
        ProviderRole role, Observation seen, CancellationToken cancellationToken)
    {
        var slot = seen.Slot(role)!;
        if (await ReadWholeAsync(_api, seen.Machine, cancellationToken) is not { } whole)
        {
            return await LookAtMachineAgainAsync(seen, cancellationToken);
        }

        try
        {
            var created = await _api.CreateAsync(
                slot.Resource!,
                seen.Machine.Metadata.Namespace,
                ObjectWriter.ProviderObject(whole, role),
                WellKnown.FieldManager,
                Strict,
                ProviderKindWatch.Read,
                cancellationToken);
            Cache(slot, seen)?.Observe(created);
            return (seen.Replace(slot, slot with { Object = created }), true);
        }
        catch (ApiException exception) when (exception.IsAlreadyExists)
        {
            var found = slot with { Object = await _api.TryGetMetadataAsync(slot.Resource!, seen.Machine.Key, cancellationToken) };
            return found.Object is null || found.Ours(seen.Machine) is not null
                ? (seen.Replace(slot, found), false)
                : throw new NameConflictException(Opening.NameConflict(slot.Kind, seen));
        }
        catch (ApiException exception) when (IsOfRights(exception))
        {
            _permissions.Forget(seen.Machine.Metadata.Namespace, slot.Resource!);
            throw;
        }
    }

    private async Task<(Observation World, bool AsPlanned)> UpdateProviderObjectAsync(
        Step.UpdateProviderObject step, Observation seen, CancellationToken cancellationToken)
    {
        var slot = seen.Slot(step.Role)!;
        if (await ReadWholeAsync(_api, seen.Machine, cancellationToken) is not { } whole)
        {
            return await LookAtMachineAgainAsync(seen, cancellationToken);
        }

        PartialObject? current;
        try
        {
            current = await _api.JsonPatchAsync(
                slot.Resource!,
                seen.Machine.Key,
                ObjectWriter.ProviderObjectPatch(whole, step.Role, slot.Object!.Uid),
                WellKnown.FieldManager,
                subresource: null,
                ProviderKindWatch.Read,
                cancellationToken);
        }
        catch (ApiException exception) when ((exception.IsConflict || exception.IsNotFound) && IsFirst(step, seen))
        {
            current = await _api.TryGetMetadataAsync(slot.Resource!, seen.Machine.Key, cancellationToken);
            return (seen.Replace(slot, slot with { Object = current }), false);
        }

        Cache(slot, seen)?.Observe(current);
        return (seen.Replace(slot, slot with { Object = current }), true);
    }

    private async Task<(Observation World, bool AsPlanned)> ConfirmComputerFreeAsync(Observation seen, CancellationToken cancellationToken)
    {
        var (machine, computer, now) = (seen.Machine, seen.Machine.Computer!, _clock.GetUtcNow());
        var view = await ComputerCheck.AskAsync(_api, seen.Computer!, computer, ScheduledMachines, _machines.Type, ReadAt(_machines.Type), cancellationToken);
        var isFree = !view.Others.Any(other => other.HasComputer(now) || other.ReclaimedFor is not null);
        if (isFree)
        {
            // Its own place was there while the others were looked for, or they may not have seen it.
            var slot = seen.Bootstrap!;
            var place = await _api.TryGetMetadataAsync(slot.Resource!, machine.Key, cancellationToken);
            if (place is null || place.Uid != slot.Object!.Uid || place.Metadata.DeletionTimestamp is not null)
            {
                return (seen.Replace(slot, slot with { Object = place }), false);
            }

            _computers.Confirm(machine.Key, computer, place.Uid);
        }

        view = isFree ? view with { IsConfirmed = true, NotBefore = null } : view with { NotBefore = _computers.Refuse(machine.Key, now) };
        return (seen with { Computer = view }, isFree);
    }

    private async Task<(Observation World, bool AsPlanned)> CreateMachineAsync(Observation seen, CancellationToken cancellationToken)
    {
        var type = _machines.Type;
        if (await ReadWholeAsync(_api, seen.Machine, cancellationToken) is not { } whole)
        {
            return await LookAtMachineAgainAsync(seen, cancellationToken);
        }

        try
        {
            var created = await _api.CreateAsync(
                type,
                seen.Machine.Metadata.Namespace,
                ObjectWriter.Machine(whole, type.Version, seen.CapiCluster),
                WellKnown.FieldManager,
                Strict,
                ReadAt(type),
                cancellationToken);
            return (Seen(seen, created), true);
        }
        catch (ApiException exception) when (exception.IsAlreadyExists)
        {
            var again = await LookAgainAsync(seen, cancellationToken);
            return again.World is { CapiMachine: not null, OurMachine: null }
                ? throw new NameConflictException(Opening.NameConflict(MachineApi.Kind, seen))
                : again;
        }
        catch (ApiException exception) when (IsOfRights(exception))
        {
            _permissions.Forget(seen.Machine.Metadata.Namespace, type);
            throw;
        }
    }

    private async Task<(Observation World, bool AsPlanned)> PatchMachineAsync(
        Step step, Observation seen, ReadOnlyMemory<byte> patch, CancellationToken cancellationToken)
    {
        var type = _machines.Type;
        try
        {
            var written = await _api.MergePatchAsync(
                type, seen.Machine.Key, patch, WellKnown.FieldManager, subresource: null, ReadAt(type), cancellationToken, TimeoutOf(step));
            return (Seen(seen, written), true);
        }
        catch (ApiException exception) when ((exception.IsConflict || exception.IsNotFound) && IsFirst(step, seen))
        {
            return await LookAgainAsync(seen, cancellationToken);
        }
    }

    private async Task<(Observation World, bool AsPlanned)> ConfirmMachineAbsentAsync(Observation seen, CancellationToken cancellationToken)
    {
        var (world, _) = await LookAgainAsync(seen, cancellationToken);
        return (world with { MachineAbsenceConfirmed = world.OurMachine is null }, world.OurMachine is null);
    }

    private async Task<(Observation World, bool AsPlanned)> DeleteMachineAsync(
        Step.DeleteMachine delete, Observation seen, CancellationToken cancellationToken)
    {
        try
        {
            await _api.DeleteAsync(
                _machines.Type,
                seen.Machine.Key,
                new DeleteOptions { Uid = delete.Uid, PropagationPolicy = PropagationPolicy.Background },
                cancellationToken);
        }
        catch (ApiException exception) when ((exception.IsConflict || exception.IsNotFound) && IsFirst(delete, seen))
        {
            return await LookAgainAsync(seen, cancellationToken);
        }

        if (delete.EmergencyDrain is { } drain)
        {
            ControllerMetrics.EmergencyDrain(drain.Took, drain.Succeeded);
        }

        // Accepted, not gone: the watch says when it is.
        var found = seen.CapiMachine!;
        return (seen with { CapiMachine = found with { Metadata = Deleted(found.Metadata) } }, true);
    }

    private async Task<(Observation World, bool AsPlanned)> DeleteProviderObjectAsync(
        Step.DeleteProviderObject delete, Observation seen, CancellationToken cancellationToken)
    {
        var slot = delete.Slot;
        var after = slot with { Object = new PartialObject(Deleted(slot.Object!.Metadata)) };
        try
        {
            await _api.DeleteAsync(
                slot.Served!,
                seen.Machine.Key,
                new DeleteOptions { Uid = slot.Object.Uid, PropagationPolicy = PropagationPolicy.Background },
                cancellationToken);
        }
        catch (ApiException exception) when ((exception.IsConflict || exception.IsNotFound) && IsFirst(delete, seen))
        {
            after = slot with { Object = await _api.TryGetMetadataAsync(slot.Served!, seen.Machine.Key, cancellationToken) };
        }

        return (seen.Replace(slot, after), after.Object is null or { Metadata.DeletionTimestamp: not null });
    }

    private (Observation World, bool AsPlanned) StartCordon(Node node, string? cordonedBy, Observation seen)
    {
        _clusters.WorkOn(seen.Machine.Key)?.Start(
            NodeWork.Cordon,
            (session, cancellationToken) => PatchNodeAsync(session, node, ObjectWriter.CordonPatch(node, cordonedBy), WellKnown.FieldManager, cancellationToken));
        return (seen with { Cordon = seen.Cordon with { IsUnderWay = true } }, true);
    }

    private static async Task SetUpAgentAsync(
        ClusterSession session, ScheduledMachine machine, Step.SetUpAgent set, string toml, CancellationToken cancellationToken)
    {
        // First, so that the agent finds it when it comes.
        if (!set.Setup.ConfigIsDone)
        {
            session.ReclaimConfigs.Observe(await session.Api.ApplyAsync(
                ReclaimConfig.ConfigMaps,
                ReclaimConfig.KeyOf(set.Node.Metadata.Name),
                ObjectWriter.ReclaimConfig(machine, set.Node, toml),
                WellKnown.ReclaimFieldManager,
                force: true,
                subresource: null,
                ReclaimConfig.Read,
                cancellationToken));
        }

        if (!set.Setup.LabelIsDone)
        {
            await PatchNodeAsync(
                session, set.Node, ObjectWriter.NodePatch(set.Node, [new(WellKnown.ReclaimAgentLabel, WellKnown.ReclaimAgentEnabled)], []), WellKnown.ReclaimFieldManager, cancellationToken);
        }
    }

    private static async Task TakeAgentAwayAsync(ClusterSession session, Step.SetUpAgent set, CancellationToken cancellationToken)
    {
        if (set.Config is { } config)
        {
            try
            {
                await session.Api.DeleteAsync(ReclaimConfig.ConfigMaps, config.Key, new DeleteOptions { Uid = config.Uid }, cancellationToken);
            }
            catch (ApiException exception) when (exception.IsNotFound)
            {
                // Gone. Were it another one, it would have to go too, and is not looked for once the label is off.
            }
        }

        if (!set.Setup.LabelIsDone)
        {
            // With the agent's own word, which it may not be there to take back.
            await PatchNodeAsync(
                session,
                set.Node,
                ObjectWriter.NodePatch(set.Node, [new(WellKnown.ReclaimAgentLabel, null)], [new(WellKnown.ReclaimAgentWatchingAnnotation, null)]),
                WellKnown.ReclaimFieldManager,
                cancellationToken);
        }
    }

    private static async Task PatchNodeAsync(
        ClusterSession session, Node node, ReadOnlyMemory<byte> patch, string fieldManager, CancellationToken cancellationToken)
    {
        try
        {
            session.Nodes.Observe(await session.Api.MergePatchAsync(
                NodeWatch.Nodes, node.Key, patch, fieldManager, subresource: null, NodeReader.Read, cancellationToken));
        }
        catch (ApiException exception) when (exception.IsConflict)
        {
            // Another one than was seen: what is to be done is decided anew, from what is there.
            if (await session.Api.TryGetAsync(NodeWatch.Nodes, node.Key, NodeReader.Read, cancellationToken) is { } current)
            {
                session.Nodes.Observe(current);
            }

            throw;
        }
    }

    private async Task<(Observation World, bool AsPlanned)> LookAgainAsync(Observation seen, CancellationToken cancellationToken)
    {
        var type = _machines.Type;
        var found = await _api.TryGetAsync(type, seen.Machine.Key, ReadAt(type), cancellationToken);
        return (found is null ? seen with { CapiMachine = null, IsMachineGone = seen.OurMachine is not null } : Seen(seen, found), false);
    }

    private Observation Seen(Observation seen, CapiMachine machine)
    {
        // Somebody else's Machine has no label of ours: the watch doesn't see it, so it must not be in the cache either,
        // from which nothing would ever take it away.
        // Neither must what was read at a version that is no longer watched: the watch would not mend it.
        if (machine.Metadata.Labels.ContainsKey(WellKnown.ScheduledMachineLabel) && machine.ApiVersion == _machines.Type.ApiVersion)
        {
            _machines.Observe(machine);
        }

        return seen with { CapiMachine = machine };
    }

    // Some version is not served any more, and which one it is the answer does not say.
    private void LookForVersions(Observation seen)
    {
        _machines.LookForVersion();
        foreach (var slot in seen.Slots)
        {
            if (slot.Served is { } served)
            {
                _kinds.LookForVersion(served.Group, slot.Kind);
            }
        }
    }

    private static DecodeObject<CapiMachine> ReadAt(ResourceType type) => json => MachineReader.Read(json, type.ApiVersion);

    private Informer<PartialObject>? Cache(ProviderSlot slot, Observation seen) =>
        _kinds.Find(slot.Resource!.Group, slot.Resource.Version, slot.Kind, seen.Machine.Key).Objects;

    private static ReadOnlyMemory<byte> AnnotationsPatch(Observation seen, IEnumerable<KeyValuePair<string, string?>> annotations) =>
        ObjectWriter.AnnotationsPatch(seen.CapiMachine!.ResourceVersion, annotations);

    // A conflict is looked into once. One that comes again and again is a failure like any other: the watch brings what is there.
    private static bool IsFirst(Step step, Observation seen) => seen.FailureOf(step.Name) is null && !seen.LookedInto.Contains(step.Name);

    // In the words of every authorizer. A policy, a quota or a webhook refuses in its own, and no right that is given changes that.
    /// <summary>Whether it is a right of the controller that is missing, and not a policy or a quota that is against it.</summary>
    internal static bool IsOfRights(ApiException exception) =>
        exception.IsForbidden && exception.Message.Contains(" cannot create resource ", StringComparison.Ordinal);

    private static TimeSpan? TimeoutOf(Step step) => step.Importance is StepImportance.Optional ? OptionalTimeout : null;

    private ObjectMetadata Deleted(ObjectMetadata metadata) => metadata with { DeletionTimestamp = _clock.GetUtcNow() };

    private static Observation Gone(Observation seen) =>
        seen with { Machine = seen.Machine with { Metadata = seen.Machine.Metadata with { Finalizers = [] }, IsGone = true } };
}
