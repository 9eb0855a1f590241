// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Defaults and rules of a pod's spec, in a Pod and in a template.</summary>
internal static class PodDefaults
{
    public static void Apply(JsonObject spec)
    {
        spec.Default("restartPolicy", "Always");
        spec.Default("terminationGracePeriodSeconds", 30);
        spec.Default("dnsPolicy", "ClusterFirst");
        spec.Default("securityContext", new JsonObject());
        spec.Default("schedulerName", "default-scheduler");
        foreach (var container in spec.Objects("containers").Concat(spec.Objects("initContainers")))
        {
            container.Default("terminationMessagePath", "/dev/termination-log");
            container.Default("terminationMessagePolicy", "File");
            container.Default("resources", new JsonObject());
            var image = container.Text("image") ?? string.Empty;
            var tag = image.LastIndexOf(':') is var colon && colon > image.LastIndexOf('/') ? image[(colon + 1)..] : string.Empty;
            container.Default("imagePullPolicy", tag is "" or "latest" ? "Always" : "IfNotPresent");
            foreach (var port in container.Objects("ports"))
            {
                port.Default("protocol", "TCP");
            }
        }
    }

    public static void Validate(JsonObject? spec, string path, List<FieldError> errors)
    {
        if (spec.List("containers") is not { Count: > 0 })
        {
            errors.Add(new FieldError("Required value", $"{path}.containers", string.Empty, null));
            return;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var list in (ReadOnlySpan<string>)["initContainers", "containers"])
        {
            var index = 0;
            foreach (var container in spec.Objects(list))
            {
                var field = $"{path}.{list}[{index++}]";
                var name = container.Text("name") ?? string.Empty;
                if (name.Length == 0)
                {
                    errors.Add(new FieldError("Required value", $"{field}.name", string.Empty, null));
                }
                else if (!names.Add(name))
                {
                    errors.Add(new FieldError("Duplicate value", $"{field}.name", string.Empty, JsonValue.Create(name)));
                }
                else
                {
                    errors.AddRange(ObjectNames.LabelErrors(name).Select(why => new FieldError("Invalid value", $"{field}.name", why, JsonValue.Create(name))));
                }

                if (string.IsNullOrEmpty(container.Text("image")))
                {
                    errors.Add(new FieldError("Required value", $"{field}.image", string.Empty, null));
                }
            }
        }

        if (spec.Text("restartPolicy") is { } policy and not ("Always" or "OnFailure" or "Never"))
        {
            errors.Add(new FieldError("Unsupported value", $"{path}.restartPolicy", "supported values: \"Always\", \"OnFailure\", \"Never\"", JsonValue.Create(policy)));
        }
    }
}
