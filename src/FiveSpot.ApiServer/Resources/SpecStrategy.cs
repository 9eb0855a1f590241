// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Resources;

/// <summary>A kind whose spec has a generation and whose status belongs to its controller.</summary>
internal class SpecStrategy : ResourceStrategy
{
    public override bool HasGeneration => true;

    public override void PrepareForCreate(JsonObject obj) => obj.Remove("status");
}
