// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>ConfigMaps.</summary>
internal sealed class ConfigMapStrategy : ResourceStrategy
{
    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        DataRules.CheckKeys(obj, "data", errors);
        DataRules.CheckKeys(obj, "binaryData", errors);
        foreach (var (key, _) in obj.Map("binaryData") ?? [])
        {
            if (obj.Map("data")?.ContainsKey(key) == true)
            {
                errors.Add(InvalidValue($"data[{key}]", key, "duplicate of key present in binaryData"));
            }
        }

        if (old.Flag("immutable") == true)
        {
            DataRules.CheckUnchanged(obj, old!, errors, "data", "binaryData");
        }
    }
}
