// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Admission;

/// <summary>A ScheduledMachine in which every field of spec and status has a value, and ways to change one of them.</summary>
internal static partial class CompleteExample
{
    private const string Json = """
        {"apiVersion":"5spot.finos.org/v1alpha1","kind":"ScheduledMachine","metadata":{"name":"complete"},
         "spec":{"clusterName":"office","enabled":true,
          "schedule":{"daysOfWeek":["mon-fri"],"hoursOfDay":["9-17"],"timezone":"Europe/Zurich","enabled":true},
          "bootstrapSpec":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig",
           "metadata":{"labels":{"rack":"r12"},"annotations":{"owner":"quants"}},"spec":{"version":"v1.33.1+k0s.0"}},
          "infrastructureSpec":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine",
           "metadata":{"labels":{"rack":"r12"},"annotations":{"owner":"quants"}},"spec":{"address":"192.0.2.1"}},
          "machineTemplate":{"labels":{"rack":"r12"},"annotations":{"owner":"quants"},"version":"v1.33.1","failureDomain":"r12"},
          "kubeconfigSecretRef":{"name":"office-admin","key":"value"},
          "computer":"192.0.2.1","priority":50,"gracefulShutdownTimeout":"5m","nodeDrainTimeout":"5m","killSwitch":false,
          "killIfCommands":["java"],"nodeTaints":[{"key":"dedicated","value":"batch","effect":"NoSchedule"}]},
         "status":{"phase":"Active","ready":true,"message":"It runs.","inSchedule":true,
          "conditions":[{"type":"Ready","status":"True","observedGeneration":1,"lastTransitionTime":"2026-01-05T09:00:00Z","reason":"Ready","message":""}],
          "machineRef":{"apiVersion":"cluster.x-k8s.io/v1beta2","kind":"Machine","name":"complete","namespace":"default"},
          "bootstrapRef":{"apiVersion":"bootstrap.cluster.x-k8s.io/v1beta1","kind":"K0sWorkerConfig","name":"complete","namespace":"default"},
          "infrastructureRef":{"apiVersion":"infrastructure.cluster.x-k8s.io/v1beta1","kind":"RemoteMachine","name":"complete","namespace":"default"},
          "nodeRef":{"apiVersion":"v1","kind":"Node","name":"complete","uid":"u-1"},
          "providerID":"remote://192.0.2.1","appliedNodeTaints":[{"key":"dedicated","value":"batch","effect":"NoSchedule"}],
          "lastScheduledTime":"2026-01-05T09:00:00Z","nextTransitionTime":"2026-01-05T18:00:00Z","nextActivation":"2026-01-06T09:00:00Z",
          "nextCleanup":"2026-01-05T18:10:00Z","schedule":"mon-fri 9-17 Europe/Zurich","acceptedTemplates":"00112233445566aa","observedGeneration":1}}
        """;

    public static JsonObject Create() => JsonNode.Parse(Json)!.AsObject();

    /// <summary>What stands at a path of <see cref="Constraint"/>.</summary>
    public static JsonNode? At(JsonNode example, string path) => Steps(path).Aggregate((JsonNode?)example, Step);

    /// <summary>Replaces what stands there; null takes it away.</summary>
    public static void Set(JsonObject example, string path, JsonNode? value)
    {
        var steps = Steps(path).ToList();
        var parent = steps.SkipLast(1).Aggregate((JsonNode?)example, Step)!;
        switch (parent, value)
        {
            case (JsonArray list, not null):
                list[0] = value;
                break;
            case (JsonObject map, null):
                map.Remove(KeyOf(map, steps[^1]));
                break;
            case (JsonObject map, not null):
                map[KeyOf(map, steps[^1])] = value;
                break;
            default:
                throw new ArgumentException($"{path} can't be set.", nameof(path));
        }
    }

    private static JsonNode? Step(JsonNode? node, string step) => node is JsonArray list ? list[0] : node!.AsObject() is var map ? map[KeyOf(map, step)] : null;

    private static string KeyOf(JsonObject map, string step) => step == "{}" ? map.First().Key : step;

    private static IEnumerable<string> Steps(string path) => StepPattern().Matches(path).Select(match => match.Value);

    [GeneratedRegex(@"\[\]|\{\}|[^.\[{]+", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StepPattern();
}
