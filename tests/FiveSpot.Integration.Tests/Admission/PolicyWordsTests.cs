// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Cel;
using FiveSpot.Integration.Tests.Environment;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>That the policy puts no kind and no apiVersion in its messages that is none.</summary>
public sealed class PolicyWordsTests
{
    private static readonly string Expression = (string)new DeployFolder("admission").Read("validatingadmissionpolicy.yaml")["spec"]!["validations"]![0]!["expression"]!;

    [Fact]
    public void A_kind_or_an_apiVersion_that_can_be_none_is_refused_before_it_is_in_a_message()
    {
        foreach (var kind in RuleValues.Kinds.Accepted)
        {
            IsKept(kind, "\"infrastructure.cluster.x-k8s.io/v1beta1\"").ShouldBeTrue(kind);
            IsKept(kind, "\"v1\"").ShouldBeTrue("of core kinds the permission is asked for");
        }

        foreach (var kind in RuleValues.Kinds.Refused)
        {
            IsKept(kind, "\"infrastructure.cluster.x-k8s.io/v1beta1\"").ShouldBeFalse(kind);
            IsKept(kind, "\"infrastructure.cluster.x-k8s.io/v1beta1\"", changes: false).ShouldBeTrue("what was stored before can be edited and deleted");
        }

        foreach (var version in (string[])["\"\"", "\"/\"", "\"v1\\u001b[2J\"", "\"a\\u202e/v1\"", "\"a/v1\\n\"", "\"a/b/v1\"", "\"A/v1\""])
        {
            IsKept("\"RemoteMachine\"", version).ShouldBeFalse(version);
        }
    }

    private static bool IsKept(string kind, string apiVersion, bool changes = true)
    {
        var environment = new CelEnvironment(new Dictionary<string, CelType> { ["variables"] = CelType.Dyn });
        var variables = JsonNode.Parse($$"""
            {"changesBootstrap":{{(changes ? "true" : "false")}},"changesInfrastructure":false,
             "templates":[{"kind":"K0sWorkerConfig","apiVersion":"k0smotron.io/v1"},{"kind":{{kind}},"apiVersion":{{apiVersion}}}]}
            """);
        var budget = 10_000_000L;
        return CelProgram.Compile(Expression, environment)
            .Evaluate(new Dictionary<string, CelValue> { ["variables"] = CelValue.FromJson(variables) }, ref budget).IsTrue;
    }
}
