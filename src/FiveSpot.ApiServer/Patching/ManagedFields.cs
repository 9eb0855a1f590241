// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>Server-side apply, and the field ownership that it needs: who last set what, in
/// <c>metadata.managedFields</c>. The rules are those of structured-merge-diff.</summary>
/// <remarks>A schema is an OpenAPI v3 structural schema of a whole object. What is read from it is cached by reference,
/// so it must not change once it was used. Objects passed in are never changed, and nothing returned shares a node with
/// them.</remarks>
public static class ManagedFields
{
    private const string LastAppliedAnnotation = "kubectl.kubernetes.io/last-applied-configuration";
    private const string Kubectl = "kubectl";
    private const int MaxUpdateManagers = 10;

    // Nobody owns these: the server sets them, or they are the object's identity.
    private static readonly FieldSet Untracked = CreateUntracked();

    /// <summary>Merges an applied configuration into an object and records what its manager owns from now on.</summary>
    /// <param name="live">The stored object; null when the apply creates it.</param>
    /// <param name="applied">The configuration, with <c>apiVersion</c> and <c>kind</c>, without
    /// <c>metadata.managedFields</c>. For the subresource <c>status</c>, only <c>status</c> of it counts; for others, the
    /// caller takes out what the endpoint ignores.</param>
    /// <param name="manager">The manager; its operation is taken as <c>Apply</c>.</param>
    /// <param name="force">Take over fields of other managers instead of failing.</param>
    /// <param name="schema">The object's schema.</param>
    /// <returns>The merged object. It equals <paramref name="live"/>, times included, if nothing changes.</returns>
    /// <exception cref="ApplyConflictException">Another manager owns a field that would change.</exception>
    /// <exception cref="PatchException">400 if the configuration is for another version or has managed fields; 500, as
    /// from kube-apiserver, if it doesn't fit the schema.</exception>
    public static JsonObject Apply(
        JsonObject? live, JsonObject applied, FieldManagerInfo manager, bool force, JsonObject schema)
    {
        var view = SchemaView.Of(schema);
        var config = Configuration(applied, manager, view);
        try
        {
            return Apply(live, config, manager, force, view);
        }
        catch (FormatException e)
        {
            throw PatchException.Internal($"failed to create typed live object ({Identify(live ?? applied)}): {e.Message}");
        }
    }

    /// <summary>Records who owns what after a write that is no apply.</summary>
    /// <param name="before">The stored object; null when it is created.</param>
    /// <param name="after">The object to be stored. <c>metadata.managedFields</c> in it replaces the stored one if it is
    /// valid, clears it if it is an empty list or <c>[{}]</c>, and is ignored otherwise or on a subresource.</param>
    /// <param name="manager">The manager; its operation is taken as <c>Update</c>.</param>
    /// <param name="schema">The object's schema.</param>
    /// <returns><paramref name="after"/> with managed fields. An object without any stays so, until it is applied.</returns>
    public static JsonObject TrackUpdate(JsonObject? before, JsonObject after, FieldManagerInfo manager, JsonObject schema)
    {
        var result = (JsonObject)after.DeepClone();
        try
        {
            var managers = StoredOrGiven(before, after, manager.Subresource);
            if (managers.Count > 0 || before is null)
            {
                Update(managers, before ?? [], after, manager, SchemaView.Of(schema));
                CapUpdateManagers(managers);
            }
            SetManagedFields(result, managers.Count > 0 ? ManagerEntry.Encode(managers) : null);
        }
        catch (FormatException)
        {
            // Bookkeeping never makes a write fail: an object whose lists can't be told apart keeps what it had.
            SetManagedFields(result, (JsonArray?)StoredManagedFields(before)?.DeepClone());
        }
        return result;
    }

    private static JsonObject Apply(
        JsonObject? live, JsonObject config, FieldManagerInfo manager, bool force, SchemaView schema)
    {
        Dictionary<ManagerKey, ManagerEntry> managers;
        try
        {
            managers = ManagerEntry.Decode(StoredManagedFields(live));
        }
        catch (FormatException e)
        {
            throw PatchException.Internal($"failed to decode managed fields: {e.Message}");
        }
        if (managers.Count == 0 && live is not null)
        {
            Update(managers, [], live, manager with { Manager = "before-first-apply" }, schema);
        }

        var key = ManagerKey.Of(manager.Manager, "Apply", manager.ApiVersion, manager.Subresource);
        var last = managers.GetValueOrDefault(key);
        var owned = TypedFields.Of(config, schema);
        managers[key] = new ManagerEntry(manager.ApiVersion, last?.Time, owned);

        var merged = TypedMerge.Merge(live ?? [], config, schema);
        if (last is not null && !last.Fields.Except(owned).IsEmpty)
        {
            merged = Prune(merged, managers.Values, last.Fields, schema);
        }
        var comparison = TypedComparison.Of(live ?? [], merged, schema);
        var conflicts = Conflicts(managers, key, comparison);
        if (conflicts.Count > 0 && !force && !(manager.Manager == Kubectl && ForgiveLastApplied(live, manager, schema, conflicts)))
        {
            throw Conflict(conflicts);
        }
        Disown(managers, key, comparison);

        // An applier that changes nothing has no time of its own to record.
        var changed = live is null || !JsonNode.DeepEquals(live, merged);
        owned = owned.Except(Untracked);
        if (owned.IsEmpty)
        {
            managers.Remove(key);
        }
        else
        {
            managers[key] = new ManagerEntry(manager.ApiVersion, changed ? ManagerEntry.Format(manager.Time) : last?.Time, owned);
        }
        if (manager.Manager == Kubectl)
        {
            UpdateLastApplied(merged, config);
        }
        var encoded = ManagerEntry.Encode(managers);
        SetManagedFields(merged, encoded.Count > 0 ? encoded : null);
        return !changed && EqualsButTimes(live!, merged) ? (JsonObject)live!.DeepClone() : merged;
    }

    private static void Update(
        Dictionary<ManagerKey, ManagerEntry> managers, JsonObject before, JsonObject after, FieldManagerInfo manager, SchemaView schema)
    {
        var comparison = TypedComparison.Of(before, after, schema);
        if (comparison.IsSame)
        {
            return;
        }
        Disown(managers, except: null, comparison);
        var changed = comparison.Modified.Union(comparison.Added).Except(Untracked);
        if (!changed.IsEmpty)
        {
            var key = ManagerKey.Of(manager.Manager, "Update", manager.ApiVersion, manager.Subresource);
            var fields = managers.TryGetValue(key, out var previous) ? previous.Fields.Union(changed) : changed;
            managers[key] = new ManagerEntry(manager.ApiVersion, ManagerEntry.Format(manager.Time), fields);
        }
    }

    // What others own and this write changes.
    private static List<(ManagerKey Manager, IReadOnlyList<PathElement> Path)> Conflicts(
        Dictionary<ManagerKey, ManagerEntry> managers, ManagerKey self, TypedComparison comparison)
    {
        var changed = comparison.Modified.Union(comparison.Added);
        return [.. managers
            .Where(entry => entry.Key != self)
            .OrderBy(static entry => entry.Key.Manager, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Key.Operation, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Key.ApiVersion, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Key.Subresource, StringComparer.Ordinal)
            .SelectMany(entry => entry.Value.Fields.Intersect(changed).Paths(), static (entry, path) => (entry.Key, path))];
    }

    private static ApplyConflictException Conflict(List<(ManagerKey Manager, IReadOnlyList<PathElement> Path)> conflicts)
    {
        var causes = conflicts.ConvertAll(static conflict =>
            new FieldManagerConflict(FieldSet.Display(conflict.Path), $"conflict with {conflict.Manager}"));
        if (causes.Count == 1)
        {
            return new ApplyConflictException($"Apply failed with 1 conflict: {causes[0].Message}: {causes[0].Field}", causes);
        }
        var lines = conflicts.GroupBy(static conflict => conflict.Manager).SelectMany(static group =>
            group.Select(static conflict => $"- {FieldSet.Display(conflict.Path)}").Prepend($"conflicts with {group.Key}:"));
        return new ApplyConflictException(
            string.Create(CultureInfo.InvariantCulture, $"Apply failed with {causes.Count} conflicts: {string.Join('\n', lines)}"), causes);
    }

    // Takes from the other managers what this write changed or removed.
    private static void Disown(Dictionary<ManagerKey, ManagerEntry> managers, ManagerKey? except, TypedComparison comparison)
    {
        foreach (var (key, entry) in managers.ToList())
        {
            if (key == except)
            {
                continue;
            }
            var fields = entry.Fields.Except(comparison.Modified).Except(comparison.Added).Except(comparison.Removed);
            if (fields.IsEmpty)
            {
                managers.Remove(key);
            }
            else
            {
                managers[key] = entry with { Fields = fields };
            }
        }
    }

    // Removes what the manager applied the last time, no longer applies, and nobody else owns. What lies inside of such
    // an item and belongs to nobody (a default, say) goes with it; what was never the manager's stays.
    private static JsonObject Prune(
        JsonObject merged, IEnumerable<ManagerEntry> managers, FieldSet last, SchemaView schema)
    {
        last = last.WithDeclaredFields(schema);
        var all = Fields(merged);
        var owned = managers.Aggregate(FieldSet.Empty, static (set, entry) => set.Union(entry.Fields)).WithDeclaredFields(schema);

        var withoutLast = TypedMerge.Without(merged, last, schema);
        var withOwned = TypedMerge.Without(merged, all.Except(Fields(withoutLast).Union(owned)), schema);
        return TypedMerge.Without(merged, all.Except(Fields(withOwned)).Intersect(last), schema);

        FieldSet Fields(JsonObject value) => TypedFields.Of(value, schema).WithDeclaredFields(schema);
    }

    // The oldest updates become one entry, so that a crowd of updaters can't make an object grow without end.
    private static void CapUpdateManagers(Dictionary<ManagerKey, ManagerEntry> managers)
    {
        var updaters = managers.Where(static entry => !entry.Key.IsApply)
            .OrderBy(static entry => entry.Value.Seconds)
            .ThenBy(static entry => entry.Key.Manager, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Key.ApiVersion, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Key.Subresource, StringComparer.Ordinal)
            .ToList();
        var count = updaters.Count;
        var firstOfVersion = new Dictionary<string, ManagerKey>(StringComparer.Ordinal);
        foreach (var (key, entry) in updaters)
        {
            if (count <= MaxUpdateManagers)
            {
                return;
            }
            if (!firstOfVersion.TryGetValue(entry.ApiVersion, out var first))
            {
                firstOfVersion[entry.ApiVersion] = key;
                continue;
            }
            var bucket = ManagerKey.Of("ancient-changes", "Update", entry.ApiVersion, null);
            if (!managers.TryGetValue(bucket, out var folded) && managers.Remove(first, out folded))
            {
                managers[bucket] = folded;
            }
            managers[bucket] = entry with { Fields = entry.Fields.Union(folded!.Fields) };
            managers.Remove(key);
            count--;
        }
    }

    private static JsonObject Configuration(JsonObject applied, FieldManagerInfo manager, SchemaView schema)
    {
        var version = Text(applied["apiVersion"]);
        if (version != manager.ApiVersion)
        {
            throw PatchException.BadRequest("Incorrect version specified in apply patch. "
                + $"Specified patch version: {version}, expected: {manager.ApiVersion}");
        }
        if ((applied["metadata"] as JsonObject)?["managedFields"] is not null)
        {
            throw PatchException.BadRequest("metadata.managedFields must be nil");
        }
        if (TypedValidation.Check(applied, schema) is { } errors)
        {
            throw PatchException.Internal($"failed to create typed patch object ({Identify(applied)}): {errors}");
        }
        var config = (JsonObject)applied.DeepClone();
        if (manager.Subresource == "status")
        {
            foreach (var name in config.Select(static field => field.Key).ToList())
            {
                if (name is not ("apiVersion" or "kind" or "status"))
                {
                    config.Remove(name);
                }
            }
        }
        else if (config["metadata"] is JsonObject metadata && metadata["creationTimestamp"] is null)
        {
            // Go programs write it so; it says nothing.
            metadata.Remove("creationTimestamp");
        }
        return config;
    }

    private static Dictionary<ManagerKey, ManagerEntry> StoredOrGiven(JsonObject? before, JsonObject after, string? subresource)
    {
        if (string.IsNullOrEmpty(subresource))
        {
            var given = StoredManagedFields(after);
            if (given is JsonArray { Count: 0 } or JsonArray { Count: 1 } and [JsonObject { Count: 0 }])
            {
                return [];
            }
            if (TryDecode(given) is { Count: > 0 } managers)
            {
                return managers;
            }
        }
        return TryDecode(StoredManagedFields(before)) ?? [];
    }

    private static Dictionary<ManagerKey, ManagerEntry>? TryDecode(JsonNode? managedFields)
    {
        try
        {
            return ManagerEntry.Decode(managedFields);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static JsonNode? StoredManagedFields(JsonObject? value) => (value?["metadata"] as JsonObject)?["managedFields"];

    private static void SetManagedFields(JsonObject value, JsonArray? managedFields)
    {
        if (value["metadata"] is not JsonObject metadata)
        {
            if (managedFields is null)
            {
                return;
            }
            value["metadata"] = metadata = [];
        }
        if (managedFields is null)
        {
            metadata.Remove("managedFields");
        }
        else
        {
            metadata["managedFields"] = managedFields;
        }
    }

    // Of two objects that differ in their managed fields and kubectl's annotation at most.
    private static bool EqualsButTimes(JsonObject live, JsonObject merged)
    {
        return LastApplied(live) == LastApplied(merged) && JsonNode.DeepEquals(Timeless(live), Timeless(merged));

        static JsonNode? Timeless(JsonObject value)
        {
            var managedFields = StoredManagedFields(value)?.DeepClone();
            foreach (var entry in managedFields as JsonArray ?? [])
            {
                (entry as JsonObject)?.Remove("time");
            }
            return managedFields;
        }
    }

    // kubectl moving from client-side to server-side apply: what its annotation says it applied, and is still so, it may
    // change although the entry of its client-side apply owns it. True if that explains all conflicts; else those that it
    // explains are taken out.
    private static bool ForgiveLastApplied(
        JsonObject? live,
        FieldManagerInfo manager,
        SchemaView schema,
        List<(ManagerKey Manager, IReadOnlyList<PathElement> Path)> conflicts)
    {
        if (live is null || LastApplied(live) is not { Length: > 0 } text)
        {
            return false;
        }
        JsonObject? lastApplied;
        try
        {
            lastApplied = JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
        if (lastApplied is null || Text(lastApplied["apiVersion"]) != manager.ApiVersion)
        {
            return false;
        }
        var changes = TypedComparison.Of(lastApplied, live, schema);
        var ours = TypedFields.Of(lastApplied, schema).Except(changes.Modified).Except(changes.Added).Except(changes.Removed);
        conflicts.RemoveAll(conflict => ours.Contains(conflict.Path));
        return conflicts.Count == 0;
    }

    private static void UpdateLastApplied(JsonObject merged, JsonObject config)
    {
        if (LastApplied(merged) is not { Length: > 0 })
        {
            return;
        }
        var copy = (JsonObject)config.DeepClone();
        ((copy["metadata"] as JsonObject)?["annotations"] as JsonObject)?.Remove(LastAppliedAnnotation);
        var text = new StringBuilder();
        AppendSorted(text, copy);
        merged["metadata"]!["annotations"]![LastAppliedAnnotation] = text.Append('\n').ToString();
    }

    private static string? LastApplied(JsonObject value) =>
        Text(((value["metadata"] as JsonObject)?["annotations"] as JsonObject)?[LastAppliedAnnotation]);

    // As Go writes a map: keys in order.
    private static void AppendSorted(StringBuilder text, JsonNode? value)
    {
        switch (value)
        {
            case JsonObject map:
                text.Append('{');
                var first = true;
                foreach (var (name, child) in map.OrderBy(static field => field.Key, StringComparer.Ordinal))
                {
                    text.Append(first ? "" : ",").Append(JsonValue.Create(name).ToJsonString()).Append(':');
                    AppendSorted(text, child);
                    first = false;
                }
                text.Append('}');
                break;
            case JsonArray list:
                text.Append('[');
                for (var i = 0; i < list.Count; i++)
                {
                    text.Append(i > 0 ? "," : "");
                    AppendSorted(text, list[i]);
                }
                text.Append(']');
                break;
            default:
                text.Append(value?.ToJsonString() ?? "null");
                break;
        }
    }

    private static string Identify(JsonObject value)
    {
        var metadata = value["metadata"] as JsonObject;
        var version = Text(value["apiVersion"]) ?? "";
        var group = version.Contains('/', StringComparison.Ordinal) ? version : "/" + version;
        return $"{Text(metadata?["namespace"])}/{Text(metadata?["name"])}; {group}, Kind={Text(value["kind"])}";
    }

    private static string? Text(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;

    private static FieldSet CreateUntracked()
    {
        var metadata = PathElement.Field("metadata");
        var set = new FieldSet();
        set.Add([PathElement.Field("apiVersion")]);
        set.Add([PathElement.Field("kind")]);
        set.Add([metadata]);
        string[] fields =
        [
            "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation", "managedFields",
            "resourceVersion",
        ];
        foreach (var field in fields)
        {
            set.Add([metadata, PathElement.Field(field)]);
        }
        return set;
    }
}
