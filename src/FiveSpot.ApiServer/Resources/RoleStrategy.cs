// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Roles and their bindings: kept, not enforced.</summary>
internal sealed class RoleStrategy : ResourceStrategy
{
    private readonly bool _isBinding;

    public RoleStrategy(bool isBinding) => _isBinding = isBinding;

    public override bool AllowCreateOnUpdate => true;

    public override IReadOnlyList<string> NameErrors(string name) => ObjectNames.PathSegmentErrors(name);

    public override void ApplyDefaults(JsonObject obj)
    {
        if (!_isBinding)
        {
            return;
        }

        const string Group = "rbac.authorization.k8s.io";
        if (obj.Map("roleRef") is { } role)
        {
            role.Default("apiGroup", Group);
        }

        foreach (var subject in obj.Objects("subjects"))
        {
            if (subject.Text("kind") is "User" or "Group")
            {
                subject.Default("apiGroup", Group);
            }
        }
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        if (!_isBinding)
        {
            var index = 0;
            foreach (var rule in obj.Objects("rules"))
            {
                if (rule.List("verbs") is not { Count: > 0 })
                {
                    errors.Add(Required($"rules[{index}].verbs", "verbs must contain at least one value"));
                }

                index++;
            }

            return;
        }

        if (obj.Text("roleRef", "kind") is not ("Role" or "ClusterRole") and var kind)
        {
            errors.Add(NotSupported("roleRef.kind", kind ?? string.Empty, "Role", "ClusterRole"));
        }

        if (string.IsNullOrEmpty(obj.Text("roleRef", "name")))
        {
            errors.Add(Required("roleRef.name"));
        }

        if (old is not null && !JsonNode.DeepEquals(obj["roleRef"], old["roleRef"]))
        {
            errors.Add(InvalidValue("roleRef", obj["roleRef"]?.DeepClone(), "cannot change roleRef"));
        }
    }
}
