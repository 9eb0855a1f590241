// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Deployments, ReplicaSets and DaemonSets: kept; the server itself does not act on them.</summary>
internal sealed class WorkloadStrategy : SpecStrategy
{
    private readonly bool _scalable;

    public WorkloadStrategy(bool scalable) => _scalable = scalable;

    public override void PrepareForCreate(JsonObject obj) => obj["status"] = new JsonObject();

    public override void ApplyDefaults(JsonObject obj)
    {
        if (obj.Map("spec") is not { } spec)
        {
            return;
        }

        if (_scalable)
        {
            spec.Default("replicas", 1);
        }

        var isDeployment = obj.Text("kind") == "Deployment";
        if (isDeployment || !_scalable)
        {
            spec.Default("revisionHistoryLimit", 10);
        }

        if (isDeployment)
        {
            spec.Default("progressDeadlineSeconds", 600);
            spec.Default("strategy", new JsonObject
            {
                ["type"] = "RollingUpdate",
                ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = "25%", ["maxSurge"] = "25%" },
            });
        }
        else if (!_scalable)
        {
            spec.Default("updateStrategy", new JsonObject
            {
                ["type"] = "RollingUpdate",
                ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = 1, ["maxSurge"] = 0 },
            });
        }

        if (spec.Map("template", "spec") is { } pod)
        {
            PodDefaults.Apply(pod);
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        var selector = obj.Map("spec", "selector");
        if (selector is null)
        {
            errors.Add(Required("spec.selector"));
        }
        else if (selector.Map("matchLabels") is not { Count: > 0 } && selector.List("matchExpressions") is not { Count: > 0 })
        {
            errors.Add(InvalidValue("spec.selector", selector.DeepClone(), "empty selector is invalid for deployment"));
        }
        else if (obj.Map("spec", "template") is { } template && !LabelSelector.From(selector).Matches(Storage.StoredObject.ReadLabels(template)))
        {
            errors.Add(InvalidValue("spec.template.metadata.labels", template.At("metadata", "labels")?.DeepClone(), "`selector` does not match template `labels`"));
        }

        if (obj.Number("spec", "replicas") is { } replicas and < 0)
        {
            errors.Add(InvalidValue("spec.replicas", replicas, "must be greater than or equal to 0"));
        }

        if (old is not null)
        {
            Immutable(obj, old, errors, "spec", "selector");
        }

        PodDefaults.Validate(obj.Map("spec", "template", "spec"), "spec.template.spec", errors);
    }
}
