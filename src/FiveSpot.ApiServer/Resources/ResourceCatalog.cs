// SPDX-License-Identifier: Apache-2.0

using System.Collections.Immutable;
using FiveSpot.ApiServer.Storage;

namespace FiveSpot.ApiServer.Resources;

/// <summary>What the server serves at this instant: the built-in resources and those of the CustomResourceDefinitions.</summary>
internal sealed class ResourceCatalog
{
    private readonly Lock _gate = new();
    private volatile ImmutableList<Resource> _resources = [];
    private volatile ImmutableDictionary<(string Group, string Version, string Plural), Resource> _byPath =
        ImmutableDictionary<(string, string, string), Resource>.Empty;

    private long _revision;

    public ResourceCatalog(ObjectStore store)
    {
        Store = store;
        Replace(null, BuiltInResources.All(store, this));
        Namespaces = Find(string.Empty, "v1", "namespaces")!;
        Pods = Find(string.Empty, "v1", "pods")!;
        Budgets = Find("policy", "v1", "poddisruptionbudgets")!;
        Definitions = Find("apiextensions.k8s.io", "v1", "customresourcedefinitions")!;
    }

    public ObjectStore Store { get; }

    public Resource Namespaces { get; }

    public Resource Pods { get; }

    public Resource Budgets { get; }

    public Resource Definitions { get; }

    /// <summary>Grows with each change of what is served.</summary>
    public long Revision => Interlocked.Read(ref _revision);

    public ImmutableList<Resource> All => _resources;

    /// <summary>Resources with objects, one version of each.</summary>
    public IEnumerable<Resource> Stored => _resources.Where(resource => resource.Store is not null).DistinctBy(resource => resource.Store);

    public Resource? Find(string group, string version, string plural) => _byPath.GetValueOrDefault((group, version, plural));

    public Resource? FindKind(string groupVersion, string kind) =>
        _resources.Find(resource => resource.Kind == kind && resource.GroupVersion == groupVersion && resource.Store is not null);

    /// <summary>The other versions, and groups, under which the same objects are served.</summary>
    public IEnumerable<Resource> EquivalentsOf(Resource resource) =>
        _resources.Where(other => other != resource && other.Store is not null && other.Store == resource.Store);

    /// <summary>Group versions in the order of preference, each group once.</summary>
    public IEnumerable<IGrouping<string, Resource>> Groups => _resources.GroupBy(resource => resource.Group, StringComparer.Ordinal);

    /// <summary>Puts <paramref name="with"/> in the place of the custom resources of <paramref name="qualifiedName"/>.</summary>
    public void Replace(string? qualifiedName, IEnumerable<Resource> with)
    {
        lock (_gate)
        {
            var resources = _resources
                .RemoveAll(resource => resource.IsCustom && resource.QualifiedName == qualifiedName)
                .AddRange(with);
            _byPath = resources.ToImmutableDictionary(resource => (resource.Group, resource.Version, resource.Plural));
            _resources = resources;
            Interlocked.Increment(ref _revision);
        }
    }
}
