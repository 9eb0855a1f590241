// SPDX-License-Identifier: Apache-2.0

using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using FiveSpot.Api.Schema;

namespace FiveSpot.Api.Tests;

public sealed class CrdTests
{
    private static readonly JsonObject Crd = ScheduledMachineCrd.ToJson();
    private static readonly JsonObject Version = Crd["spec"]!["versions"]![0]!.AsObject();
    private static readonly JsonObject Root = Version["schema"]!["openAPIV3Schema"]!.AsObject();

    [Fact]
    public void The_schema_has_the_fields_of_the_types_and_no_others()
    {
        Agree("spec", Root["properties"]!["spec"]!.AsObject(), typeof(ScheduledMachineSpec), isSpec: true);
        Agree("status", Root["properties"]!["status"]!.AsObject(), typeof(ScheduledMachineStatus), isSpec: false);
    }

    [Fact]
    public void Defaults_are_those_of_the_contract()
    {
        var defaults = new Dictionary<string, string>();
        Visit("spec", Root["properties"]!["spec"]!.AsObject(), (path, schema) =>
        {
            if (schema["default"] is { } value)
            {
                defaults[path] = value.ToJsonString();
            }
        });
        defaults.ShouldBe(
            new Dictionary<string, string>
            {
                ["spec.enabled"] = "true",
                ["spec.schedule.timezone"] = "\"UTC\"",
                ["spec.schedule.enabled"] = "true",
                ["spec.kubeconfigSecretRef.key"] = "\"value\"",
                ["spec.priority"] = "50",
                ["spec.gracefulShutdownTimeout"] = "\"5m\"",
                ["spec.nodeDrainTimeout"] = "\"5m\"",
                ["spec.killSwitch"] = "false",
            },
            ignoreOrder: true);
    }

    [Fact]
    public void Status_has_no_defaults_and_no_rules() =>
        Visit("status", Root["properties"]!["status"]!.AsObject(), static (path, schema) =>
        {
            schema.ContainsKey("default").ShouldBeFalse(path);
            schema.ContainsKey("x-kubernetes-validations").ShouldBeFalse(path);
        });

    [Fact]
    public void Every_field_teaches()
    {
        Visit("root", Root, static (path, schema) =>
        {
            foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
            {
                if (path != "root" || name != "metadata")
                {
                    ((string?)property!["description"]).ShouldNotBeNullOrWhiteSpace($"{path}.{name}");
                }
            }
        });
    }

    // The API server refuses a CRD whose rules could cost too much, and takes what has no bound for megabytes.
    [Fact]
    public void Every_list_map_and_string_of_a_spec_is_bounded() =>
        Visit("spec", Root["properties"]!["spec"]!.AsObject(), static (path, schema) =>
        {
            var bound = (string?)schema["type"] switch
            {
                "array" => "maxItems",
                "object" when schema.ContainsKey("additionalProperties") => "maxProperties",

                // No rule looks at an annotation's value, and its length is limited by all of them together.
                "string" when !path.EndsWith("annotations{}", StringComparison.Ordinal) => "maxLength",
                _ => "type",
            };
            schema.ContainsKey(bound).ShouldBeTrue($"{path} has no {bound}");
        });

    [Fact]
    public void Rules_are_common_CEL_of_one_line_and_have_a_sentence()
    {
        var functions = new HashSet<string>();
        Visit("root", Root, (path, schema) =>
        {
            foreach (var rule in schema["x-kubernetes-validations"]?.AsArray() ?? [])
            {
                var expression = (string)rule!["rule"]!;
                expression.ShouldNotContain('\n');
                expression.ShouldNotContain('\\');
                ((string)rule["message"]!).ShouldMatch("^[^\n]{20,300}$");
                var code = Regex.Replace(expression, "'[^']*'", "''");
                code.Count(static c => c == '(').ShouldBe(code.Count(static c => c == ')'), expression);
                functions.UnionWith(Regex.Matches(code, @"[a-z_]+(?=\()").Select(static match => match.Value));
            }
        });
        functions.ShouldBe(["size", "matches", "all", "exists_one", "has"], ignoreOrder: true);
    }

    [Fact]
    public void Printer_columns_are_those_of_the_contract()
    {
        var columns = Version["additionalPrinterColumns"]!.AsArray();
        columns.Where(static column => column!["priority"] is null).Select(static column => (string)column!["name"]!)
            .ShouldBe(["Phase", "Ready", "InSchedule", "Enabled", "Next", "Node", "Age"]);
        columns.Where(static column => (int?)column!["priority"] == 1).Select(static column => (string)column!["name"]!)
            .ShouldBe(["Cluster", "Schedule", "ProviderID"]);
        foreach (var column in columns.Where(static column => (string)column!["name"]! != "Age"))
        {
            var schema = Root;
            foreach (var step in ((string)column!["jsonPath"]!)[1..].Split('.'))
            {
                schema = schema["properties"]![step]!.AsObject();
            }

            // Of what is not a scalar, kubectl shows the JSON.
            var type = (string)schema["type"]!;
            ((string)column["type"]!).ShouldBe(type == "object" ? "string" : type);
        }
    }

    [Fact]
    public void Names_lists_and_open_fields_are_as_other_programs_expect()
    {
        ((string)Crd["metadata"]!["name"]!).ShouldBe("scheduledmachines.5spot.finos.org");
        Crd["spec"]!["names"]!.ToJsonString().ShouldBe(
            """{"kind":"ScheduledMachine","listKind":"ScheduledMachineList","plural":"scheduledmachines","singular":"scheduledmachine","shortNames":["sm"],"categories":["cluster-api"]}""");
        ((string)Crd["spec"]!["scope"]!).ShouldBe("Namespaced");
        Version["subresources"]!["status"].ShouldNotBeNull();
        var conditions = Root["properties"]!["status"]!["properties"]!["conditions"]!;
        ((string)conditions["x-kubernetes-list-type"]!).ShouldBe("map");
        conditions["x-kubernetes-list-map-keys"]!.ToJsonString().ShouldBe("""["type"]""");
        var template = Root["properties"]!["spec"]!["properties"]!["bootstrapSpec"]!["properties"]!;
        template["spec"]!["x-kubernetes-preserve-unknown-fields"]!.GetValue<bool>().ShouldBeTrue();
        template["metadata"]!["properties"]!.AsObject().Select(static pair => pair.Key).ShouldBe(["labels", "annotations"]);
    }

    [Fact]
    public void A_caller_may_change_what_it_gets()
    {
        ScheduledMachineCrd.ToJson()["spec"]!.AsObject().Clear();
        ScheduledMachineCrd.ToJson().ToJsonString().ShouldBe(Crd.ToJsonString());
    }

    [Fact]
    public void The_yaml_says_the_same_as_the_json() =>
        JsonNode.DeepEquals(YamlReader.Read(ScheduledMachineCrd.ToYaml()), Crd).ShouldBeTrue();

    [Theory]
    [InlineData("""{"a":"","b":"true","c":"No","d":"1","e":"a: b","f":"- x","g":"#x","h":"x ","i":"\"q\" \\ \u0001 \n ä","j":null}""")]
    [InlineData("""{"empty":{},"none":[],"nested":[[1,[2,"x"]],[],{"a":[{"b":1,"c":[2]},{}]}],"n":-1.5,"t":true,"y":{"on":"~"}}""")]
    public void Yaml_reads_back_as_it_was(string json) =>
        YamlReader.Read(YamlText.Of(JsonNode.Parse(json)!.AsObject())).ToJsonString()
            .ShouldBe(JsonNode.Parse(json)!.ToJsonString().Replace("-1.5", "\"-1.5\"", StringComparison.Ordinal));

    [Fact]
    public void The_file_in_deploy_is_up_to_date()
    {
        var file = Path.Combine(TestFiles.Repository, "deploy", "crds", "scheduledmachines.yaml");
        if (Environment.GetEnvironmentVariable("FIVESPOT_UPDATE") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText(file, ScheduledMachineCrd.ToYaml());
        }

        var stored = File.Exists(file) ? File.ReadAllText(file) : "";
        (stored == ScheduledMachineCrd.ToYaml()).ShouldBeTrue(
            "deploy/crds/scheduledmachines.yaml is stale: run this test with FIVESPOT_UPDATE=1 to write it anew");
    }

    // By reflection alone: neither the source generator's word nor that of the writer of the schema is taken.
    private static void Agree(string path, JsonObject schema, Type type, bool isSpec)
    {
        ((string)schema["type"]!).ShouldBe("object", path);
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(static property => property.GetCustomAttribute<JsonIgnoreAttribute>() is null
                && property.Name != "EqualityContract")
            .ToDictionary(static property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));
        schema["properties"]!.AsObject().Select(static pair => pair.Key)
            .ShouldBe(properties.Keys, ignoreOrder: true, path);
        (schema["required"]?.AsArray() ?? []).Select(static name => (string)name!).ShouldBe(
            properties.Where(static pair => IsRequired(pair.Value)).Select(static pair => pair.Key),
            ignoreOrder: true,
            path);
        var example = isSpec ? Activator.CreateInstance(type) : null;
        foreach (var (name, property) in properties)
        {
            var field = schema["properties"]![name]!.AsObject();
            AgreeOnType($"{path}.{name}", field, property.PropertyType, isSpec);
            var initial = IsRequired(property) ? null : example is null ? null : property.GetValue(example);
            field["default"]?.ToJsonString().ShouldBe(initial switch
            {
                string text => $"\"{text}\"",
                bool flag => flag ? "true" : "false",
                int number => $"{number}",
                _ => null,
            }, $"{path}.{name}");
            if (initial is string or bool or int)
            {
                field.ContainsKey("default").ShouldBeTrue($"{path}.{name}");
            }
        }
    }

    private static void AgreeOnType(string path, JsonObject schema, Type type, bool isSpec)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        var generic = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        if (generic == typeof(IReadOnlyList<>))
        {
            ((string)schema["type"]!).ShouldBe("array", path);
            AgreeOnType($"{path}[]", schema["items"]!.AsObject(), type.GetGenericArguments()[0], isSpec);
        }
        else if (generic == typeof(IReadOnlyDictionary<,>))
        {
            ((string)schema["type"]!).ShouldBe("object", path);
            AgreeOnType($"{path}{{}}", schema["additionalProperties"]!.AsObject(), type.GetGenericArguments()[1], isSpec);
        }
        else if (type.Namespace == typeof(ScheduledMachineSpec).Namespace)
        {
            Agree(path, schema, type, isSpec);
        }
        else
        {
            $"{schema["type"]} {schema["format"]}".ShouldBe(
                new Dictionary<Type, string>
                {
                    [typeof(string)] = "string ",
                    [typeof(bool)] = "boolean ",
                    [typeof(int)] = "integer int32",
                    [typeof(long)] = "integer int64",
                    [typeof(DateTimeOffset)] = "string date-time",
                    [typeof(JsonElement)] = "object ",
                }[type],
                path);
        }
    }

    private static bool IsRequired(PropertyInfo property) =>
        property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;

    private static void Visit(string path, JsonObject schema, Action<string, JsonObject> visit)
    {
        visit(path, schema);
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            Visit($"{path}.{name}", property!.AsObject(), visit);
        }

        if (schema["items"] is JsonObject items)
        {
            Visit($"{path}[]", items, visit);
        }

        if (schema["additionalProperties"] is JsonObject each)
        {
            Visit($"{path}{{}}", each, visit);
        }
    }
}
