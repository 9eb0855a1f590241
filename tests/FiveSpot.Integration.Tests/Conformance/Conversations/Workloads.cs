// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>What 5-Spot and the machines use beside custom resources: nodes, pods and their eviction, leases, events, roles.</summary>
internal static class Workloads
{
    private const string Nodes = "/api/v1/nodes";
    private const string Pods = "/api/v1/namespaces/${ns}/pods";
    private const string Budgets = "/apis/policy/v1/namespaces/${ns}/poddisruptionbudgets";
    private const string Leases = "/apis/coordination.k8s.io/v1/namespaces/${ns}/leases";
    private const string Events = "/apis/events.k8s.io/v1/namespaces/${ns}/events";
    private const string Roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/roles";
    private const string Bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/${ns}/rolebindings";

    private static Step Pod(string name, string app) => Post($"pod {name}", Pods, $$"""
        {"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{name}}","labels":{"app":"{{app}}"} },"spec":{"nodeName":"${ns}","containers":[{"name":"c","image":"i:1"}]} }
        """);

    private static Step Ready(string name) => Patch($"pod {name} ready", $"{Pods}/{name}/status", MergePatch,
        """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}}""");

    private static Step Budget(string name, string app, string rule) => Post($"budget {name}", Budgets, $$"""
        {"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"{{name}}"},"spec":{ {{rule}},"selector":{"matchLabels":{"app":"{{app}}"} } } }
        """);

    private static Step Evict(string name, string pod, string more = "") => Post(name, $"{Pods}/{pod}/eviction", $$"""
        {"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{pod}}","namespace":"${ns}"}{{more}} }
        """);

    private static Step Settled(string name, string field, string value) =>
        Get($"{name} settled: {field} {value}", $"{Budgets}/{name}").Until($"status.{field}", value);

    public static IEnumerable<Conversation> All =>
    [
        new Conversation("evictions")
        {
            Post("node", Nodes, """{"apiVersion":"v1","kind":"Node","metadata":{"name":"${ns}"}}""").Differs("node-taint", "body.spec.taints"),
            Pod("a-1", "a"),
            Pod("a-2", "a"),
            Pod("free", "none"),
            Ready("a-1"),
            Ready("a-2"),
            Budget("a", "a", "\"minAvailable\":1"),
            Settled("a", "disruptionsAllowed", "1"),
            Get("budget as table", Budgets).As(Table),
            Evict("no such pod", "a-9"),
            Evict("wrong uid", "free", ",\"deleteOptions\":{\"preconditions\":{\"uid\":\"11111111-2222-3333-4444-555555555555\"}}"),
            Evict("other grace", "free", ",\"deleteOptions\":{\"gracePeriodSeconds\":0}"),
            Evict("allowed", "a-1", ",\"deleteOptions\":{\"gracePeriodSeconds\":0}"),
            Get("allowed pod is gone", $"{Pods}/a-1").Until("code", "404"),
            Settled("a", "expectedPods", "1"),
            Evict("not allowed", "a-2"),
            Get("still there", $"{Pods}/a-2"),
            Budget("b", "a", "\"minAvailable\":1"),
            Settled("b", "expectedPods", "1"),
            Evict("two budgets", "a-2"),
            Delete("first budget goes", $"{Budgets}/a"),
            Delete("second budget goes", $"{Budgets}/b"),
            Evict("free at last", "a-2", ",\"deleteOptions\":{\"gracePeriodSeconds\":0}"),
            Post("wrong kind", $"{Pods}/a-2/eviction", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a-2"}}"""),
            Budget("both", "a", "\"minAvailable\":1,\"maxUnavailable\":1").Differs("go-structs", "body.details.causes", "body.message"),
            Budget("negative", "a", "\"minAvailable\":-1"),
            Budget("percent", "a", "\"minAvailable\":\"half\"").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Delete("node goes", $"{Nodes}/${{ns}}"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields").DiffersFromOlder("pod-generation", "body.metadata.generation").DiffersFromOlder("budget-conditions", "body.status.conditions").NamedBefore(21, "policy-v1", "policy/v1", "policy/v1beta1"),
        new Conversation("nodes")
        {
            Post("create", Nodes, """{"apiVersion":"v1","kind":"Node","metadata":{"name":"${ns}","labels":{"a":"b"}},"spec":{"providerID":"remote://x"}}""").Differs("node-taint", "body.spec.taints"),
            Patch("cordon", $"{Nodes}/${{ns}}", StrategicPatch, """{"spec":{"unschedulable":true}}""").Differs("node-taint", "body.spec.taints"),
            Patch("taint", $"{Nodes}/${{ns}}", MergePatch, """{"spec":{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}}"""),
            Patch("bad taint", $"{Nodes}/${{ns}}", MergePatch, """{"spec":{"taints":[{"key":"a b","effect":"Sometimes"}]}}""").Differs("go-structs", "body.details.causes", "body.message"),
            Patch("taint twice", $"{Nodes}/${{ns}}", MergePatch, """{"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"a","effect":"NoSchedule"}]}}""").Differs("go-structs", "body.details.causes", "body.message"),
            Patch("provider changed", $"{Nodes}/${{ns}}", MergePatch, """{"spec":{"providerID":"remote://y"}}""").DiffersFromOlder("go-structs", "body.details.causes", "body.message"),
            Patch("ready", $"{Nodes}/${{ns}}/status", StrategicPatch, """{"status":{"conditions":[{"type":"Ready","status":"True","reason":"KubeletReady"}],"addresses":[{"type":"InternalIP","address":"192.0.2.1"}]}}"""),
            Get("unschedulable", $"{Nodes}?fieldSelector=spec.unschedulable%3Dtrue,metadata.name%3D${{ns}}"),
            Get("table", $"{Nodes}/${{ns}}").As(Table),
            Get("bad field", $"{Nodes}?fieldSelector=spec.providerID%3Dx"),
            Delete("delete", $"{Nodes}/${{ns}}"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
        new Conversation("pods")
        {
            Post("create", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"c","image":"i:1"}]}}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Post("no containers", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{}}"""),
            Post("no image", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"containers":[{"name":"C"}]}}"""),
            Post("bad policy", Pods, """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b"},"spec":{"restartPolicy":"Perhaps","containers":[{"name":"c","image":"i"}]}}"""),
            Get("bad field", $"{Pods}?fieldSelector=spec.nonsense%3Dx"),
            Get("by node", $"{Pods}?fieldSelector=spec.nodeName%3Dnone"),
            Get("by phase", $"{Pods}?fieldSelector=status.phase%3DPending").DiffersFromOlder("pod-generation", "body.items[*].metadata.generation"),
            Get("table", Pods).As(Table).DiffersFromOlder("table-cells", "body.columnDefinitions[*].type", "body.rows[*].cells[*]", "body.rows[*].object.metadata.generation"),
            Post("bind", $"{Pods}/a/binding", """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"a"},"target":{"kind":"Node","name":"${ns}"}}"""),
            Post("bind again", $"{Pods}/a/binding", """{"apiVersion":"v1","kind":"Binding","metadata":{"name":"a"},"target":{"kind":"Node","name":"other"}}""").Differs("binding-text", "body.details.kind", "body.message"),
            Delete("delete", $"{Pods}/a", """{"gracePeriodSeconds":0}""").DiffersFromOlder("pod-generation", "body.metadata.generation"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
        new Conversation("leases")
        {
            Post("create", Leases, """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a"},"spec":{"holderIdentity":"me","leaseDurationSeconds":15,"acquireTime":"2026-01-01T00:00:00.000000Z","renewTime":"2026-01-01T00:00:00.000000Z","leaseTransitions":0}}"""),
            Put("no version", $"{Leases}/a", """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a"},"spec":{"holderIdentity":"you"}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Put("renew", $"{Leases}/a", """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a","resourceVersion":"${create.metadata.resourceVersion}"},"spec":{"holderIdentity":"me","leaseDurationSeconds":15,"renewTime":"2026-01-01T00:00:10.000000Z"}}"""),
            Put("lost", $"{Leases}/a", """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"a","resourceVersion":"${create.metadata.resourceVersion}"},"spec":{"holderIdentity":"you"}}"""),
            Put("created by update", $"{Leases}/b", """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"b"},"spec":{"holderIdentity":"me"}}"""),
            Post("bad duration", Leases, """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"c"},"spec":{"leaseDurationSeconds":0,"leaseTransitions":-1}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Post("bad time", $"{Leases}?dryRun=All", """{"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"name":"c"},"spec":{"renewTime":"now"}}""").Differs("time-formats", "body", "code"),
            Get("table", Leases).As(Table),
            Delete("delete", $"{Leases}/a"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
        new Conversation("events")
        {
            Post("create", Events, """{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"a"},"eventTime":"2026-01-01T00:00:00.000000Z","reportingController":"example.com/c","reportingInstance":"i","action":"Do","reason":"Done","type":"Normal","note":"n","regarding":{"apiVersion":"v1","kind":"Pod","name":"p","namespace":"${ns}"}}""").Differs("events", "body.deprecatedFirstTimestamp", "body.deprecatedLastTimestamp", "body.deprecatedSource"),
            Post("incomplete", Events, """{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"b"},"regarding":{"kind":"Pod","name":"p","namespace":"${ns}"}}""").Differs("events", "body.details.group", "body.message"),
            Post("elsewhere", Events, """{"apiVersion":"events.k8s.io/v1","kind":"Event","metadata":{"name":"b"},"eventTime":"2026-01-01T00:00:00.000000Z","reportingController":"example.com/c","reportingInstance":"i","action":"Do","reason":"Done","type":"Normal","regarding":{"kind":"Pod","name":"p","namespace":"other"}}""").Differs("events", "body.deprecatedFirstTimestamp", "body.deprecatedLastTimestamp", "body.deprecatedSource"),
            Patch("series", $"{Events}/a", MergePatch, """{"series":{"count":2,"lastObservedTime":"2026-01-01T00:00:10.000000Z"}}""").Differs("events", "body.deprecatedFirstTimestamp", "body.deprecatedLastTimestamp", "body.deprecatedSource"),
            Patch("reason changed", $"{Events}/a", MergePatch, """{"reason":"Other"}""").DiffersFromOlder("events", "body", "code").DiffersFromNewest("events", "body.details.causes", "body.details.group", "body.message"),
            Get("as core", "/api/v1/namespaces/${ns}/events/a").Differs("events", "body.firstTimestamp", "body.lastTimestamp", "body.source").DiffersFromOlder("events", "body.metadata.resourceVersion", "body.reason"),
            Get("by object", $"{Events}?fieldSelector=regarding.name%3Dp").Differs("events", "body.items[*].deprecatedFirstTimestamp", "body.items[*].deprecatedLastTimestamp", "body.items[*].deprecatedSource").DiffersFromOlder("events", "body.items[*].metadata.resourceVersion", "body.items[*].reason"),
            Get("core by object", "/api/v1/namespaces/${ns}/events?fieldSelector=involvedObject.name%3Dp,reason%3DDone").DiffersFromOlder("events", "body.items[*]", "body.items[*].involvedObject.apiVersion", "body.items[*].involvedObject.namespace", "body.items[*].message", "body.items[*].metadata.name", "body.items[*].metadata.resourceVersion", "body.items[*].metadata.uid", "body.items[*].series").Differs("events", "body.items[*].firstTimestamp", "body.items[*].lastTimestamp", "body.items[*].source"),
            Get("bad field", $"{Events}?fieldSelector=note%3Dn"),
            Get("table", Events).As(Table).Differs("events", "body.rows[*].cells[*]").DiffersFromOlder("events", "body.rows[*].object.metadata.resourceVersion"),
            Delete("delete", $"{Events}/a"),
        }.Differs("column-descriptions", "body*description").DiffersFromOlder("older-managed-fields", "body*managedFields"),
        new Conversation("roles")
        {
            Post("role", Roles, """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"a"},"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}"""),
            Post("bad role", Roles, """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"Role","metadata":{"name":"b"},"rules":[{"apiGroups":[""],"resources":["pods"]}]}"""),
            Post("binding", Bindings, """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"a"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"a"},"subjects":[{"kind":"User","name":"u"},{"kind":"ServiceAccount","name":"s","namespace":"${ns}"}]}"""),
            Post("bad binding", Bindings, """{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"RoleBinding","metadata":{"name":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Nonsense","name":""}}"""),
            Patch("other role", $"{Bindings}/a", MergePatch, """{"roleRef":{"name":"other"}}""").Differs("go-structs", "body.details.causes", "body.message"),
            Get("binding table", Bindings).As(Table),
            Get("role table", Roles).As(Table),
            Delete("binding goes", $"{Bindings}/a"),
        }.Differs("column-descriptions", "body*description").DiffersFromOlder("older-managed-fields", "body*managedFields"),
    ];
}
