// SPDX-License-Identifier: Apache-2.0

using FiveSpot.ApiServer.Patching;

namespace FiveSpot.ApiServer.Tests.Patching;

public sealed class StrategicMergePatchTests
{
    [Theory]
    // kubernetes.io/docs: "Update API Objects in Place Using kubectl patch": merge by name, the new container first.
    [InlineData(
        """{"containers":[{"name":"patch-demo-ctr","image":"nginx"}],"tolerations":[{"key":"dedicated","value":"test"}]}""",
        """{"containers":[{"name":"patch-demo-ctr-2","image":"redis"}]}""",
        """{"containers":[{"name":"patch-demo-ctr-2","image":"redis"},{"name":"patch-demo-ctr","image":"nginx"}],"tolerations":[{"key":"dedicated","value":"test"}]}""")]
    // The same page: a list without a merge strategy is replaced.
    [InlineData(
        """{"tolerations":[{"key":"dedicated","value":"test"}]}""",
        """{"tolerations":[{"key":"disktype","value":"ssd"}]}""",
        """{"tolerations":[{"key":"disktype","value":"ssd"}]}""")]
    // The same page: retainKeys.
    [InlineData(
        """{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":"30%"}},"replicas":2}""",
        """{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}""",
        """{"strategy":{"type":"Recreate"},"replicas":2}""")]
    // sig-api-machinery's document on strategic merge: replace and delete, of maps and of lists.
    [InlineData(
        """{"containers":[{"name":"nginx","image":"nginx-1.0"}]}""",
        """{"containers":[{"name":"log-tailer","image":"log-tailer-1.0"},{"$patch":"replace"}]}""",
        """{"containers":[{"name":"log-tailer","image":"log-tailer-1.0"}]}""")]
    [InlineData(
        """{"containers":[{"name":"nginx","image":"nginx-1.0"},{"name":"log-tailer","image":"log-tailer-1.0"}]}""",
        """{"containers":[{"name":"nginx","$patch":"delete"}]}""",
        """{"containers":[{"name":"log-tailer","image":"log-tailer-1.0"}]}""")]
    [InlineData(
        """{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}""",
        """{"strategy":{"type":"Recreate","$patch":"replace"}}""",
        """{"strategy":{"type":"Recreate"}}""")]
    [InlineData("""{"strategy":{"type":"RollingUpdate"}}""", """{"strategy":{"$patch":"delete"}}""", """{"strategy":{}}""")]
    // Deletion from lists of primitives.
    [InlineData(
        """{"zones":["a","b","c"]}""",
        """{"$deleteFromPrimitiveList/zones":["b"]}""",
        """{"zones":["a","c"]}""")]
    [InlineData(
        """{"zones":["a","b","c"]}""",
        """{"$setElementOrder/zones":["d","c","a"],"$deleteFromPrimitiveList/zones":["b"],"zones":["d"]}""",
        """{"zones":["d","c","a"]}""")]
    [InlineData("""{"zones":["a","b"]}""", """{"zones":["b","c"]}""", """{"zones":["a","b","c"]}""")]
    // Order: the patch's, then the server's.
    [InlineData(
        """{"containers":[{"name":"a"},{"name":"b"},{"name":"c"}]}""",
        """{"$setElementOrder/containers":[{"name":"c"},{"name":"a"}]}""",
        """{"containers":[{"name":"b"},{"name":"c"},{"name":"a"}]}""")]
    [InlineData(
        """{"containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}]}""",
        """{"$setElementOrder/containers":[{"name":"b"},{"name":"x"},{"name":"a"}],"containers":[{"name":"x","image":"2"},{"name":"a","image":"2"}]}""",
        """{"containers":[{"name":"b","image":"1"},{"name":"x","image":"2"},{"name":"a","image":"2"}]}""")]
    [InlineData(
        """{"containers":[{"name":"a"},{"name":"b"}]}""",
        """{"$setElementOrder/containers":[{"name":"b"}],"containers":[{"name":"a","$patch":"delete"}]}""",
        """{"containers":[{"name":"b"}]}""")]
    // Nested lists merge too; a list inside an item that has no strategy is replaced.
    [InlineData(
        """{"containers":[{"name":"a","command":["x","y"],"env":[{"name":"E","value":"1"},{"name":"F","value":"1"}]}]}""",
        """{"containers":[{"name":"a","command":["z"],"env":[{"name":"F","value":"2"}]}]}""",
        """{"containers":[{"name":"a","command":["z"],"env":[{"name":"E","value":"1"},{"name":"F","value":"2"}]}]}""")]
    // Nulls delete; in what is new they say nothing, and neither do directives.
    [InlineData("""{"replicas":1,"paused":true}""", """{"replicas":null,"strategy":{"type":null,"recreate":{}}}""", """{"paused":true,"strategy":{"recreate":{}}}""")]
    [InlineData("""{}""", """{"containers":[{"name":"a","$patch":"delete"},{"name":"b"}]}""", """{"containers":[{"name":"b"}]}""")]
    [InlineData("""{}""", """{"$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"b"},{"name":"a"}]}""", """{"containers":[{"name":"b"},{"name":"a"}]}""")]
    // What the schema doesn't describe: maps merge, lists are replaced.
    [InlineData("""{"template":{"a":{"b":1},"l":[{"name":"x"}]}}""", """{"template":{"a":{"c":2},"l":[{"name":"y"}]}}""", """{"template":{"a":{"b":1,"c":2},"l":[{"name":"y"}]}}""")]
    public void Merges_a_spec(string spec, string patch, string expected)
    {
        var document = Json.Object($$"""{"spec":{{spec}}}""");
        var change = Json.Object($$"""{"spec":{{patch}}}""");

        StrategicMergePatch.Apply(document, change, Schemas.Workload).ToJsonString()
            .ShouldBe(Json.Object($$"""{"spec":{{expected}}}""").ToJsonString());

        document.ShouldBeJson($$"""{"spec":{{spec}}}""");
        change.ShouldBeJson($$"""{"spec":{{patch}}}""");
    }

    [Fact]
    public void Metadata_merges_without_being_described()
    {
        var document = Json.Object("""{"metadata":{"finalizers":["a"],"ownerReferences":[{"uid":"1","name":"x"}],"labels":{"k":"v"}}}""");
        var patch = Json.Object("""{"metadata":{"finalizers":["b"],"ownerReferences":[{"uid":"1","controller":true}],"labels":{"l":"w"}}}""");

        StrategicMergePatch.Apply(document, patch, Schemas.Workload).ShouldBeJson(
            """{"metadata":{"finalizers":["b","a"],"ownerReferences":[{"uid":"1","name":"x","controller":true}],"labels":{"k":"v","l":"w"}}}""");
    }

    [Theory]
    [InlineData("""{"containers":[{"image":"x"}]}""", 500, """map: map[image:x] does not contain declared merge key: name""")]
    [InlineData("""{"strategy":{"$patch":"spam"}}""", 500, "unknown patch type")]
    [InlineData("""{"containers":[{"name":"a","$patch":"merge"}]}""", 500, "merging lists cannot yet be specified in the patch")]
    [InlineData("""{"strategy":{"$retainKeys":["type"],"recreate":{}}}""", 400, "invalid patch format of retainKeys")]
    [InlineData("""{"strategy":{"$retainKeys":"type"}}""", 400, "invalid patch format of retainKeys")]
    [InlineData("""{"$setElementOrder/containers":[{"name":"b"}],"containers":[{"name":"c","image":"x"}]}""", 500, "The order in patch list")]
    [InlineData("""{"$setElementOrder":[]}""", 400, "invalid patch format of setElementOrder list")]
    [InlineData("""{"$deleteFromPrimitiveList":[]}""", 400, "invalid patch format of primitive list")]
    [InlineData("""{"zones":[["x"]]}""", 422, "the server rejected our request")]
    public void What_makes_no_sense_is_refused(string patch, int code, string message)
    {
        var document = Json.Object("""{"spec":{"containers":[{"name":"a"}],"strategy":{"type":"x"},"zones":["a"]}}""");

        var refusal = Should.Throw<PatchException>(
            () => StrategicMergePatch.Apply(document, Json.Object($$"""{"spec":{{patch}}}"""), Schemas.Workload));

        refusal.Code.ShouldBe(code);
        refusal.Message.ShouldContain(message);
    }
}
