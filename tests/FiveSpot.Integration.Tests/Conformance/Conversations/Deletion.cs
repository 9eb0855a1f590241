// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Finalizers, grace, preconditions, propagation, collections, and what goes after its owner or its namespace.</summary>
internal static class Deletion
{
    private const string ConfigMaps = "/api/v1/namespaces/${ns}/configmaps";
    private const string Pods = "/api/v1/namespaces/${ns}/pods";
    private const string Nodes = "/api/v1/nodes";

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
