// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Patching;

namespace FiveSpot.ApiServer.Tests.Patching;

public sealed class TrackUpdateTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 2, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_create_is_owned_by_its_creator_containers_included()
    {
        var created = Update(null, """{"spec":{"replicas":3,"zones":["a"],"selector":{"matchLabels":{"a":"1"}},"strategy":{}}}""", "kubectl-create");

        created["metadata"]!["managedFields"].ShouldBeJson("""
            [{"manager":"kubectl-create","operation":"Update","apiVersion":"apps/v1","time":"2026-03-02T08:00:00Z","fieldsType":"FieldsV1",
              "fieldsV1":{"f:spec":{".":{},"f:replicas":{},"f:selector":{},"f:strategy":{},"f:zones":{".":{},"v:\"a\"":{}}}}}]
            """);
    }

    [Fact]
    public void A_change_moves_ownership_and_a_removal_ends_it()
    {
        var live = Update(null, """{"spec":{"replicas":3,"paused":true,"containers":[{"name":"a","image":"1"},{"name":"b"}]}}""", "one");

        live = Update(live, """{"spec":{"replicas":4,"containers":[{"name":"a","image":"2"}]}}""", "two");

        Owned(live, "one").ShouldBeJson("""{"f:spec":{".":{},"f:containers":{".":{},"k:{\"name\":\"a\"}":{".":{},"f:name":{}}}}}""");
        Owned(live, "two").ShouldBeJson("""{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{"f:image":{}}},"f:replicas":{}}}""");
    }

    [Fact]
    public void A_manager_keeps_its_earlier_fields_and_gets_a_new_time()
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "one");

        live = Update(live, """{"spec":{"replicas":3,"paused":true}}""", "one", at: Start.AddMinutes(1));

        Owned(live, "one").ShouldBeJson("""{"f:spec":{".":{},"f:paused":{},"f:replicas":{}}}""");
        Entries(live).ShouldHaveSingleItem()!["time"]!.GetValue<string>().ShouldBe("2026-03-02T08:01:00Z");
    }

    [Fact]
    public void An_update_that_changes_nothing_leaves_everything_as_it_was()
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "one");

        Update(live, """{"spec":{"replicas":3.0}}""", "two", at: Start.AddMinutes(1))["metadata"]!.ShouldBeJson(live["metadata"]!.ToJsonString());
    }

    [Fact]
    public void Operations_versions_and_subresources_have_entries_of_their_own()
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "ctl");
        live = Update(live, """{"spec":{"replicas":3},"status":{"phase":"A"}}""", "ctl", "status");
        live = Update(live, """{"spec":{"replicas":3,"paused":true},"status":{"phase":"A"}}""", "ctl", version: "apps/v2");
        live = ManagedFields.Apply(
            live, Json.Object("""{"apiVersion":"apps/v1","kind":"Workload","metadata":{"labels":{"a":"b"}}}"""),
            new FieldManagerInfo("ctl", "Apply", "apps/v1", null, Start), false, Schemas.Workload);

        Entries(live).Select(static entry => $"{entry!["operation"]} {entry["apiVersion"]} {entry["subresource"]}").ShouldBe(
            ["Apply apps/v1 ", "Update apps/v1 ", "Update apps/v1 status", "Update apps/v2 "]);
    }

    [Fact]
    public void Reordering_a_list_map_or_set_is_no_change_of_ownership_but_of_an_atomic_list_it_is()
    {
        var live = Update(null, """{"spec":{"zones":["a","b"],"tolerations":[{"key":"a"},{"key":"b"}]}}""", "one");

        live = Update(live, """{"spec":{"zones":["b","a"],"tolerations":[{"key":"b"},{"key":"a"}]}}""", "two");

        Owned(live, "two").ShouldBeJson("""{"f:spec":{"f:tolerations":{}}}""");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[{}]")]
    public void An_empty_list_clears_managed_fields_and_they_stay_cleared(string managedFields)
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "one");
        var after = (JsonObject)live.DeepClone();
        after["metadata"]!["managedFields"] = JsonNode.Parse(managedFields);

        var cleared = Track(live, after, "two");
        ((JsonObject)cleared["metadata"]!).ContainsKey("managedFields").ShouldBeFalse();

        ((JsonObject)Update(cleared, """{"spec":{"replicas":4}}""", "two")["metadata"]!).ContainsKey("managedFields").ShouldBeFalse();
    }

    [Fact]
    public void Valid_managed_fields_of_the_client_replace_the_stored_ones()
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "one");
        var after = (JsonObject)live.DeepClone();
        after["metadata"]!["managedFields"]![0]!["manager"] = "renamed";

        Entries(Track(live, after, "two")).ShouldHaveSingleItem()!["manager"]!.GetValue<string>().ShouldBe("renamed");
        Entries(Track(live, after, "two", "status")).ShouldHaveSingleItem()!["manager"]!.GetValue<string>().ShouldBe("one");
    }

    [Theory]
    [InlineData("""[{"manager":"x","operation":"Spam","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{}}]""")]
    [InlineData("""[{"manager":"x","operation":"Update","apiVersion":"","fieldsType":"FieldsV1","fieldsV1":{}}]""")]
    [InlineData("""[{"manager":"x","operation":"Update","apiVersion":"v1","fieldsV1":{}}]""")]
    [InlineData("""[{"manager":"x","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV2","fieldsV1":{}}]""")]
    [InlineData("""[{"manager":"x","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"k:{":{}}}]""")]
    [InlineData("""[{"manager":"x","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":{"f:a":1}}]""")]
    [InlineData("""[1]""")]
    [InlineData("\"x\"")]
    [InlineData("null")]
    public void Invalid_managed_fields_of_the_client_are_ignored(string managedFields)
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "one");
        var after = (JsonObject)live.DeepClone();
        after["metadata"]!["managedFields"] = JsonNode.Parse(managedFields);

        Entries(Track(live, after, "two")).ShouldHaveSingleItem()!["manager"]!.GetValue<string>().ShouldBe("one");
    }

    [Fact]
    public void The_eleventh_updater_folds_the_two_oldest()
    {
        JsonObject? live = null;
        for (var i = 1; i <= 11; i++)
        {
            var labels = string.Join(',', Enumerable.Range(1, i).Select(static n => string.Create(CultureInfo.InvariantCulture, $"\"l{n}\":\"x\"")));
            live = Update(live, $$"""{"metadata":{"labels":{ {{labels}} } } }""", string.Create(CultureInfo.InvariantCulture, $"m{i:00}"), at: Start.AddMinutes(i));
        }

        Entries(live!).Count.ShouldBe(10);
        Entries(live!)[0]!["manager"]!.GetValue<string>().ShouldBe("ancient-changes");
        Owned(live!, "ancient-changes").ShouldBeJson("""{"f:metadata":{"f:labels":{".":{},"f:l1":{},"f:l2":{}}}}""");
    }

    [Fact]
    public void A_list_that_can_not_be_told_apart_keeps_the_bookkeeping_that_was()
    {
        var live = Update(null, """{"spec":{"replicas":3}}""", "one");

        var after = Update(live, """{"spec":{"replicas":4,"containers":[{"image":"no name"}]}}""", "two");

        Entries(after).ShouldHaveSingleItem()!["manager"]!.GetValue<string>().ShouldBe("one");
    }

    [Fact]
    public void Duplicates_are_owned_as_one_item()
    {
        var live = Update(null, """{"spec":{"containers":[{"name":"a","image":"1"},{"name":"a","image":"2"}]}}""", "one");
        Owned(live, "one").ShouldBeJson("""{"f:spec":{".":{},"f:containers":{".":{},"k:{\"name\":\"a\"}":{}}}}""");

        live = Update(live, """{"spec":{"containers":[{"name":"a","image":"1"}]}}""", "two");
        Owned(live, "two").ShouldBeJson("""{"f:spec":{"f:containers":{"k:{\"name\":\"a\"}":{".":{},"f:image":{},"f:name":{}}}}}""");
    }

    [Fact]
    public void A_value_that_becomes_another_kind_is_modified_and_loses_what_it_held()
    {
        var live = Update(null, """{"spec":{"template":{"a":{"b":1}}}}""", "one");

        live = Update(live, """{"spec":{"template":{"a":5}}}""", "two");

        Owned(live, "one").ShouldBeJson("""{"f:spec":{".":{},"f:template":{}}}""");
        Owned(live, "two").ShouldBeJson("""{"f:spec":{"f:template":{"f:a":{}}}}""");
    }

    private static JsonObject Update(
        JsonObject? before, string after, string manager, string? subresource = null, DateTimeOffset? at = null, string version = "apps/v1")
    {
        var value = Json.Object("""{"apiVersion":"apps/v1","kind":"Workload"}""");
        value["metadata"] = new JsonObject { ["name"] = "w", ["uid"] = "1" };
        return Track(before, MergePatch.Apply(value, Json.Object(after)), manager, subresource, at, version);
    }

    private static JsonObject Track(
        JsonObject? before, JsonObject after, string manager, string? subresource = null, DateTimeOffset? at = null, string version = "apps/v1")
    {
        var (oldText, newText) = (before?.ToJsonString(), after.ToJsonString());
        var result = ManagedFields.TrackUpdate(
            before, after, new FieldManagerInfo(manager, "Update", version, subresource, at ?? Start), Schemas.Workload);
        before?.ToJsonString().ShouldBe(oldText);
        after.ToJsonString().ShouldBe(newText);
        return result;
    }

    private static JsonArray Entries(JsonObject value) => (JsonArray)value["metadata"]!["managedFields"]!;

    private static JsonNode? Owned(JsonObject value, string manager) =>
        Entries(value).SingleOrDefault(entry => entry!["manager"]!.GetValue<string>() == manager)?["fieldsV1"];
}
