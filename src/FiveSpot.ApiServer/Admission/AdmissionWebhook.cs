// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer.Admission;

/// <summary>One webhook of a configuration.</summary>
internal sealed class AdmissionWebhook
{
    private readonly AdmissionRule[] _rules;
    private readonly LabelSelector _namespaces;
    private readonly LabelSelector _objects;
    private readonly bool _takesEquivalents;

    public AdmissionWebhook(JsonObject webhook, bool isMutating)
    {
        IsMutating = isMutating;
        Name = webhook.Text("name")!;
        _rules = [.. webhook.Objects("rules").Select(rule => new AdmissionRule(rule))];
        _namespaces = LabelSelector.From(webhook.Map("namespaceSelector") ?? []);
        _objects = LabelSelector.From(webhook.Map("objectSelector") ?? []);
        _takesEquivalents = webhook.Text("matchPolicy") != "Exact";
        IsOptional = webhook.Text("failurePolicy") == "Ignore";
        IsReinvoked = webhook.Text("reinvocationPolicy") == "IfNeeded";
        Timeout = TimeSpan.FromSeconds(webhook.Number("timeoutSeconds") ?? 10);
        CaBundle = webhook.Text("clientConfig", "caBundle") ?? string.Empty;
        Service = webhook.Map("clientConfig", "service");
        var address = Service is null
            ? webhook.Text("clientConfig", "url")!
            : $"https://{Service.Text("name")}.{Service.Text("namespace")}.svc:{(Service.Number("port") ?? 443).ToString(CultureInfo.InvariantCulture)}{Service.Text("path")}";
        Address = $"{address}?timeout={Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)}s";
    }

    public string Name { get; }

    public bool IsMutating { get; }

    /// <summary>Whether a write goes on when the webhook can't be asked.</summary>
    public bool IsOptional { get; }

    /// <summary>Whether it is asked again when one after it changed the object.</summary>
    public bool IsReinvoked { get; }

    public TimeSpan Timeout { get; }

    /// <summary>Where it is asked, as errors name it.</summary>
    public string Address { get; }

    /// <summary>The certificates to trust, base64 of PEM; empty for those of the system.</summary>
    public string CaBundle { get; }

    /// <summary>The Service that it is behind; null when it is reached by its URL.</summary>
    public JsonObject? Service { get; }

    /// <summary>In which version of the resource the webhook wants to be asked; null when not at all.</summary>
    public Resource? Match(AdmissionRequest request, JsonObject? obj, ResourceCatalog catalog) =>
        Wanted(request, catalog) is { } wanted && IsSelected(request, obj, catalog) && IsSelected(request, obj) ? wanted : null;

    private Resource? Wanted(AdmissionRequest request, ResourceCatalog catalog) =>
        Matches(request.Resource, request) ? request.Resource
        : _takesEquivalents ? catalog.EquivalentsOf(request.Resource).FirstOrDefault(other => Matches(other, request))
        : null;

    private bool Matches(Resource resource, AdmissionRequest request) => Array.Exists(_rules, rule => rule.Matches(resource, request));

    private bool IsSelected(AdmissionRequest request, JsonObject? obj) =>
        _objects.IsEmpty || Selects(_objects, obj) || Selects(_objects, request.Old);

    private bool IsSelected(AdmissionRequest request, JsonObject? obj, ResourceCatalog catalog)
    {
        if (_namespaces.IsEmpty || request.Namespace.Length == 0)
        {
            return true;
        }

        // A Namespace is selected by the labels that it is to have.
        var isNamespace = request.Resource.QualifiedName == "namespaces";
        return Selects(_namespaces, isNamespace && obj is not null ? obj : catalog.Namespaces.Store!.Find(string.Empty, request.Namespace)?.Json);
    }

    private static bool Selects(LabelSelector selector, JsonObject? obj) =>
        obj is not null && selector.Matches(Storage.StoredObject.ReadLabels(obj));
}
