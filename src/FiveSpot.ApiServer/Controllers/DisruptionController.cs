// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Controllers;

/// <summary>Evictions, and the status of the PodDisruptionBudgets that they go by. Evictions are one at a time.</summary>
internal sealed class DisruptionController
{
    private readonly Lock _gate = new();
    private readonly ResourceCatalog _catalog;
    private readonly ObjectWriter _writer;

    public DisruptionController(ResourceCatalog catalog, ObjectWriter writer)
    {
        _catalog = catalog;
        _writer = writer;
    }

    public async ValueTask ActAsync(ResourceStore store, WatchEvent change)
    {
        var stored = change.Object;
        if (ReferenceEquals(store, _catalog.Budgets.Store))
        {
            if (change.Type != WatchEventType.Deleted)
            {
                await PublishAsync(stored);
            }
        }
        else if (ReferenceEquals(store, _catalog.Pods.Store))
        {
            foreach (var budget in _catalog.Budgets.Store!.Current.In(stored.Namespace))
            {
                if (Covers(budget, stored) || (change.Previous is { } previous && Covers(budget, previous)))
                {
                    await PublishAsync(budget);
                }
            }
        }
    }

    /// <summary>Deletes a pod if its budget allows.</summary>
    /// <exception cref="StatusException">404; 429 when the budget forbids it now; 500 when several budgets cover the pod.</exception>
    public void Evict(string @namespace, string name, DeleteOptions options, ObjectDeleter deleter)
    {
        lock (_gate)
        {
            var pod = _catalog.Pods.Store!.Find(@namespace, name) ?? throw Refusal.NotFound(_catalog.Pods, name);
            if (!pod.IsTerminating && pod.Json.Text("status", "phase") is not ("Succeeded" or "Failed" or "Pending"))
            {
                RequireBudget(pod);
            }

            deleter.Evict(_catalog.Pods, @namespace, name, options);
        }
    }

    private static bool Covers(StoredObject budget, StoredObject pod) =>
        budget.Json.Map("spec", "selector") is { } selector && LabelSelector.From(selector).Matches(pod.Labels);

    private static bool IsReady(StoredObject pod) => pod.Json.Objects("status", "conditions")
        .Any(condition => condition.Text("type") == "Ready" && condition.Text("status") == "True");

    private static long Scaled(JsonNode value, long of) =>
        value.Text() is [.. var digits, '%'] && int.TryParse(digits, out var percent) ? ((percent * of) + 99) / 100 : value.Number() ?? 0;

    private void RequireBudget(StoredObject pod)
    {
        var budgets = _catalog.Budgets.Store!.Current.In(pod.Namespace).Where(budget => Covers(budget, pod)).ToList();
        if (budgets.Count == 0)
        {
            return;
        }

        if (budgets.Count > 1)
        {
            throw new StatusException(500, string.Empty, "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
        }

        var budget = budgets[0];
        var state = Assess(budget);
        if (!IsReady(pod) && (budget.Json.Text("spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow"
            || (state.Healthy >= state.Desired && state.Desired > 0)))
        {
            return;
        }

        if (state.Allowed <= 0)
        {
            throw Refusal.TooManyRequests(
                "Cannot evict pod as it would violate the pod's disruption budget.",
                new JsonArray(new JsonObject
                {
                    ["reason"] = "DisruptionBudget",
                    ["message"] = $"The disruption budget {budget.Name} needs {state.Desired} healthy pods and has {state.Healthy} currently",
                }));
        }
    }

    private (long Allowed, long Healthy, long Desired, long Expected) Assess(StoredObject budget)
    {
        var pods = _catalog.Pods.Store!.Current.In(budget.Namespace)
            .Where(pod => Covers(budget, pod) && pod.Json.Text("status", "phase") is not ("Succeeded" or "Failed"))
            .ToList();
        var healthy = pods.LongCount(pod => !pod.IsTerminating && IsReady(pod));
        long expected = pods.Count;
        var desired = 0L;
        if (budget.Json.At("spec", "maxUnavailable") is { } unavailable)
        {
            expected = ExpectedOf(pods);
            desired = Math.Max(0, expected - Scaled(unavailable, expected));
        }
        else if (budget.Json.At("spec", "minAvailable") is { } available)
        {
            expected = available.Text() is null ? expected : ExpectedOf(pods);
            desired = Scaled(available, expected);
        }

        var allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        return (allowed, healthy, desired, expected);
    }

    /// <summary>How many pods their controllers want; the pods there are where that can't be known.</summary>
    private long ExpectedOf(List<StoredObject> pods) => pods
        .GroupBy(pod => ControllerOf(pod).Text("uid"), StringComparer.Ordinal)
        .Sum(group => ReplicasOf(group.First()) ?? group.LongCount());

    private static JsonObject? ControllerOf(StoredObject stored) =>
        stored.Metadata.Objects("ownerReferences").FirstOrDefault(owner => owner.Flag("controller") == true);

    private long? ReplicasOf(StoredObject owned)
    {
        if (ControllerOf(owned) is not { } owner
            || _catalog.FindKind(owner.Text("apiVersion") ?? string.Empty, owner.Text("kind") ?? string.Empty) is not { Scale: { } scale } resource
            || resource.Store!.Find(owned.Namespace, owner.Text("name") ?? string.Empty) is not { } found
            || found.Uid != owner.Text("uid"))
        {
            return null;
        }

        return ReplicasOf(found) ?? found.Json.Number(scale.SpecReplicas);
    }

    private async ValueTask PublishAsync(StoredObject budget) => await _writer.UpdateAsync(
        _catalog.Budgets,
        budget.Namespace,
        budget.Name,
        live => WithStatus(live!.Copy(), Assess(new StoredObject(live!, 0)), live!.Metadata().Text("creationTimestamp")),
        WriteOptions.ByServer with { Subresource = "status" });

    private static JsonObject WithStatus(JsonObject budget, (long Allowed, long Healthy, long Desired, long Expected) state, string? since)
    {
        var isAllowed = state.Allowed > 0;
        budget["status"] = new JsonObject
        {
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "DisruptionAllowed",
                ["status"] = isAllowed ? "True" : "False",
                ["observedGeneration"] = budget.Metadata().Number("generation"),
                ["lastTransitionTime"] = since,
                ["reason"] = isAllowed ? "SufficientPods" : "InsufficientPods",
                ["message"] = string.Empty,
            }),
            ["observedGeneration"] = budget.Metadata().Number("generation"),
            ["disruptionsAllowed"] = state.Allowed,
            ["currentHealthy"] = state.Healthy,
            ["desiredHealthy"] = state.Desired,
            ["expectedPods"] = state.Expected,
        };
        return budget;
    }
}
