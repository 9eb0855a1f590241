// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Create, read, update and delete of the core kinds, and how each of these is refused.</summary>
internal static class CoreObjects
{
    private const string Here = "/api/v1/namespaces/${ns}";
    private const string ConfigMaps = $"{Here}/configmaps";
    private const string Secrets = $"{Here}/secrets";

    public static IEnumerable<Conversation> All =>
    [
        new("configmap-crud")
        {
            Post("create", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"app":"x"}},"data":{"k":"v"}}"""),
            Get("read", $"{ConfigMaps}/a"),
            Post("exists", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Get("missing", $"{ConfigMaps}/b"),
            Put("update", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"w"}}"""),
            Put("same again", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"w"}}"""),
            Put("stale", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"${create.metadata.resourceVersion}"},"data":{"k":"x"}}"""),
            Put("other uid", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"11111111-2222-3333-4444-555555555555"},"data":{"k":"x"}}"""),
            Put("other name", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"""),
            Put("no name", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"""),
            Put("update of none", $"{ConfigMaps}/b", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"""),
            Put("freeze", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"w"},"immutable":true}"""),
            Put("change frozen", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"x"},"immutable":true}"""),
            Put("thaw", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"w"}}"""),
            Delete("delete", $"{ConfigMaps}/a"),
            Delete("delete again", $"{ConfigMaps}/a"),
        },
        new("bodies-refused")
        {
            Post("no body", ConfigMaps, ""),
            Post("malformed", ConfigMaps, """{"apiVersion":"v1","kind":"""),
            Post("a list", ConfigMaps, """[]"""),
            Post("no name", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}"""),
            Post("no kind", ConfigMaps, """{"metadata":{"name":"bare"}}"""),
            Post("wrong kind", ConfigMaps, """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}"""),
            Post("unknown kind", ConfigMaps, """{"apiVersion":"v1","kind":"Nonsense","metadata":{"name":"a"}}"""),
            Post("wrong version", ConfigMaps, """{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Post("wrong namespace", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"elsewhere"}}"""),
            Post("bad name", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"A_b"}}"""),
            Post("bad label", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"-a":"b c"}}}"""),
            Post("bad annotation", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","annotations":{"a/b/c":""}}}""").DiffersFromOlder("older-text", "body.message", "body.details.causes"),
            Post("bad finalizer", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":["nodomain"]}}"""),
            Post("bad owner", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"","uid":""}]}}""").DiffersFromOlder("older-text", "body.message", "body.details.causes"),
            Post("bad key", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a b":"c"}}"""),
            Post("resourceVersion set", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","resourceVersion":"1"}}"""),
            Post("wrong type", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"a":1}}""").DiffersFromOlder("older-decoder", "body.message"),
            Post("unknown field", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"dat":{"a":"b"}}""").DiffersFromOlder("field-validation", "headers.Warning"),
            Post("generated", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"pre-"}}"""),
            Post("yaml", ConfigMaps, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: yaml}\ndata: {a: b}\n").Sending(Yaml),
            Post("not taken", ConfigMaps, "a=b").Sending("application/x-www-form-urlencoded"),
            Post("missing namespace", "/api/v1/namespaces/${ns}-none/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Post("field strict", $"{ConfigMaps}?fieldValidation=Strict", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"},"dat":{"a":"b"}}""").From(27),
            Post("field warned", $"{ConfigMaps}?fieldValidation=Warn", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"w","lable":{}},"dat":{"a":"b"}}""").From(27),
            Post("field ignored", $"{ConfigMaps}?fieldValidation=Ignore", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"i"},"dat":{"a":"b"}}""").From(27),
            Post("twice strict", $"{ConfigMaps}?fieldValidation=Strict", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"},"data":{"a":"b"},"data":{"a":"c"}}""").From(27),
            Post("field validation unknown", $"{ConfigMaps}?fieldValidation=Maybe", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"s"}}""").From(27),
            Post("dry run", $"{ConfigMaps}?dryRun=All", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dry"}}"""),
            Get("dry run left nothing", $"{ConfigMaps}/dry"),
            Post("dry run unknown", $"{ConfigMaps}?dryRun=Some", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"dry"}}""").DiffersFromOlder("older-text", "body.message", "body.details.causes"),
        },
        new("secrets")
        {
            Post("create", Secrets, """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"},"stringData":{"k":"plain"},"data":{"j":"anNvbg=="}}"""),
            Post("typed", Secrets, """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"t"},"type":"cluster.x-k8s.io/secret","data":{"value":"eA=="}}"""),
            Post("not base64", Secrets, """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b"},"data":{"k":"!"}}""").DiffersFromOlder("older-decoder", "body.message"),
            Post("bad key", Secrets, """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b"},"data":{"a/b":"eA=="}}"""),
            Patch("type changed", $"{Secrets}/a", MergePatch, """{"type":"other"}"""),
            Get("of one type", $"{Secrets}?fieldSelector=type%3Dcluster.x-k8s.io/secret"),
            Patch("key removed", $"{Secrets}/a", MergePatch, """{"data":{"j":null}}"""),
            Delete("delete", $"{Secrets}/a"),
        },
    ];
}
