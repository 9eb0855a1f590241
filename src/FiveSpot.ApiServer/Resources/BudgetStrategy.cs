// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>PodDisruptionBudgets; the server works out their status itself.</summary>
internal sealed class BudgetStrategy : SpecStrategy
{
    public override void PrepareForCreate(JsonObject obj) => obj["status"] = new JsonObject
    {
        ["disruptionsAllowed"] = 0,
        ["currentHealthy"] = 0,
        ["desiredHealthy"] = 0,
        ["expectedPods"] = 0,
    };

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        if (obj.At("spec", "minAvailable") is not null && obj.At("spec", "maxUnavailable") is not null)
        {
            errors.Add(InvalidValue("spec", obj["spec"]!.DeepClone(), "minAvailable and maxUnavailable cannot be both set"));
        }

        foreach (var field in (ReadOnlySpan<string>)["minAvailable", "maxUnavailable"])
        {
            var value = obj.At("spec", field);
            if (value is not null && value.Number() is not >= 0 && !IsPercentage(value.Text()))
            {
                errors.Add(InvalidValue($"spec.{field}", value.DeepClone(), value.Number() is null
                    ? "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
                    : "must be greater than or equal to 0"));
            }
        }
    }

    private static bool IsPercentage(string? text) =>
        text is [.. var digits, '%'] && digits.Length is > 0 and < 4 && digits.All(char.IsAsciiDigit) && int.Parse(digits) <= 100;
}
