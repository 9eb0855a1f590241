// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;
using FiveSpot.ApiServer.Storage;
using FiveSpot.ApiServer.Tables;

namespace FiveSpot.ApiServer.Resources;

/// <summary>
/// Keeps the catalog in step with the CustomResourceDefinitions: a definition is served as soon as it is stored. A change of its
/// spec makes its storage anew: watches of all of its versions end a second later, and none can be resumed from before.
/// </summary>
internal sealed class CustomResources
{
    private const int MostSchemas = 256;

    // Servers of one process mostly define the same kinds.
    private static readonly ConcurrentDictionary<string, StructuralSchema> Schemas = new(StringComparer.Ordinal);

    private static readonly TimeSpan WatchesGoOn = TimeSpan.FromSeconds(1);

    private readonly ResourceCatalog _catalog;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _initialization;

    // Of each definition, by name; cancelled when it is defined anew.
    private readonly Dictionary<string, CancellationTokenSource> _current = new(StringComparer.Ordinal);

    /// <summary>Follows the definitions from now on.</summary>
    /// <remarks>
    /// <paramref name="clock"/>: The clock of connections.
    /// <paramref name="initialization"/>: How long a new storage is not ready for lists and watches.
    /// </remarks>
    public CustomResources(ResourceCatalog catalog, TimeProvider clock, TimeSpan initialization)
    {
        _catalog = catalog;
        _clock = clock;
        _initialization = initialization;
        catalog.Store.Committed += OnCommitted;
    }

    /// <summary>The compiled form of a schema.</summary>
    /// <exception cref="SchemaException">The schema is not one that can be served.</exception>
    public static StructuralSchema SchemaOf(JsonObject schema, string path)
    {
        var text = schema.ToJsonString();
        if (Schemas.TryGetValue(text, out var known))
        {
            return known;
        }

        if (Schemas.Count >= MostSchemas)
        {
            Schemas.Clear();
        }

        return Schemas[text] = StructuralSchema.Parse(schema.Copy(), path);
    }

    private void OnCommitted(ResourceStore store, WatchEvent change)
    {
        if (!ReferenceEquals(store, _catalog.Definitions.Store))
        {
            return;
        }

        var definition = change.Object.Json;
        if (change.Type == WatchEventType.Modified && JsonNode.DeepEquals(change.Previous!.Json["spec"], definition["spec"]))
        {
            return;
        }

        var name = change.Object.Name;
        if (_current.Remove(name, out var former))
        {
            former.CancelAfter(WatchesGoOn);
            _catalog.Store.For(definition.Text("spec", "names", "plural")!, definition.Text("spec", "group")!).BeginWatchesAnew();
        }

        List<Resource> served = [];
        if (change.Type != WatchEventType.Deleted)
        {
            _current[name] = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _clock);
            served.AddRange(Define(definition, _current[name].Token));
        }

        _catalog.Replace(name, served);
    }

    private IEnumerable<Resource> Define(JsonObject definition, CancellationToken retired)
    {
        var since = _clock.GetTimestamp();
        bool IsInitializing() => _clock.GetElapsedTime(since) < _initialization;

        var spec = definition.Map("spec")!;
        var names = spec.Map("names")!;
        var (group, plural) = (spec.Text("group")!, names.Text("plural")!);
        var versions = spec.Objects("versions").Where(version => version.Flag("served") == true);
        foreach (var version in versions.OrderByDescending(version => version.Text("name"), VersionOrder.Names))
        {
            var status = version.At("subresources", "status") is not null;
            yield return new Resource
            {
                Group = group,
                Version = version.Text("name")!,
                Kind = names.Text("kind")!,
                Plural = plural,
                Singular = names.Text("singular")!,
                Namespaced = spec.Text("scope") == "Namespaced",
                ShortNames = [.. names.Texts("shortNames")],
                Categories = [.. names.Texts("categories")],
                Store = _catalog.Store.For(plural, group),
                Schema = SchemaOf(version.Map("schema", "openAPIV3Schema")!, "spec.validation.openAPIV3Schema"),
                HasStatus = status,
                Scale = ScaleOf(version.Map("subresources", "scale")),
                Strategy = new CustomResourceStrategy(status, Fields(version)),
                Columns = TableColumn.FromDefinition(version),
                IsCustom = true,
                Retired = retired,
                IsInitializing = IsInitializing,
            };
        }
    }

    private static Dictionary<string, string> Fields(JsonObject version) => version.Objects("selectableFields")
        .Select(field => (field.Text("jsonPath") ?? string.Empty).TrimStart('.'))
        .ToDictionary(path => path, path => path, StringComparer.Ordinal);

    private static ScalePaths? ScaleOf(JsonObject? scale) => scale is null ? null : new ScalePaths(
        Steps(scale.Text("specReplicasPath")) ?? [],
        Steps(scale.Text("statusReplicasPath")) ?? [],
        Steps(scale.Text("labelSelectorPath")),
        SelectorIsText: true);

    private static string[]? Steps(string? path) => string.IsNullOrEmpty(path) ? null : path.TrimStart('.').Split('.');
}
