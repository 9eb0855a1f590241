// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Resources;

/// <summary>A kind that has no generation, and whose status belongs to its controller.</summary>
internal sealed class StatusStrategy : ResourceStrategy
{
    public override void PrepareForCreate(JsonObject obj) => obj.Remove("status");
}
