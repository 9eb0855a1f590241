// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Admission;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer;

/// <summary>Deletion: preconditions, finalizers, grace.</summary>
internal sealed class ObjectDeleter
{
    private const string OrphanFinalizer = "orphan";
    private const string ForegroundFinalizer = "foregroundDeletion";

    private readonly AdmissionWebhooks _webhooks;
    private readonly TimeProvider _clock;

    public ObjectDeleter(AdmissionWebhooks webhooks, TimeProvider clock)
    {
        _webhooks = webhooks;
        _clock = clock;
    }

    /// <summary>
    /// Deletes an object, or marks it so that it goes when its finalizers and its grace allow;
    /// <paramref name="isOfCollection"/> when the client did not name it.
    /// </summary>
    /// <returns>The object as last seen, and whether it is gone.</returns>
    public async ValueTask<(StoredObject Stored, bool Gone)> DeleteAsync(
        Resource resource, string @namespace, string name, DeleteOptions options, bool isOfCollection = false)
    {
        while (true)
        {
            var live = Find(resource, @namespace, name, options);
            if (!_webhooks.IsEmpty)
            {
                var request = AdmissionRequest.Of(resource, resource.FromStorage(live.Json), options, isOfCollection);
                await _webhooks.MutateAsync(request, null);
                await _webhooks.ValidateAsync(request, null);
            }

            if (TryDelete(resource, live, options) is { } deleted)
            {
                return deleted;
            }
        }
    }

    /// <summary>Evicts an object: as <see cref="DeleteAsync"/>, but webhooks are not asked of that.</summary>
    public void Evict(Resource resource, string @namespace, string name, DeleteOptions options)
    {
        while (TryDelete(resource, Find(resource, @namespace, name, options), options) is null)
        {
            // It changed meanwhile.
        }
    }

    private static StoredObject Find(Resource resource, string @namespace, string name, DeleteOptions options)
    {
        var live = resource.Store!.Find(@namespace, name) ?? throw Refusal.NotFound(resource, name);
        CheckPreconditions(resource, live, options);
        return live;
    }

    /// <summary>Null when the object is not the current one any more.</summary>
    private (StoredObject Stored, bool Gone)? TryDelete(Resource resource, StoredObject live, DeleteOptions options)
    {
        var next = live.Json.Copy();
        var metadata = next.Metadata();
        SetPropagation(metadata, options);
        var grace = Math.Max(0, resource.Strategy.GraceSeconds(live.Json, options.GracePeriodSeconds));
        var held = metadata.List("finalizers") is { Count: > 0 } || resource.Strategy.IsHeld(next);
        if (!held && grace == 0)
        {
            if (options.DryRun)
            {
                return (live, true);
            }

            if (resource.Strategy.IsGraceful)
            {
                // Also one that goes at once says so in its last state.
                Mark(resource, next, grace);
            }

            return resource.Store!.Delete(live, next) is { } gone ? (gone, true) : null;
        }

        Mark(resource, next, grace);
        if (ObjectWriter.IsSame(next, live.Json))
        {
            return (live, false);
        }

        if (options.DryRun)
        {
            return (new StoredObject(next, live.ResourceVersion), false);
        }

        return resource.Store!.Replace(live, next) is { } marked ? (marked, false) : null;
    }

    private static void CheckPreconditions(Resource resource, StoredObject live, DeleteOptions options)
    {
        if (options.Uid is { } uid && uid != live.Uid)
        {
            throw Refusal.Precondition(resource, live.Name, $"the UID in the precondition ({uid}) does not match the UID in record ({live.Uid}). The object might have been deleted and then recreated");
        }

        if (options.ResourceVersion is { } version && version != live.Metadata.Text("resourceVersion"))
        {
            throw Refusal.Precondition(resource, live.Name, $"the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({live.Metadata.Text("resourceVersion")}). The object might have been modified");
        }
    }

    private static void SetPropagation(JsonObject metadata, DeleteOptions options)
    {
        bool? orphan = options.PropagationPolicy is { } policy ? policy == "Orphan" : options.OrphanDependents;
        bool? foreground = options.PropagationPolicy is { } named ? named == "Foreground" : (options.OrphanDependents is null ? null : false);
        var before = metadata.Texts("finalizers").ToList();
        var finalizers = before
            .Where(name => !(name == OrphanFinalizer && orphan == false) && !(name == ForegroundFinalizer && foreground == false))
            .ToList();
        Require(finalizers, OrphanFinalizer, orphan == true);
        Require(finalizers, ForegroundFinalizer, foreground == true);
        if (finalizers.SequenceEqual(before, StringComparer.Ordinal))
        {
            return;
        }

        if (finalizers.Count == 0)
        {
            metadata.Remove("finalizers");
        }
        else
        {
            metadata["finalizers"] = finalizers.ToJsonArray();
        }
    }

    private static void Require(List<string> finalizers, string name, bool wanted)
    {
        if (wanted && !finalizers.Contains(name, StringComparer.Ordinal))
        {
            finalizers.Add(name);
        }
    }

    private void Mark(Resource resource, JsonObject next, long grace)
    {
        var metadata = next.Metadata();
        if (metadata.Text("deletionTimestamp") is { } marked)
        {
            var before = metadata.Number("deletionGracePeriodSeconds") ?? 0;
            if (grace < before)
            {
                var started = (JsonAccess.ParseTime(marked) ?? _clock.GetUtcNow()).AddSeconds(-before);
                metadata["deletionTimestamp"] = started.AddSeconds(grace).ToKubernetesTime();
                metadata["deletionGracePeriodSeconds"] = grace;
            }

            return;
        }

        metadata["deletionTimestamp"] = _clock.GetUtcNow().AddSeconds(grace).ToKubernetesTime();
        if (resource.Strategy.CountsDeletion)
        {
            metadata["deletionGracePeriodSeconds"] = grace;
            if (metadata.Number("generation") is { } generation)
            {
                metadata["generation"] = generation + 1;
            }
        }

        resource.Strategy.MarkDeleted(next);
    }
}
