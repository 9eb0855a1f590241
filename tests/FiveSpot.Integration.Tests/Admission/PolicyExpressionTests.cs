// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Cel;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>
/// What the policy asks the authorizer for, and when, by its expressions alone: also where there is no server that evaluates
/// policies. <see cref="PolicyTests"/> has the server's own verdict.
/// </summary>
public sealed class PolicyExpressionTests
{
    private const string Secret = "get /secrets/of-bob in tenants";
    private const string Bootstrap = "create bootstrap.cluster.x-k8s.io/k0sworkerconfigs in tenants";
    private const string Infrastructure = "create infrastructure.cluster.x-k8s.io/remotemachines in tenants";

    private static readonly JsonObject Policy = new DeployFolder("admission").Read("validatingadmissionpolicy.yaml")["spec"]!.AsObject();

    // What is there before each change.
    private const string Before = """
        , "machineTemplate": {"labels": {"a": "b"}}, "nodeTaints": [{"key": "a", "effect": "NoSchedule"}], "kubeconfigSecretRef": {"name": "of-bob", "key": "value"}
        """;

    public static TheoryData<string, string, string> Changes => new()
    {
        // The Secret.
        { """{"kubeconfigSecretRef": {"name": "of-carol", "key": "value"}}""", "get /secrets/of-carol in tenants", "has no permission to get Secret \"of-carol\" in namespace tenants" },
        { """{"kubeconfigSecretRef": {"name": "of-bob", "key": "password"}}""", Secret, "has no permission to get Secret \"of-bob\" in namespace tenants" },

        // What becomes of the two objects: each takes both.
        { """{"machineTemplate": {"labels": {"node-restriction.kubernetes.io/tenant": "b"}}}""", Bootstrap, "which spec.bootstrapSpec has 5-Spot create (spec.machineTemplate and spec.nodeTaints say what becomes of it)" },
        { """{"machineTemplate": {"labels": {"a": "c"}}}""", Infrastructure, "which spec.infrastructureSpec has 5-Spot create (spec.machineTemplate and spec.nodeTaints say what becomes of it)" },
        { """{"machineTemplate": {"labels": {"a": "b"}, "annotations": {"a": "b"}}}""", Infrastructure, "infrastructureSpec" },
        { """{"machineTemplate": null}""", Bootstrap, "bootstrapSpec" },
        { """{"nodeTaints": [{"key": "a", "effect": "NoExecute"}]}""", Infrastructure, "infrastructureSpec" },
        { """{"nodeTaints": []}""", Bootstrap, "bootstrapSpec" },
        { """{"nodeTaints": null}""", Infrastructure, "infrastructureSpec" },

        // The two themselves, as ever.
        { """{"bootstrapSpec": {"apiVersion": "bootstrap.cluster.x-k8s.io/v1beta1", "kind": "K0sWorkerConfig", "spec": {"a": 1}}}""", Bootstrap, "which spec.bootstrapSpec has 5-Spot create: ask for" },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Who_lacks_a_permission_may_not_change_what_takes_it(string change, string lacks, string message)
    {
        var refusal = Judge(Changed(change), Machine(), lacks);

        refusal.ShouldNotBeNull();
        refusal.ShouldContain(message);
        Judge(Changed(change), Machine()).ShouldBeNull("who lacks nothing may");
    }

    [Theory]
    [InlineData(Secret)]
    [InlineData(Bootstrap)]
    [InlineData(Infrastructure)]
    public void Each_is_asked_for_when_it_is_made_and_not_when_something_else_changes(string lacks)
    {
        Judge(Machine(), old: null, lacks).ShouldNotBeNull();
        Judge(Machine(), old: null).ShouldBeNull();
        foreach (var change in (string[])["""{"priority": 51}""", """{"killSwitch": true}""", """{"killIfCommands": ["java"]}""", """{"schedule": {"enabled": false}}""", "{}"])
        {
            Judge(Changed(change), Machine(), lacks).ShouldBeNull(change);
        }
    }

    [Fact]
    public void To_take_the_Secret_away_takes_no_permission() =>
        Judge(Changed("""{"kubeconfigSecretRef": null}"""), Machine(), Secret).ShouldBeNull();

    [Fact]
    public void Where_no_Secret_is_named_none_is_asked_for()
    {
        var machine = Changed("""{"kubeconfigSecretRef": null}""");
        Judge(machine, old: null, Secret).ShouldBeNull();
    }

    private static JsonObject Machine() => Cluster.ScheduledMachineJson("pc-1", Before);

    private static JsonObject Changed(string change)
    {
        var machine = Machine();
        foreach (var (field, value) in JsonNode.Parse(change)!.AsObject())
        {
            _ = value is null ? machine["spec"]!.AsObject().Remove(field) : (machine["spec"]![field] = value.DeepClone()) is not null;
        }

        return machine;
    }

    /// <summary>The message of the first validation that fails; null where none does.</summary>
    private static string? Judge(JsonObject machine, JsonObject? old, string? lacks = null)
    {
        var check = CelType.OpaqueOf("check");
        var environment = new CelEnvironment(new Dictionary<string, CelType>
        {
            ["object"] = CelType.Dyn,
            ["oldObject"] = CelType.Dyn,
            ["request"] = CelType.Dyn,
            ["variables"] = CelType.Dyn,
            ["authorizer"] = check,
        })
        {
            Functions =
            [
                Step("group", static (asked, text) => asked with { Group = text }),
                Step("resource", static (asked, text) => asked with { Resource = text }),
                Step("namespace", static (asked, text) => asked with { Namespace = text }),
                Step("name", static (asked, text) => asked with { Name = text }),
                Step("check", static (asked, text) => asked with { Verb = text }),
                new CelFunction("allowed", IsMember: true, [check], CelType.Bool, a => CelValue.Of(a[0].Content!.ToString() != lacks)),
            ],
        };
        var activation = new Dictionary<string, CelValue>
        {
            ["object"] = CelValue.FromJson(machine),
            ["oldObject"] = CelValue.FromJson(old),
            ["request"] = CelValue.FromJson(JsonNode.Parse("""{"namespace": "tenants", "userInfo": {"username": "alice"}}""")),
            ["authorizer"] = CelValue.Opaque(new Check("", "", "", "", "")),
        };
        activation["variables"] = CelValue.Of(CelMap.Lazy(Policy["variables"]!.AsArray().ToDictionary(
            static variable => (string)variable!["name"]!, variable => (Func<CelValue>)(() => Evaluate((string)variable!["expression"]!)))));

        foreach (var validation in Policy["validations"]!.AsArray())
        {
            if (!Evaluate((string)validation!["expression"]!).IsTrue)
            {
                return Evaluate((string)validation["messageExpression"]!).Text;
            }
        }

        return null;

        CelValue Evaluate(string expression)
        {
            var budget = 10_000_000L;
            var value = CelProgram.Compile(expression, environment).Evaluate(activation, ref budget);
            value.IsError.ShouldBeFalse($"{expression}: {(value.IsError ? value.Text : "")}");
            return value;
        }

        CelFunction Step(string name, Func<Check, string, Check> step) => new(
            name, IsMember: true, [check, CelType.String], check, a => CelValue.Opaque(step((Check)a[0].Content!, a[1].Text)));
    }

    private sealed record Check(string Group, string Resource, string Namespace, string Name, string Verb)
    {
        public override string ToString() => $"{Verb} {Group}/{Resource}{(Name.Length > 0 ? "/" : "")}{Name} in {Namespace}";
    }
}
