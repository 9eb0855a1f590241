// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Patching;

namespace FiveSpot.ApiServer.Tests.Patching;

public sealed class JsonPatchTests
{
    [Theory]
    // RFC 6902, appendix A.
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"baz":"qux","foo":"bar"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"remove","path":"/baz"}]""", """{"foo":"bar"}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"baz":"qux","foo":"bar"}""", """[{"op":"replace","path":"/baz","value":"boo"}]""", """{"baz":"boo","foo":"bar"}""")]
    [InlineData("""{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}""")]
    [InlineData("""{"foo":["all","grass","cows","eat"]}""", """[{"op":"move","from":"/foo/1","path":"/foo/3"}]""", """{"foo":["all","cows","eat","grass"]}""")]
    [InlineData("""{"baz":"qux","foo":["a",2,"c"]}""", """[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}]""", """{"baz":"qux","foo":["a",2,"c"]}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/child","value":{"grandchild":{}}}]""", """{"foo":"bar","child":{"grandchild":{}}}""")]
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux","xyz":123}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10}]""", """{"/":9,"~1":10}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc","def"]}]""", """{"foo":["bar",["abc","def"]]}""")]
    // Beyond the appendix.
    [InlineData("""{"a":{"b":1}}""", """[{"op":"copy","from":"/a","path":"/c"},{"op":"replace","path":"/c/b","value":2}]""", """{"a":{"b":1},"c":{"b":2}}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"","value":{"b":2}}]""", """{"b":2}""")]
    [InlineData("""{"a":1}""", """[{"op":"add","path":"/a","value":null},{"op":"test","path":"/a","value":null}]""", """{"a":null}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/b","value":null}]""", """{"a":1}""")]
    [InlineData("""{"a":1}""", """[{"op":"replace","path":"/b","value":2}]""", """{"a":1,"b":2}""")]
    [InlineData("""{"metadata":{"annotations":{"x.io/y":"1"}}}""", """[{"op":"remove","path":"/metadata/annotations/x.io~1y"}]""", """{"metadata":{"annotations":{}}}""")]
    [InlineData("""{"a":[1,2,3]}""", """[{"op":"remove","path":"/a/-1"},{"op":"add","path":"/a/2","value":4}]""", """{"a":[1,2,4]}""")]
    [InlineData("""{"a":1}""", """[{"op":"test","path":"/a","value":1.0}]""", """{"a":1}""")]
    [InlineData("""{"":1}""", """[{"op":"replace","path":"/","value":2}]""", """{"":2}""")]
    public void Operations_do_what_the_standard_says(string document, string patch, string expected)
    {
        var original = Json.Object(document);

        JsonPatch.Apply(original, (JsonArray)JsonNode.Parse(patch)!).ShouldBeJson(expected);

        original.ShouldBeJson(document);
    }

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""", 422)]
    [InlineData("""[{"op":"test","path":"/b/c","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"/b/c","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"/list/4","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"/list/01","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"/list/x","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"/a/x","value":2}]""", 422)]
    [InlineData("""[{"op":"add","path":"/x"}]""", 422)]
    [InlineData("""[{"op":"add","path":"x","value":1}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/b"}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/list/3"}]""", 422)]
    [InlineData("""[{"op":"remove","path":"/list/-"}]""", 422)]
    [InlineData("""[{"op":"remove","path":""}]""", 422)]
    [InlineData("""[{"op":"replace","path":"","value":[]}]""", 422)]
    [InlineData("""[{"op":"copy","from":"/b","path":"/c"}]""", 422)]
    [InlineData("""[{"op":"move","from":"/m","path":"/m/n"}]""", 422)]
    [InlineData("""[{"op":"spam","path":"/a"}]""", 422)]
    [InlineData("""[{"path":"/a"}]""", 422)]
    [InlineData("""["add"]""", 400)]
    public void What_does_not_fit_is_refused(string patch, int code)
    {
        var document = Json.Object("""{"a":1,"list":[1,2,3],"m":{}}""");

        var refusal = Should.Throw<PatchException>(() => JsonPatch.Apply(document, (JsonArray)JsonNode.Parse(patch)!));

        refusal.Code.ShouldBe(code);
        refusal.Reason.ShouldBe(code == 422 ? "Invalid" : "BadRequest");
        document.ShouldBeJson("""{"a":1,"list":[1,2,3],"m":{}}""");
    }

    [Fact]
    public void A_failed_test_undoes_what_came_before()
    {
        var document = Json.Object("""{"a":1}""");
        var patch = (JsonArray)JsonNode.Parse("""[{"op":"add","path":"/b","value":1},{"op":"test","path":"/a","value":2}]""")!;

        var refusal = Should.Throw<PatchException>(() => JsonPatch.Apply(document, patch));

        refusal.Message.ShouldBe("the server rejected our request due to an error in our request");
        refusal.Detail.ShouldBe("testing value /a failed");
        document.ShouldBeJson("""{"a":1}""");
    }

    [Fact]
    public void Too_many_operations_are_refused()
    {
        var patch = new JsonArray([.. Enumerable.Range(0, JsonPatch.MaxOperations + 1).Select(static _ => Json.Object("{}"))]);

        Should.Throw<PatchException>(() => JsonPatch.Apply([], patch)).Code.ShouldBe(413);
    }
}
