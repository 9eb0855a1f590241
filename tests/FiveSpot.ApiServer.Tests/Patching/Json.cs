// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tests.Patching;

internal static class Json
{
    public static JsonObject Object(string text) => (JsonObject)JsonNode.Parse(text)!;

    public static void ShouldBeJson(this JsonNode? actual, string expected) =>
        JsonNode.DeepEquals(actual, JsonNode.Parse(expected)).ShouldBeTrue($"expected {expected}\n but got {actual?.ToJsonString()}");
}
