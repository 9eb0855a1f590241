// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Nodes. A kubelet registers with its status, so a create keeps it.</summary>
internal sealed class NodeStrategy : ResourceStrategy
{
    public override IReadOnlyList<string> SelectableFields => ["spec.unschedulable"];

    public override string FieldValue(JsonObject stored, string field) =>
        field == "spec.unschedulable" ? (stored.Flag("spec", "unschedulable") == true ? "true" : "false") : base.FieldValue(stored, field);

    public override void ApplyDefaults(JsonObject obj)
    {
        obj.Child("spec");
        var status = obj.Child("status");
        status.Child("daemonEndpoints").Child("kubeletEndpoint").Default("Port", 0);
        var info = status.Child("nodeInfo");
        foreach (var field in (ReadOnlySpan<string>)["machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion", "kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture"])
        {
            info.Default(field, string.Empty);
        }

        foreach (var condition in status.Objects("conditions"))
        {
            condition.TryAdd("lastHeartbeatTime", null);
            condition.TryAdd("lastTransitionTime", null);
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var seen = new HashSet<(string?, string?)>();
        var index = 0;
        foreach (var taint in obj.Objects("spec", "taints"))
        {
            var path = $"spec.taints[{index++}]";
            var key = taint.Text("key") ?? string.Empty;
            errors.AddRange(ObjectNames.QualifiedNameErrors(key).Select(why => InvalidValue($"{path}.key", key, why)));
            errors.AddRange(ObjectNames.LabelValueErrors(taint.Text("value") ?? string.Empty).Select(why => InvalidValue($"{path}.value", taint.Text("value"), why)));
            switch (taint.Text("effect"))
            {
                case null or "":
                    errors.Add(Required($"{path}.effect"));
                    break;
                case not ("NoSchedule" or "PreferNoSchedule" or "NoExecute") and var effect:
                    errors.Add(NotSupported($"{path}.effect", effect, "NoSchedule", "PreferNoSchedule", "NoExecute"));
                    break;
                default:
                    break;
            }

            if (!seen.Add((key, taint.Text("effect"))))
            {
                errors.Add(new FieldError("Duplicate value", path, "taints must be unique by key and effect pair", taint.DeepClone()));
            }
        }

        if (old.Text("spec", "providerID") is { Length: > 0 } before && obj.Text("spec", "providerID") != before)
        {
            errors.Add(Forbidden("spec.providerID", "node updates may not change providerID except from \"\" to valid"));
        }
    }
}
