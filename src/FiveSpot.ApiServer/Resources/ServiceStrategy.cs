// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Services, each with a cluster address that leads nowhere.</summary>
internal sealed class ServiceStrategy : ResourceStrategy
{
    private int _addresses = 1;

    public override IReadOnlyList<string> SelectableFields => ["spec.clusterIP", "spec.type"];

    public override IReadOnlyList<string> NameErrors(string name) => ObjectNames.ServiceErrors(name);

    public override void PrepareForCreate(JsonObject obj) => obj["status"] = new JsonObject { ["loadBalancer"] = new JsonObject() };

    public override void PrepareForUpdate(JsonObject obj, JsonObject old)
    {
        if (obj.Map("spec") is { } spec && spec.Text("type") is null or "ClusterIP" && spec.Text("clusterIP") is null)
        {
            spec.CopyIn("clusterIP", old.At("spec", "clusterIP"));
            spec.CopyIn("clusterIPs", old.At("spec", "clusterIPs"));
        }
    }

    public override void ApplyDefaults(JsonObject obj)
    {
        var spec = obj.Child("spec");
        spec.Default("type", "ClusterIP");
        spec.Default("sessionAffinity", "None");
        spec.Default("internalTrafficPolicy", "Cluster");
        foreach (var port in spec.Objects("ports"))
        {
            port.Default("protocol", "TCP");
            if (port["port"] is { } number)
            {
                port.Default("targetPort", number.DeepClone());
            }
        }

        if (spec.Text("type") == "ExternalName")
        {
            return;
        }

        spec.Default("ipFamilies", new JsonArray("IPv4"));
        spec.Default("ipFamilyPolicy", "SingleStack");
        if (string.IsNullOrEmpty(spec.Text("clusterIP")))
        {
            var next = Interlocked.Increment(ref _addresses);
            spec["clusterIP"] = $"10.96.{(next >> 8) & 255}.{next & 255}";
        }

        spec.Default("clusterIPs", new JsonArray(spec.Text("clusterIP")));
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        if (obj.List("spec", "ports") is not { Count: > 0 } && obj.Text("spec", "type") != "ExternalName" && obj.Text("spec", "clusterIP") != "None")
        {
            errors.Add(Required("spec.ports"));
        }

        if (old.Text("spec", "clusterIP") is { Length: > 0 } before && obj.Text("spec", "clusterIP") != before && obj.Text("spec", "type") != "ExternalName")
        {
            errors.Add(InvalidValue("spec.clusterIPs[0]", new JsonArray(obj.Text("spec", "clusterIP")), "may not change once set"));
        }
    }
}
