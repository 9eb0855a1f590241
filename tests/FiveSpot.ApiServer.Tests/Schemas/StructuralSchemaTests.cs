// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using CsCheck;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Tests.Schemas;

public sealed class StructuralSchemaTests
{
    private static StructuralSchema Spec(string specSchema) => StructuralSchema.Parse(new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject { ["spec"] = SharedData.Yaml(specSchema) },
    });

    private static List<string> Errors(string specSchema, string spec, string? old = null)
    {
        static JsonObject Wrap(string text) => new()
        {
            ["apiVersion"] = "x/v1",
            ["kind"] = "X",
            ["metadata"] = new JsonObject { ["name"] = "n" },
            ["spec"] = JsonNode.Parse(text),
        };
        return [.. Spec(specSchema).Validate(Wrap(spec), old is null ? null : Wrap(old)).Select(e => e.ToString())];
    }

    [Theory]
    [InlineData("{type: string, pattern: '^[a-z]+$'}", "\"abc\"", "\"a\\nb\"", "spec: Invalid value: \"a\\nb\": spec in body should match '^[a-z]+$'")]
    [InlineData("{type: integer, maximum: 255}", "255", "300", "spec: Invalid value: 300: spec in body should be less than or equal to 255")]
    [InlineData("{type: integer, maximum: 5, exclusiveMaximum: true}", "4", "5", "spec: Invalid value: 5: spec in body should be less than 5")]
    [InlineData("{type: integer, minimum: 0}", "0", "-1", "spec: Invalid value: -1: spec in body should be greater than or equal to 0")]
    [InlineData("{type: number, minimum: 0, exclusiveMinimum: true}", "0.1", "0", "spec: Invalid value: 0: spec in body should be greater than 0")]
    [InlineData("{type: number, multipleOf: 0.5}", "1.5", "1.2", "spec: Invalid value: 1.2: spec in body should be a multiple of 0.5")]
    [InlineData("{type: string, maxLength: 3}", "\"éée\"", "\"abcd\"", "spec: Too long: may not be more than 3 bytes")]
    [InlineData("{type: string, minLength: 1}", "\"a\"", "\"\"", "spec: Invalid value: \"\": spec in body should be at least 1 chars long")]
    [InlineData("{type: string, enum: [a, b]}", "\"a\"", "\"x\"", "spec: Unsupported value: \"x\": supported values: \"a\", \"b\"")]
    [InlineData("{type: integer, enum: [1, 2]}", "1", "3", "spec: Unsupported value: 3: supported values: \"1\", \"2\"")]
    [InlineData("{type: integer}", "1", "\"1\"", "spec: Invalid value: \"string\": spec in body must be of type integer: \"string\"")]
    [InlineData("{type: string}", "\"1\"", "1", "spec: Invalid value: \"integer\": spec in body must be of type string: \"integer\"")]
    [InlineData("{type: string}", "\"1\"", "null", "spec: Invalid value: \"null\": spec in body must be of type string: \"null\"")]
    [InlineData("{type: string, nullable: true}", "null", "true", "spec: Invalid value: \"boolean\": spec in body must be of type string: \"boolean\"")]
    [InlineData("{type: integer}", "1", "true", "spec: Invalid value: \"boolean\": spec in body must be of type integer: \"boolean\"")]
    [InlineData("{type: number}", "1", "[]", "spec: Invalid value: \"array\": spec in body must be of type number: \"array\"")]
    [InlineData("{type: boolean}", "true", "{}", "spec: Invalid value: \"object\": spec in body must be of type boolean: \"object\"")]
    [InlineData("{x-kubernetes-int-or-string: true}", "\"a\"", "true", "spec: Invalid value: \"boolean\": spec in body must be of type integer,string: \"boolean\"")]
    [InlineData("{type: object, required: [a], properties: {a: {type: string}}}", "{\"a\":\"x\"}", "{}", "spec.a: Required value")]
    [InlineData("{type: object, maxProperties: 1, additionalProperties: {type: string}}", "{\"a\":\"\"}", "{\"a\":\"\",\"b\":\"\"}", "spec: Too many: 2: must have at most 1 item")]
    [InlineData("{type: object, minProperties: 1, additionalProperties: {type: string}}", "{\"a\":\"\"}", "{}", "spec: Invalid value: 0: spec in body should have at least 1 properties")]
    [InlineData("{type: array, maxItems: 2, items: {type: string}}", "[\"\",\"\"]", "[\"\",\"\",\"\"]", "spec: Too many: 3: must have at most 2 items")]
    [InlineData("{type: array, minItems: 1, items: {type: string}}", "[\"\"]", "[]", "spec: Invalid value: 0: spec in body should have at least 1 items")]
    [InlineData("{type: array, items: {type: object, properties: {a: {type: string, maxLength: 1}}}}", "[{\"a\":\"x\"}]", "[{},{\"a\":\"xx\"}]", "spec[1].a: Too long: may not be more than 1 byte")]
    [InlineData("{type: object, additionalProperties: {type: string, maxLength: 1}}", "{\"k\":\"x\"}", "{\"k\":\"xx\"}", "spec.k: Too long: may not be more than 1 byte")]
    [InlineData("{type: array, x-kubernetes-list-type: set, items: {type: string}}", "[\"a\",\"b\"]", "[\"a\",\"b\",\"a\"]", "spec[2]: Duplicate value: \"a\"")]
    [InlineData("{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: string}}}}", "[{\"k\":\"a\"},{\"k\":\"b\"}]", "[{\"k\":\"a\"},{\"k\":\"a\"}]", "spec[1]: Duplicate value: {\"k\":\"a\"}")]
    [InlineData("{type: string, format: date-time}", "\"2024-01-01T00:00:00Z\"", "\"yesterday\"", "spec: Invalid value: \"yesterday\": spec in body must be of type date-time: \"yesterday\"")]
    [InlineData("{type: string, format: made-up}", "\"x\"", "3", "spec: Invalid value: \"int64\": spec in body must be of type made-up: \"int64\"")]
    [InlineData("{type: string, format: ipv4}", "\"10.0.0.1\"", "\"10.0.0\"", "spec: Invalid value: \"10.0.0\": spec in body must be of type ipv4: \"10.0.0\"")]
    [InlineData("{type: integer, format: int32}", "2147483647", "2147483648", "<nil>: Invalid value: \"\": Checked value must be of type integer with format int32 in spec")]
    [InlineData("{type: string, not: {enum: [x]}}", "\"a\"", "\"x\"", "<nil>: Invalid value: \"\": \"spec\" must not validate the schema (not)")]
    [InlineData("{type: object, properties: {a: {type: string}, b: {type: string}}, oneOf: [{required: [a]}, {required: [b]}]}", "{\"a\":\"\"}", "{\"a\":\"\",\"b\":\"\"}", "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found 2 valid alternatives")]
    public void Values_are_accepted_and_refused(string schema, string good, string bad, string error)
    {
        Errors(schema, good).ShouldBeEmpty();
        Errors(schema, bad).ShouldBe([error]);
    }

    [Fact]
    public void A_fraction_where_an_integer_belongs_is_told_twice() => Errors("{type: integer}", "1.5").ShouldBe(
    [
        "spec: Invalid value: \"number\": spec in body must be of type integer: \"number\"",
        "<nil>: Invalid value: \"\": Checked value must be of type integer (default format) in spec",
    ]);

    [Fact]
    public void A_failing_anyOf_reports_the_branch_that_came_closest() =>
        Errors("{type: string, anyOf: [{pattern: '^a'}, {minLength: 9, pattern: x}]}", "\"b\"").ShouldBe(
        [
            "<nil>: Invalid value: \"\": \"spec\" must validate at least one schema (anyOf)",
            "spec: Invalid value: \"b\": spec in body should match '^a'",
        ]);

    [Fact]
    public void A_failing_allOf_reports_all_branches() =>
        Errors("{type: integer, allOf: [{minimum: 5}, {maximum: 9}]}", "1").ShouldBe(
        [
            "spec: Invalid value: 1: spec in body should be greater than or equal to 5",
            "<nil>: Invalid value: \"\": \"spec\" must validate all the schemas (allOf)",
        ]);

    [Fact]
    public void Each_error_has_its_reason() =>
        Spec("{type: object, required: [a], properties: {a: {type: string}, b: {type: string}, c: {type: string, enum: [x]}, d: {type: string, maxLength: 1}, e: {type: integer, maximum: 1}}}")
            .Validate((JsonObject)JsonNode.Parse("""{"spec":{"b":1,"c":"y","d":"xx","e":2}}""")!, null)
            .Select(e => $"{e.Field} {e.Reason}").ShouldBe(
            [
                "spec.b FieldValueTypeInvalid", "spec.c FieldValueNotSupported", "spec.d FieldValueTooLong",
                "spec.e FieldValueInvalid", "spec.a FieldValueRequired",
            ]);

    [Fact]
    public void Pruning_removes_what_is_unknown_and_says_where()
    {
        var schema = Spec("""
            type: object
            properties:
              known: {type: string}
              list: {type: array, items: {type: object, properties: {a: {type: string}}}}
              map: {type: object, additionalProperties: {type: object, properties: {a: {type: string}}}}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true, properties: {strict: {type: object, properties: {a: {type: string}}}}}
              embedded: {type: object, x-kubernetes-embedded-resource: true, properties: {spec: {type: object}}}
            """);
        var obj = (JsonObject)JsonNode.Parse("""
            {"apiVersion":"v1","kind":"K","metadata":{"name":"n","bogus":1,"ownerReferences":[{"uid":"u","x":1}]},"extra":1,
             "spec":{"known":"x","foo":1,"list":[{"a":"","bar":1}],"map":{"k":{"a":"","b":1}},
              "free":{"any":{"thing":1},"strict":{"a":"","z":1}},
              "embedded":{"apiVersion":"v1","kind":"E","metadata":{"name":"e","odd":1},"spec":{"q":1},"other":1}}}
            """)!;
        schema.Prune(obj, isResourceRoot: true).ShouldBe(
            [
                "metadata.bogus", "metadata.ownerReferences[0].x", "extra", "spec.foo", "spec.list[0].bar", "spec.map.k.b",
                "spec.free.strict.z", "spec.embedded.metadata.odd", "spec.embedded.spec.q", "spec.embedded.other",
            ],
            ignoreOrder: true);
        obj.ToJsonString().ShouldBe("""
            {"apiVersion":"v1","kind":"K","metadata":{"name":"n","ownerReferences":[{"uid":"u"}]},"spec":{"known":"x","list":[{"a":""}],"map":{"k":{"a":""}},"free":{"any":{"thing":1},"strict":{"a":""}},"embedded":{"apiVersion":"v1","kind":"E","metadata":{"name":"e"},"spec":{}}}}
            """.Trim());
        schema.Prune(obj, isResourceRoot: true).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{}", """{"a":"x","o":{"n":1}}""")]
    [InlineData("""{"a":null,"b":null,"c":null,"d":null}""", """{"a":"x","c":null,"d":null,"o":{"n":1}}""")]
    [InlineData("""{"a":"y","o":{}}""", """{"a":"y","o":{"n":1}}""")]
    [InlineData("""{"l":[{},{"n":2}],"m":{"k":{},"z":null}}""", """{"l":[{"n":1},{"n":2}],"m":{"k":{"n":1}},"a":"x","o":{"n":1}}""")]
    public void Defaults_are_filled_in(string spec, string expected)
    {
        var schema = Spec("""
            type: object
            properties:
              a: {type: string, default: x}
              b: {type: string}
              c: {type: string, nullable: true}
              d: {type: string, nullable: true, default: q}
              o: {type: object, default: {}, properties: {n: {type: integer, default: 1}}}
              l: {type: array, items: {type: object, properties: {n: {type: integer, default: 1}}}}
              m: {type: object, additionalProperties: {type: object, properties: {n: {type: integer, default: 1}}}}
            """);
        var obj = new JsonObject { ["spec"] = JsonNode.Parse(spec) };
        schema.ApplyDefaults(obj);
        var wanted = JsonNode.Parse(expected)!.AsObject();
        if (!spec.Contains("\"d\"", StringComparison.Ordinal))
        {
            wanted["d"] = "q";
        }

        JsonNode.DeepEquals(obj["spec"], wanted).ShouldBeTrue(obj.ToJsonString());
    }

    [Theory]
    [InlineData("{}", "spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields")]
    [InlineData("{type: array}", "spec.validation.openAPIV3Schema.properties[spec].items: Required value: must be specified")]
    [InlineData("{type: strange}", "spec.validation.openAPIV3Schema.properties[spec].type: Unsupported value: \"strange\": supported values: \"array\", \"boolean\", \"integer\", \"number\", \"object\", \"string\"")]
    [InlineData("{type: object, properties: {a: {type: string}}, additionalProperties: {type: string}}", "spec.validation.openAPIV3Schema.properties[spec].additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive")]
    [InlineData("{type: object, additionalProperties: false}", "spec.validation.openAPIV3Schema.properties[spec].additionalProperties: Forbidden: additionalProperties cannot be set to false")]
    [InlineData("{type: array, uniqueItems: true, items: {type: string}}", "spec.validation.openAPIV3Schema.properties[spec].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
    [InlineData("{type: object, anyOf: [{type: object}]}", "spec.validation.openAPIV3Schema.properties[spec].anyOf[0].type: Forbidden: must be empty to be structural")]
    [InlineData("{type: object, anyOf: [{properties: {a: {minLength: 1}}}]}", "spec.validation.openAPIV3Schema.properties[spec].properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.properties[spec].anyOf[0].properties[a]")]
    [InlineData("{type: array, items: {type: object}, x-kubernetes-list-type: map}", "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map")]
    [InlineData("{type: string, default: 1}", "spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: \"integer\":  in body must be of type string: \"integer\"")]
    [InlineData("{type: object, default: {x: 1}, properties: {a: {type: string}}}", "spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: {\"x\":1}: must not have unknown fields: x")]
    [InlineData("{x-kubernetes-int-or-string: true, x-kubernetes-preserve-unknown-fields: true}", "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true")]
    public void Schemas_that_are_not_structural_are_refused(string schema, string error) =>
        Should.Throw<SchemaException>(() => Spec(schema)).Errors.Select(e => e.ToString()).ShouldBe([error]);

    [Fact]
    public void A_root_may_restrict_only_the_name_in_metadata()
    {
        static JsonObject Root(string metadata) => SharedData.Map($"{{type: object, properties: {{metadata: {metadata}}}}}");
        StructuralSchema.Parse(Root("{type: object, properties: {name: {type: string, maxLength: 63}}}"));
        Should.Throw<SchemaException>(() => StructuralSchema.Parse(Root("{type: object, properties: {labels: {type: object}}}")))
            .Field.ShouldBe("spec.validation.openAPIV3Schema.properties[metadata]");
    }

    // Word for word what kube-apiserver 1.36 says.
    [Theory]
    [InlineData("{type: integer}", "1.5", "s: Invalid value: \"number\": s in body must be of type integer: \"number\"", "status: Invalid value: \"\": Checked value must be of type integer (default format) in s")]
    [InlineData("{type: integer, format: int64}", "1e300", "s: Invalid value: \"float64\": s in body must be of type int64: \"float64\"", "status: Invalid value: \"\": Checked value must be of type integer with format int64 in s")]
    [InlineData("{type: integer, format: int32, maximum: 3}", "3000000000", "status: Invalid value: \"\": Checked value must be of type integer with format int32 in s", "s: Invalid value: 3000000000: s in body should be less than or equal to 3")]
    [InlineData("{type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: string}}}}", "[1]", "s[0]: Invalid value: \"integer\": s[0] in body must be of type object: \"integer\"", "status.s[0]: Invalid value: 1: must be an object for an array of list-type map")]
    [InlineData("{type: number, format: float}", "1e300", "status: Invalid value: \"\": Checked value must be of type number with format float in s")]
    public void An_update_of_the_status_is_checked_as_if_it_were_all(string schema, string bad, params string[] errors)
    {
        var parsed = StructuralSchema.Parse(SharedData.Map($"{{type: object, properties: {{spec: {{type: string}}, status: {{type: object, properties: {{s: {schema}}}}}}}}}"));

        // The spec is wrong too, which is not what is being changed.
        parsed.Validate((JsonObject)JsonNode.Parse($$$"""{"spec":1,"status":{"s":{{{bad}}}}}""")!, null, statusOnly: true)
            .Select(error => error.ToString()).ShouldBe(errors.Select(error => error[0] == 's' && error[1] != 't' ? $"status.{error}" : error));
        parsed.Validate((JsonObject)JsonNode.Parse("""{"spec":1,"status":"x"}""")!, null, statusOnly: true)
            .ShouldHaveSingleItem().ToString().ShouldBe("status: Invalid value: \"string\":  in body must be of type object: \"string\"");
        parsed.Validate((JsonObject)JsonNode.Parse("""{"spec":1}""")!, null, statusOnly: true).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("{type: integer, x-kubernetes-validations: [{rule: 'self < 5', message: too much}]}", "4", "5", "spec: Invalid value: 5: too much")]
    [InlineData("{type: integer, x-kubernetes-validations: [{rule: 'self < 5'}]}", "4", "5", "spec: Invalid value: 5: failed rule: self < 5")]
    [InlineData("{type: integer, x-kubernetes-validations: [{rule: 'self < 5', messageExpression: '\"got \" + string(self)', message: m}]}", "4", "5", "spec: Invalid value: 5: got 5")]
    [InlineData("{type: integer, x-kubernetes-validations: [{rule: 'self < 5', messageExpression: 'string(1 / (self - 5))', message: m}]}", "4", "5", "spec: Invalid value: 5: m")]
    [InlineData("{type: integer, x-kubernetes-validations: [{rule: 'self < 5', reason: FieldValueForbidden, message: m}]}", "4", "5", "spec: Forbidden: m")]
    [InlineData("{type: object, properties: {a: {type: integer}}, x-kubernetes-validations: [{rule: 'self.a < 5', fieldPath: .a, reason: FieldValueRequired, message: m}]}", "{\"a\":4}", "{\"a\":5}", "spec.a: Required value: m")]
    [InlineData("{type: object, properties: {a-b: {type: integer}, if: {type: integer}}, x-kubernetes-validations: [{rule: 'self.a__dash__b == self.__if__', message: m}]}", "{\"a-b\":4,\"if\":4}", "{\"a-b\":5,\"if\":4}", "spec: Invalid value: m")]
    [InlineData("{type: object, properties: {a: {type: integer}}, x-kubernetes-validations: [{rule: 'self.a == 1'}]}", "{\"a\":1}", "{}", "spec: Invalid value: \"object\": no such key: a evaluating rule: self.a == 1")]
    [InlineData("{type: object, properties: {a: {type: integer}}, x-kubernetes-validations: [{rule: '!has(self.a) || self.a == 1', message: m}]}", "{}", "{\"a\":2}", "spec: Invalid value: m")]
    [InlineData("{type: array, maxItems: 9, items: {type: integer, x-kubernetes-validations: [{rule: 'self > 0', message: m}]}}", "[1,2]", "[1,0]", "spec[1]: Invalid value: 0: m")]
    [InlineData("{type: object, maxProperties: 9, additionalProperties: {type: integer, x-kubernetes-validations: [{rule: 'self > 0', message: m}]}}", "{\"k\":1}", "{\"k\":0}", "spec[k]: Invalid value: 0: m")]
    [InlineData("{type: string, format: date-time, x-kubernetes-validations: [{rule: 'self.getFullYear() > 2000', message: m}]}", "\"2024-01-01T00:00:00Z\"", "\"1999-01-01T00:00:00Z\"", "spec: Invalid value: \"1999-01-01T00:00:00Z\": m")]
    [InlineData("{type: string, format: duration, x-kubernetes-validations: [{rule: \"self < duration('1h')\", message: m}]}", "\"5m\"", "\"2h\"", "spec: Invalid value: \"2h\": m")]
    [InlineData("{x-kubernetes-int-or-string: true, x-kubernetes-validations: [{rule: 'type(self) == int ? self < 5 : self == \"a\"', message: m}]}", "\"a\"", "5", "spec: Invalid value: 5: m")]
    [InlineData("{type: array, maxItems: 5, x-kubernetes-list-type: set, items: {type: string, maxLength: 5}, x-kubernetes-validations: [{rule: 'self == [\"a\", \"b\"]', message: m}]}", "[\"b\",\"a\"]", "[\"b\"]", "spec: Invalid value: m")]
    public void Rules_are_run(string schema, string good, string bad, string error)
    {
        Errors(schema, good).ShouldBeEmpty();
        Errors(schema, bad).ShouldBe([error]);
    }

    [Fact]
    public void Transition_rules_run_only_when_there_is_an_old_value()
    {
        const string Schema = "{type: string, x-kubernetes-validations: [{rule: self == oldSelf, message: is immutable}]}";
        Errors(Schema, "\"a\"").ShouldBeEmpty();
        Errors(Schema, "\"a\"", "\"a\"").ShouldBeEmpty();
        Errors(Schema, "\"a\"", "\"b\"").ShouldBe(["spec: Invalid value: \"a\": is immutable"]);
    }

    [Fact]
    public void Items_of_a_map_list_are_matched_by_their_keys()
    {
        const string Schema = """
            type: array
            maxItems: 5
            x-kubernetes-list-type: map
            x-kubernetes-list-map-keys: [k]
            items:
              type: object
              required: [k]
              properties:
                k: {type: string}
                v: {type: integer, x-kubernetes-validations: [{rule: self >= oldSelf, message: may not shrink}]}
            """;
        const string Old = """[{"k":"a","v":5},{"k":"b","v":1}]""";
        Errors(Schema, """[{"k":"b","v":1},{"k":"a","v":6},{"k":"c","v":0}]""", Old).ShouldBeEmpty();
        Errors(Schema, """[{"k":"b","v":0}]""", Old).ShouldBe(["spec[0].v: Invalid value: 0: may not shrink"]);
    }

    [Fact]
    public void An_optional_old_value_lets_a_rule_run_on_creation()
    {
        const string Schema = "{type: string, x-kubernetes-validations: [{rule: 'oldSelf.hasValue() || self == \"first\"', optionalOldSelf: true, message: m}]}";
        Errors(Schema, "\"first\"").ShouldBeEmpty();
        Errors(Schema, "\"other\"").ShouldBe(["spec: Invalid value: \"other\": m"]);
        Errors(Schema, "\"other\"", "\"first\"").ShouldBeEmpty();
    }

    [Fact]
    public void An_unchanged_value_is_not_held_against_an_update()
    {
        const string Schema = "{type: object, properties: {a: {type: integer, x-kubernetes-validations: [{rule: self < 5, message: m}]}, b: {type: integer}}}";
        Errors(Schema, """{"a":9,"b":2}""", """{"a":9,"b":1}""").ShouldBeEmpty();
        Errors(Schema, """{"a":8,"b":2}""", """{"a":9,"b":1}""").ShouldBe(["spec.a: Invalid value: 8: m"]);
    }

    [Fact]
    public void Rules_see_the_name_at_the_root_and_nothing_else_of_metadata()
    {
        var schema = SharedData.Map("{type: object, x-kubernetes-validations: [{rule: 'self.metadata.name.size() <= 3', message: name too long}]}");
        StructuralSchema.Parse(schema).Validate((JsonObject)JsonNode.Parse("""{"metadata":{"name":"long"}}""")!, null)
            .ShouldHaveSingleItem().ToString().ShouldBe("<nil>: Invalid value: name too long");
        schema["x-kubernetes-validations"]![0]!["rule"] = "has(self.metadata.labels)";
        Should.Throw<SchemaException>(() => StructuralSchema.Parse(schema)).Message.ShouldContain("undefined field 'labels'");
    }

    [Fact]
    public void Rules_do_not_run_on_an_object_that_is_invalid_for_its_types()
    {
        const string Schema = "{type: object, required: [a], properties: {a: {type: integer}}, x-kubernetes-validations: [{rule: self.a < 5}]}";
        Errors(Schema, """{"a":"x"}""").ShouldBe(
        [
            "spec.a: Invalid value: \"string\": spec.a in body must be of type integer: \"string\"",
            "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
        ]);
    }

    [Theory]
    [InlineData("self.foo == 1", "rule", "compilation failed: ERROR: <input>:1:5: undefined field 'foo'\n | self.foo == 1\n | ....^")]
    [InlineData("self.a", "rule", "cel expression must evaluate to a bool")]
    [InlineData("self.a == 'x'", "rule", "found no matching overload for '_==_' applied to '(int, string)'")]
    [InlineData("self.a ==", "rule", "Syntax error")]
    public void Rules_that_do_not_compile_are_refused(string rule, string field, string problem)
    {
        var schema = new JsonObject
        {
            ["type"] = "object",
            ["properties"] = new JsonObject { ["a"] = new JsonObject { ["type"] = "integer" } },
            ["x-kubernetes-validations"] = new JsonArray(new JsonObject { ["rule"] = rule }),
        };
        var error = Should.Throw<SchemaException>(() => StructuralSchema.Parse(schema)).Errors.ShouldHaveSingleItem();
        error.Field.ShouldBe($"spec.validation.openAPIV3Schema.x-kubernetes-validations[0].{field}");
        error.Detail.ShouldContain(problem);
    }

    [Theory]
    [InlineData("{type: array, items: {type: string, x-kubernetes-validations: [{rule: 'self == oldSelf'}]}}", "oldSelf cannot be used on the uncorrelatable portion of the schema")]
    [InlineData("{type: string, x-kubernetes-validations: [{rule: 'true', reason: Nope}]}", "supported values")]
    [InlineData("{type: string, x-kubernetes-validations: [{rule: ' '}]}", "rule is not specified")]
    [InlineData("{type: object, x-kubernetes-validations: [{rule: 'true', fieldPath: .nope}]}", "does not refer to a valid field")]
    [InlineData("{type: string, x-kubernetes-validations: [{rule: 'true', messageExpression: '1'}]}", "messageExpression must evaluate to a string")]
    [InlineData("{type: array, items: {type: string}, x-kubernetes-validations: [{rule: 'self.all(x, self.all(y, x != y || x == y))'}]}", "estimated rule cost exceeds budget by factor of more than 100x")]
    [InlineData("{type: array, maxItems: 250, items: {type: string, maxLength: 500}, x-kubernetes-validations: [{rule: 'self.all(x, self.all(y, x == y))'}]}", "estimated rule cost exceeds budget by factor of 1.3x")]
    public void Rules_that_can_not_work_are_refused(string schema, string problem) =>
        Should.Throw<SchemaException>(() => Spec(schema)).Message.ShouldContain(problem);

    [Fact]
    public void Costs_are_estimated_for_each_place_where_a_rule_runs()
    {
        var costs = Spec("{type: array, maxItems: 100, items: {type: string, maxLength: 10, x-kubernetes-validations: [{rule: \"self.matches('^[a-z]{1,3}$')\"}]}}").EstimateCosts();

        // self (1) + ceil((40 + 1) * 0.1) * ceil(12 * 0.25) = 1 + 5 * 3, for each of 100 items.
        costs.Rules.ShouldHaveSingleItem().Value.ShouldBe(1600);
        costs.Total.ShouldBe(1600);
    }

    /// <summary>Bounds that a kube-apiserver 1.36 was measured to accept or refuse, with the factor that it printed.</summary>
    [Theory]
    [InlineData(4096, 4096, "exceeds budget by factor of 5.4x")]
    [InlineData(4096, 512, null)]
    [InlineData(1024, 1024, null)]
    public void Estimates_are_those_of_a_real_server(int message, int part, string? refusal)
    {
        var schema = $$"""
            type: array
            maxItems: 20
            items:
              type: object
              properties:
                message: {type: string, maxLength: {{message}} }
                part: {type: string, maxLength: {{part}} }
              x-kubernetes-validations: [{rule: '!has(self.part) || !self.message.contains(self.part)'}]
            """;
        if (refusal is null)
        {
            Spec(schema).EstimateCosts().Total.ShouldBeLessThan(RuleCosts.RuleLimit);
        }
        else
        {
            Should.Throw<SchemaException>(() => Spec(schema)).Message.ShouldContain(refusal);
        }
    }

    [Fact]
    public void Whatever_the_schema_reading_ends_in_a_schema_or_a_SchemaException()
    {
        string[] keys =
        [
            "type", "properties", "items", "additionalProperties", "required", "enum", "pattern", "default", "anyOf", "not",
            "maxLength", "maxItems", "minimum", "x-kubernetes-validations", "x-kubernetes-list-type",
            "x-kubernetes-list-map-keys", "x-kubernetes-int-or-string", "nullable", "format", "rule", "a", "multipleOf",
        ];
        string[] leaves =
        [
            "null", "true", "false", "0", "-1", "1e300", "\"object\"", "\"array\"", "\"string\"", "\"map\"", "\"(\"",
            "\"self\"", "\"self == oldSelf\"", "[]", "{}", "[\"a\"]", "\"date-time\"", "\"a\"",
        ];
        var leaf = Gen.Int[0, leaves.Length - 1].Select(i => leaves[i]);
        var json = Gen.Recursive<string>((depth, inner) => depth > 4 ? leaf : Gen.Frequency(
            (2, leaf),
            (1, inner.Array[0, 3].Select(items => $"[{string.Join(',', items)}]")),
            (4, Gen.Int[0, keys.Length - 1].Select(i => keys[i]).ArrayUnique[0, 5].SelectMany(names =>
                inner.Array[names.Length].Select(values => $"{{{string.Join(',', names.Zip(values, (n, v) => $"\"{n}\":{v}"))}}}")))));
        json.Select(json, (schema, value) => (schema, value)).Sample(pair =>
        {
            var schema = new JsonObject { ["type"] = "object", ["properties"] = new JsonObject { ["spec"] = JsonNode.Parse(pair.schema) } };
            var obj = new JsonObject { ["spec"] = JsonNode.Parse(pair.value) };
            foreach (var read in new[] { () => StructuralSchema.Parse(schema), () => StructuralSchema.ForBuiltIn(schema) })
            {
                try
                {
                    var parsed = read();
                    parsed.Prune(obj, isResourceRoot: true);
                    parsed.ApplyDefaults(obj);
                    parsed.Validate(obj, obj);
                }
                catch (SchemaException)
                {
                    // Refused, as most of them are.
                }
            }
        }, iter: 1_000);
    }

    [Fact]
    public void A_hostile_list_costs_one_error_and_little_time()
    {
        var schema = Spec("{type: array, maxItems: 64, x-kubernetes-list-type: set, items: {type: string, pattern: '^(a+)+$'}, x-kubernetes-validations: [{rule: 'self.all(x, x.size() < 5)'}]}");
        var obj = new JsonObject { ["spec"] = new JsonArray([.. Enumerable.Range(0, 100_000).Select(_ => JsonValue.Create(new string('a', 30) + "!"))]) };
        var watch = Stopwatch.StartNew();
        var errors = schema.Validate(obj, null);
        errors[0].ToString().ShouldBe("spec: Too many: 100000: must have at most 64 items");
        errors.Count.ShouldBe(2);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30), "what is not linear takes minutes");
    }

    [Fact]
    public void Rules_stop_when_the_budget_for_an_object_is_spent()
    {
        var schema = Spec("{type: array, maxItems: 1000, items: {type: integer}, x-kubernetes-validations: [{rule: 'self.all(x, self.all(y, x == y))'}]}");
        var obj = new JsonObject { ["spec"] = new JsonArray([.. Enumerable.Repeat(1, 1000).Select(i => JsonValue.Create(i))]) };
        schema.Validate(obj, null).ShouldHaveSingleItem().Detail
            .ShouldStartWith("'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule:");
    }
}
