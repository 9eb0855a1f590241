// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Docs.Tests.Architecture;

public sealed class JsonSchemasTests
{
    private static readonly Uri Address = new("https://schemas.test/folder/one.json");

    [Theory]
    [InlineData("""{"type":"object"}""", "{}", "[]")]
    [InlineData("""{"type":"integer"}""", "3", "3.5")]
    [InlineData("""{"type":"string"}""", "\"x\"", "null")]
    [InlineData("""{"enum":["a",1]}""", "1", "\"1\"")]
    [InlineData("""{"pattern":"^a+$"}""", "\"aa\"", "\"ab\"")]
    [InlineData("""{"minItems":1}""", "[1]", "[]")]
    [InlineData("""{"items":{"type":"string"}}""", """["a","b"]""", """["a",1]""")]
    [InlineData("""{"required":["a"]}""", """{"a":null}""", "{}")]
    [InlineData("""{"properties":{"a":{"type":"string"}}}""", """{"a":"","b":1}""", """{"a":1}""")]
    [InlineData("""{"properties":{"a":false}}""", """{"b":1}""", """{"a":1}""")]
    [InlineData("""{"patternProperties":{"^a":{"type":"string"}}}""", """{"ab":"","b":1}""", """{"ab":1}""")]
    [InlineData("""{"properties":{"a":true},"additionalProperties":false}""", """{"a":1}""", """{"a":1,"b":1}""")]
    [InlineData("""{"patternProperties":{"^a":true},"additionalProperties":false}""", """{"ab":1}""", """{"ba":1}""")]
    [InlineData("""{"allOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":1,"b":1}""", """{"a":1}""")]
    [InlineData("""{"anyOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":1,"b":1}""", "{}")]
    [InlineData("""{"oneOf":[{"required":["a"]},{"required":["b"]}]}""", """{"a":1}""", """{"a":1,"b":1}""")]
    [InlineData("""{"$ref":"two.json#/defs/text"}""", "\"x\"", "1")]
    [InlineData("""{"$ref":"#/defs/list","defs":{"list":{"items":{"$ref":"#/defs/list"},"type":"array"}}}""", "[[],[[]]]", "[[1]]")]
    public void Each_keyword_takes_what_it_may_and_refuses_what_it_must(string schema, string good, string bad)
    {
        var schemas = Schemas(schema);
        schemas.Validate(Address, JsonNode.Parse(good)).ShouldBeEmpty();
        schemas.Validate(Address, JsonNode.Parse(bad)).ShouldHaveSingleItem();
    }

    [Fact]
    public void What_is_wrong_is_said_with_its_place() =>
        Schemas("""{"properties":{"a":{"items":{"required":["b"]}}}}""").Validate(Address, JsonNode.Parse("""{"a":[{"b":1},{}]}"""))
            .ShouldBe(["$.a[1] must have b"]);

    [Fact]
    public void What_it_does_not_know_is_no_demand_that_is_met()
    {
        Should.Throw<NotSupportedException>(() => Schemas("""{"uniqueItems":true}""").Validate(Address, JsonNode.Parse("[]")));
        Should.Throw<KeyNotFoundException>(() => Schemas("""{"$ref":"three.json"}""").Validate(Address, JsonNode.Parse("[]")));
        Should.Throw<KeyNotFoundException>(() => Schemas("""{"$ref":"two.json#/defs/number"}""").Validate(Address, JsonNode.Parse("[]")));
    }

    private static JsonSchemas Schemas(string one)
    {
        var schemas = new JsonSchemas();
        schemas.Add(JsonNode.Parse(one)!.AsObject(), Address);
        schemas.Add(JsonNode.Parse("""{"$id":"https://schemas.test/folder/two.json","defs":{"text":{"type":"string"}}}""")!.AsObject());
        return schemas;
    }
}
