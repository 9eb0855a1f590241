// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Namespaces: held by the finalizer <c>kubernetes</c> in their spec until their content is gone.</summary>
internal sealed class NamespaceStrategy : ResourceStrategy
{
    public override IReadOnlyList<string> SelectableFields => ["status.phase", "name"];

    public override IReadOnlyList<string> NameErrors(string name) => ObjectNames.LabelErrors(name);

    public override string FieldValue(JsonObject stored, string field) =>
        base.FieldValue(stored, field == "name" ? "metadata.name" : field);

    public override void PrepareForCreate(JsonObject obj)
    {
        obj["spec"] = new JsonObject { ["finalizers"] = new JsonArray("kubernetes") };
        obj["status"] = new JsonObject { ["phase"] = "Active" };
    }

    public override void PrepareForUpdate(JsonObject obj, JsonObject old) => obj.CopyIn("spec", old["spec"]);

    public override void ApplyDefaults(JsonObject obj)
    {
        if (obj.Metadata().Text("name") is { } name)
        {
            obj.Metadata().Child("labels")["kubernetes.io/metadata.name"] = name;
        }
    }

    public override bool IsHeld(JsonObject obj) => obj.List("spec", "finalizers") is { Count: > 0 };

    public override bool CountsDeletion => false;

    public override string? WhyKept(string name) => name is "default" or "kube-system" or "kube-public" ? "this namespace may not be deleted" : null;

    public override void MarkDeleted(JsonObject obj) => obj.Child("status")["phase"] = "Terminating";
}
