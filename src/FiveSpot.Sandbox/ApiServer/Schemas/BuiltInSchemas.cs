// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Sandbox.ApiServer.Schemas;

/// <summary>The OpenAPI v3 schemas of the built-in kinds.</summary>
public static class BuiltInSchemas
{
    /// <summary>The schema of a kind.</summary>
    public static JsonObject For(string group, string version, string kind) => throw new KeyNotFoundException($"{group}/{version} {kind}");
}
