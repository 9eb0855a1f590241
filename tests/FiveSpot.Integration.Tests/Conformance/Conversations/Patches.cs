// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Patches of each type, and server-side apply with several managers.</summary>
internal static class Patches
{
    private const string ConfigMaps = "/api/v1/namespaces/${ns}/configmaps";
    private const string Pods = "/api/v1/namespaces/${ns}/pods";

    public static IEnumerable<Conversation> All =>
    [
        new("patch-merge-json")
        {
            Post("create", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"x":"1","y":"2"}},"data":{"k":"v","l":"w"}}"""),
            Patch("merge", $"{ConfigMaps}/a", MergePatch, """{"data":{"k":null,"m":"n"},"metadata":{"labels":{"x":"3"}}}"""),
            Patch("merge nothing", $"{ConfigMaps}/a", MergePatch, "{}"),
            Patch("merge malformed", $"{ConfigMaps}/a", MergePatch, """{"data":""").DiffersFromOlder("older-behaviour", "body", "code"),
            Patch("merge a list", $"{ConfigMaps}/a", MergePatch, "[]").DiffersFromOlder("older-behaviour", "body", "code"),
            Patch("merge wrong type", $"{ConfigMaps}/a", MergePatch, """{"data":{"k":1}}""").Differs("patched-object", "body.details.causes", "body.message"),
            Patch("merge name", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"name":"b"}}"""),
            Patch("merge namespace", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"namespace":"b"}}""").DiffersFromOlder("older-text", "body.message"),
            Patch("merge kind", $"{ConfigMaps}/a", MergePatch, """{"kind":"Secret"}""").Differs("patched-object", "body.details.causes", "body.message"),
            Patch("merge stale", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"resourceVersion":"${create.metadata.resourceVersion}"},"data":{"z":"z"}}"""),
            Patch("merge current", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"resourceVersion":"${merge nothing.metadata.resourceVersion}"},"data":{"z":"z"}}"""),
            Patch("merge other uid and version", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"uid":"11111111-2222-3333-4444-555555555555","resourceVersion":"1"}}"""),
            Patch("merge other uid", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"uid":"11111111-2222-3333-4444-555555555555"}}"""),
            Patch("json test and replace", $"{ConfigMaps}/a", JsonPatch, """[{"op":"test","path":"/data/l","value":"w"},{"op":"replace","path":"/data/l","value":"x"},{"op":"add","path":"/metadata/annotations","value":{"a/b":"c"}}]"""),
            Patch("json copy and move", $"{ConfigMaps}/a", JsonPatch, """[{"op":"copy","from":"/data/l","path":"/data/c"},{"op":"move","from":"/data/m","path":"/data/d"},{"op":"remove","path":"/metadata/labels/y"}]"""),
            Patch("json test fails", $"{ConfigMaps}/a", JsonPatch, """[{"op":"test","path":"/data/l","value":"other"}]"""),
            Patch("json remove missing", $"{ConfigMaps}/a", JsonPatch, """[{"op":"remove","path":"/data/none"}]"""),
            Patch("json replace missing", $"{ConfigMaps}/a", JsonPatch, """[{"op":"replace","path":"/data/none","value":"x"}]"""),
            Patch("json unknown op", $"{ConfigMaps}/a", JsonPatch, """[{"op":"shake","path":"/data/l"}]"""),
            Patch("json no list", $"{ConfigMaps}/a", JsonPatch, """{"op":"remove"}""").DiffersFromOlder("older-text", "body.message"),
            Patch("none such", $"{ConfigMaps}/b", MergePatch, "{}"),
            Patch("unknown type", $"{ConfigMaps}/a", Json, "{}"),
            Patch("dry run", $"{ConfigMaps}/a?dryRun=All", MergePatch, """{"data":{"dry":"run"}}"""),
            Get("at the end", $"{ConfigMaps}/a"),
        },
        new Conversation("patch-strategic")
        {
            Post("create", Pods, """
                {"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","finalizers":["example.com/a"]},"spec":{"containers":[{"name":"c","image":"i:1","env":[{"name":"A","value":"1"}]}],
                 "tolerations":[{"key":"k","operator":"Exists"}]}}
                """).DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Patch("by merge key", $"{Pods}/a", StrategicPatch, """{"spec":{"containers":[{"name":"c","image":"i:2"}]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Patch("finalizer added", $"{Pods}/a", StrategicPatch, """{"metadata":{"finalizers":["example.com/b"]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Patch("finalizer deleted", $"{Pods}/a", StrategicPatch, """{"metadata":{"$deleteFromPrimitiveList/finalizers":["example.com/a"]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Patch("labels replaced", $"{Pods}/a", StrategicPatch, """{"metadata":{"labels":{"$patch":"replace","only":"this"}}}""").DiffersFromOlder("older-behaviour", "body", "code"),
            Patch("field frozen", $"{Pods}/a", StrategicPatch, """{"spec":{"containers":[{"name":"c","command":["x"]}]}}""").Differs("go-structs", "body.details.causes", "body.message"),
            Patch("no merge key", $"{Pods}/a", StrategicPatch, """{"spec":{"containers":[{"image":"i:3"}]}}"""),
            Patch("bad directive", $"{Pods}/a", StrategicPatch, """{"metadata":{"labels":{"$patch":"explode"}}}""").DiffersFromOlder("older-behaviour", "body", "code"),
            Patch("status", $"{Pods}/a/status", StrategicPatch, """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Patch("status by key", $"{Pods}/a/status", StrategicPatch, """{"status":{"conditions":[{"type":"Initialized","status":"True"}]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Patch("finalizers dropped", $"{Pods}/a", MergePatch, """{"metadata":{"finalizers":null}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
        }.Differs("managed-fields", "body*managedFields"),
        new("apply")
        {
            Apply("create", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {l: one}}\ndata: {k: one, j: one}\n"),
            Apply("again", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {l: one}}\ndata: {k: one, j: one}\n"),
            Apply("second agrees", $"{ConfigMaps}/a", "two", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: one, m: two}\n"),
            Apply("conflict", $"{ConfigMaps}/a", "two", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {j: two}\n"),
            Patch("forced", $"{ConfigMaps}/a?fieldManager=two&force=true", ApplyPatch, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {j: two}\n"),
            Apply("given up", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {l: one}}\n"),
            Patch("changed by update", $"{ConfigMaps}/a?fieldManager=three", MergePatch, """{"data":{"j":"three","n":"three"}}"""),
            Apply("conflict with update", $"{ConfigMaps}/a", "two", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {j: two}\n"),
            Patch("no manager", $"{ConfigMaps}/a", ApplyPatch, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"),
            Apply("no kind", $"{ConfigMaps}/a", "one", "metadata: {name: a}\n").DiffersFromOlder("older-text", "body.message"),
            Apply("other name", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"),
            Apply("unknown field", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndat: {}\n").DiffersFromOlder("older-text", "body.message"),
            Apply("wrong type", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: 1}\n").DiffersFromOlder("older-text", "body.message"),
            Apply("managed fields sent", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, managedFields: [{manager: x}]}\n"),
            Apply("stale", $"{ConfigMaps}/a", "one", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, resourceVersion: \"${create.metadata.resourceVersion}\"}\ndata: {q: r}\n"),
            Apply("no yaml", $"{ConfigMaps}/a", "one", "apiVersion: [\n").Differs("yaml-errors", "body.message"),
            Get("at the end", $"{ConfigMaps}/a"),
            Patch("long manager", $"{ConfigMaps}/a?fieldManager=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", MergePatch, "{}").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Patch("force without apply", $"{ConfigMaps}/a?force=true", MergePatch, "{}"),
        },
    ];
}
