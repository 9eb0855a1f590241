// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using CsCheck;
using FiveSpot.ApiServer.Patching;

namespace FiveSpot.ApiServer.Tests.Patching;

public sealed class ApplyProperties
{
    private static readonly Gen<string> Name = Gen.OneOf("a", "b", "c");

    private static readonly Gen<string> Port = Gen.Select(
        Gen.OneOf("80", "443"), Gen.OneOf("", ",\"protocol\":\"TCP\"", ",\"protocol\":\"UDP\""), Name,
        static (port, protocol, name) => $$"""{"containerPort":{{port}}{{protocol}},"name":"{{name}}"}""");

    private static readonly Gen<string> Container = Gen.Select(
        Name, Name, Distinct(Port, static port => port.Contains("UDP", StringComparison.Ordinal) ? port[..20] + "U" : port[..20]), Gen.Bool,
        static (name, image, ports, command) =>
            $$"""{"name":"{{name}}","image":"{{image}}","ports":[{{ports}}]{{(command ? ",\"command\":[\"x\",\"x\"]" : "")}}}""");

    // An object of random content: each field may be there or not.
    private static readonly Gen<JsonObject> Config = Gen.Select(
        Optional("replicas", Gen.OneOf("1", "2", "3")),
        Optional("containers", Distinct(Container, static container => container[..11]).Select(static list => $"[{list}]")),
        Optional("zones", Distinct(Name.Select(static name => $"\"{name}\""), static zone => zone).Select(static list => $"[{list}]")),
        Optional("tolerations", Gen.OneOf("[]", """[{"key":"a"}]""", """[{"key":"a"},{"key":"b"}]""")),
        Optional("selector", Gen.OneOf("{}", """{"matchLabels":{"a":"1"}}""", """{"matchLabels":{"b":"1"}}""")),
        Optional("template", Gen.OneOf("{}", """{"a":1}""", """{"a":{"b":1}}""", """{"a":{"c":[1]},"d":{}}""", """{"a":{"b":2,"c":[2]}}""")),
        Gen.OneOf("{}", """{"labels":{"a":"1"}}""", """{"labels":{"a":"2","b":"1"},"finalizers":["f"]}""", """{"finalizers":["g","f"]}"""),
        static (replicas, containers, zones, tolerations, selector, template, metadata) => Json.Object(
            $$"""
            {"apiVersion":"apps/v1","kind":"Workload","metadata":{{metadata}},
             "spec":{ {{string.Join(',', new[] { replicas, containers, zones, tolerations, selector, template }.Where(static f => f.Length > 0))}} } }
            """));

    private static readonly Gen<(string Manager, bool Apply, JsonObject Value)[]> Writes =
        Gen.Select(Gen.OneOf("alice", "bob", "carol"), Gen.Bool, Config).Array[1, 6];

    [Fact]
    public void Applying_twice_is_applying_once() => Gen.Select(Writes, Config).Sample((writes, config) =>
    {
        var once = ManagedFields.Apply(After(writes), config, Manager("alice", 100), true, Schemas.Workload);

        var twice = ManagedFields.Apply(once, config, Manager("alice", 200), false, Schemas.Workload);

        return twice.ToJsonString() == once.ToJsonString();
    });

    [Fact]
    public void An_apply_that_succeeds_leaves_alone_what_others_own() => Gen.Select(Writes, Config).Sample((writes, config) =>
    {
        var live = After(writes);
        JsonObject applied;
        try
        {
            applied = ManagedFields.Apply(live, config, Manager("alice", 100), false, Schemas.Workload);
        }
        catch (ApplyConflictException conflict)
        {
            return conflict.Causes.Count > 0;
        }
        var (before, after) = (Leaves(live), Leaves(applied));
        return Entries(live)
            .Where(static entry => entry["manager"]!.GetValue<string>() != "alice" || entry["operation"]!.GetValue<string>() != "Apply")
            .SelectMany(static entry => Owned(entry["fieldsV1"]!, ""))
            // An item goes with its owner, whoever changed a field of it since.
            .Where(path => after.ContainsKey(path) && before[path] is JsonValue)
            .All(path => JsonNode.DeepEquals(before[path], after[path]));
    });

    [Fact]
    public void A_forced_apply_ends_with_the_configuration_in_the_object() => Gen.Select(Writes, Config).Sample((writes, config) =>
    {
        var after = Leaves(ManagedFields.Apply(After(writes), config, Manager("alice", 100), true, Schemas.Workload));

        return Leaves(config).All(leaf => after.TryGetValue(leaf.Key, out var value)
            && (leaf.Value is not JsonValue || JsonNode.DeepEquals(leaf.Value, value)));
    });

    [Fact]
    public void Nobody_owns_what_is_not_there() => Writes.Sample(static writes =>
    {
        var live = After(writes);
        var leaves = Leaves(live);
        return Entries(live).SelectMany(static entry => Owned(entry["fieldsV1"]!, "")).All(leaves.ContainsKey);
    });

    [Fact]
    public void Updates_alone_leave_nothing_without_an_owner() => Gen.Select(Gen.OneOf("alice", "bob"), Config).Array[1, 6]
        .Sample(static writes =>
        {
            var live = After([.. writes.Select(static write => (write.Item1, false, write.Item2))]);
            var owned = Entries(live).SelectMany(static entry => Owned(entry["fieldsV1"]!, "")).ToList();
            // Each exactly once, too: an update takes what it changes from everybody else.
            return owned.Count == owned.Distinct().Count() && owned.ToHashSet().SetEquals(Leaves(live).Keys);
        });

    private static JsonObject After((string Manager, bool Apply, JsonObject Value)[] writes)
    {
        JsonObject? live = null;
        for (var i = 0; i < writes.Length; i++)
        {
            var (manager, apply, value) = writes[i];
            live = apply
                ? ManagedFields.Apply(live, value, Manager(manager, i), true, Schemas.Workload)
                : ManagedFields.TrackUpdate(live, value, Manager(manager, i), Schemas.Workload);
        }
        return live!;
    }

    private static FieldManagerInfo Manager(string name, int seconds) =>
        new(name, "", "apps/v1", null, DateTimeOffset.UnixEpoch.AddSeconds(seconds));

    private static IEnumerable<JsonNode> Entries(JsonObject value) =>
        (value["metadata"]!["managedFields"] as JsonArray ?? []).OfType<JsonNode>();

    // The paths in fieldsV1, written plainly.
    private static IEnumerable<string> Owned(JsonNode fields, string path) => ((JsonObject)fields).SelectMany(field =>
        field.Key == "." ? [path]
        : ((JsonObject)field.Value!).Count == 0 ? [$"{path}/{field.Key}"]
        : Owned(field.Value, $"{path}/{field.Key}"));

    // All paths of an object, found without the code under test, for the one schema of these tests.
    private static Dictionary<string, JsonNode?> Leaves(JsonObject value)
    {
        var result = new Dictionary<string, JsonNode?>();
        Visit(value, "");
        string[] untracked = ["/f:apiVersion", "/f:kind", "/f:metadata", "/f:metadata/f:managedFields"];
        foreach (var path in untracked)
        {
            result.Remove(path);
        }
        return result;

        void Visit(JsonNode? node, string path)
        {
            var name = path[(path.LastIndexOf("/f:", StringComparison.Ordinal) + 1)..];
            result[path] = node;
            switch (name, node)
            {
                case ("f:selector" or "f:tolerations" or "f:command" or "f:managedFields", _):
                    break;
                case (_, JsonObject map):
                    foreach (var (key, child) in map)
                    {
                        Visit(child, $"{path}/f:{key}");
                    }
                    break;
                case ("f:zones" or "f:finalizers", JsonArray set):
                    foreach (var item in set)
                    {
                        result[$"{path}/v:{item!.ToJsonString()}"] = item;
                    }
                    break;
                case ("f:containers", JsonArray containers):
                    foreach (var item in containers)
                    {
                        Visit(item, $$"""{{path}}/k:{"name":"{{item!["name"]}}"}""");
                    }
                    break;
                case ("f:ports", JsonArray ports):
                    foreach (var item in ports)
                    {
                        Visit(item, $$"""{{path}}/k:{"containerPort":{{item!["containerPort"]}},"protocol":"{{item["protocol"] ?? "TCP"}}"}""");
                    }
                    break;
            }
            if (path.Length == 0)
            {
                result.Remove(path);
            }
        }
    }

    private static Gen<string> Optional(string name, Gen<string> value) =>
        Gen.Select(Gen.Bool, value, (there, text) => there ? $"\"{name}\":{text}" : "");

    // Never empty: as in Kubernetes, an empty list-map or set is nobody's, so to apply one twice is not to apply it once.
    private static Gen<string> Distinct(Gen<string> item, Func<string, string> key) =>
        item.Array[1, 3].Select(items => string.Join(',', items.DistinctBy(key)));
}
