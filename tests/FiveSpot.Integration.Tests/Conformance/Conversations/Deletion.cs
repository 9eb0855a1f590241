// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Finalizers, grace, preconditions, propagation, collections, and what goes after its owner or its namespace.</summary>
internal static class Deletion
{
    private const string ConfigMaps = "/api/v1/namespaces/${ns}/configmaps";
    private const string Pods = "/api/v1/namespaces/${ns}/pods";
    private const string Nodes = "/api/v1/nodes";
    private const string Roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";

    private static Step Owner(string name, string more = "") => Post(name, ConfigMaps, $$$"""
        {"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"{{{more}}} }}
        """);

    private static Step Owned(string name, string more, params string[] owners) => Owner(name, $",\"ownerReferences\":[{string.Join(',', owners)}]{more}");

    private static string Blocking(string owner) => Reference(owner, ",\"blockOwnerDeletion\":true");

    private static string Reference(string owner, string more = "", string? uid = null) => $$"""
        {"apiVersion":"v1","kind":"ConfigMap","name":"{{owner}}","uid":"{{uid ?? $"${{{owner}.metadata.uid}}"}}"{{more}}}
        """;

    private const string Held = ",\"finalizers\":[\"example.com/f\"]";
    private const string Nobody = "11111111-2222-3333-4444-555555555555";

    private static Step InForeground(string name) => Delete($"{name} in the foreground", $"{ConfigMaps}/{name}", """{"propagationPolicy":"Foreground"}""");

    private static Step Gone(string name) => Get($"{name} is gone", $"{ConfigMaps}/{name}").Until("code", "404");

    private static Step Left(string name, string owner) => Get($"{name} has {owner} alone", $"{ConfigMaps}/{name}").Until("metadata.ownerReferences.0.name", owner);

    private static Step Going(string name) => Get($"{name} is going", $"{ConfigMaps}/{name}").Until("metadata.deletionGracePeriodSeconds", "0");

    private static Step Released(string name) => Patch($"{name} released", $"{ConfigMaps}/{name}", MergePatch, """{"metadata":{"finalizers":null}}""").Until("code", "200");

    public static IEnumerable<Conversation> All =>
    [
        new("finalizers")
        {
            Post("create", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":["example.com/a","example.com/b"]}}"""),
            Delete("delete", $"{ConfigMaps}/a"),
            Delete("delete again", $"{ConfigMaps}/a"),
            Get("still there", $"{ConfigMaps}/a"),
            Patch("new finalizer", $"{ConfigMaps}/a", JsonPatch, """[{"op":"add","path":"/metadata/finalizers/-","value":"example.com/c"}]"""),
            Patch("one off", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"finalizers":["example.com/b"]}}"""),
            Patch("both off", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"finalizers":[]}}"""),
            Get("gone", $"{ConfigMaps}/a"),
        },
        new("preconditions")
        {
            Post("create", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Delete("other uid", $"{ConfigMaps}/a", """{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}"""),
            Delete("other version", $"{ConfigMaps}/a", """{"preconditions":{"resourceVersion":"1"}}"""),
            Delete("unknown policy", $"{ConfigMaps}/a", """{"propagationPolicy":"Sideways"}"""),
            Delete("two policies", $"{ConfigMaps}/a", """{"propagationPolicy":"Orphan","orphanDependents":true}"""),
            Delete("unknown policy in query", $"{ConfigMaps}/a?propagationPolicy=Sideways"),
            Delete("negative grace", $"{ConfigMaps}/a", """{"gracePeriodSeconds":-1}"""),
            Delete("malformed options", $"{ConfigMaps}/a", "{").DiffersFromOlder("older-behaviour", "body", "code"),
            Delete("options of another kind", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"Pod"}""").DiffersFromOlder("older-behaviour", "body", "code"),
            Delete("dry run", $"{ConfigMaps}/a?dryRun=All"),
            Delete("dry run unknown", $"{ConfigMaps}/a", """{"dryRun":["Some"]}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Delete("with both", $"{ConfigMaps}/a", """{"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"${create.metadata.uid}","resourceVersion":"${create.metadata.resourceVersion}"}}"""),
        },
        new Conversation("dry-run")
        {
            Post("generated name", $"{ConfigMaps}?dryRun=All", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"x-"}}"""),
            Post("create", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":["example.com/f"]},"data":{"k":"v"}}"""),
            Post("other", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"""),
            Post("name taken", $"{ConfigMaps}?dryRun=All", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Post("new", $"{ConfigMaps}?dryRun=All", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}"""),
            Post("in no namespace", "/api/v1/namespaces/${ns}-none/configmaps?dryRun=All", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}"""),
            Patch("merge", $"{ConfigMaps}/a?dryRun=All", MergePatch, """{"data":{"k":"w"}}"""),
            Patch("merge of none", $"{ConfigMaps}/none?dryRun=All", MergePatch, """{"data":{"k":"w"}}"""),
            Put("put", $"{ConfigMaps}/a?dryRun=All", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"x"}}"""),
            Patch("apply", $"{ConfigMaps}/d?dryRun=All&fieldManager=one", ApplyPatch, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"d"},"data":{"k":"x"}}"""),
            Delete("delete one that is held", $"{ConfigMaps}/a?dryRun=All"),
            Delete("delete by the body", $"{ConfigMaps}/a", """{"dryRun":["All"],"propagationPolicy":"Foreground"}"""),
            Delete("delete another", $"{ConfigMaps}/b?dryRun=All"),
            Delete("delete another in the foreground", $"{ConfigMaps}/b?dryRun=All&propagationPolicy=Foreground"),
            Delete("delete all", $"{ConfigMaps}?dryRun=All&fieldSelector=metadata.name%3Db"),
            Delete("unknown", $"{ConfigMaps}/b?dryRun=Some").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Get("nothing happened", $"{ConfigMaps}?fieldSelector=metadata.name%21%3Dkube-root-ca.crt"),
            Delete("the query counts for nothing beside a body", $"{ConfigMaps}/a?dryRun=All", """{"propagationPolicy":"Background"}"""),
            Patch("last finalizer", $"{ConfigMaps}/a?dryRun=All", MergePatch, """{"metadata":{"finalizers":null}}"""),
            Get("still there", $"{ConfigMaps}/a"),
            Patch("last finalizer for good", $"{ConfigMaps}/a", MergePatch, """{"metadata":{"finalizers":null}}"""),
        },
        new Conversation("graceful-pods")
        {
            Post("node", Nodes, """{"apiVersion":"v1","kind":"Node","metadata":{"name":"${ns}"}}""").Differs("node-taint", "body.spec.taints"),
            Post("create", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"nodeName":"${ns}","containers":[{"name":"c","image":"i"}]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Delete("graceful", $"{Pods}/a").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Delete("shorter", $"{Pods}/a", """{"gracePeriodSeconds":5}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Delete("longer has no effect", $"{Pods}/a", """{"gracePeriodSeconds":50}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Delete("at once", $"{Pods}/a", """{"gracePeriodSeconds":0}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Get("gone", $"{Pods}/a"),
            Post("unbound", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"c","image":"i"}]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Delete("unbound goes at once", $"{Pods}/b").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Get("unbound gone", $"{Pods}/b"),
            Delete("node gone", $"{Nodes}/${{ns}}"),
        }.Differs("managed-fields", "body*managedFields"),
        new("delete-collection")
        {
            Post("a", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"x":"1"}}}"""),
            Post("b", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b","labels":{"x":"1"},"finalizers":["example.com/a"]}}"""),
            Post("c", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}"""),
            Delete("by label", $"{ConfigMaps}?labelSelector=x%3D1"),
            Get("left", $"{ConfigMaps}?labelSelector=x"),
            Get("the other", $"{ConfigMaps}/c"),
            Delete("by field", $"{ConfigMaps}?fieldSelector=metadata.name%3Dc"),
            Delete("bad selector", $"{ConfigMaps}?labelSelector=x%3D%3D%3D"),
            Patch("release", $"{ConfigMaps}/b", MergePatch, """{"metadata":{"finalizers":null}}"""),
        },
        new Conversation("owners")
        {
            Owner("stays"),
            Owner("unserved"),
            Owned("of-an-unknown-kind", string.Empty, Reference("absent", uid: Nobody), """{"apiVersion":"example.com/v1","kind":"Nothing","name":"x","uid":"11111111-2222-3333-4444-666666666666"}"""),
            Post("cluster-scoped", Roles, $$$"""{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"${ns}","ownerReferences":[{{{Reference("stays")}}}]},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"""),

            // One of two owners goes, in each of the ways.
            Owner("background"),
            Owned("of-background", string.Empty, Blocking("background"), Reference("stays")),
            Delete("background goes", $"{ConfigMaps}/background", """{"propagationPolicy":"Background"}"""),
            Left("of-background", "stays"),
            Owner("foreground"),
            Owned("of-foreground", string.Empty, Reference("stays"), Blocking("foreground")),
            Owned("of-foreground-loosely", string.Empty, Reference("foreground"), Reference("stays")),
            InForeground("foreground"),
            Gone("foreground"),
            Get("of-foreground has another", $"{ConfigMaps}/of-foreground"),
            Left("of-foreground-loosely", "stays"),
            Owner("orphaning"),
            Owned("of-orphaning", string.Empty, Blocking("orphaning"), Reference("stays")),
            Delete("orphaning goes", $"{ConfigMaps}/orphaning", """{"propagationPolicy":"Orphan"}"""),
            Gone("orphaning"),
            Left("of-orphaning", "stays"),
            Owned("of-absent", string.Empty, Reference("absent", uid: Nobody), Reference("stays")),
            Left("of-absent", "stays"),

            // The owner waits for those that block it, and for no others.
            Owner("unblocked"),
            Owned("of-unblocked", Held, Reference("unblocked")),
            InForeground("unblocked"),
            Gone("unblocked"),
            Going("of-unblocked"),
            Released("of-unblocked"),
            Owner("chained"),
            Owned("of-chained", string.Empty, Blocking("chained")),
            Owned("of-of-chained", Held, Blocking("of-chained")),
            InForeground("chained"),
            Going("of-of-chained"),
            Get("of-chained waits, too", $"{ConfigMaps}/of-chained").Until("metadata.finalizers.0", "foregroundDeletion"),
            Get("chained waits", $"{ConfigMaps}/chained"),
            Released("of-of-chained"),
            Gone("of-chained"),
            Gone("chained"),
            Owner("let-go"),
            Owned("of-let-go", Held, Blocking("let-go")),
            InForeground("let-go"),
            Going("of-let-go"),
            Get("let-go waits", $"{ConfigMaps}/let-go"),
            Patch("of-let-go leaves", $"{ConfigMaps}/of-let-go", MergePatch, """{"metadata":{"ownerReferences":null}}"""),
            Gone("let-go"),
            Released("of-let-go"),
            Owner("unblocking"),
            Owned("of-unblocking", Held, Blocking("unblocking")),
            InForeground("unblocking"),
            Going("of-unblocking"),
            Patch("of-unblocking blocks no more", $"{ConfigMaps}/of-unblocking", MergePatch, $$$"""{"metadata":{"ownerReferences":[{{{Reference("unblocking", ",\"blockOwnerDeletion\":false")}}}]}}"""),
            Gone("unblocking"),
            Released("of-unblocking"),
            Owner("one"),
            Owner("other"),
            Owned("of-both", string.Empty, Blocking("one"), Blocking("other")),
            InForeground("one"),
            Gone("one"),
            Left("of-both", "other"),
            InForeground("other"),
            Gone("other"),
            Gone("of-both"),
            Owner("round"),
            Owned("and-round", string.Empty, Blocking("round")),
            Patch("round closed", $"{ConfigMaps}/round", MergePatch, $$$"""{"metadata":{"ownerReferences":[{{{Blocking("and-round")}}}]}}"""),
            InForeground("round"),
            Gone("round"),
            Gone("and-round"),
            Get("of-an-unknown-kind stays", $"{ConfigMaps}/of-an-unknown-kind"),
            Delete("stays goes", $"{ConfigMaps}/stays", """{"propagationPolicy":"Background"}"""),
            Gone("of-background"),
            Gone("of-foreground"),
            Get("cluster-scoped stays", $"{Roles}/${{ns}}"),
            Delete("cluster-scoped goes", $"{Roles}/${{ns}}"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("garbage-collection")
        {
            Post("owner", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"owner"}}"""),
            Post("owned", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"owned","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"${owner.metadata.uid}","controller":true,"blockOwnerDeletion":true}]}}"""),
            Post("two controllers", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"${owner.metadata.uid}","controller":true},{"apiVersion":"v1","kind":"ConfigMap","name":"other","uid":"11111111-2222-3333-4444-555555555555","controller":true}]}}""").Differs("go-structs", "body.details.causes", "body.message"),
            Post("of a stranger", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"stray","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"owner","uid":"11111111-2222-3333-4444-555555555555"}]}}"""),
            Get("stray goes", $"{ConfigMaps}/stray").Until("code", "404"),
            Delete("background", $"{ConfigMaps}/owner"),
            Get("owned goes", $"{ConfigMaps}/owned").Until("code", "404"),
            Post("owner again", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"o2"}}"""),
            Post("orphan to be", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"orphan","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o2","uid":"${owner again.metadata.uid}"}]}}"""),
            Delete("orphaning", $"{ConfigMaps}/o2", """{"propagationPolicy":"Orphan"}"""),
            Get("orphaning owner goes", $"{ConfigMaps}/o2").Until("code", "404"),
            Get("orphan stays", $"{ConfigMaps}/orphan"),
            Post("owner third", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"o3"}}"""),
            Post("blocking", ConfigMaps, """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"blocking","finalizers":["example.com/a"],"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"o3","uid":"${owner third.metadata.uid}","blockOwnerDeletion":true}]}}"""),
            Delete("foreground", $"{ConfigMaps}/o3", """{"propagationPolicy":"Foreground"}"""),
            Get("blocking is deleted", $"{ConfigMaps}/blocking").Until("metadata.deletionGracePeriodSeconds", "0"),
            Get("owner waits", $"{ConfigMaps}/o3"),
            Patch("blocking released", $"{ConfigMaps}/blocking", MergePatch, """{"metadata":{"finalizers":null}}"""),
            Get("owner goes", $"{ConfigMaps}/o3").Until("code", "404"),
        }.DiffersFromOlder("older-managed-fields", "body*managedFields"),
        new Conversation("namespaces")
        {
            Post("create", "/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${ns}-x","labels":{"a":"b"}}}""").DiffersFromOlder("older-behaviour", "body.metadata.labels.kubernetes.io/metadata.name"),
            Post("bad name", "/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a.b"}}""").DiffersFromNewest("newest-text", "body.details.causes", "body.message"),
            Post("held", "/api/v1/namespaces/${ns}-x/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","finalizers":["example.com/a"]}}"""),
            Post("secret", "/api/v1/namespaces/${ns}-x/secrets", """{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}"""),
            Delete("delete", "/api/v1/namespaces/${ns}-x").DiffersFromOlder("older-behaviour", "body.metadata.labels.kubernetes.io/metadata.name"),
            Post("create in terminating", "/api/v1/namespaces/${ns}-x/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}}"""),
            Get("secret goes", "/api/v1/namespaces/${ns}-x/secrets/a").Until("code", "404"),
            Get("held is deleted", "/api/v1/namespaces/${ns}-x/configmaps/a").Until("metadata.deletionGracePeriodSeconds", "0"),
            Patch("release", "/api/v1/namespaces/${ns}-x/configmaps/a", MergePatch, """{"metadata":{"finalizers":null}}"""),
            Get("gone", "/api/v1/namespaces/${ns}-x").Until("code", "404"),
            Delete("delete default", "/api/v1/namespaces/default"),
        }.Differs("managed-fields", "body*managedFields"),
    ];
}
