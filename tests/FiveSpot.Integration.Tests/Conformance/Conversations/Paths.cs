// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Paths, methods, discovery, and who may ask.</summary>
internal static class Paths
{
    private static readonly string[] Groups =
    [
        "apps", "events.k8s.io", "policy", "coordination.k8s.io", "rbac.authorization.k8s.io", "apiextensions.k8s.io", "authorization.k8s.io",
    ];

    public static IEnumerable<Conversation> All =>
    [
        new("unknown-paths")
        {
            Get("root of nothing", "/nonsense").DiffersFromOlder("older-behaviour", "body", "headers.Content-Type"),
            Get("api version", "/api/v2"),
            Get("core resource", "/api/v1/nonsense"),
            Get("core resource in namespace", "/api/v1/namespaces/${ns}/nonsense"),
            Get("group", "/apis/nonsense.example.com"),
            Get("group version", "/apis/nonsense.example.com/v1"),
            Get("group resource", "/apis/nonsense.example.com/v1/namespaces/${ns}/things"),
            Get("version of group", "/apis/apps/v9/namespaces/${ns}/deployments"),
            Get("resource of group", "/apis/apps/v1/namespaces/${ns}/nonsense"),
            Get("subresource", "/api/v1/namespaces/${ns}/configmaps/a/nonsense"),
            Get("status of none", "/api/v1/namespaces/${ns}/configmaps/a/status"),
            Get("cluster-scoped in namespace", "/api/v1/namespaces/${ns}/nodes"),
            Get("namespaced without namespace", "/api/v1/configmaps/a"),
            Get("list in no namespace", "/api/v1/namespaces/${ns}-none/configmaps"),
            Get("trailing slash", "/api/v1/namespaces/${ns}/configmaps/"),
        },
        new("methods")
        {
            Post("post on object", "/api/v1/namespaces/${ns}/configmaps/a", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Put("put on collection", "/api/v1/namespaces/${ns}/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Patch("patch on collection", "/api/v1/namespaces/${ns}/configmaps", MergePatch, "{}"),
            Post("post without namespace", "/api/v1/configmaps", """{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}"""),
            Get("get of a review", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"),
            Delete("delete all namespaces", "/api/v1/namespaces"),
            Head("head of list", "/api/v1/namespaces/${ns}/pods"),
            Head("head of none", "/api/v1/namespaces/${ns}/configmaps/none"),
            new Step("options", HttpMethod.Options, "/api/v1/namespaces/${ns}/configmaps"),
            Get("unknown parameters", "/api/v1/namespaces/${ns}/pods?nonsense=1&pretty=false"),
            Get("no token", "/api/v1/namespaces/${ns}/pods").WithoutToken().Differs("anonymous", "body", "code"),
            Get("no token for groups", "/apis").WithoutToken().Differs("anonymous", "body", "code"),
            Get("healthz", "/healthz").As("*/*"),
            Get("readyz", "/readyz").As("*/*"),
            Get("livez", "/livez").As("*/*"),
            Get("healthz without token", "/healthz").As("*/*").WithoutToken(),
        },
        new("discovery")
        {
            Get("api", "/api"),
            Get("groups", "/apis").Keeping("groups", "name", Groups).DiffersFromOlder("older-discovery", "body.groups[*].preferredVersion.groupVersion", "body.groups[*].preferredVersion.version", "body.groups[*].versions[*]", "body.groups[*].versions[*].groupVersion", "body.groups[*].versions[*].version"),
            Get("core", "/api/v1").Keeping("resources", "name", "configmaps", "events", "namespaces", "namespaces/status", "namespaces/finalize", "nodes", "nodes/status", "pods", "pods/status", "pods/eviction", "pods/binding", "secrets", "serviceaccounts", "services", "services/status").DiffersFromOlder("older-discovery", "body.resources[*].singularName", "body.resources[*].verbs[*]", "body.resources[*].version").DiffersFromOlder("older-discovery", "body.resources[*].singularName"),
            Get("apps", "/apis/apps/v1").Keeping("resources", "name", "daemonsets", "daemonsets/status", "deployments", "deployments/status", "deployments/scale", "replicasets", "replicasets/status", "replicasets/scale").DiffersFromOlder("older-discovery", "body.resources[*].singularName"),
            Get("policy", "/apis/policy/v1").Keeping("resources", "name", "poddisruptionbudgets", "poddisruptionbudgets/status").DiffersFromOlder("older-discovery", "body", "code"),
            Get("events", "/apis/events.k8s.io/v1").DiffersFromOlder("older-discovery", "body.resources[*].singularName"),
            Get("leases", "/apis/coordination.k8s.io/v1").Keeping("resources", "name", "leases").DiffersFromOlder("older-discovery", "body.resources[*].singularName", "body.resources[*].storageVersionHash"),
            Get("rbac", "/apis/rbac.authorization.k8s.io/v1").DiffersFromOlder("older-discovery", "body.resources[*].singularName"),
            Get("definitions", "/apis/apiextensions.k8s.io/v1").DiffersFromOlder("older-discovery", "body.resources[*].singularName").Differs("discovery", "body.resources[*].storageVersionHash"),
            Get("reviews", "/apis/authorization.k8s.io/v1").DiffersFromOlder("older-discovery", "body.resources[*].singularName"),
            Get("one group", "/apis/coordination.k8s.io").Keeping("versions", "version", "v1"),
            Get("group of apps", "/apis/apps"),
        },
        new Conversation("reviews")
        {
            Post("may list", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"namespace":"${ns}","verb":"list","resource":"pods"}}}""").DiffersFromOlder("zero-times", "body.metadata.creationTimestamp"),
            Post("may get a path", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"nonResourceAttributes":{"verb":"get","path":"/healthz"}}}""").DiffersFromOlder("zero-times", "body.metadata.creationTimestamp"),
            Post("nothing asked", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Post("both asked", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"get"},"nonResourceAttributes":{"verb":"get","path":"/healthz"}}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Post("wrong kind", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", """{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{}}"""),
        }.Differs("managed-fields", "body*managedFields"),
    ];
}
