// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Lists with selectors and pages, watches, and the other forms in which objects are read.</summary>
internal static class Reading
{
    private const string ConfigMaps = "/api/v1/namespaces/${ns}/configmaps";
    private const string Mine = "labelSelector=mine";

    private static IEnumerable<Step> Three =>
    [
        Post("one", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"one","labels":{"mine":"","n":"1","color":"red"}},"data":{"a":"1","b":"2"}}"""),
        Post("three", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"three","labels":{"mine":"","n":"3"}}}"""),
        Post("two", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"two","labels":{"mine":"","n":"2","color":"blue"}}}"""),
    ];

    public static IEnumerable<Conversation> All =>
    [
        new("selectors")
        {
            Three,
            Get("equal", $"{ConfigMaps}?labelSelector=color%3Dred"),
            Get("unequal", $"{ConfigMaps}?{Mine},color%21%3Dred"),
            Get("in", $"{ConfigMaps}?labelSelector=n%20in%20(1,2)"),
            Get("notin", $"{ConfigMaps}?{Mine},n%20notin%20(1,2)"),
            Get("exists", $"{ConfigMaps}?labelSelector=color"),
            Get("exists not", $"{ConfigMaps}?{Mine},%21color"),
            Get("greater", $"{ConfigMaps}?labelSelector=n%3E2"),
            Get("none", $"{ConfigMaps}?labelSelector=n%3D9"),
            Get("all namespaces", "/api/v1/configmaps?labelSelector=color%3Dred,mine%3D&fieldSelector=metadata.namespace%3D${ns}"),
            Get("bad operator", $"{ConfigMaps}?labelSelector=a%3D%3D%3Db"),
            Get("bad key", $"{ConfigMaps}?labelSelector=-a%3Db").DiffersFromOlder("older-text", "body.message"),
            Get("bad value", $"{ConfigMaps}?labelSelector=a%3Db%20c"),
            Get("bad number", $"{ConfigMaps}?labelSelector=a%3Eb").DiffersFromOlder("older-text", "body.message"),
            Get("by name", $"{ConfigMaps}?fieldSelector=metadata.name%3Dtwo"),
            Get("not by name", $"{ConfigMaps}?{Mine}&fieldSelector=metadata.name%21%3Dtwo"),
            Get("by unknown field", $"{ConfigMaps}?fieldSelector=data.a%3D1"),
            Get("bad field selector", $"{ConfigMaps}?fieldSelector=nonsense"),
        },
        new("pages")
        {
            Three,
            Get("first", $"{ConfigMaps}?{Mine}&limit=2"),
            Get("second", $"{ConfigMaps}?{Mine}&limit=2&continue=${{first.metadata.continue}}"),
            Get("unselected first", "/api/v1/namespaces/${ns}/secrets?limit=1"),
            Get("bad token", $"{ConfigMaps}?limit=2&continue=nonsense"),
            Get("token with version", $"{ConfigMaps}?limit=2&continue=${{first.metadata.continue}}&resourceVersion=${{one.metadata.resourceVersion}}"),
            Get("limit no number", $"{ConfigMaps}?limit=x"),
            Get("version 0", $"{ConfigMaps}?labelSelector=color%3Dred&resourceVersion=0"),
            Get("version not older", $"{ConfigMaps}?labelSelector=color%3Dred&resourceVersion=${{one.metadata.resourceVersion}}&resourceVersionMatch=NotOlderThan"),
            Get("version exact", $"{ConfigMaps}?{Mine}&resourceVersion=${{three.metadata.resourceVersion}}&resourceVersionMatch=Exact"),
            Get("version with limit", $"{ConfigMaps}?{Mine}&resourceVersion=${{one.metadata.resourceVersion}}&limit=5"),
            Get("version bad", $"{ConfigMaps}?resourceVersion=x").DiffersFromOlder("older-behaviour", "body", "code"),
            Get("match without version", $"{ConfigMaps}?resourceVersionMatch=Exact"),
            Get("match unknown", $"{ConfigMaps}?resourceVersion=1&resourceVersionMatch=Closely"),
            Get("exact 0", $"{ConfigMaps}?resourceVersion=0&resourceVersionMatch=Exact"),
            Get("get at version 0", $"{ConfigMaps}/one?resourceVersion=0"),
            Get("get at bad version", $"{ConfigMaps}/one?resourceVersion=x"),
        },
        new Conversation("watches")
        {
            Three,
            Patch("no more red", $"{ConfigMaps}/one", MergePatch, """{"metadata":{"labels":{"color":"green"}}}"""),
            Patch("red now", $"{ConfigMaps}/three", MergePatch, """{"metadata":{"labels":{"color":"red"}}}"""),
            Patch("still red", $"{ConfigMaps}/three", MergePatch, """{"data":{"k":"v"}}"""),
            Delete("two goes", $"{ConfigMaps}/two"),
            Delete("three goes", $"{ConfigMaps}/three"),
            Watch("from the first", $"{ConfigMaps}?resourceVersion=${{one.metadata.resourceVersion}}&{Mine}", 7),
            Watch("by label", $"{ConfigMaps}?resourceVersion=${{one.metadata.resourceVersion}}&labelSelector=color%3Dred", 4),
            Watch("by name", $"{ConfigMaps}?resourceVersion=${{one.metadata.resourceVersion}}&fieldSelector=metadata.name%3Dthree", 4),
            Watch("of one object", $"{ConfigMaps}/three?resourceVersion=${{one.metadata.resourceVersion}}", 4),
            Watch("from version 0", $"{ConfigMaps}?resourceVersion=0&{Mine}", 1),
            Watch("from no version", $"{ConfigMaps}?{Mine}", 1),
            Watch("as metadata", $"{ConfigMaps}?resourceVersion=${{one.metadata.resourceVersion}}&labelSelector=color%3Dred", 2).As(Metadata),
            Watch("as table", $"{ConfigMaps}?resourceVersion=${{one.metadata.resourceVersion}}&labelSelector=color%3Dred", 2).As(Table),
            Watch("bad version", $"{ConfigMaps}?resourceVersion=x", 1),
            Watch("bad selector", $"{ConfigMaps}?labelSelector=-a%3Db", 1).DiffersFromOlder("older-text", "body.message"),
            Watch("bad timeout", $"{ConfigMaps}?limit=x", 1),
            Watch("match alone", $"{ConfigMaps}?resourceVersionMatch=NotOlderThan", 1).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Watch("initial events", $"{ConfigMaps}?{Mine}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true", 1).From(32),
            Watch("initial events without match", $"{ConfigMaps}?sendInitialEvents=true", 1).From(32),
        }.Differs("column-descriptions", "body*description"),
        new Conversation("forms")
        {
            Three,
            Get("table", $"{ConfigMaps}?{Mine}").As(Table),
            Get("table of one", $"{ConfigMaps}/one").As(Table),
            Get("table with objects", $"{ConfigMaps}?{Mine}&includeObject=Object").As(Table),
            Get("table without", $"{ConfigMaps}?{Mine}&includeObject=None").As(Table),
            Get("table with nonsense", $"{ConfigMaps}?includeObject=Nonsense").As(Table),
            Get("table of nothing", $"{ConfigMaps}?labelSelector=none").As(Table),
            Get("metadata", $"{ConfigMaps}/one").As(Metadata),
            Get("metadata list", $"{ConfigMaps}?{Mine}").As(MetadataList),
            Get("list as metadata", $"{ConfigMaps}?{Mine}").As(Metadata),
            Get("one as metadata list", $"{ConfigMaps}/one").As(MetadataList),
            Get("first that can be had", $"{ConfigMaps}/one").As("text/html, application/json;as=Nonsense;g=x;v=y, application/json"),
            Get("html", $"{ConfigMaps}/one").As("text/html").DiffersFromOlder("older-text", "body.message"),
            Get("unknown form", $"{ConfigMaps}/one").As("application/json;as=Nonsense;g=meta.k8s.io;v=v1"),
            Get("error as table", $"{ConfigMaps}/none").As(Table),
            Post("create as table", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"four"}}""").As(Table),
            Post("create as metadata", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"five"}}""").As(Metadata),
            Delete("delete as table", $"{ConfigMaps}/four").As(Table),
            Get("nodes", "/api/v1/nodes?labelSelector=none").As(Table),
            Get("namespace", "/api/v1/namespaces/${ns}").As(Table).DiffersFromOlder("older-behaviour", "body.rows[*].object.metadata.labels"),
            Get("pods", "/api/v1/namespaces/${ns}/pods").As(Table).DiffersFromOlder("older-behaviour", "body.columnDefinitions[*].type"),
            Get("secrets", "/api/v1/namespaces/${ns}/secrets?labelSelector=none").As(Table),
            Get("events", "/apis/events.k8s.io/v1/namespaces/${ns}/events").As(Table),
            Get("leases", "/apis/coordination.k8s.io/v1/namespaces/${ns}/leases").As(Table),
            Get("roles", "/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/roles").As(Table).Differs("table-cells", "body.rows"),
            Get("bindings", "/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/rolebindings").As(Table),
            Get("deployments", "/apis/apps/v1/namespaces/${ns}/deployments").As(Table),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
    ];
}
