// SPDX-License-Identifier: Apache-2.0

using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>Admission webhooks: when they are asked, what they are asked, and what their answers do.</summary>
internal static class Webhooks
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Validating = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
    private const string Mutating = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";

    private const string Schema = """
        {"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"},"n":{"type":"integer"},"d":{"type":"string","default":"filled"}}},
         "status":{"type":"object","properties":{"s":{"type":"string"}}}}}
        """;

    private static string Gizmos(string version) => $"/apis/${{ns}}.example.com/{version}/namespaces/${{ns}}/gizmos";

    private static IEnumerable<Step> Defined =>
    [
        Post("definition", Definitions, $$$"""
            {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gizmos.${ns}.example.com"},
             "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"Gizmo","plural":"gizmos"},"versions":[
              {"name":"v1","served":true,"storage":true,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{{{Schema}}} }},
              {"name":"v2","served":true,"storage":false,"subresources":{"status":{}},"schema":{"openAPIV3Schema":{{{Schema}}} }}]}}
            """).Differs("definition-at-once", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.singular", "body.status.conditions"),
        Get("established", $"{Definitions}/gizmos.${{ns}}.example.com").Until("status.conditions.1.status", "True"),
        Get("served", Gizmos("v1")).Until("code", "200"),
        Get("other version served", Gizmos("v2")).Until("code", "200"),
    ];

    private static string Gizmo(string name, string spec = """{"a":"x"}""", string version = "v1") => $$"""
        {"apiVersion":"${ns}.example.com/{{version}}","kind":"Gizmo","metadata":{"name":"{{name}}"},"spec":{{spec}} }
        """;

    /// <summary>One that a webhook picks out by its label.</summary>
    private static string For(string webhook, string spec = """{"a":"x"}""", string version = "v1", string name = "x") => $$$"""
        {"apiVersion":"${ns}.example.com/{{{version}}}","kind":"Gizmo","metadata":{"name":"{{{name}}}","labels":{"ask":"{{{webhook}}}"}},"spec":{{{spec}}} }
        """;

    private static string Rules(string operations = """["*"]""", string resources = """["gizmos"]""", string versions = """["v1"]""", string groups = """["${ns}.example.com"]""", string scope = "*") =>
        $$"""[{"apiGroups":{{groups}},"apiVersions":{{versions}},"resources":{{resources}},"operations":{{operations}},"scope":"{{scope}}"}]""";

    /// <summary>A webhook that is asked about objects with its name as label <c>ask</c>.</summary>
    private static string Hook(string name, string? url = null, string? rules = null, string more = "", string trusted = "${ca}") =>
        WebhookServer.Webhook(name, url ?? $"${{hook}}/{name}", rules ?? Rules(), $$$""","objectSelector":{"matchLabels":{"ask":"{{{name}}}"}}{{{more}}}""", trusted);

    private static string Configuration(string kind, string name, params string[] webhooks) =>
        $$"""{"apiVersion":"admissionregistration.k8s.io/v1","kind":"{{kind}}","metadata":{"name":"{{name}}"},"webhooks":[{{string.Join(',', webhooks)}}]}""";

    private static Step Validate(string name, params string[] webhooks) =>
        Post($"validating {name}", Validating, Configuration("ValidatingWebhookConfiguration", $"${{ns}}-{name}", webhooks));

    private static Step Mutate(string name, params string[] webhooks) =>
        Post($"mutating {name}", Mutating, Configuration("MutatingWebhookConfiguration", $"${{ns}}-{name}", webhooks));

    /// <summary>A configuration takes effect a moment later: until the last of its webhooks refuses.</summary>
    private static Step Effective(string name = "deny") => Post($"{name} is asked", $"{Gizmos("v1")}?dryRun=All", For(name)).Until("code", "400");

    private static Step Ask(string name) => Post(name, $"{Gizmos("v1")}?dryRun=All", For(name));

    private static Step Failing(string name) => Ask(name).DiffersFromOlder("older-text", "body.details.causes", "body.message");

    private static IEnumerable<Step> Gone(params string[] paths) => paths.Select(path => Delete($"gone {path}", path.Replace("validating ", $"{Validating}/${{ns}}-", StringComparison.Ordinal).Replace("mutating ", $"{Mutating}/${{ns}}-", StringComparison.Ordinal)));

    private static Step Wrong(string name, string change, string? to = null) => Post(name, Validating, Configuration(
        "ValidatingWebhookConfiguration", "wrong", Hook("allow").Replace(change, to ?? string.Empty, StringComparison.Ordinal)));

    private static Step WrongRule(string name, string rules) => Post(name, Validating, Configuration("ValidatingWebhookConfiguration", "wrong", Hook("allow", rules: rules)));

    private static Step WrongAddress(string name, string client) => Post(name, Validating, Configuration("ValidatingWebhookConfiguration", "wrong", $$"""
        {"name":"a.example.com","clientConfig":{{client}},"sideEffects":"None","admissionReviewVersions":["v1"]}
        """));

    private const string Pods = "/api/v1/namespaces/${ns}/pods";

    private const string InNamespace = ",\"namespaceSelector\":{\"matchLabels\":{\"asks\":\"${ns}\"}}";

    private static string Pod(string name) => $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"{{{name}}}"},"spec":{"containers":[{"name":"c","image":"i"}]}}""";

    private static string CoreRules(string operations, string resource) => Rules(operations, $"[\"{resource}\"]", groups: """[""]""");

    private static Step Evict(string name, string pod, string options) => Post(name, $"{Pods}/{pod}/eviction", $$"""
        {"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"{{pod}}"},"deleteOptions":{{options}} }
        """);

    public static IEnumerable<Conversation> All =>
    [
        new Conversation("webhook-answers")
        {
            Defined,
            Validate(
                "all",
                Hook("allow"),
                Hook("message"),
                Hook("reason"),
                Hook("code"),
                Hook("low-code"),
                Hook("warn"),
                Hook("warn-and-deny"),
                Hook("slow", more: ",\"timeoutSeconds\":1"),
                Hook("cut"),
                Hook("broken"),
                Hook("not-found"),
                Hook("forbidden"),
                Hook("status"),
                Hook("empty"),
                Hook("no-kind"),
                Hook("no-response"),
                Hook("untyped-patch"),
                Hook("down", "https://127.0.0.1:1/down"),
                Hook("untrusted", "${hook}/allow", trusted: string.Empty),
                Hook("no-certificate", "${hook}/allow", trusted: "bm9uc2Vuc2U="),
                Hook("no-service").Replace("\"url\":\"${hook}/no-service\"", "\"service\":{\"name\":\"none\",\"namespace\":\"${ns}\",\"path\":\"/p\",\"port\":8443}", StringComparison.Ordinal),
                Hook("optional-down", "https://127.0.0.1:1/down", more: ",\"failurePolicy\":\"Ignore\""),
                Hook("optional-slow", "${hook}/slow", more: ",\"failurePolicy\":\"Ignore\",\"timeoutSeconds\":1"),
                Hook("optional-deny", "${hook}/message", more: ",\"failurePolicy\":\"Ignore\""),
                Hook("deny")),
            Effective(),
            Ask("allow"),
            Ask("message"),
            Ask("reason"),
            Ask("code"),
            Ask("low-code"),
            Ask("warn"),
            Ask("warn-and-deny"),
            Failing("slow"),
            Ask("cut").Differs("webhook-errors", "body.details.causes", "body.message"),
            Failing("broken"),
            Failing("not-found"),
            Failing("forbidden"),
            Failing("status"),
            Failing("empty"),
            Failing("no-kind"),
            Failing("no-response"),
            Failing("untyped-patch"),
            Failing("down"),
            Failing("untrusted"),
            Failing("no-certificate"),
            Failing("no-service"),
            Ask("optional-down"),
            Ask("optional-slow"),
            Ask("optional-deny"),
            Ask("nobody"),
            Gone("validating all"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("webhook-questions")
        {
            Defined,
            Validate("asks", Hook("echo", rules: Rules(resources: """["gizmos","gizmos/status"]""")), Hook("deny")),
            Effective(),
            Post("create", $"{Gizmos("v1")}?dryRun=All&fieldManager=me", For("echo")),
            Post("create with a generated name", Gizmos("v1"), """{"apiVersion":"${ns}.example.com/v1","kind":"Gizmo","metadata":{"generateName":"x-","labels":{"ask":"echo"}},"spec":{"junk":1}}""").DiffersFromOlder("field-validation", "headers.Warning"),
            Post("in the other version", Gizmos("v2"), For("echo", version: "v2")),
            Apply("applied", $"{Gizmos("v1")}/x", "me", For("echo")),
            Post("not asked", Gizmos("v1"), Gizmo("a")),
            Post("asked later", Gizmos("v1"), Gizmo("b")),
            Patch("patched", $"{Gizmos("v1")}/a", MergePatch, """{"metadata":{"labels":{"ask":"echo"}}}"""),
            Put("put", $"{Gizmos("v1")}/b", For("echo", name: "b").Replace("\"labels\"", "\"resourceVersion\":\"${asked later.metadata.resourceVersion}\",\"labels\"", StringComparison.Ordinal)),
            Gone("validating asks"),
            Patch("labelled", $"{Gizmos("v1")}/a", MergePatch, """{"metadata":{"labels":{"ask":"echo"},"finalizers":["example.com/f"]}}""").Until("code", "200"),
            Patch("other labelled", $"{Gizmos("v1")}/b", MergePatch, """{"metadata":{"labels":{"ask":"echo"}}}""").Until("code", "200"),
            Validate("asks-again", Hook("echo", rules: Rules(resources: """["gizmos","gizmos/status"]""")), Hook("deny")),
            Effective("deny") with { Name = "asked again" },
            Patch("status", $"{Gizmos("v1")}/a/status", MergePatch, """{"status":{"s":"t"},"spec":{"a":"ignored"}}"""),
            Patch("selected by what it was", $"{Gizmos("v1")}/b", MergePatch, """{"metadata":{"labels":null}}"""),
            Delete("delete", $"{Gizmos("v1")}/a", """{"propagationPolicy":"Background"}"""),
            Delete("delete without a finalizer, dry", $"{Gizmos("v1")}/b?dryRun=All"),
            Delete("collection", $"{Gizmos("v1")}?labelSelector=ask%3Decho"),
            Gone("validating asks-again"),
            Delete("delete for good", $"{Gizmos("v1")}/a").Until("code", "200"),
            Validate("asks-last", Hook("echo", rules: Rules("""["DELETE"]""")), Hook("deny")),
            Effective("deny") with { Name = "asked at last" },
            Patch("the last finalizer asks nobody", $"{Gizmos("v1")}/a", MergePatch, """{"metadata":{"finalizers":null}}"""),
            Gone("validating asks-last"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("webhook-order")
        {
            Defined,
            Mutate(
                "all",
                Hook("mend"),
                Hook("spoil"),
                Hook("junk"),
                Hook("undefault"),
                Hook("misfit"),
                Hook("mutating-message", "${hook}/message"),
                Hook("mutating-echo", "${hook}/echo"),
                Hook("append", "${hook}/append-1", more: ",\"reinvocationPolicy\":\"IfNeeded\""),
                Hook("append-two", "${hook}/append-2").Replace("\"ask\":\"append-two\"", "\"ask\":\"append\"", StringComparison.Ordinal),
                Hook("no-delete", "${hook}/mend", Rules("""["DELETE"]""")),
                Hook("deny")),
            Validate("all", Hook("message"), Hook("echo"), Hook("late", "${hook}/deny")),
            Effective(),
            Effective("late"),
            Post("mended before it is checked", $"{Gizmos("v1")}?dryRun=All", For("mend", """{"n":"one"}""")),
            Post("spoiled before it is checked", $"{Gizmos("v1")}?dryRun=All", For("spoil")).DiffersFromOlder("older-text", "body.details.causes"),
            Post("unknown fields of a webhook go", $"{Gizmos("v1")}?dryRun=All", For("junk")),
            Post("defaults come again", $"{Gizmos("v1")}?dryRun=All", For("undefault")),
            Post("patch that does not fit", $"{Gizmos("v1")}?dryRun=All", For("misfit")).Differs("webhook-errors", "body.details.causes", "body.message"),
            Post("refused before it is checked", $"{Gizmos("v1")}?dryRun=All", For("mutating-message", """{"n":"one"}""")),
            Post("pruned and filled before", $"{Gizmos("v1")}?dryRun=All", For("mutating-echo", """{"n":1,"junk":2}""")).DiffersFromOlder("field-validation", "headers.Warning"),
            Post("asked again when another changed it", $"{Gizmos("v1")}?dryRun=All", For("append")),
            Post("checked before it is refused", $"{Gizmos("v1")}?dryRun=All", For("message", """{"n":"one"}""")).DiffersFromOlder("older-text", "body.details.causes"),
            Post("refused", $"{Gizmos("v1")}?dryRun=All", For("message", """{"n":1}""")),
            Post("there", Gizmos("v1"), Gizmo("a")),
            Post("refused although it is there", Gizmos("v1"), For("message", name: "a")),
            Patch("refused although it is stale", $"{Gizmos("v1")}/a", MergePatch, """{"metadata":{"labels":{"ask":"mutating-message"}}}"""),
            Put("stale is told before", $"{Gizmos("v1")}/a", For("message", name: "a").Replace("\"labels\"", "\"resourceVersion\":\"1\",\"labels\"", StringComparison.Ordinal)),
            Put("stale is told after", $"{Gizmos("v1")}/a", For("mutating-message", name: "a").Replace("\"labels\"", "\"resourceVersion\":\"1\",\"labels\"", StringComparison.Ordinal)),
            Put("missing is told before", $"{Gizmos("v1")}/none", For("mutating-message", name: "none")),
            Post("in no namespace", Gizmos("v1").Replace("namespaces/${ns}", "namespaces/${ns}-none", StringComparison.Ordinal), For("mutating-message")),
            Post("changed by a webhook", Gizmos("v1"), For("append", name: "b")),
            Get("and kept", $"{Gizmos("v1")}/b"),
            Patch("changed at a patch", $"{Gizmos("v1")}/b?fieldManager=other", MergePatch, """{"spec":{"n":1}}"""),
            Apply("applied and changed", $"{Gizmos("v1")}/c", "me", For("append", name: "c")),
            Apply("another applies what the webhook set", $"{Gizmos("v1")}/c", "other", Gizmo("c", """{"d":"set"}""")),
            Post("to be deleted", Gizmos("v1"), For("no-delete", name: "d")),
            Delete("a webhook can't change what is deleted", $"{Gizmos("v1")}/d"),
            Delete("preconditions are told before", $"{Gizmos("v1")}/d", """{"preconditions":{"uid":"11111111-2222-3333-4444-555555555555"}}"""),
            Gone("mutating all", "validating all"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("webhook-rules")
        {
            Defined,
            Post("other namespace", "/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${ns}-other","labels":{"asked":"no"}}}""").DiffersFromOlder("namespace-label", "body.metadata.labels"),
            Validate(
                "all",
                Hook("cluster", "${hook}/message", Rules(scope: "Cluster")),
                Hook("namespaced", "${hook}/message", Rules(scope: "Namespaced")),
                Hook("other-group", "${hook}/message", Rules(groups: """["apps"]""")),
                Hook("any-group", "${hook}/message", Rules(groups: """["*"]""", versions: """["*"]""", resources: """["*"]""")),
                Hook("other-version", "${hook}/message", Rules(versions: """["v3"]""")),
                Hook("equivalent", "${hook}/echo", Rules(versions: """["v2"]""")),
                Hook("exact", "${hook}/message", Rules(versions: """["v2"]"""), ",\"matchPolicy\":\"Exact\""),
                Hook("updates", "${hook}/message", Rules("""["UPDATE","DELETE","CONNECT"]""")),
                Hook("status-only", "${hook}/message", Rules(resources: """["gizmos/status"]""")),
                Hook("with-parts", "${hook}/message", Rules(resources: """["gizmos/*"]""")),
                Hook("all-parts", "${hook}/message", Rules(resources: """["*/*"]""")),
                Hook("any-status", "${hook}/message", Rules(resources: """["*/status"]""")),
                Hook("in-namespaces", "${hook}/message", more: ",\"namespaceSelector\":{\"matchExpressions\":[{\"key\":\"asked\",\"operator\":\"NotIn\",\"values\":[\"no\"]}]}"),
                Hook("no-rules", "${hook}/message", "[]"),
                WebhookServer.Webhook("namespaces", "${hook}/echo", Rules(groups: """[""]""", resources: """["namespaces"]""", scope: "Cluster"), ",\"namespaceSelector\":{\"matchLabels\":{\"ask\":\"${ns}\"}}"),
                Hook("deny")),
            Effective(),
            Ask("cluster"),
            Ask("namespaced"),
            Ask("other-group"),
            Ask("any-group"),
            Ask("other-version"),
            Ask("equivalent"),
            Ask("exact"),
            Ask("updates"),
            Ask("status-only"),
            Ask("with-parts"),
            Ask("all-parts"),
            Ask("any-status"),
            Ask("in-namespaces"),
            Post("in-namespaces not here", $"{Gizmos("v1").Replace("namespaces/${ns}", "namespaces/${ns}-other", StringComparison.Ordinal)}?dryRun=All", For("in-namespaces")),
            Ask("no-rules"),
            Post("namespace", "/api/v1/namespaces", """{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"${ns}-third","labels":{"ask":"${ns}"}}}""").DiffersFromOlder("namespace-label", "body.message"),
            Post("status-only made", Gizmos("v1"), For("status-only", name: "a")),
            Patch("status-only patched", $"{Gizmos("v1")}/a", MergePatch, """{"spec":{"n":2}}"""),
            Patch("status-only status", $"{Gizmos("v1")}/a/status", MergePatch, """{"status":{"s":"t"}}"""),
            Post("exact in its version", $"{Gizmos("v2")}?dryRun=All", For("exact", version: "v2")),
            Post("webhooks are asked of no webhooks", $"{Validating}?dryRun=All", """{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"${ns}-none","labels":{"ask":"any-group"}}}"""),
            Gone("validating all"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("webhook-evictions")
        {
            Patch("namespace labelled", "/api/v1/namespaces/${ns}", MergePatch, """{"metadata":{"labels":{"asks":"${ns}"}}}""").DiffersFromOlder("namespace-label", "body.metadata.labels"),
            Post("pod", Pods, Pod("a")).DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Post("other pod", Pods, Pod("b")).DiffersFromOlder("pod-generation", "body.metadata.generation"),
            Validate(
                "all",
                WebhookServer.Webhook("evictions", "${hook}/echo", CoreRules("""["CREATE"]""", "pods/eviction"), InNamespace),
                WebhookServer.Webhook("deletes", "${hook}/message", CoreRules("""["DELETE"]""", "pods"), InNamespace)),
            Evict("evicted, dry", "a", """{"dryRun":["All"]}""").Until("code", "400").DiffersFromOlder("policy-v1", "body.message"),
            Evict("evicted", "a", "{}").DiffersFromOlder("policy-v1", "body.message"),
            Delete("deleted", $"{Pods}/a"),
            Gone("validating all"),
            Validate("deletes", WebhookServer.Webhook("deletes", "${hook}/message", CoreRules("""["DELETE"]""", "pods"), InNamespace)),
            Evict("evicted past those who are asked about deletions", "b", "{}").Until("code", "201"),
            Get("gone", $"{Pods}/b").Until("code", "404"),
            Gone("validating deletes"),
        }.Differs("managed-fields", "body*managedFields").NamedBefore(21, "policy-v1", "policy/v1", "policy/v1beta1"),
        new Conversation("webhook-configurations")
        {
            Validate("good", Hook("allow", rules: """[{"apiGroups":["${ns}.example.com"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["nothings"]}]""")),
            Mutate("good", Hook("allow", rules: """[{"apiGroups":["${ns}.example.com"],"apiVersions":["v1"],"operations":["CREATE"],"resources":["nothings"]}]""")),
            Get("as table", $"{Validating}/${{ns}}-good").As(Table).Differs("column-descriptions", "body*description"),
            Patch("generation", $"{Validating}/${{ns}}-good", MergePatch, """{"webhooks":[]}"""),
            Patch("labels alone", $"{Validating}/${{ns}}-good", MergePatch, """{"metadata":{"labels":{"a":"b"}}}"""),
            Put("without version", $"{Validating}/${{ns}}-good", """{"apiVersion":"admissionregistration.k8s.io/v1","kind":"ValidatingWebhookConfiguration","metadata":{"name":"${ns}-good"}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Wrong("no name", "allow.${ns}.example.com"),
            Wrong("short name", "allow.${ns}.example.com", "allow"),
            Wrong("bad name", "allow.${ns}.example.com", "Allow.example.com"),
            Wrong("no side effects", "\"sideEffects\":\"None\","),
            Wrong("bad side effects", "\"sideEffects\":\"None\"", "\"sideEffects\":\"Some\""),
            Wrong("no versions", "\"admissionReviewVersions\":[\"v1\"]", "\"admissionReviewVersions\":[]"),
            Wrong("other versions", "\"admissionReviewVersions\":[\"v1\"]", "\"admissionReviewVersions\":[\"v9\"]").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Wrong("version twice", "\"admissionReviewVersions\":[\"v1\"]", "\"admissionReviewVersions\":[\"v1\",\"v1\"]"),
            Wrong("no time", "\"sideEffects\"", "\"timeoutSeconds\":0,\"sideEffects\""),
            Wrong("much time", "\"sideEffects\"", "\"timeoutSeconds\":31,\"sideEffects\""),
            Wrong("policy", "\"sideEffects\"", "\"failurePolicy\":\"Maybe\",\"sideEffects\""),
            Wrong("match", "\"sideEffects\"", "\"matchPolicy\":\"Some\",\"sideEffects\""),
            WrongAddress("no address", "{}"),
            WrongAddress("both addresses", """{"url":"https://a/b","service":{"name":"a","namespace":"b"}}"""),
            WrongAddress("http", """{"url":"http://a/b"}"""),
            WrongAddress("no host", """{"url":"https:///b"}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongAddress("user", """{"url":"https://a:b@c/d"}"""),
            WrongAddress("fragment", """{"url":"https://a/b#c"}"""),
            WrongAddress("query", """{"url":"https://a/b?c=d"}"""),
            WrongAddress("no url", """{"url":":::"}"""),
            WrongAddress("empty service", """{"service":{}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongAddress("port", """{"service":{"name":"a","namespace":"b","port":0}}"""),
            WrongAddress("certificate", """{"url":"https://a/b","caBundle":"!!"}""").DiffersFromOlder("older-decoder", "body.message"),
            WrongRule("operation", Rules("""["READ"]""")),
            WrongRule("all operations and one", Rules("""["*","CREATE"]""")).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongRule("no operations", Rules("[]")),
            WrongRule("all versions and one", Rules(versions: """["*","v1"]""")).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongRule("no rule versions", Rules(versions: "[]")),
            WrongRule("empty version", Rules(versions: """[""]""")),
            WrongRule("no groups", Rules(groups: "[]")),
            WrongRule("all groups and one", Rules(groups: """["*","apps"]""")).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongRule("no resources", Rules(resources: "[]")),
            WrongRule("empty resource", Rules(resources: """[""]""")),
            WrongRule("all resources and one", Rules(resources: """["*/*","pods"]""")).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongRule("all without parts and one", Rules(resources: """["*","pods"]""")).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            WrongRule("part twice", Rules(resources: """["pods/*","pods/status"]""")),
            WrongRule("part of all twice", Rules(resources: """["*/status","pods/status"]""")),
            WrongRule("scope", Rules(scope: "World")),
            Post("name twice", Mutating, Configuration("MutatingWebhookConfiguration", "wrong", Hook("allow"), Hook("allow"))),
            Post("reinvocation", Mutating, Configuration("MutatingWebhookConfiguration", "wrong", Hook("allow", more: ",\"reinvocationPolicy\":\"Often\""))),
            Gone("validating good", "mutating good"),
        },
    ];
}
