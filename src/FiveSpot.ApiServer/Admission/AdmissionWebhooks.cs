// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Patching;
using FiveSpot.ApiServer.Resources;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Admission;

/// <summary>
/// The webhooks of all MutatingWebhookConfigurations and ValidatingWebhookConfigurations, as they stand, and the asking of them:
/// the mutating ones after a body is decoded, pruned and defaulted, one after the other in the order of names; the validating
/// ones at once, when everything else has been found right.
/// </summary>
internal sealed class AdmissionWebhooks : IDisposable
{
    private const string Group = "admissionregistration.k8s.io";

    private readonly ResourceCatalog _catalog;
    private readonly WebhookClient _client;
    private readonly Resource _mutatingConfigurations;
    private readonly Resource _validatingConfigurations;
    private volatile ImmutableArray<AdmissionWebhook>[] _webhooks = [[], []];

    /// <summary>Follows the configurations from now on; <paramref name="clock"/> is that of connections.</summary>
    public AdmissionWebhooks(ResourceCatalog catalog, TimeProvider clock)
    {
        _catalog = catalog;
        _client = new WebhookClient(clock);
        _mutatingConfigurations = catalog.Find(Group, "v1", "mutatingwebhookconfigurations")!;
        _validatingConfigurations = catalog.Find(Group, "v1", "validatingwebhookconfigurations")!;
        catalog.Store.Committed += OnCommitted;
    }

    private ImmutableArray<AdmissionWebhook> Mutating => _webhooks[0];

    private ImmutableArray<AdmissionWebhook> Validating => _webhooks[1];

    /// <summary>Whether there are none, so that nothing need be asked.</summary>
    public bool IsEmpty => _webhooks is [[], []];

    /// <summary>Lets the mutating webhooks have their say.</summary>
    /// <returns><paramref name="obj"/> itself, or a changed copy.</returns>
    /// <exception cref="StatusException">One refused, or could not be asked.</exception>
    public async ValueTask<JsonObject?> MutateAsync(AdmissionRequest request, JsonObject? obj)
    {
        var webhooks = Mutating;
        if (webhooks.IsEmpty || IsExempt(request.Resource))
        {
            return obj;
        }

        var current = obj;
        var asked = new List<AdmissionWebhook>();
        var again = new HashSet<AdmissionWebhook>();
        foreach (var webhook in webhooks)
        {
            var changed = await MutateAsync(webhook, request, current);
            if (!ReferenceEquals(changed, current))
            {
                again.UnionWith(asked);
            }

            current = changed;
            asked.Add(webhook);
        }

        foreach (var webhook in asked.Where(webhook => webhook.IsReinvoked && again.Contains(webhook)))
        {
            current = await MutateAsync(webhook, request, current);
        }

        return current;
    }

    /// <summary>Lets the validating webhooks have their say.</summary>
    /// <exception cref="StatusException">One refused, or could not be asked.</exception>
    public async ValueTask ValidateAsync(AdmissionRequest request, JsonObject? obj)
    {
        var webhooks = Validating;
        if (webhooks.IsEmpty || IsExempt(request.Resource))
        {
            return;
        }

        var answers = await Task.WhenAll(webhooks.Select(webhook => ValidateAsync(webhook, request, obj)));
        foreach (var (_, response) in answers)
        {
            Warn(request, response);
        }

        foreach (var (webhook, response) in answers)
        {
            RequireAllowed(webhook, response);
        }
    }

    public void Dispose()
    {
        _catalog.Store.Committed -= OnCommitted;
        _client.Dispose();
    }

    /// <summary>Nobody may lock themselves out of mending a configuration.</summary>
    private static bool IsExempt(Resource resource) => resource.Group == Group;

    private static StatusException Unasked(AdmissionWebhook webhook, WebhookException why) =>
        Refusal.Internal($"failed calling webhook \"{webhook.Name}\": {why.Message}");

    private static void Warn(AdmissionRequest request, JsonObject? response)
    {
        foreach (var warning in response.Texts("warnings"))
        {
            request.Warnings?.Add(warning);
        }
    }

    private static void RequireAllowed(AdmissionWebhook webhook, JsonObject? response)
    {
        if (response is not null && response.Flag("allowed") != true)
        {
            throw AdmissionReview.Refused(webhook, response);
        }
    }

    private static JsonObject? Converted(JsonObject? obj, Resource from, Resource to) =>
        obj is null || from == to ? obj : to.FromStorage(from.ToStorage(obj.Copy()));

    private async ValueTask<JsonObject?> MutateAsync(AdmissionWebhook webhook, AdmissionRequest request, JsonObject? obj)
    {
        if (webhook.Match(request, obj, _catalog) is not { } wanted)
        {
            return obj;
        }

        var shown = Converted(obj, request.Resource, wanted);
        var response = await AskAsync(webhook, request, wanted, shown);
        Warn(request, response);
        RequireAllowed(webhook, response);
        var patch = response is null ? null : PatchOf(webhook, response);
        if (patch is not { Count: > 0 })
        {
            return obj;
        }

        if (shown is null)
        {
            throw Refusal.Internal($"admission webhook \"{webhook.Name}\" attempted to modify the object, which is not supported for this operation");
        }

        try
        {
            var patched = JsonPatch.Apply(shown, patch);
            return JsonNode.DeepEquals(patched, shown) ? obj : Converted(patched, wanted, request.Resource);
        }
        catch (PatchException unfit)
        {
            throw Refusal.Internal(unfit.Detail ?? unfit.Message);
        }
    }

    private static JsonArray? PatchOf(AdmissionWebhook webhook, JsonObject response)
    {
        try
        {
            return AdmissionReview.PatchOf(response);
        }
        catch (WebhookException unreadable)
        {
            throw Unasked(webhook, unreadable);
        }
    }

    private async Task<(AdmissionWebhook Webhook, JsonObject? Response)> ValidateAsync(AdmissionWebhook webhook, AdmissionRequest request, JsonObject? obj)
    {
        var wanted = webhook.Match(request, obj, _catalog);
        return (webhook, wanted is null ? null : await AskAsync(webhook, request, wanted, Converted(obj, request.Resource, wanted)));
    }

    /// <summary>Null when it could not be asked and need not be.</summary>
    private async Task<JsonObject?> AskAsync(AdmissionWebhook webhook, AdmissionRequest request, Resource wanted, JsonObject? obj)
    {
        var question = AdmissionReview.Ask(request, wanted, obj, Converted(request.Old, request.Resource, wanted));
        try
        {
            RequireReachable(webhook);
            return AdmissionReview.Answer(webhook, question, await _client.AskAsync(webhook, question));
        }
        catch (WebhookException) when (webhook.IsOptional)
        {
            return null;
        }
        catch (WebhookException failed)
        {
            throw Unasked(webhook, failed);
        }
    }

    /// <summary>Behind a Service there is nobody: this server has no network of Pods.</summary>
    private void RequireReachable(AdmissionWebhook webhook)
    {
        if (webhook.Service is { } service)
        {
            var name = service.Text("name")!;
            var isThere = _catalog.Find(string.Empty, "v1", "services")!.Store!.Find(service.Text("namespace")!, name) is not null;
            throw WebhookClient.Failed(webhook, isThere ? $"no endpoints available for service \"{name}\"" : $"service \"{name}\" not found");
        }
    }

    private void OnCommitted(ResourceStore store, WatchEvent change)
    {
        if (ReferenceEquals(store, _mutatingConfigurations.Store) || ReferenceEquals(store, _validatingConfigurations.Store))
        {
            _webhooks = [Read(_mutatingConfigurations, isMutating: true), Read(_validatingConfigurations, isMutating: false)];
        }
    }

    private static ImmutableArray<AdmissionWebhook> Read(Resource configurations, bool isMutating) =>
    [
        .. configurations.Store!.Current.In(null)
            .SelectMany(configuration => configuration.Json.Objects("webhooks"))
            .Select(webhook => new AdmissionWebhook(webhook, isMutating)),
    ];
}
