// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.Api.Tests;

/// <summary>Specs for tests.</summary>
internal static class Specs
{
    /// <summary>A spec that keeps all rules and has every field.</summary>
    public static JsonObject Full() => JsonNode.Parse("""
        {
          "clusterName": "grid-1.zurich",
          "enabled": false,
          "schedule": {
            "daysOfWeek": ["mon-fri", "sun"],
            "hoursOfDay": ["9-17"],
            "timezone": "Europe/Zurich",
            "enabled": false
          },
          "bootstrapSpec": {
            "apiVersion": "bootstrap.cluster.x-k8s.io/v1beta1",
            "kind": "K0sWorkerConfig",
            "metadata": { "labels": { "example.com/rack": "r12" }, "annotations": { "note": "a b" } },
            "spec": { "version": "v1.30.0+k0s.0", "nothing": null, "list": [1, 2.5] }
          },
          "infrastructureSpec": {
            "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta1",
            "kind": "RemoteMachine",
            "metadata": { "labels": {}, "annotations": {} },
            "spec": {}
          },
          "machineTemplate": {
            "labels": { "node-role.kubernetes.io/worker": "", "topology.kubernetes.io/zone": "zone-a" },
            "annotations": { "example.com/owner": "quants" },
            "version": "v1.32.4",
            "failureDomain": "rack-12"
          },
          "kubeconfigSecretRef": { "name": "grid-admin", "key": "kubeconfig" },
          "computer": "192.0.2.12",
          "priority": 200,
          "gracefulShutdownTimeout": "30s",
          "nodeDrainTimeout": "1h",
          "killSwitch": true,
          "killIfCommands": ["java", "idea"],
          "nodeTaints": [
            { "key": "workload", "value": "batch", "effect": "NoSchedule" },
            { "key": "workload", "effect": "NoExecute" }
          ]
        }
        """)!.AsObject();

    /// <summary>Full, with the value at a path such as <c>nodeTaints.0.key</c> replaced, or taken out if null.</summary>
    public static JsonObject With(string path, JsonNode? value)
    {
        var spec = Full();
        var steps = path.Split('.');
        JsonNode node = spec;
        foreach (var step in steps[..^1])
        {
            node = node is JsonArray list ? list[int.Parse(step)]! : node[step]!;
        }

        if (node is JsonArray array)
        {
            array[int.Parse(steps[^1])] = value;
        }
        else
        {
            node[steps[^1]] = value;
        }

        return spec;
    }

    public static ScheduledMachineSpec Decode(JsonNode spec) =>
        spec.Deserialize(ApiJsonContext.Default.ScheduledMachineSpec)!;
}
