// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Resources;

namespace FiveSpot.ApiServer.Admission;

/// <summary>One of the rules by which a webhook is asked: every list must have the value, or <c>*</c>.</summary>
internal sealed class AdmissionRule
{
    private const string All = "*";

    private readonly string[] _groups;
    private readonly string[] _versions;
    private readonly string[] _operations;
    private readonly string _scope;
    private readonly (string Resource, string Subresource)[] _resources;

    public AdmissionRule(JsonObject rule)
    {
        _groups = [.. rule.Texts("apiGroups")];
        _versions = [.. rule.Texts("apiVersions")];
        _operations = [.. rule.Texts("operations")];
        _scope = rule.Text("scope") ?? All;
        _resources = [.. rule.Texts("resources").Select(text => text.Split('/', 2) is [var resource, var part] ? (resource, part) : (text, string.Empty))];
    }

    public bool Matches(Resource resource, AdmissionRequest request) =>
        Has(_operations, request.Operation)
        && Has(_groups, resource.Group)
        && Has(_versions, resource.Version)
        && _scope switch
        {
            "Namespaced" => resource.Namespaced,
            "Cluster" => !resource.Namespaced,
            _ => true,
        }
        && Array.Exists(_resources, named => Is(named.Resource, resource.Plural) && Is(named.Subresource, request.Subresource));

    private static bool Has(string[] list, string value) => Array.Exists(list, entry => Is(entry, value));

    private static bool Is(string entry, string value) => entry is All || entry == value;
}
