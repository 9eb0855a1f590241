// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Leases.</summary>
internal sealed class LeaseStrategy : ResourceStrategy
{
    public override bool AllowUnconditionalUpdate => false;

    public override bool AllowCreateOnUpdate => true;

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        if (obj.Number("spec", "leaseDurationSeconds") is { } seconds and <= 0)
        {
            errors.Add(InvalidValue("spec.leaseDurationSeconds", seconds, "must be greater than 0"));
        }

        if (obj.Number("spec", "leaseTransitions") is { } transitions and < 0)
        {
            errors.Add(InvalidValue("spec.leaseTransitions", transitions, "must be greater than or equal to 0"));
        }
    }
}
