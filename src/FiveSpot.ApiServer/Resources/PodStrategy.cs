// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Pods. One that has a Node stays after its deletion until its kubelet deletes it with no grace.</summary>
internal sealed class PodStrategy : ResourceStrategy
{
    private static readonly string[] Fields =
        ["spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"];

    public override IReadOnlyList<string> SelectableFields => Fields;

    public override string FieldValue(JsonObject stored, string field) =>
        field == "spec.hostNetwork" ? (stored.Flag("spec", "hostNetwork") == true ? "true" : "false") : base.FieldValue(stored, field);

    public override void PrepareForCreate(JsonObject obj) =>
        obj["status"] = new JsonObject { ["phase"] = "Pending", ["qosClass"] = QualityOfService(obj) };

    public override void ApplyDefaults(JsonObject obj)
    {
        if (obj.Map("spec") is { } spec)
        {
            PodDefaults.Apply(spec);
            spec.Default("enableServiceLinks", true);
            spec.Default("priority", 0);
            spec.Default("preemptionPolicy", "PreemptLowerPriority");
            TolerateForAWhile(spec, "node.kubernetes.io/not-ready");
            TolerateForAWhile(spec, "node.kubernetes.io/unreachable");
        }

        foreach (var condition in obj.Objects("status", "conditions"))
        {
            condition.TryAdd("lastProbeTime", null);
            condition.TryAdd("lastTransitionTime", null);
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        PodDefaults.Validate(obj.Map("spec"), "spec", errors);
        if (old is not null && !JsonNode.DeepEquals(Fixed(obj), Fixed(old)))
        {
            errors.Add(Forbidden("spec", "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"));
        }
    }

    public override bool HasGeneration => true;

    // A scheduler's binding is no change of what is wanted.
    public override bool ChangesGeneration(JsonObject obj, JsonObject old) =>
        base.ChangesGeneration(obj, old) && obj.Text("spec", "nodeName") == old.Text("spec", "nodeName");

    public override bool IsGraceful => true;

    public override long GraceSeconds(JsonObject stored, long? asked)
    {
        if (string.IsNullOrEmpty(stored.Text("spec", "nodeName")) || stored.Text("status", "phase") is "Succeeded" or "Failed")
        {
            return 0;
        }

        return asked ?? stored.Number("spec", "terminationGracePeriodSeconds") ?? 30;
    }

    private static void TolerateForAWhile(JsonObject spec, string taint)
    {
        if (spec.Objects("tolerations").Any(toleration => toleration.Text("effect") is null or "" or "NoExecute"
            && (toleration.Text("key") == taint || (string.IsNullOrEmpty(toleration.Text("key")) && toleration.Text("operator") == "Exists"))))
        {
            return;
        }

        spec.Default("tolerations", new JsonArray());
        spec.List("tolerations")!.Add(new JsonObject { ["key"] = taint, ["operator"] = "Exists", ["effect"] = "NoExecute", ["tolerationSeconds"] = 300 });
    }

    private static JsonNode? Fixed(JsonObject obj)
    {
        if (obj.Map("spec") is not { } spec)
        {
            return null;
        }

        var copy = spec.Copy();
        copy.Remove("activeDeadlineSeconds");
        copy.Remove("tolerations");
        copy.Remove("terminationGracePeriodSeconds");
        foreach (var container in copy.Objects("containers").Concat(copy.Objects("initContainers")))
        {
            container.Remove("image");
        }

        return copy;
    }

    private static string QualityOfService(JsonObject obj)
    {
        var (any, all) = (false, true);
        foreach (var container in obj.Objects("spec", "containers"))
        {
            var limits = container.Map("resources", "limits");
            var requests = container.Map("resources", "requests");
            any |= limits is { Count: > 0 } || requests is { Count: > 0 };
            all &= limits?.ContainsKey("cpu") == true && limits.ContainsKey("memory")
                && (requests is null || requests.All(request => JsonNode.DeepEquals(request.Value, limits[request.Key])));
        }

        return !any ? "BestEffort" : all ? "Guaranteed" : "Burstable";
    }
}
