// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>What a server said: its status code, those headers that mean something to a client, and the body.</summary>
internal sealed record Answer(int Code, IReadOnlyDictionary<string, string> Headers, JsonNode? Body)
{
    /// <summary>The answer as one tree, of which a path names a part.</summary>
    public JsonObject ToTree()
    {
        var headers = new JsonObject();
        foreach (var (name, value) in Headers)
        {
            headers[name] = value;
        }

        return new JsonObject { ["code"] = Code, ["headers"] = headers, ["body"] = Body?.DeepClone() };
    }

    /// <summary>The value at <c>code</c> or at the path of a field in the body; null when there is none.</summary>
    public string? Read(string path)
    {
        if (path == "code")
        {
            return Code.ToString();
        }

        var at = Body;
        foreach (var step in path.Split('.'))
        {
            at = at switch
            {
                JsonArray list => int.TryParse(step, out var index) && index < list.Count ? list[index] : null,
                JsonObject map => map[step],
                _ => null,
            };
        }

        return at?.ToString();
    }
}
