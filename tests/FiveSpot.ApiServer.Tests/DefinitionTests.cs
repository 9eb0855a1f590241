// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Tests;

public sealed class DefinitionTests : IClassFixture<ServerFixture>
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"racks.GROUP"},
         "spec":{"group":"GROUP","scope":"Namespaced","names":{"plural":"racks","kind":"Rack","shortNames":["rk"],"categories":["all"]},
          "versions":[
           {"name":"v1beta1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
           {"name":"v1","served":true,"storage":true,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size"}},
            "additionalPrinterColumns":[
             {"name":"Size","type":"integer","jsonPath":".spec.size"},
             {"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"},
             {"name":"Since","type":"date","jsonPath":".metadata.creationTimestamp","priority":1}],
            "schema":{"openAPIV3Schema":{"type":"object","required":["spec"],"properties":{
             "spec":{"type":"object","required":["size"],"properties":{"size":{"type":"integer","minimum":1},"mode":{"type":"string","default":"day","enum":["day","night"]}},
              "x-kubernetes-validations":[{"rule":"self.size >= oldSelf.size","message":"never shrinks"}]},
             "status":{"type":"object","properties":{"size":{"type":"integer"},"conditions":{"type":"array","items":{"type":"object","properties":{"type":{"type":"string"},"status":{"type":"string"}}}}}}}}}}]}}
        """;

    private readonly ServerFixture _api;

    public DefinitionTests(ServerFixture api) => _api = api;

    [Fact]
    public async Task A_definition_is_served_at_once_and_until_it_is_deleted()
    {
        var defined = await DefineAsync("one.test");
        defined.Body["status"]!["conditions"]!.AsArray().ShouldContain(condition =>
            condition!["type"]!.GetValue<string>() == "Established" && condition["status"]!.GetValue<string>() == "True");
        defined.Body["spec"]!["names"]!["listKind"]!.GetValue<string>().ShouldBe("RackList");
        (await _api.GetAsync("/apis/one.test/v1/racks")).Body["kind"]!.GetValue<string>().ShouldBe("RackList");
        var path = "/apis/one.test/v1/namespaces/default/racks";
        (await _api.PostAsync(path, Rack("a", 2))).Status.ShouldBe(201);
        var old = await _api.GetAsync("/apis/one.test/v1beta1/namespaces/default/racks/a");
        old.Body["apiVersion"]!.GetValue<string>().ShouldBe("one.test/v1beta1");
        old.Version.ShouldBe((await _api.GetAsync(path + "/a")).Version);
        (await _api.DeleteAsync($"{Definitions}/racks.one.test")).Status.ShouldBe(200);
        await _api.Server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        (await _api.GetAsync($"{Definitions}/racks.one.test")).Status.ShouldBe(404);
        (await _api.GetAsync(path)).Status.ShouldBe(404);
        await DefineAsync("one.test");
        (await _api.GetAsync(path)).ItemNames.ShouldBeEmpty();
    }

    [Fact]
    public async Task Objects_are_defaulted_pruned_validated_and_versioned()
    {
        await DefineAsync("two.test");
        var path = "/apis/two.test/v1/namespaces/default/racks";
        var made = await _api.PostAsync(path, Rack("a", 2).Replace("\"size\"", "\"odd\":1,\"size\"", StringComparison.Ordinal));
        made.Body["spec"]!["mode"]!.GetValue<string>().ShouldBe("day");
        made.Body["spec"]!.AsObject().ContainsKey("odd").ShouldBeFalse();
        made.Body["metadata"]!["generation"]!.GetValue<long>().ShouldBe(1);
        var refused = await _api.PostAsync(path, Rack("b", 0));
        refused.Status.ShouldBe(422);
        refused.Reason.ShouldBe("Invalid");
        refused.Message.ShouldBe("Rack.two.test \"b\" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1");
        refused.Body["details"]!["causes"]![0]!["field"]!.GetValue<string>().ShouldBe("spec.size");
        (await _api.MergeAsync(path + "/a", """{"spec":{"size":1}}""")).Message!.ShouldContain("never shrinks");
        var grown = await _api.MergeAsync(path + "/a", """{"spec":{"size":3},"status":{"size":9}}""");
        grown.Body["metadata"]!["generation"]!.GetValue<long>().ShouldBe(2);
        grown.Body.ContainsKey("status").ShouldBeFalse();
        var status = await _api.MergeAsync(path + "/a/status", """{"metadata":{"labels":{"x":"y"}},"spec":{"size":9},"status":{"size":3,"conditions":[{"type":"Ready","status":"True"}]}}""");
        status.Body["metadata"]!["generation"]!.GetValue<long>().ShouldBe(2);
        status.Body["metadata"]!.AsObject().ContainsKey("labels").ShouldBeFalse();
        status.Body["spec"]!["size"]!.GetValue<long>().ShouldBe(3);
        (await _api.GetAsync(path + "/a/scale")).Body["status"]!["replicas"]!.GetValue<long>().ShouldBe(3);
        var table = await _api.GetAsync(path, "application/json;as=Table;g=meta.k8s.io;v=v1");
        table.Body["columnDefinitions"]!.AsArray().Select(column => column!["name"]!.GetValue<string>()).ShouldBe(["Name", "Size", "Ready", "Since"]);
        var cells = table.Body["rows"]![0]!["cells"]!;
        cells[1]!.GetValue<long>().ShouldBe(3);
        cells[2]!.GetValue<string>().ShouldBe("True");
        var unversioned = grown.Body.DeepClone();
        unversioned["metadata"]!.AsObject().Remove("resourceVersion");
        (await _api.PutAsync(path + "/a", unversioned)).Message!.ShouldContain("metadata.resourceVersion: Invalid value: 0: must be specified for an update");
        (await _api.SendAsync(HttpMethod.Patch, path + "/a", "{}", "application/strategic-merge-patch+json")).Status.ShouldBe(415);
    }

    [Fact]
    public async Task Apply_to_the_object_owns_nothing_of_its_status_and_apply_to_the_status_does()
    {
        await DefineAsync("four.test");
        const string Path = "/apis/four.test/v1/namespaces/default/racks/a";
        const string Body = """{"apiVersion":"four.test/v1","kind":"Rack","metadata":{"name":"a"},"spec":{"size":1},"status":{"size":1}}""";
        var made = await _api.ApplyAsync(Path + "?fieldManager=one", Body);
        made.Status.ShouldBe(201, made.Message);
        made.Body.ContainsKey("status").ShouldBeFalse();
        made.Body["metadata"]!["managedFields"]!.ToJsonString().ShouldNotContain("f:status");
        var status = await _api.ApplyAsync(Path + "/status?fieldManager=two", Body);
        status.Body["status"]!["size"]!.GetValue<long>().ShouldBe(1);
        var owner = status.Body["metadata"]!["managedFields"]!.AsArray().Single(entry => entry!["manager"]!.GetValue<string>() == "two")!;
        owner["subresource"]!.GetValue<string>().ShouldBe("status");
        owner["operation"]!.GetValue<string>().ShouldBe("Apply");
        (await _api.ApplyAsync(Path + "/status?fieldManager=two", Body)).Version.ShouldBe(status.Version);
    }

    [Fact]
    public async Task A_definition_that_can_not_be_served_is_refused()
    {
        var named = await _api.PostAsync(Definitions, Of("three.test").Replace("racks.three.test", "shelves.three.test", StringComparison.Ordinal));
        named.Message!.ShouldContain("must be spec.names.plural+\".\"+spec.group");
        var rule = await _api.PostAsync(Definitions, Of("three.test").Replace("self.size >= oldSelf.size", "self.sise > 1", StringComparison.Ordinal));
        rule.Status.ShouldBe(422);
        rule.Message!.ShouldContain("undefined field 'sise'");
        (await _api.GetAsync("/apis/three.test/v1/racks")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task The_definitions_of_Cluster_API_are_taken_as_they_are()
    {
        var folder = Shared.Find("capi-crds/v1.14");
        Assert.SkipUnless(folder is not null, "no folder `shared` with capi-crds beside the repository");
        foreach (var file in Directory.EnumerateFiles(folder!, "*.yaml"))
        {
            var text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            var name = Path.GetFileNameWithoutExtension(file).Split('_') is [var group, var plural] ? $"{plural}.{group}" : string.Empty;
            var applied = await _api.ApplyAsync($"{Definitions}/{name}?fieldManager=tests", text);
            applied.Status.ShouldBe(201, applied.Message);
        }

        (await _api.GetAsync("/apis/cluster.x-k8s.io/v1beta2/machines")).Status.ShouldBe(200);
        var group2 = await _api.GetAsync("/apis/cluster.x-k8s.io");
        group2.Body["preferredVersion"]!["version"]!.GetValue<string>().ShouldBe("v1beta2");
    }

    private static string Of(string group) => Definition.Replace("GROUP", group, StringComparison.Ordinal);

    private static string Rack(string name, int size) => $$$"""{"kind":"Rack","metadata":{"name":"{{{name}}}"},"spec":{"size":{{{size}}}}}""";

    private async Task<Answer> DefineAsync(string group)
    {
        var defined = await _api.PostAsync(Definitions, Of(group));
        defined.Status.ShouldBe(201, defined.Message);
        return defined;
    }
}
