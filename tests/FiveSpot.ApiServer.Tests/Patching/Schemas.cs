// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tests.Patching;

internal static class Schemas
{
    /// <summary>A workload in the manner of a Deployment, as much of it as the tests need.</summary>
    public static JsonObject Workload { get; } = Json.Object("""
        {"type":"object","properties":{
          "apiVersion":{"type":"string"},"kind":{"type":"string"},"metadata":{"type":"object"},
          "spec":{"type":"object","properties":{
            "replicas":{"type":"integer"},
            "paused":{"type":"boolean"},
            "strategy":{"type":"object","x-kubernetes-patch-strategy":"retainKeys","properties":{
              "type":{"type":"string"},
              "rollingUpdate":{"type":"object","properties":{"maxSurge":{"x-kubernetes-int-or-string":true}}},
              "recreate":{"type":"object"}}},
            "selector":{"type":"object","x-kubernetes-map-type":"atomic","properties":{
              "matchLabels":{"type":"object","additionalProperties":{"type":"string"}}}},
            "containers":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
              "x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name",
              "items":{"type":"object","required":["name"],"properties":{
                "name":{"type":"string"},"image":{"type":"string"},
                "command":{"type":"array","items":{"type":"string"}},
                "env":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["name"],
                  "x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"name",
                  "items":{"type":"object","properties":{"name":{"type":"string"},"value":{"type":"string"}}}},
                "ports":{"type":"array","x-kubernetes-list-type":"map",
                  "x-kubernetes-list-map-keys":["containerPort","protocol"],
                  "x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"containerPort",
                  "items":{"type":"object","properties":{
                    "containerPort":{"type":"integer"},"protocol":{"type":"string","default":"TCP"},
                    "name":{"type":"string"}}}}}}},
            "zones":{"type":"array","x-kubernetes-list-type":"set","x-kubernetes-patch-strategy":"merge","items":{"type":"string"}},
            "tolerations":{"type":"array","items":{"type":"object","properties":{"key":{"type":"string"},"value":{"type":"string"}}}},
            "template":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
          "status":{"type":"object","properties":{
            "phase":{"type":"string"},
            "conditions":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["type"],
              "x-kubernetes-patch-strategy":"merge","x-kubernetes-patch-merge-key":"type",
              "items":{"type":"object","properties":{"type":{"type":"string"},"status":{"type":"string"},"reason":{"type":"string"}}}}}}}}
        """);
}
