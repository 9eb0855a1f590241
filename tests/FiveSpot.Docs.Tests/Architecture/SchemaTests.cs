// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Docs.Tests.Architecture;

/// <summary>The architecture is one of CALM 1.2.</summary>
public sealed class SchemaTests
{
    private static readonly Uri Calm = new("https://calm.finos.org/release/1.2/meta/calm.json");

    // Of patterns CALM demands that they are schemas themselves, and so its schema refers to that of schemas. An architecture
    // meets it by having none of their keywords but this.
    private const string SchemaOfSchemas = """{"$id":"https://json-schema.org/draft/2020-12/schema","properties":{"$schema":{"type":"string"}}}""";

    [Fact]
    public void It_is_as_the_schema_demands()
    {
        var architecture = CalmArchitecture.Read();
        new Uri((string)architecture["$schema"]!).ShouldBe(Calm);
        architecture.Select(static part => part.Key).Except(["nodes", "relationships", "flows", "controls", "metadata", "adrs"])
            .ShouldBe(["$schema"]);
        Schemas().Validate(Calm, architecture).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("nodes", "name", null)]
    [InlineData("nodes", "interfaces", """[{"port":1}]""")]
    [InlineData("nodes", "controls", """{"c":{"description":"d"}}""")]
    [InlineData("nodes", "controls", """{"c":{"description":"d","requirements":[{"requirement-url":"u"}]}}""")]
    [InlineData("relationships", "protocol", "\"GRPC\"")]
    [InlineData("relationships", "relationship-type", """{"deployed-in":{"container":"c","nodes":[]}}""")]
    [InlineData("relationships", "relationship-type", """{"connects":{"source":{"node":"a"},"destination":{}}}""")]
    [InlineData("relationships", "relationship-type", """{"talks":{}}""")]
    [InlineData("relationships", "metadata", "\"x\"")]
    [InlineData("flows", "transitions", "[]")]
    [InlineData("flows", "transitions", """[{"relationship-unique-id":"r","sequence-number":1.5,"description":"d"}]""")]
    [InlineData("flows", "colour", "\"red\"")]
    public void What_is_not_so_is_refused(string list, string property, string? value)
    {
        var architecture = CalmArchitecture.Read();
        var changed = architecture[list]![0]!.AsObject();
        changed.Remove(property);
        if (value is not null)
        {
            changed[property] = JsonNode.Parse(value);
        }

        Schemas().Validate(Calm, architecture).ShouldNotBeEmpty();
    }

    [Fact]
    public void Each_control_is_as_its_requirement_demands()
    {
        var schemas = Schemas();
        foreach (var requirement in CalmArchitecture.Requirements)
        {
            var path = TestFiles.PathOf($"{CalmArchitecture.Folder}/{requirement.Text("requirement-url")}");
            var address = new Uri(path);
            if (!schemas.Knows(address))
            {
                schemas.Add(JsonNode.Parse(File.ReadAllText(path))!.AsObject(), address);
            }

            schemas.Validate(address, requirement["config"]).ShouldBeEmpty();
        }
    }

    private static JsonSchemas Schemas()
    {
        var schemas = new JsonSchemas();
        foreach (var file in Directory.EnumerateFiles(TestFiles.Shared("calm-schema/1.2"), "*.json"))
        {
            schemas.Add(JsonNode.Parse(File.ReadAllText(file))!.AsObject());
        }

        schemas.Add(JsonNode.Parse(SchemaOfSchemas)!.AsObject());
        return schemas;
    }
}
