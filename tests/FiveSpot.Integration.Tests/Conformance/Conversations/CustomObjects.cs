// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api;
using static FiveSpot.Integration.Tests.Conformance.Step;

namespace FiveSpot.Integration.Tests.Conformance.Conversations;

/// <summary>CustomResourceDefinitions, and the objects that they define.</summary>
internal static class CustomObjects
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Group = "/apis/${ns}.example.com";
    private const string Widgets = $"{Group}/v1/namespaces/${{ns}}/widgets";
    private const string Checks = $"{Group}/v1/namespaces/${{ns}}/checks";
    private const string Machines = "/apis/5spot.finos.org/v1alpha1/namespaces/${ns}/scheduledmachines";

    /// <summary>A definition of one version, from its schema and what else the version has.</summary>
    private static string Definition(string kind, string schema, string more = "") => $$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"{{kind.ToLowerInvariant()}}s.${ns}.example.com"},
         "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"{{kind}}","plural":"{{kind.ToLowerInvariant()}}s"},
         "versions":[{"name":"v1","served":true,"storage":true{{more}},"schema":{"openAPIV3Schema":{{schema}} } }]} }
        """;

    private static Step Refused(string name, string schema, string more = "") => Post(name, Definitions, Definition("Bad", schema, more));

    private static Step Established(string plural) =>
        Get($"{plural} established", $"{Definitions}/{plural}.${{ns}}.example.com").Until("status.conditions.1.status", "True");

    private static Step Served(string plural) => Get($"{plural} served", $"{Group}/v1/namespaces/${{ns}}/{plural}").Until("code", "200");

    private const string Forms = $"{Group}/v1/namespaces/${{ns}}/forms";

    private static string Form(string spec, string more = "") => $$$"""
        {"apiVersion":"${ns}.example.com/v1","kind":"Form","metadata":{"name":"f"},"spec":{{{spec}}}{{{more}}} }
        """;

    private static string Gadgets(string version) => $"{Group}/{version}/namespaces/${{ns}}/gadgets";

    private static Step Check(string name, string spec) => Post(name, Checks, $$"""
        {"apiVersion":"${ns}.example.com/v1","kind":"Check","metadata":{"name":"c"},"spec":{{spec}} }
        """);

    public static IEnumerable<Conversation> All =>
    [
        new Conversation("definitions")
        {
            Post("create", Definitions, Definition("Thing", """{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}""")).Differs("definition-at-once", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.singular", "body.status.conditions"),
            Established("things"),
            Served("things"),
            Get("group", Group),
            Get("resources", $"{Group}/v1"),
            Get("as table", $"{Definitions}/things.${{ns}}.example.com").As(Table),
            Post("twice", Definitions, Definition("Thing", """{"type":"object"}""")),
            Patch("group changed", $"{Definitions}/things.${{ns}}.example.com", MergePatch, """{"spec":{"group":"other.example.com"}}"""),
            Patch("scope changed", $"{Definitions}/things.${{ns}}.example.com", MergePatch, """{"spec":{"scope":"Cluster"}}"""),
            Patch("kind changed", $"{Definitions}/things.${{ns}}.example.com", MergePatch, """{"spec":{"names":{"kind":"Other"}}}"""),
            Patch("schema changed", $"{Definitions}/things.${{ns}}.example.com", JsonPatch, """[{"op":"add","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/b","value":{"type":"integer"}}]"""),
            Post("held", $"{Group}/v1/namespaces/${{ns}}/things", """{"apiVersion":"${ns}.example.com/v1","kind":"Thing","metadata":{"name":"a","finalizers":["example.com/f"]}}""").Until("code", "201"),
            Delete("delete", $"{Definitions}/things.${{ns}}.example.com"),
            Get("object is deleted", $"{Group}/v1/namespaces/${{ns}}/things/a").Until("metadata.deletionGracePeriodSeconds", "0"),
            Patch("release", $"{Group}/v1/namespaces/${{ns}}/things/a", MergePatch, """{"metadata":{"finalizers":null}}"""),
            Get("gone", $"{Definitions}/things.${{ns}}.example.com").Until("code", "404"),
            Get("served no more", $"{Group}/v1/namespaces/${{ns}}/things").Until("code", "404"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
        new Conversation("versions-served")
        {
            Post("definition", Definitions, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.${ns}.example.com"},
                 "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"Gadget","plural":"gadgets"},"versions":[
                  {"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}}},
                  {"name":"v2","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}}}]}}
                """).Differs("definition-at-once", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.singular", "body.status.conditions"),
            Established("gadgets"),
            Get("older served", Gadgets("v1")).Until("code", "200"),
            Get("newer served", Gadgets("v2")).Until("code", "200"),
            Post("create", Gadgets("v2"), """{"apiVersion":"${ns}.example.com/v2","kind":"Gadget","metadata":{"name":"a"},"spec":{"a":"1"}}""").Until("code", "201"),
            Get("without namespace", $"{Group}/v1/gadgets/a"),
            Post("create without namespace", $"{Group}/v1/gadgets", """{"apiVersion":"${ns}.example.com/v1","kind":"Gadget","metadata":{"name":"b"}}"""),
            Delete("delete without namespace", $"{Group}/v1/gadgets"),
            Get("deeper than any part", $"{Gadgets("v1")}/a/b/c"),
            Get("namespaces of a group", $"{Group}/v1/namespaces/${{ns}}"),
            Open("watch of the older", Gadgets("v1")),
            Open("watch of the newer", Gadgets("v2")),
            Patch("a label changes no watch", $"{Definitions}/gadgets.${{ns}}.example.com", MergePatch, """{"metadata":{"labels":{"a":"b"}}}"""),
            Patch("seen by both", $"{Gadgets("v2")}/a", MergePatch, """{"spec":{"a":"2"}}"""),
            Patch("older stops", $"{Definitions}/gadgets.${{ns}}.example.com", JsonPatch, """[{"op":"replace","path":"/spec/versions/0/served","value":false}]"""),
            Get("older is gone", Gadgets("v1")).Until("code", "404"),
            Get("object is gone", $"{Gadgets("v1")}/a"),
            Patch("patch of the older", $"{Gadgets("v1")}/a", MergePatch, """{"spec":{"a":"3"}}"""),
            Delete("delete of the older", $"{Gadgets("v1")}/a"),
            Get("version is gone", $"{Group}/v1"),
            Get("newer stays", Gadgets("v2")).Until("code", "200"),
            End("watch of the older ends", "watch of the older"),
            End("watch of the newer ends", "watch of the newer"),
            Watch("resumed", $"{Gadgets("v2")}?resourceVersion=${{seen by both.metadata.resourceVersion}}", 1),
            Open("watch of what stays", $"{Gadgets("v2")}?resourceVersion=${{newer stays.metadata.resourceVersion}}"),
            Patch("older begins", $"{Definitions}/gadgets.${{ns}}.example.com", JsonPatch, """[{"op":"replace","path":"/spec/versions/0/served","value":true}]"""),
            Get("older is back", $"{Gadgets("v1")}/a").Until("code", "200"),
            End("watch of what stays ends", "watch of what stays"),
            Get("older can be read", Gadgets("v1")).Until("code", "200"),
            Open("watch before the schema changes", Gadgets("v1")),
            Patch("schema of the other version", $"{Definitions}/gadgets.${{ns}}.example.com", JsonPatch, """[{"op":"add","path":"/spec/versions/1/schema/openAPIV3Schema/properties/spec/properties/b","value":{"type":"integer"}}]"""),
            End("watch ends with the schema", "watch before the schema changes"),
            Get("can be read again", Gadgets("v1")).Until("code", "200"),
            Open("watch to the end", Gadgets("v1")),
            Delete("definition goes", $"{Definitions}/gadgets.${{ns}}.example.com"),
            End("watch ends with the definition", "watch to the end"),
            Get("nothing is served", Gadgets("v2")),
            Get("group is gone", Group).Until("code", "404"),
        }.Differs("managed-fields", "body*managedFields"),
        new("definitions-refused")
        {
            Post("nothing", Definitions, """{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"a.b"}}""").Differs("definition-names", "body.details.causes", "body.message"),
            Post("wrong name", Definitions, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"wrong.${ns}.example.com"},
                 "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"Bad","plural":"bads"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
                """),
            Post("bad names", Definitions, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"Bads.${ns}.example.com"},
                 "spec":{"group":"${ns}.example.com","scope":"Galaxy","names":{"kind":"bad kind","plural":"Bads","singular":"_","shortNames":["B"]},"versions":[{"name":"V 1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
                """).Differs("definition-names", "body.details.causes", "body.message"),
            Post("two stored", Definitions, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"bads.${ns}.example.com"},
                 "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"Bad","plural":"bads"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}},{"name":"v2","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
                """).Differs("go-structs", "body.details.causes", "body.message"),
            Post("same version twice", Definitions, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"bads.${ns}.example.com"},
                 "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"Bad","plural":"bads"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}},{"name":"v1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object"}}}]}}
                """).Differs("definition-names", "body", "code"),
            Post("no schema", Definitions, """
                {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"bads.${ns}.example.com"},
                 "spec":{"group":"${ns}.example.com","scope":"Namespaced","names":{"kind":"Bad","plural":"bads"},"versions":[{"name":"v1","served":true,"storage":true}]}}
                """).DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Refused("root no object", """{"type":"string"}"""),
            Refused("no type", """{"type":"object","properties":{"a":{"description":"x"}}}"""),
            Refused("unknown type", """{"type":"object","properties":{"a":{"type":"text"}}}"""),
            Refused("list without items", """{"type":"object","properties":{"a":{"type":"array"}}}"""),
            Refused("bad pattern", """{"type":"object","properties":{"a":{"type":"string","pattern":"["}}}""").Differs("regex-errors", "body.details.causes", "body.message"),
            Refused("unique items", """{"type":"object","properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"string"}}}}"""),
            Refused("type in anyOf", """{"type":"object","properties":{"a":{"type":"string","anyOf":[{"type":"string"}]}}}"""),
            Refused("additional beside properties", """{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}},"additionalProperties":{"type":"string"}}}}"""),
            Refused("map without keys", """{"type":"object","properties":{"a":{"type":"array","x-kubernetes-list-type":"map","items":{"type":"object","properties":{"k":{"type":"string"}}}}}}"""),
            Refused("bad default", """{"type":"object","properties":{"a":{"type":"string","default":1}}}""").DiffersFromOlder("older-text", "body.details.causes"),
            Refused("metadata restricted", """{"type":"object","properties":{"metadata":{"type":"object","properties":{"labels":{"type":"object"}}}}}"""),
            Refused("reference", """{"type":"object","properties":{"a":{"type":"object","$ref":"#/x"}}}"""),
            Refused("bad column", """{"type":"object"}""", ",\"additionalPrinterColumns\":[{\"name\":\"A\",\"type\":\"text\",\"jsonPath\":\"spec.a\"}]"),
            Refused("bad scale", """{"type":"object"}""", ",\"subresources\":{\"scale\":{\"specReplicasPath\":\"spec.replicas\",\"statusReplicasPath\":\".spec.replicas\"}}"),
        },
        new Conversation("custom-objects")
        {
            Post("definition", Definitions, Definition("Widget", """
                {"type":"object","required":["spec"],"properties":{"spec":{"type":"object","properties":{
                  "size":{"type":"integer","default":3,"minimum":1},"replicas":{"type":"integer"},"color":{"type":"string"},
                  "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true},
                  "parts":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],"items":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"count":{"type":"integer"}}}}}},
                 "status":{"type":"object","properties":{"replicas":{"type":"integer"},"selector":{"type":"string"},"note":{"type":"string"}}}}}
                """, """
                ,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.replicas","statusReplicasPath":".status.replicas","labelSelectorPath":".status.selector"}},
                 "additionalPrinterColumns":[{"name":"Size","type":"integer","jsonPath":".spec.size"},{"name":"Color","type":"string","jsonPath":".spec.color","priority":1,"description":"its color"},{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}]
                """)).Differs("definition-at-once", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.singular", "body.status.conditions"),
            Established("widgets"),
            Served("widgets"),
            Post("create", Widgets, """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"color":"red","junk":1,"free":{"any":[1,"x"]}},"status":{"note":"ignored"}}""").DiffersFromOlder("field-validation", "headers.Warning"),
            Post("exists", Widgets, """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{}}"""),
            Post("wrong kind", Widgets, """{"apiVersion":"${ns}.example.com/v1","kind":"Other","metadata":{"name":"b"},"spec":{}}"""),
            Post("wrong version", Widgets, """{"apiVersion":"${ns}.example.com/v2","kind":"Widget","metadata":{"name":"b"},"spec":{}}""").DiffersFromNewest("newest-text", "headers.Warning"),
            Post("no kind", Widgets, """{"metadata":{"name":"b"},"spec":{}}""").DiffersFromOlder("older-text", "body.message"),
            Post("malformed", Widgets, """{"apiVersion":"""),
            Post("no body", Widgets, ""),
            Post("bad name", Widgets, """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"B"},"spec":{}}"""),
            Post("strict", $"{Widgets}?fieldValidation=Strict", """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"b","lable":"x"},"spec":{"junk":1}}""").From(27),
            Post("warned", $"{Widgets}?fieldValidation=Warn&dryRun=All", """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"b"},"spec":{"junk":1}}""").From(27),
            Put("no version", $"{Widgets}/a", """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":{"color":"blue"}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Put("update", $"{Widgets}/a", """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"a","resourceVersion":"${create.metadata.resourceVersion}"},"spec":{"color":"blue"}}"""),
            Put("stale", $"{Widgets}/a", """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"a","resourceVersion":"${create.metadata.resourceVersion}"},"spec":{"color":"green"}}"""),
            Patch("merge", $"{Widgets}/a", MergePatch, """{"spec":{"replicas":2,"parts":[{"name":"p"}]},"status":{"note":"ignored"}}"""),
            Patch("json", $"{Widgets}/a", JsonPatch, """[{"op":"replace","path":"/spec/color","value":"green"}]"""),
            Patch("strategic", $"{Widgets}/a", StrategicPatch, """{"spec":{}}"""),
            Patch("status", $"{Widgets}/a/status", MergePatch, """{"spec":{"color":"ignored"},"status":{"replicas":1,"selector":"x=y","note":"here"}}"""),
            Put("status replaced", $"{Widgets}/a/status", """{"apiVersion":"${ns}.example.com/v1","kind":"Widget","metadata":{"name":"a","resourceVersion":"${status.metadata.resourceVersion}"},"spec":{"color":"ignored"},"status":{"replicas":2,"selector":"x=y"}}"""),
            Patch("status invalid", $"{Widgets}/a/status", MergePatch, """{"status":{"replicas":"many"}}""").Differs("status-validation", "body.details.causes", "body.message"),
            Get("scale", $"{Widgets}/a/scale"),
            Patch("scaled", $"{Widgets}/a/scale", MergePatch, """{"spec":{"replicas":5}}"""),
            Put("scale put", $"{Widgets}/a/scale", """{"apiVersion":"autoscaling/v1","kind":"Scale","metadata":{"name":"a","namespace":"${ns}"},"spec":{"replicas":7}}"""),
            Patch("scaled below 0", $"{Widgets}/a/scale", MergePatch, """{"spec":{"replicas":-1}}"""),
            Get("unknown part", $"{Widgets}/a/nonsense"),
            Get("table", Widgets).As(Table),
            Get("metadata", $"{Widgets}/a").As(Metadata),
            Get("metadata list", Widgets).As(MetadataList),
            Get("list", Widgets),
            Get("field selector", $"{Widgets}?fieldSelector=metadata.name%3Da&limit=1"),
            Get("field unknown", $"{Widgets}?fieldSelector=spec.color%3Dred"),
            Get("missing", $"{Widgets}/none"),
            Apply("apply", $"{Widgets}/b", "one", "apiVersion: ${ns}.example.com/v1\nkind: Widget\nmetadata: {name: b}\nspec: {parts: [{name: p, count: 1}]}\n"),
            Apply("apply second part", $"{Widgets}/b", "two", "apiVersion: ${ns}.example.com/v1\nkind: Widget\nmetadata: {name: b}\nspec: {parts: [{name: q, count: 2}]}\n"),
            Apply("apply conflict", $"{Widgets}/b", "two", "apiVersion: ${ns}.example.com/v1\nkind: Widget\nmetadata: {name: b}\nspec: {parts: [{name: p, count: 2}]}\n"),
            Apply("apply unknown field", $"{Widgets}/b", "one", "apiVersion: ${ns}.example.com/v1\nkind: Widget\nmetadata: {name: b}\nspec: {junk: 1}\n").DiffersFromOlder("older-text", "body.message"),
            Patch("apply status", $"{Widgets}/b/status?fieldManager=one&dryRun=All", ApplyPatch, "apiVersion: ${ns}.example.com/v1\nkind: Widget\nmetadata: {name: b}\nstatus: {note: n}\n").Differs("apply-status", "body", "code"),
            Watch("watch", $"{Widgets}?resourceVersion=${{create.metadata.resourceVersion}}&fieldSelector=metadata.name%3Da", 3),
            Delete("delete", $"{Widgets}/a"),
            Delete("delete all", Widgets).Differs("other", "body.metadata.continue"),
            Delete("definition goes", $"{Definitions}/widgets.${{ns}}.example.com"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
        new Conversation("field-validation")
        {
            Post("definition", Definitions, Definition("Form", """
                {"type":"object","properties":{"spec":{"type":"object","properties":{"a":{"type":"string"},"n":{"type":"integer"},"d":{"type":"string","default":"filled"},
                  "free":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"properties":{"known":{"type":"object","properties":{"x":{"type":"string"}}}}},
                  "list":{"type":"array","items":{"type":"object","properties":{"x":{"type":"string"}}}},"map":{"type":"object","additionalProperties":{"type":"object","properties":{"x":{"type":"string"}}}},
                  "any":{"type":"object","x-kubernetes-embedded-resource":true,"x-kubernetes-preserve-unknown-fields":true},"inner":{"type":"object","x-kubernetes-embedded-resource":true,"properties":{"spec":{"type":"object","properties":{"a":{"type":"string"}}}}}}},
                 "status":{"type":"object","properties":{"s":{"type":"string"}}}}}
                """, ",\"subresources\":{\"status\":{}}")).Differs("definition-at-once", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.singular", "body.status.conditions"),
            Established("forms"),
            Served("forms"),
            Post("unknown field", $"{Forms}?fieldValidation=Strict", Form("""{"adress":"192.0.2.1"}""")).From(27),
            Post("unknown fields everywhere", $"{Forms}?fieldValidation=Strict", Form("""{"adress":"x","list":[{"x":"a","y":1},{"z":1}],"free":{"any":1,"known":{"x":"a","y":2}},"map":{"q":{"w":1}}}""", ",\"extra\":1")).From(27),
            Post("unknown fields of metadata", $"{Forms}?fieldValidation=Strict", Form("{}").Replace("\"name\"", "\"lables\":{},\"name\"", StringComparison.Ordinal)).From(27),
            Post("unknown fields of an object within", $"{Forms}?fieldValidation=Strict", Form("""{"inner":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"q":1},"other":1},"any":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"q":1}}}""")).From(27),
            Post("field twice", $"{Forms}?fieldValidation=Strict", Form("""{"a":"x","a":"y","junk":1}""")).From(27),
            Post("unknown before invalid", $"{Forms}?fieldValidation=Strict", Form("""{"n":"one","junk":1}""")).From(27),
            Post("nothing unknown", $"{Forms}?fieldValidation=Strict&dryRun=All", Form("""{"free":{"any":{"thing":1}},"any":{"apiVersion":"v1","kind":"Pod","spec":{"q":1}}}""")),
            Post("warned", $"{Forms}?fieldValidation=Warn&dryRun=All", Form("""{"a":"x","a":"y","junk":1}""")).From(27),
            Post("ignored", $"{Forms}?fieldValidation=Ignore&dryRun=All", Form("""{"a":"x","junk":1}""")),
            Post("no such validation", $"{Forms}?fieldValidation=Some", Form("{}")).From(27),
            Post("create", Forms, Form("""{"a":"x"}""")),
            Put("put", $"{Forms}/f?fieldValidation=Strict", Form("""{"junk":1}""").Replace("\"name\"", "\"resourceVersion\":\"${create.metadata.resourceVersion}\",\"name\"", StringComparison.Ordinal)).From(27),
            Patch("merge", $"{Forms}/f?fieldValidation=Strict", MergePatch, """{"spec":{"junk":1}}""").From(27).Differs("patched-object", "body.details.causes", "body.message"),
            Patch("merge with a field twice", $"{Forms}/f?fieldValidation=Strict", MergePatch, """{"spec":{"a":"x","a":"y"}}""").From(27).Differs("patched-object", "body.details.causes", "body.message"),
            Patch("merge warned", $"{Forms}/f?dryRun=All", MergePatch, """{"spec":{"junk":1}}""").From(27),
            Patch("json", $"{Forms}/f?fieldValidation=Strict", JsonPatch, """[{"op":"add","path":"/spec/junk","value":1}]""").From(27).Differs("patched-object", "body.details.causes", "body.message"),
            Patch("status", $"{Forms}/f/status?fieldValidation=Strict", MergePatch, """{"status":{"junk":1}}""").From(27).Differs("patched-object", "body.details.causes", "body.message"),
            Patch("apply", $"{Forms}/f?fieldManager=one&fieldValidation=Strict", ApplyPatch, Form("""{"junk":1}""")).From(27),
            Patch("apply warned", $"{Forms}/f?fieldManager=one&fieldValidation=Warn", ApplyPatch, Form("""{"junk":1}""")).From(27),
            Patch("apply within what is preserved", $"{Forms}/f?fieldManager=one&fieldValidation=Strict&dryRun=All", ApplyPatch, Form("""{"free":{"any":{"thing":1}}}""")),
            Post("built-in", "/api/v1/namespaces/${ns}/pods?fieldValidation=Strict", """{"apiVersion":"v1","kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"b","imagePolicy":"x"}],"foo":1}}""").From(27),
            Delete("definition goes", $"{Definitions}/forms.${{ns}}.example.com"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("schema-constraints")
        {
            Post("definition", Definitions, Definition("Check", """
                {"type":"object","required":["spec"],"properties":{"spec":{"type":"object","required":["must"],"properties":{
                  "must":{"type":"string"},"text":{"type":"string","minLength":2,"maxLength":4},"pattern":{"type":"string","pattern":"^a+$"},
                  "choice":{"type":"string","enum":["one","two"]},"number":{"type":"integer","minimum":1,"maximum":9},"open":{"type":"number","minimum":0,"exclusiveMinimum":true,"maximum":1,"exclusiveMaximum":true},
                  "even":{"type":"integer","multipleOf":2},"small":{"type":"integer","format":"int32"},"when":{"type":"string","format":"date-time"},"address":{"type":"string","format":"ipv4"},
                  "list":{"type":"array","minItems":1,"maxItems":2,"items":{"type":"string"}},"set":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}},
                  "byKey":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["k"],"items":{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"v":{"type":"string"}}}},
                  "map":{"type":"object","maxProperties":1,"additionalProperties":{"type":"integer"}},"filled":{"type":"object","minProperties":1,"x-kubernetes-preserve-unknown-fields":true},"flag":{"type":"boolean"},
                  "maybe":{"type":"string","nullable":true},"never":{"type":"string"},"port":{"x-kubernetes-int-or-string":true},
                  "oneOf":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"oneOf":[{"required":["a"]},{"required":["b"]}]},
                  "anyOf":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]},
                  "allOf":{"type":"string","allOf":[{"minLength":2},{"maxLength":3}]},"not":{"type":"string","not":{"enum":["no"]}}}}}}
                """)).Differs("definition-at-once", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.singular", "body.status.conditions"),
            Established("checks"),
            Served("checks"),
            Post("no spec", Checks, """{"apiVersion":"${ns}.example.com/v1","kind":"Check","metadata":{"name":"c"}}"""),
            Check("required", "{}"),
            Check("spec no object", "[]").DiffersFromOlder("older-text", "body.details.causes"),
            Check("type", """{"must":1}""").DiffersFromOlder("older-text", "body.details.causes"),
            Check("null", """{"must":null}"""),
            Check("too short", """{"must":"","text":"a"}"""),
            Check("too long", """{"must":"","text":"abcde"}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("pattern", """{"must":"","pattern":"b"}"""),
            Check("enum", """{"must":"","choice":"three"}"""),
            Check("too small", """{"must":"","number":0}"""),
            Check("too large", """{"must":"","number":10}"""),
            Check("fraction", """{"must":"","number":1.5}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("exclusive minimum", """{"must":"","open":0}"""),
            Check("exclusive maximum", """{"must":"","open":1}"""),
            Check("multiple", """{"must":"","even":3}"""),
            Check("int32", """{"must":"","small":3000000000}""").DiffersFromOlder("older-behaviour", "code", "body"),
            Check("date-time", """{"must":"","when":"yesterday"}""").DiffersFromOlder("older-text", "body.details.causes"),
            Check("ipv4", """{"must":"","address":"300.1.1.1"}""").DiffersFromOlder("older-text", "body.details.causes"),
            Check("too few items", """{"must":"","list":[]}"""),
            Check("too many items", """{"must":"","list":["a","b","c"]}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("item type", """{"must":"","list":[1]}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("set twice", """{"must":"","set":["a","b","a"]}"""),
            Check("key twice", """{"must":"","byKey":[{"k":"a","v":"1"},{"k":"a"}]}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("key missing", """{"must":"","byKey":[{"v":"1"}]}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("map value", """{"must":"","map":{"a":"x"}}""").DiffersFromOlder("older-text", "body.details.causes"),
            Check("too many properties", """{"must":"","map":{"a":1,"b":2}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("too few properties", """{"must":"","filled":{}}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("boolean", """{"must":"","flag":"yes"}""").DiffersFromOlder("older-text", "body.details.causes"),
            Check("int or string", """{"must":"","port":true}""").DiffersFromOlder("older-text", "body.details.causes"),
            Check("one of none", """{"must":"","oneOf":{}}"""),
            Check("one of both", """{"must":"","oneOf":{"a":"","b":""}}"""),
            Check("any of none", """{"must":"","anyOf":{}}"""),
            Check("all of", """{"must":"","allOf":"abcd"}""").DiffersFromOlder("older-text", "body.details.causes", "body.message"),
            Check("not", """{"must":"","not":"no"}"""),
            Check("good", """{"must":"","maybe":null,"never":null,"port":"http","text":"abc","oneOf":{"a":""},"when":"2026-01-01T00:00:00Z"}""").DiffersFromOlder("older-behaviour", "body", "code"),
            Delete("definition goes", $"{Definitions}/checks.${{ns}}.example.com"),
        }.Differs("managed-fields", "body*managedFields"),
        new Conversation("scheduled-machines")
        {
            Post("definition", Definitions, ScheduledMachineCrd.ToJson().ToJsonString()).DiffersFromOlder("no-cel", "body*x-kubernetes-validations").Differs("definition-at-once", "body.status.acceptedNames.categories", "body.status.acceptedNames.kind", "body.status.acceptedNames.listKind", "body.status.acceptedNames.plural", "body.status.acceptedNames.shortNames", "body.status.acceptedNames.singular", "body.status.conditions"),
            Get("established", $"{Definitions}/scheduledmachines.5spot.finos.org").Until("status.conditions.1.status", "True").DiffersFromOlder("no-cel", "body*x-kubernetes-validations"),
            Get("served", Machines).Until("code", "200"),
            Post("create", Machines, """
                {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"pc-1"},
                 "spec":{"clusterName":"office","schedule":{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"]},
                  "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","spec":{"version":"v1.33.1"}},
                  "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","spec":{"address":"192.0.2.1"}}}}
                """),
            Post("nothing", Machines, """{"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"pc-2"},"spec":{}}""").DiffersFromOlder("definition-names", "body.details.causes", "body.message"),
            Patch("priority", $"{Machines}/pc-1", MergePatch, """{"spec":{"priority":1000}}"""),
            Apply("status", $"{Machines}/pc-1/status", "5spot", "apiVersion: 5spot.finos.org/v1alpha1\nkind: ScheduledMachine\nmetadata: {name: pc-1}\nstatus: {phase: Active, inSchedule: true}\n"),
            Get("table", Machines).As(Table),
            Delete("delete", $"{Machines}/pc-1"),
            Delete("definition goes", $"{Definitions}/scheduledmachines.5spot.finos.org").DiffersFromOlder("no-cel", "body*x-kubernetes-validations"),
        }.Differs("column-descriptions", "body*description").Differs("managed-fields", "body*managedFields"),
    ];
}
