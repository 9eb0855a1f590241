// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Patching;

namespace FiveSpot.ApiServer.Tests.Patching;

public sealed class ServerSideApplyTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_create_records_the_leaves_and_items_of_the_configuration()
    {
        var created = Apply(null, "alice", """
            {"replicas":3,"selector":{"matchLabels":{"app":"x"}},"zones":["b","a"],"tolerations":[{"key":"k"}],
             "containers":[{"name":"c","image":"i","ports":[{"containerPort":80}]}]}
            """, labels: """{"app":"x"}""");

        created["metadata"]!["managedFields"].ShouldBeJson("""
            [{"manager":"alice","operation":"Apply","apiVersion":"apps/v1","time":"2026-03-02T08:00:00Z","fieldsType":"FieldsV1",
              "fieldsV1":{
                "f:metadata":{"f:labels":{"f:app":{}}},
                "f:spec":{"f:containers":{"k:{\"name\":\"c\"}":{".":{},"f:image":{},"f:name":{},
                    "f:ports":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{}}}}},
                  "f:replicas":{},"f:selector":{},"f:tolerations":{},"f:zones":{"v:\"a\"":{},"v:\"b\"":{}}}}}]
            """);
    }

    [Fact]
    public void The_entries_have_kubes_own_order_of_fields()
    {
        var created = Apply(null, "alice", """{"zones":["b","a"],"replicas":3,"paused":true}""");

        created["metadata"]!["managedFields"]!.ToJsonString().ShouldBe(
            """[{"manager":"alice","operation":"Apply","apiVersion":"apps/v1","time":"2026-03-02T08:00:00Z",""" +
            """ "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:paused":{},"f:replicas":{},"f:zones":{"v:\u0022a\u0022":{},"v:\u0022b\u0022":{}}}}}]""".TrimStart());
    }

    [Fact]
    public void Changing_a_field_of_another_manager_is_a_conflict()
    {
        var live = Apply(null, "alice", """{"replicas":3}""");

        var conflict = Should.Throw<ApplyConflictException>(() => Apply(live, "bob", """{"replicas":5}"""));

        conflict.Code.ShouldBe(409);
        conflict.Reason.ShouldBe("Conflict");
        conflict.Message.ShouldBe("""Apply failed with 1 conflict: conflict with "alice": .spec.replicas""");
        conflict.Causes.ShouldBe([new FieldManagerConflict(".spec.replicas", "conflict with \"alice\"")]);
    }

    [Fact]
    public void A_conflict_with_an_updater_names_its_version()
    {
        var live = Update(null, Spec("""{"replicas":3}"""), "kubectl-client-side-apply");

        Should.Throw<ApplyConflictException>(() => Apply(live, "bob", """{"replicas":5}""")).Message
            .ShouldBe("""Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas""");
    }

    [Fact]
    public void Several_conflicts_are_listed_by_manager()
    {
        var live = Apply(null, "carol", """{"containers":[{"name":"c","image":"1"}],"paused":true}""");
        live = Apply(live, "alice", """{"replicas":3}""");

        var conflict = Should.Throw<ApplyConflictException>(
            () => Apply(live, "bob", """{"replicas":5,"paused":false,"containers":[{"name":"c","image":"2"}]}"""));

        conflict.Message.ShouldBe(
            "Apply failed with 3 conflicts: conflicts with \"alice\":\n- .spec.replicas\nconflicts with \"carol\":\n"
            + "- .spec.containers[name=\"c\"].image\n- .spec.paused");
        conflict.Causes.Select(static cause => cause.Field)
            .ShouldBe([".spec.replicas", ".spec.containers[name=\"c\"].image", ".spec.paused"]);
    }

    [Fact]
    public void Force_takes_the_field_over()
    {
        var live = Apply(null, "alice", """{"replicas":3,"paused":true}""");

        var taken = Apply(live, "bob", """{"replicas":5}""", force: true);

        taken["spec"].ShouldBeJson("""{"replicas":5,"paused":true}""");
        Owned(taken, "alice").ShouldBeJson("""{"f:spec":{"f:paused":{}}}""");
        Owned(taken, "bob").ShouldBeJson("""{"f:spec":{"f:replicas":{}}}""");
    }

    [Fact]
    public void Equal_values_are_owned_together_and_stay_until_the_last_owner_leaves()
    {
        var live = Apply(null, "alice", """{"replicas":3,"paused":true}""");
        live = Apply(live, "bob", """{"replicas":3}""");
        Owned(live, "alice").ShouldBeJson("""{"f:spec":{"f:paused":{},"f:replicas":{}}}""");
        Owned(live, "bob").ShouldBeJson("""{"f:spec":{"f:replicas":{}}}""");
        Should.Throw<ApplyConflictException>(() => Apply(live, "bob", """{"replicas":4}"""));

        live = Apply(live, "alice", """{"paused":true}""");
        live["spec"].ShouldBeJson("""{"replicas":3,"paused":true}""");

        live = Apply(live, "bob", "{}");
        live["spec"].ShouldBeJson("""{"paused":true}""");
        Owned(live, "bob").ShouldBeJson("""{"f:spec":{}}""");

        live = ManagedFields.Apply(live, Json.Object("""{"apiVersion":"apps/v1","kind":"Workload"}"""), Manager("bob"), false, Schemas.Workload);
        Owned(live, "bob").ShouldBeNull();
    }

    [Fact]
    public void What_an_updater_set_stays_when_an_applier_lets_go()
    {
        var live = Apply(null, "alice", """{"replicas":3}""");
        live = Update(live, Spec("""{"replicas":5}"""), "scaler");

        Owned(live, "alice").ShouldBeNull();
        live = Apply(live, "alice", """{"paused":true}""");

        live["spec"].ShouldBeJson("""{"replicas":5,"paused":true}""");
    }

    [Fact]
    public void An_item_goes_with_what_nobody_owns_in_it()
    {
        var live = Apply(null, "alice", """{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}""");
        // A default, filled in by the server: owned by nobody.
        live["spec"]!["containers"]![0]!["command"] = new JsonArray("run");

        live = Apply(live, "alice", """{"containers":[{"name":"b","image":"1"}]}""");

        live["spec"].ShouldBeJson("""{"containers":[{"name":"b","image":"1"}]}""");
    }

    [Fact]
    public void Managers_own_items_of_a_list_map_side_by_side()
    {
        var live = Apply(null, "alice", """{"containers":[{"name":"a","image":"1"}]}""");
        live = Apply(live, "bob", """{"containers":[{"name":"b","image":"1"}]}""");
        live["spec"]!["containers"].ShouldBeJson("""[{"name":"a","image":"1"},{"name":"b","image":"1"}]""");

        live = Apply(live, "alice", """{"replicas":1}""");

        live["spec"].ShouldBeJson("""{"containers":[{"name":"b","image":"1"}],"replicas":1}""");
        Owned(live, "bob").ShouldBeJson(
            """{"f:spec":{"f:containers":{"k:{\"name\":\"b\"}":{".":{},"f:image":{},"f:name":{}}}}}""");
    }

    [Fact]
    public void A_key_that_is_left_out_counts_as_its_default()
    {
        var live = Apply(null, "alice", """{"containers":[{"name":"a","ports":[{"containerPort":80,"name":"http"}]}]}""");

        live = Apply(live, "alice", """
            {"containers":[{"name":"a","ports":[{"containerPort":80,"protocol":"UDP"},{"containerPort":80,"protocol":"TCP","name":"web"}]}]}
            """);

        live["spec"]!["containers"]![0]!["ports"].ShouldBeJson(
            """[{"containerPort":80,"protocol":"UDP"},{"containerPort":80,"protocol":"TCP","name":"web"}]""");
    }

    [Theory]
    [InlineData("p q r", "q p", "q r p")]
    [InlineData("p q r", "s t", "p q r s t")]
    [InlineData("p q", "p q s", "p q s")]
    [InlineData("p q r s", "s t p", "q r s t p")]
    [InlineData("m n o p q", "1 n 2 q 3", "m 1 n o p 2 q 3")]
    [InlineData("x p y q z", "q p", "x y q z p")]
    public void Items_come_in_the_applied_order_and_others_keep_their_place(string live, string applied, string expected)
    {
        var before = Apply(null, "alice", Zones(live));

        var after = Apply(before, "bob", Zones(applied));

        after["spec"].ShouldBeJson(Zones(expected));

        static string Zones(string zones) =>
            $$"""{"zones":[{{string.Join(',', zones.Split(' ').Select(static zone => $"\"{zone}\""))}}]}""";
    }

    [Fact]
    public void Sets_are_owned_by_item()
    {
        var live = Apply(null, "alice", """{"zones":["a","b"]}""");
        live = Apply(live, "bob", """{"zones":["b","c"]}""");

        live = Apply(live, "alice", """{"zones":["a"]}""");
        live["spec"].ShouldBeJson("""{"zones":["a","b","c"]}""");

        live = Apply(live, "bob", "{}");
        live["spec"].ShouldBeJson("""{"zones":["a"]}""");
    }

    [Theory]
    [InlineData("""{"tolerations":[{"key":"a"}]}""", """{"tolerations":[{"key":"b"}]}""", ".spec.tolerations")]
    [InlineData("""{"selector":{"matchLabels":{"a":"1"}}}""", """{"selector":{"matchLabels":{"b":"1"}}}""", ".spec.selector")]
    [InlineData(
        """{"containers":[{"name":"a","command":["x"]}]}""",
        """{"containers":[{"name":"a","command":["x","y"]}]}""",
        """.spec.containers[name="a"].command""")]
    public void Atomic_values_are_owned_and_replaced_as_a_whole(string alice, string bob, string path)
    {
        var live = Apply(null, "alice", alice);

        var conflict = Should.Throw<ApplyConflictException>(() => Apply(live, "bob", bob));
        conflict.Causes.ShouldHaveSingleItem().Field.ShouldBe(path);

        Apply(live, "bob", bob, force: true)["spec"].ShouldBeJson(bob);
    }

    [Fact]
    public void Undescribed_fields_are_granular_in_maps_and_atomic_in_lists()
    {
        var live = Apply(null, "alice", """{"template":{"a":{"x":1},"l":[1]}}""");
        live = Apply(live, "bob", """{"template":{"a":{"y":2}}}""");

        live["spec"].ShouldBeJson("""{"template":{"a":{"x":1,"y":2},"l":[1]}}""");
        Owned(live, "alice").ShouldBeJson("""{"f:spec":{"f:template":{"f:a":{".":{},"f:x":{}},"f:l":{}}}}""");
        Should.Throw<ApplyConflictException>(() => Apply(live, "bob", """{"template":{"l":[1,2]}}"""))
            .Causes.ShouldHaveSingleItem().Field.ShouldBe(".spec.template.l");

        live = Apply(live, "alice", "{}");
        live["spec"].ShouldBeJson("""{"template":{"a":{"y":2}}}""");
    }

    [Fact]
    public void Status_is_an_entry_of_its_own()
    {
        var live = Apply(null, "alice", """{"replicas":3}""");
        var status = Json.Object("""
            {"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w","labels":{"ignored":"x"}},"spec":{"replicas":9},
             "status":{"conditions":[{"type":"Ready","status":"True"}]}}
            """);

        var updated = ManagedFields.Apply(live, status, Manager("alice", "status"), false, Schemas.Workload);

        updated["spec"].ShouldBeJson("""{"replicas":3}""");
        ((JsonObject)updated["metadata"]!).ContainsKey("labels").ShouldBeFalse();
        var entries = (JsonArray)updated["metadata"]!["managedFields"]!;
        entries.Count.ShouldBe(2);
        var entry = entries.Single(static e => e!["subresource"] is not null)!;
        entry["subresource"]!.GetValue<string>().ShouldBe("status");
        entry["fieldsV1"].ShouldBeJson("""{"f:status":{"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:status":{},"f:type":{}}}}}""");

        // An apply of the main resource doesn't take the status away.
        Apply(updated, "alice", """{"replicas":4}""")["status"].ShouldBeJson("""{"conditions":[{"type":"Ready","status":"True"}]}""");
    }

    [Fact]
    public void A_conflict_with_a_subresource_says_so()
    {
        var live = Update(null, Json.Object("""{"apiVersion":"apps/v1","kind":"Workload","status":{"phase":"A"}}"""), "ctl", "status");
        var status = Json.Object("""{"apiVersion":"apps/v1","kind":"Workload","status":{"phase":"B"}}""");

        Should.Throw<ApplyConflictException>(() => ManagedFields.Apply(live, status, Manager("me", "status"), false, Schemas.Workload))
            .Message.ShouldBe("""Apply failed with 1 conflict: conflict with "ctl" with subresource "status" using apps/v1: .status.phase""");
    }

    [Fact]
    public void Applying_the_same_again_changes_nothing_not_even_the_time()
    {
        const string Spec = """{"replicas":3,"containers":[{"name":"c","image":"i"}]}""";
        var live = Apply(null, "alice", Spec);

        var again = Apply(live, "alice", Spec, at: Start.AddHours(1));

        again.ToJsonString().ShouldBe(live.ToJsonString());
        again.ShouldNotBeSameAs(live);
    }

    [Fact]
    public void A_change_moves_the_time_of_its_manager_alone()
    {
        var live = Apply(null, "alice", """{"replicas":3}""");
        live = Apply(live, "bob", """{"paused":true}""", at: Start.AddMinutes(1));

        live = Apply(live, "alice", """{"replicas":4}""", at: Start.AddMinutes(2));

        Entry(live, "alice")!["time"]!.GetValue<string>().ShouldBe("2026-03-02T08:02:00Z");
        Entry(live, "bob")!["time"]!.GetValue<string>().ShouldBe("2026-03-02T08:01:00Z");
        ((JsonArray)live["metadata"]!["managedFields"]!)[0]!["manager"]!.GetValue<string>().ShouldBe("bob");
    }

    [Fact]
    public void An_object_without_managed_fields_gets_an_entry_for_what_was_before()
    {
        var live = Json.Object("""{"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w","uid":"1"},"spec":{"replicas":3}}""");

        Should.Throw<ApplyConflictException>(() => Apply(live, "alice", """{"replicas":4}""")).Message
            .ShouldBe("""Apply failed with 1 conflict: conflict with "before-first-apply" using apps/v1: .spec.replicas""");
        Owned(Apply(live, "alice", """{"paused":true}"""), "before-first-apply").ShouldBeJson("""{"f:spec":{".":{},"f:replicas":{}}}""");
    }

    [Fact]
    public void Kubectl_moves_from_client_side_to_server_side_apply_without_conflicts()
    {
        var before = Json.Object("""
            {"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w","annotations":{
              "kubectl.kubernetes.io/last-applied-configuration":
              "{\"apiVersion\":\"apps/v1\",\"kind\":\"Workload\",\"metadata\":{\"name\":\"w\"},\"spec\":{\"replicas\":3}}\n"}},
             "spec":{"replicas":3,"paused":true}}
            """);
        var live = Update(null, before, "kubectl-client-side-apply");

        Should.Throw<ApplyConflictException>(() => Apply(live, "kubectl", """{"replicas":4,"paused":false}"""))
            .Causes.ShouldHaveSingleItem().Field.ShouldBe(".spec.paused");
        var applied = Apply(live, "kubectl", """{"replicas":4}""");

        applied["spec"].ShouldBeJson("""{"replicas":4,"paused":true}""");
        applied["metadata"]!["annotations"]!["kubectl.kubernetes.io/last-applied-configuration"]!.GetValue<string>().ShouldBe(
            "{\"apiVersion\":\"apps/v1\",\"kind\":\"Workload\",\"metadata\":{\"name\":\"w\"},\"spec\":{\"replicas\":4}}\n");
    }

    [Theory]
    [InlineData("""{"replicas":"many"}""", ".spec.replicas: expected numeric (int or float), got string")]
    [InlineData("""{"paused":1}""", ".spec.paused: expected boolean, got &{1}")]
    [InlineData("""{"containers":[{"name":"a","image":1}]}""", """.spec.containers[name="a"].image: expected string, got &value.valueUnstructured{Value:1}""")]
    [InlineData("""{"colour":"red"}""", ".spec.colour: field not declared in schema")]
    [InlineData("""{"containers":{}}""", ".spec.containers: expected list, got &{{}}")]
    [InlineData("""{"zones":["a","a"]}""", """.spec.zones: duplicate entries for key [="a"]""")]
    [InlineData("""{"containers":[{"image":"a"}]}""", """.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn't have default values for any key fields)""")]
    [InlineData("""{"replicas":"x","paused":1}""", "errors:\n  .spec.replicas: expected numeric (int or float), got string\n  .spec.paused: expected boolean, got &{1}")]
    public void A_configuration_that_does_not_fit_the_schema_is_refused(string spec, string message)
    {
        var refusal = Should.Throw<PatchException>(() => Apply(null, "alice", spec));

        refusal.Code.ShouldBe(500);
        refusal.Message.ShouldBe("failed to create typed patch object (/w; apps/v1, Kind=Workload): " + message);
    }

    [Fact]
    public void Another_version_or_managed_fields_are_refused()
    {
        var other = Json.Object("""{"apiVersion":"apps/v2","kind":"Workload"}""");
        var managed = Json.Object("""{"apiVersion":"apps/v1","kind":"Workload","metadata":{"managedFields":[]}}""");

        Should.Throw<PatchException>(() => ManagedFields.Apply(null, other, Manager("a"), false, Schemas.Workload)).Code.ShouldBe(400);
        Should.Throw<PatchException>(() => ManagedFields.Apply(null, managed, Manager("a"), false, Schemas.Workload)).Message
            .ShouldBe("metadata.managedFields must be nil");
    }

    [Fact]
    public void What_the_server_sets_is_never_tracked_and_a_null_creation_timestamp_says_nothing()
    {
        var live = Json.Object("""
            {"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w","namespace":"n","uid":"1",
             "resourceVersion":"7","generation":2,"creationTimestamp":"2026-01-01T00:00:00Z"},"spec":{}}
            """);
        var config = Json.Object("""
            {"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w","namespace":"n","uid":"1",
             "resourceVersion":"7","generation":2,"creationTimestamp":null,"finalizers":["f"]}}
            """);

        var applied = ManagedFields.Apply(live, config, Manager("a"), false, Schemas.Workload);

        applied["metadata"]!["creationTimestamp"]!.GetValue<string>().ShouldBe("2026-01-01T00:00:00Z");
        Owned(applied, "a").ShouldBeJson("""{"f:metadata":{"f:finalizers":{"v:\"f\"":{}}}}""");
    }

    [Fact]
    public void Owner_references_merge_by_uid_and_are_atomic_inside()
    {
        var live = WithOwners("a", """[{"uid":"1","name":"x","kind":"K"}]""", null);
        live = WithOwners("b", """[{"uid":"2","name":"y","kind":"K"}]""", live);

        live["metadata"]!["ownerReferences"].ShouldBeJson("""[{"uid":"1","name":"x","kind":"K"},{"uid":"2","name":"y","kind":"K"}]""");
        Owned(live, "b").ShouldBeJson("""{"f:metadata":{"f:ownerReferences":{"k:{\"uid\":\"2\"}":{}}}}""");

        static JsonObject WithOwners(string manager, string owners, JsonObject? live) => ManagedFields.Apply(
            live,
            Json.Object($$"""{"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w","ownerReferences":{{owners}} } }"""),
            Manager(manager), false, Schemas.Workload);
    }

    private static FieldManagerInfo Manager(string name, string? subresource = null, DateTimeOffset? at = null) =>
        new(name, "Apply", "apps/v1", subresource, at ?? Start);

    private static JsonObject Spec(string spec) =>
        Json.Object($$"""{"apiVersion":"apps/v1","kind":"Workload","metadata":{"name":"w"},"spec":{{spec}}}""");

    private static JsonObject Apply(
        JsonObject? live, string manager, string spec, bool force = false, DateTimeOffset? at = null, string? labels = null)
    {
        var config = Spec(spec);
        if (labels is not null)
        {
            config["metadata"]!["labels"] = JsonNode.Parse(labels);
        }
        return ManagedFields.Apply(live, config, Manager(manager, at: at), force, Schemas.Workload);
    }

    private static JsonObject Update(JsonObject? before, JsonObject after, string manager, string? subresource = null) =>
        ManagedFields.TrackUpdate(before, after, Manager(manager, subresource) with { Operation = "Update" }, Schemas.Workload);

    private static JsonNode? Entry(JsonObject value, string manager) =>
        ((JsonArray?)value["metadata"]!["managedFields"])?.SingleOrDefault(entry => entry!["manager"]!.GetValue<string>() == manager);

    private static JsonNode? Owned(JsonObject value, string manager) => Entry(value, manager)?["fieldsV1"];
}
