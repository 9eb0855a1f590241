// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Text;
using static FiveSpot.ApiServer.Patching.SchemaView;

namespace FiveSpot.ApiServer.Patching;

/// <summary>Strategic merge patch: a merge patch that merges lists by key, and has directives (<c>$patch</c>,
/// <c>$retainKeys</c>, <c>$setElementOrder/…</c>, <c>$deleteFromPrimitiveList/…</c>). For built-in kinds only: what to
/// answer for a custom resource (415) is the caller's to say.</summary>
public static class StrategicMergePatch
{
    private const string Directive = "$patch";
    private const string RetainKeys = "$retainKeys";
    private const string DeleteFromList = "$deleteFromPrimitiveList";
    private const string SetElementOrder = "$setElementOrder";

    /// <summary>Returns the document with the patch merged in.</summary>
    /// <param name="document">The object.</param>
    /// <param name="patch">The patch.</param>
    /// <param name="schema">The object's schema: lists merge where <c>x-kubernetes-patch-strategy</c> says so (by
    /// <c>x-kubernetes-patch-merge-key</c>), or in its absence where they are a set or a list-map with one key. What it
    /// doesn't describe is replaced, if it is a list, and merged, if it is a map.</param>
    /// <exception cref="PatchException">400 for a malformed directive, 422 for lists of lists, 500 (as from
    /// kube-apiserver) for items without their merge key and the like.</exception>
    public static JsonObject Apply(JsonObject document, JsonObject patch, JsonObject schema) =>
        MergeMaps(document, patch, SchemaView.Of(schema));

    private static JsonObject MergeMaps(JsonObject original, JsonObject patch, SchemaView schema)
    {
        if (patch.TryGetPropertyValue(Directive, out var directive))
        {
            return Text(directive) switch
            {
                "replace" => Without(patch, Directive),
                "delete" => [],
                _ => throw PatchException.Internal($"unknown patch type: {Show(directive)} in map: {patch.ToJsonString()}"),
            };
        }

        var result = (JsonObject)original.DeepClone();
        var changes = new List<KeyValuePair<string, JsonNode?>>(patch);
        if (patch.TryGetPropertyValue(RetainKeys, out var retained))
        {
            changes.RemoveAll(static change => change.Key == RetainKeys);
            Retain(result, changes, retained);
        }
        foreach (var (name, order) in patch.Where(static change => IsDirective(change.Key, SetElementOrder)))
        {
            changes.RemoveAll(change => change.Key == name);
            MergeOrdered(result, changes, TargetOf(name, "setElementOrder list"), order, schema);
        }
        foreach (var (name, change) in changes)
        {
            if (IsDirective(name, DeleteFromList))
            {
                DeleteItems(result, TargetOf(name, "primitive list"), change);
            }
            else
            {
                MergeField(result, name, change, schema);
            }
        }
        return result;
    }

    private static void MergeField(JsonObject result, string name, JsonNode? change, SchemaView schema)
    {
        result.TryGetPropertyValue(name, out var old);
        var type = schema.Map?.TypeOf(name, out _) ?? Deduced;
        switch (old, change)
        {
            case (_, null):
                result.Remove(name);
                break;
            case (JsonObject, JsonObject whole) when type.Map is { PatchReplaces: true }:
                result[name] = whole.DeepClone();
                break;
            case (JsonObject map, JsonObject patch):
                result[name] = MergeMaps(map, patch, type);
                break;
            case (JsonArray list, JsonArray patch) when type.List is { PatchMerges: true }:
                result[name] = MergeLists(list, patch, type.List);
                break;
            case (JsonArray, JsonArray whole):
                result[name] = whole.DeepClone();
                break;
            case (_, JsonObject directive) when directive.ContainsKey(Directive):
                result.Remove(name);
                break;
            default:
                result[name] = WithoutDirectives(change);
                break;
        }
    }

    private static JsonArray MergeLists(JsonArray original, JsonArray patch, ListView type)
    {
        if (original.Count == 0 && patch.Count == 0)
        {
            return [];
        }
        if (!HoldsMaps(original, patch))
        {
            var values = new List<JsonNode>();
            foreach (var value in original.Concat(patch).OfType<JsonNode>())
            {
                if (!values.Exists(known => JsonNode.DeepEquals(known, value)))
                {
                    values.Add(value);
                }
            }
            return Arrange(values, [.. patch], [.. original], mergeKey: null);
        }

        var mergeKey = type.PatchMergeKey
            ?? throw PatchException.Internal("cannot merge lists without merge key");
        var items = original.OfType<JsonObject>().ToList();
        var additions = new List<JsonObject>();
        var replaces = false;
        foreach (var item in patch.OfType<JsonObject>())
        {
            if (!item.TryGetPropertyValue(Directive, out var directive))
            {
                additions.Add(item);
                continue;
            }
            switch (Text(directive))
            {
                case "delete":
                    var deleted = KeyOf(item, mergeKey);
                    items.RemoveAll(known => HasKey(known, mergeKey, deleted));
                    break;
                case "replace":
                    replaces = true;
                    break;
                case "merge":
                    throw PatchException.Internal("merging lists cannot yet be specified in the patch");
                default:
                    throw PatchException.Internal($"unknown patch type: {Show(directive)} in map: {item.ToJsonString()}");
            }
        }
        if (replaces)
        {
            return [.. additions.Select(static item => item.DeepClone())];
        }

        var serverOrder = items.ToList<JsonNode?>();
        var merged = items.ToList<JsonNode>();
        foreach (var addition in additions)
        {
            var key = KeyOf(addition, mergeKey);
            var index = merged.FindIndex(known => HasKey((JsonObject)known, mergeKey, key));
            if (index >= 0)
            {
                merged[index] = MergeMaps((JsonObject)merged[index], addition, type.Element);
            }
            else
            {
                merged.Add(addition);
            }
        }
        return Arrange(merged, [.. additions], serverOrder, mergeKey);
    }

    // A list whose final order the patch gives along with its changes.
    private static void MergeOrdered(
        JsonObject result, List<KeyValuePair<string, JsonNode?>> changes, string name, JsonNode? order, SchemaView schema)
    {
        var wanted = order as JsonArray
            ?? throw PatchException.Internal($"expected a list, but received {Show(order)}");
        var type = schema.Map?.TypeOf(name, out _).List ?? Opaque.List!;
        var old = ListAt(result.TryGetPropertyValue(name, out var value), value);
        var at = changes.FindIndex(change => change.Key == name);
        var patch = at >= 0 ? ListAt(true, changes[at].Value) : null;
        if (patch is not null && wanted.Count > 0)
        {
            CheckOrder(patch, wanted, type.PatchMergeKey);
        }
        JsonArray? merged = (old, patch) switch
        {
            (null, null) => null,
            (not null, null) => old,
            (null, not null) => (JsonArray)WithoutDirectives(patch)!,
            _ when type.PatchMerges => MergeLists(old!, patch!, type),
            _ => patch,
        };
        if (at >= 0)
        {
            changes.RemoveAt(at);
        }
        if (merged is not null)
        {
            var mergeKey = merged.Concat(wanted).Any(static item => item is JsonObject) ? type.PatchMergeKey : null;
            result[name] = Arrange([.. merged.OfType<JsonNode>()], [.. wanted], [.. old ?? []], mergeKey);
        }

        static JsonArray? ListAt(bool exists, JsonNode? node) => !exists ? null : node as JsonArray
            ?? throw PatchException.Internal($"expected a list, but received {Show(node)}");
    }

    // Items that the patch names come in its order, the others in the server's. Between them, an item that only the
    // server has comes first if it did so before; an item that is new to the server comes first of all.
    private static JsonArray Arrange(
        List<JsonNode> items, List<JsonNode?> patchOrder, List<JsonNode?> serverOrder, string? mergeKey)
    {
        var named = new Queue<(JsonNode Item, int ServerIndex)>(items
            .Select(item => (item, Order: IndexIn(patchOrder, item)))
            .Where(static entry => entry.Order >= 0)
            .OrderBy(static entry => entry.Order)
            .Select(entry => (entry.item, IndexIn(serverOrder, entry.item))));
        var others = new Queue<(JsonNode Item, int ServerIndex)>(items
            .Where(item => IndexIn(patchOrder, item) < 0)
            .Select(item => (item, IndexIn(serverOrder, item)))
            .OrderBy(static entry => entry.Item2));
        var result = new JsonArray();
        while (named.Count + others.Count > 0)
        {
            var takeOther = named.Count == 0
                || (others.Count > 0
                    && named.Peek().ServerIndex >= 0
                    && others.Peek().ServerIndex >= 0
                    && others.Peek().ServerIndex < named.Peek().ServerIndex);
            result.Add((takeOther ? others : named).Dequeue().Item.DeepClone());
        }
        return result;

        int IndexIn(List<JsonNode?> list, JsonNode item) => list.FindIndex(known => mergeKey is null
            ? JsonNode.DeepEquals(known, item)
            : known is JsonObject map && item is JsonObject self && HasKey(map, mergeKey, KeyOf(self, mergeKey)));
    }

    private static void CheckOrder(JsonArray patch, JsonArray wanted, string? mergeKey)
    {
        var position = 0;
        foreach (var item in patch)
        {
            if (item is JsonObject map && map.ContainsKey(Directive))
            {
                continue;
            }
            while (position < wanted.Count && !Matches(item, wanted[position]))
            {
                position++;
            }
            if (position == wanted.Count)
            {
                throw PatchException.Internal($"The order in patch list:\n{patch.ToJsonString()}\n doesn't match "
                    + $"{SetElementOrder} list:\n{wanted.ToJsonString()}\n");
            }
            position++;
        }

        bool Matches(JsonNode? item, JsonNode? entry) => mergeKey is not null && item is JsonObject map && entry is JsonObject other
            ? HasKey(other, mergeKey, KeyOf(map, mergeKey))
            : JsonNode.DeepEquals(item, entry);
    }

    private static void Retain(JsonObject result, List<KeyValuePair<string, JsonNode?>> changes, JsonNode? retained)
    {
        var keys = (retained as JsonArray)?.Select(Text).ToHashSet()
            ?? throw PatchException.BadRequest("invalid patch format of retainKeys");
        var isCovered = changes.TrueForAll(change => change.Value is null
            || change.Key.StartsWith(DeleteFromList, StringComparison.Ordinal)
            || change.Key.StartsWith(SetElementOrder, StringComparison.Ordinal)
            || keys.Contains(change.Key));
        if (!isCovered)
        {
            throw PatchException.BadRequest("invalid patch format of retainKeys");
        }
        foreach (var name in result.Select(static field => field.Key).Where(name => !keys.Contains(name)).ToList())
        {
            result.Remove(name);
        }
    }

    private static void DeleteItems(JsonObject result, string name, JsonNode? change)
    {
        if (change is null)
        {
            result.Remove(name);
        }
        else if (result[name] is JsonArray list && change is JsonArray deleted)
        {
            result[name] = new JsonArray([.. list
                .Where(item => !deleted.Any(gone => JsonNode.DeepEquals(gone, item)))
                .Select(static item => item?.DeepClone())]);
        }
    }

    private static bool HoldsMaps(JsonArray original, JsonArray patch)
    {
        JsonValueKind? kind = null;
        foreach (var item in original.Concat(patch))
        {
            var next = item?.GetValueKind() ?? JsonValueKind.Null;
            next = next == JsonValueKind.False ? JsonValueKind.True : next;
            if (next == JsonValueKind.Array)
            {
                throw PatchException.Unprocessable("lists of lists are not supported");
            }
            if (kind is not null && kind != next)
            {
                throw PatchException.Internal($"list element types are not identical: {original.ToJsonString()} {patch.ToJsonString()}");
            }
            kind = next;
        }
        return kind == JsonValueKind.Object;
    }

    private static JsonNode? KeyOf(JsonObject item, string mergeKey) => item.TryGetPropertyValue(mergeKey, out var key)
        ? key
        : throw PatchException.Internal($"map: {GoText.Print(item)} does not contain declared merge key: {mergeKey}");

    private static bool HasKey(JsonObject item, string mergeKey, JsonNode? key) =>
        item.TryGetPropertyValue(mergeKey, out var own) && JsonNode.DeepEquals(own, key);

    // What is new to the document: its nulls say nothing, and its directives have nothing to act on.
    private static JsonNode? WithoutDirectives(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                var fields = new JsonObject();
                foreach (var (name, value) in map)
                {
                    if (value is not null && !name.StartsWith('$') && !(value is JsonObject inner && inner.ContainsKey(Directive)))
                    {
                        fields[name] = WithoutDirectives(value);
                    }
                }
                return fields;
            case JsonArray list:
                return new JsonArray([.. list
                    .Where(static item => !(item is JsonObject map && map.ContainsKey(Directive)))
                    .Select(WithoutDirectives)]);
            default:
                return node?.DeepClone();
        }
    }

    private static JsonObject Without(JsonObject map, string name)
    {
        var result = (JsonObject)map.DeepClone();
        result.Remove(name);
        return result;
    }

    private static bool IsDirective(string name, string directive) => name.StartsWith(directive, StringComparison.Ordinal);

    private static string TargetOf(string name, string what)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        return slash >= 0 && (name[..slash] is DeleteFromList or SetElementOrder)
            ? name[(slash + 1)..]
            : throw PatchException.BadRequest($"invalid patch format of {what}");
    }

    private static string Show(JsonNode? node) => node?.ToJsonString() ?? "null";

    private static string? Text(JsonNode? node) =>
        node?.GetValueKind() == JsonValueKind.String ? node.GetValue<string>() : null;
}
