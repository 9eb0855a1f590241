// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer;

namespace FiveSpot.Simulation;

/// <summary>
/// What Cluster API says of a Machine, in the words of the version that is in use. What it has said of the Node's name, and at
/// <c>v1beta1</c> of its uid, it never changes.
/// </summary>
internal sealed class MachineStatusWriter(MachineObject machine, string version, bool hasConditionsOfV1Beta2, DateTimeOffset now)
{
    // So long the last that was heard of a Node counts while its cluster can't be reached.
    private static readonly TimeSpan ConnectionGrace = TimeSpan.FromMinutes(5);

    private static readonly string[] NewConditionsBesideOld = ["status", "v1beta2", "conditions"];
    private static readonly string[] OwnConditions = ["status", "conditions"];
    private static readonly string[] Pressures = ["MemoryPressure", "DiskPressure", "PIDPressure"];

    private readonly bool _isV1Beta1 = version == "v1beta1";

    /// <summary>The status that a Machine should have which is left alone; null when it has it.</summary>
    public JsonObject? Paused(string reason) => IfOther(
        WithConditions([], Conditions().Set("Paused", true, "Paused", reason), old: null));

    /// <summary>The status that the Machine should have; null when it has it.</summary>
    public JsonObject? Of(MachineProgress progress)
    {
        var wanted = new JsonObject { ["observedGeneration"] = machine.Metadata.Generation, ["phase"] = Phase(progress) };
        if (progress.IsProvisioned && progress.Infrastructure?.Json.List("status", "addresses") is { } addresses)
        {
            wanted["addresses"] = addresses.DeepClone();
        }

        if (progress.Node?.Json.Map("status", "nodeInfo") is { } nodeInfo)
        {
            wanted["nodeInfo"] = NodeWriter.Known(nodeInfo);
        }

        if (machine.NodeName is null && progress.Node is { } node)
        {
            wanted["nodeRef"] = !_isV1Beta1 ? new JsonObject { ["name"] = node.Metadata.Name } : new JsonObject
            {
                ["apiVersion"] = "v1",
                ["kind"] = "Node",
                ["name"] = node.Metadata.Name,
                ["uid"] = node.Uid,
            };
        }

        if (_isV1Beta1)
        {
            wanted["bootstrapReady"] = progress.IsBootstrapped || machine.WasBootstrapped;
            wanted["infrastructureReady"] = progress.IsProvisioned;
        }
        else
        {
            wanted["initialization"] = new JsonObject
            {
                ["bootstrapDataSecretCreated"] = progress.IsBootstrapped || machine.WasBootstrapped,
                ["infrastructureProvisioned"] = progress.IsProvisioned,
            };
        }

        if (progress.DrainStarted is { } drain)
        {
            wanted.Child("deletion")["nodeDrainStartTime"] = drain.ToKubernetesTime();
        }

        if (progress.VolumeWaitStarted is { } volumes)
        {
            wanted.Child("deletion")["waitForNodeVolumeDetachStartTime"] = volumes.ToKubernetesTime();
        }

        return IfOther(WithConditions(wanted, NewConditions(progress), _isV1Beta1 ? OldConditions(progress) : null));
    }

    /// <summary>What a MachineHealthCheck says of it; null when that is said already.</summary>
    /// <param name="reason">What is wrong; null for nothing.</param>
    /// <param name="oldReason">The same as it was said before.</param>
    /// <param name="message">The same in words.</param>
    /// <param name="isToBeRemediated">Whether its owner has to do something.</param>
    public JsonObject? HealthChecked(string? reason, string oldReason, string message, bool isToBeRemediated)
    {
        var conditions = Conditions().Set("HealthCheckSucceeded", reason is null, reason ?? "HealthCheckSucceeded", message);
        var old = Old().SetOld("HealthCheckSucceeded", reason is null, oldReason, message, "Warning");
        if (isToBeRemediated && conditions.Find("OwnerRemediated") is null)
        {
            conditions.Set("OwnerRemediated", false, "WaitingForRemediation", "Waiting for remediation");
        }

        if (isToBeRemediated && old.Find("OwnerRemediated") is null)
        {
            old.SetOld("OwnerRemediated", false, "WaitingForRemediation", severity: "Warning");
        }

        return IfOther(WithConditions([], conditions, _isV1Beta1 ? old : null));
    }

    private ConditionList Conditions() => new(machine.Json.Objects(_isV1Beta1 ? NewConditionsBesideOld : OwnConditions), now);

    private ConditionList Old() => new(machine.Json.Objects(OwnConditions), now);

    private JsonObject WithConditions(JsonObject status, ConditionList conditions, ConditionList? old)
    {
        if (!_isV1Beta1)
        {
            status["conditions"] = conditions.ToJson();
            return status;
        }

        if (old is not null)
        {
            status["conditions"] = old.ToJson();
        }

        if (hasConditionsOfV1Beta2)
        {
            status["v1beta2"] = new JsonObject { ["conditions"] = conditions.ToJson() };
        }

        return status;
    }

    private string Phase(MachineProgress progress) =>
        machine.IsBeingDeleted ? "Deleting"
        : (machine.NodeName is not null || progress.Node is not null) && progress.IsProvisioned ? "Running"
        : machine.ProviderId is not null ? "Provisioned"
        : progress.IsBootstrapped ? "Provisioning"
        : "Pending";

    private ConditionList NewConditions(MachineProgress progress)
    {
        var deleting = machine.IsBeingDeleted;
        var conditions = Conditions().Set("Paused", false, "NotPaused").Set("Updating", false, "NotUpdating");
        _ = deleting
            ? conditions.Set("Deleting", true, progress.DeletingReason, progress.DeletingMessage)
            : conditions.Set("Deleting", false, "NotDeleting");
        SetProvider(conditions, "BootstrapConfigReady", machine.Bootstrap?.Kind, progress.Config, progress.IsBootstrapped, "initialization.dataSecretCreated", progress.Trouble);
        SetProvider(conditions, "InfrastructureReady", machine.Infrastructure?.Kind, progress.Infrastructure, progress.IsProvisioned, "initialization.provisioned", progress.Trouble);
        SetNode(conditions, progress);
        return Summarize(conditions);
    }

    private void SetProvider(ConditionList conditions, string type, string? kind, ApiObject? obj, bool isReady, string field, string? trouble)
    {
        _ = kind is null ? conditions.Set(type, true, "DataSecretProvided")
            : obj is not null ? conditions.Set(type, isReady, isReady ? "Ready" : "NotReady", isReady ? "" : $"{kind} status.{field} is false")
            : trouble is not null ? conditions.Set(type, null, "InternalError", trouble)
            : !isReady ? conditions.Set(type, false, "ObjectDoesNotExist", $"{kind} does not exist")
            : conditions.Set(type, false, "ObjectDeleted", machine.IsBeingDeleted ? $"{kind} has been deleted" : $"{kind} has been deleted while the Machine still exists");
    }

    private void SetNode(ConditionList conditions, MachineProgress progress)
    {
        var (status, reason, message) = ((bool?)null, "InspectionFailed", "");
        if (progress.NodeError is not null)
        {
            if (conditions.Find("NodeReady") is not null && conditions.Find("NodeHealthy") is not null && now - progress.NodeErrorSince < ConnectionGrace)
            {
                return;
            }

            (reason, message) = ("ConnectionDown", progress.NodeError);
        }
        else if (progress.Node is { } node)
        {
            SetFoundNode(conditions, node);
            return;
        }
        else if (machine.NodeName is { } name)
        {
            (status, reason, message) = (false, "NodeDeleted", machine.IsBeingDeleted ? $"Node {name} has been deleted" : $"Node {name} has been deleted while the Machine still exists");
        }
        else if (machine.IsBeingDeleted)
        {
            (reason, message) = ("NodeDoesNotExist", "Node does not exist");
        }
        else
        {
            message = machine.ProviderId is { } id ? $"Waiting for a Node with spec.providerID {id} to exist" : $"Waiting for {machine.Infrastructure?.Kind} to report spec.providerID";
        }

        conditions.Set("NodeReady", status, reason, message).Set("NodeHealthy", status, reason, message);
    }

    private static void SetFoundNode(ConditionList conditions, ApiObject node)
    {
        var ready = ConditionOf(node, "Ready");
        var isReady = StatusOf(ready);
        var why = ready is null ? "* Node.Ready: Condition not yet reported" : $"* Node.Ready: {ready.Text("message")}";
        conditions.Set("NodeReady", isReady, isReady switch { true => "NodeReady", false => "NodeNotReady", null => "NodeReadyUnknown" }, isReady == true ? "" : why);

        List<string> wrong = isReady == true ? [] : [why];
        var (isBad, isUnknown) = (isReady == false, isReady is null);
        foreach (var pressure in Pressures)
        {
            var condition = ConditionOf(node, pressure);
            if (StatusOf(condition) is not false)
            {
                isBad |= StatusOf(condition) == true;
                isUnknown |= StatusOf(condition) is null;
                wrong.Add($"* Node.{pressure}: {condition?.Text("message") ?? "Condition not yet reported"}");
            }
        }

        _ = isBad ? conditions.Set("NodeHealthy", false, "NodeNotHealthy", string.Join('\n', wrong))
            : isUnknown ? conditions.Set("NodeHealthy", null, "NodeHealthyUnknown", string.Join('\n', wrong))
            : conditions.Set("NodeHealthy", true, "NodeHealthy");
    }

    // What can be seen of a Machine, in one: an object that is gone is no fault of one that is deleted.
    private ConditionList Summarize(ConditionList conditions)
    {
        List<string> wrong = [], unknown = [];
        foreach (var type in (string[])["Deleting", "BootstrapConfigReady", "InfrastructureReady", "NodeHealthy", "HealthCheckSucceeded"])
        {
            if (conditions.Find(type) is not { } condition
                || (machine.IsBeingDeleted && condition.Text("reason") is "ObjectDeleted" or "ObjectDoesNotExist" or "NodeDeleted" or "NodeDoesNotExist"))
            {
                continue;
            }

            var message = type == "Deleting"
                ? $"Machine deletion in progress, stage: {condition.Text("reason")}"
                : condition.Text("message")!.Replace("\n", "\n  ", StringComparison.Ordinal);
            switch (conditions[type])
            {
                case null:
                    unknown.Add($"* {type}: {message}");
                    break;
                case var status when status == (type == "Deleting"):
                    wrong.Add($"* {type}: {message}");
                    break;
                default:
                    break;
            }
        }

        var text = string.Join('\n', [.. wrong, .. unknown]);
        _ = wrong.Count > 0 ? conditions.Set("Ready", false, "NotReady", text)
            : unknown.Count > 0 ? conditions.Set("Ready", null, "ReadyUnknown", text)
            : conditions.Set("Ready", true, "Ready");
        return conditions["Ready"] == true ? conditions.Set("Available", true, "Available") : conditions.Set("Available", false, "NotReady");
    }

    // Ready is that of infrastructure and bootstrap, and of what a health check says; the Node does not count.
    private ConditionList OldConditions(MachineProgress progress)
    {
        var conditions = Old();
        SetOldProvider(conditions, "BootstrapReady", progress.Config, progress.IsBootstrapped, "WaitingForDataSecret", machine.Bootstrap is null);
        SetOldProvider(conditions, "InfrastructureReady", progress.Infrastructure, progress.IsProvisioned, "WaitingForInfrastructure", isNotAsked: false);
        SetOldNode(conditions, progress);
        if (progress.DrainStarted is not null)
        {
            conditions.SetOld("DrainingSucceeded", progress.DeletingReason != "DrainingNode", "Draining", progress.DeletingMessage);
        }

        if (progress.VolumeWaitStarted is not null)
        {
            conditions.SetOld("VolumeDetachSucceeded", progress.DeletingReason != "WaitingForVolumeDetach", "WaitingForVolumeDetach", progress.DeletingMessage);
        }

        foreach (var type in (string[])["InfrastructureReady", "BootstrapReady", "HealthCheckSucceeded", "OwnerRemediated", "DrainingSucceeded"])
        {
            if (conditions.Find(type) is { } condition && conditions[type] == false)
            {
                return conditions.SetOld("Ready", false, condition.Text("reason")!, condition.Text("message") ?? "", condition.Text("severity") ?? "Info");
            }
        }

        return conditions.SetOld("Ready", true);
    }

    private void SetOldProvider(ConditionList conditions, string type, ApiObject? obj, bool isReady, string waiting, bool isNotAsked) => conditions.SetOld(
        type,
        isNotAsked || (isReady && obj is not null),
        machine.IsBeingDeleted ? obj is null ? "Deleted" : "Deleting" : obj is null && isReady ? "Deleted" : waiting);

    private void SetOldNode(ConditionList conditions, MachineProgress progress)
    {
        if (progress.NodeError is not null)
        {
            conditions.SetOld("NodeHealthy", null, "NodeInspectionFailed", "Failed to get the Node for this Machine by ProviderID");
        }
        else if (progress.Node is { } node)
        {
            var bad = (ConditionOf(node, "Ready") is { } ready && StatusOf(ready) == false)
                || Pressures.Any(pressure => StatusOf(ConditionOf(node, pressure)) == true);
            var known = StatusOf(ConditionOf(node, "Ready")) is not null || Pressures.Any(pressure => StatusOf(ConditionOf(node, pressure)) is not null);
            conditions.SetOld("NodeHealthy", bad ? false : known ? true : null, "NodeConditionsFailed", $"Node condition Ready is {ConditionOf(node, "Ready").Text("status")}", "Warning");
        }
        else if (!machine.IsBeingDeleted)
        {
            _ = machine.ProviderId is null ? conditions.SetOld("NodeHealthy", false, "WaitingForNodeRef")
                : machine.NodeName is null ? conditions.SetOld("NodeHealthy", false, "NodeProvisioning", severity: "Warning")
                : conditions.SetOld("NodeHealthy", false, "NodeNotFound", severity: "Error");
        }
    }

    private static JsonObject? ConditionOf(ApiObject node, string type) =>
        node.Json.Objects("status", "conditions").FirstOrDefault(condition => condition.Text("type") == type);

    private static bool? StatusOf(JsonObject? condition) => condition.Text("status") switch
    {
        "True" => true,
        "False" => false,
        _ => null,
    };

    private JsonObject? IfOther(JsonObject wanted)
    {
        var present = machine.Json.Map("status") ?? [];
        if (wanted.All(field => JsonNode.DeepEquals(field.Value, present[field.Key])))
        {
            return null;
        }

        if (wanted.Text("phase") is { } phase && phase != present.Text("phase"))
        {
            wanted["lastUpdated"] = now.ToKubernetesTime();
        }

        return wanted;
    }
}
