// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>JSON patch (RFC 6902), with the liberties of kube-apiserver: negative array indices count from the
/// end, a test for null passes where there is nothing, and a field need not be there to be replaced.</summary>
public static class JsonPatch
{
    /// <summary>The most operations that kube-apiserver takes in one patch.</summary>
    public const int MaxOperations = 10_000;

    /// <summary>Returns the document with all operations done, in order.</summary>
    /// <exception cref="PatchException">400 for what is no patch, 413 for too many operations, 422 for an operation
    /// that doesn't fit the document, a failed test among them.</exception>
    public static JsonObject Apply(JsonObject document, JsonArray patch)
    {
        if (patch.Count > MaxOperations)
        {
            throw new PatchException(413, "RequestEntityTooLarge", string.Create(CultureInfo.InvariantCulture,
                $"Request entity too large: The allowed maximum operations in a JSON patch is {MaxOperations}, got {patch.Count}"));
        }
        var root = document.DeepClone();
        foreach (var item in patch)
        {
            var operation = item as JsonObject
                ?? throw PatchException.BadRequest("error decoding patch: an operation must be a JSON object");
            root = Run(root, operation);
        }
        return root as JsonObject ?? throw PatchException.Unprocessable("the patched document is not a JSON object");
    }

    private static JsonNode? Run(JsonNode? root, JsonObject operation)
    {
        var path = Pointer(operation, "path");
        switch (Text(operation, "op"))
        {
            case "add":
                return Add(root, path, Value(operation)?.DeepClone());
            case "remove":
                Remove(root, path);
                return root;
            case "replace":
                var replacement = Value(operation)?.DeepClone();
                if (path.Length == 0)
                {
                    return replacement;
                }
                Set(root, path, replacement);
                return root;
            case "move":
                var origin = Pointer(operation, "from");
                var moved = Get(root, origin, operation);
                Remove(root, origin);
                return Add(root, path, moved);
            case "copy":
                return Add(root, path, Get(root, Pointer(operation, "from"), operation)?.DeepClone());
            case "test":
                var actual = TryGet(root, path, out var found) ? found : null;
                return JsonNode.DeepEquals(actual, Value(operation))
                    ? root
                    : throw PatchException.Unprocessable($"testing value {Text(operation, "path")} failed");
            case var unknown:
                throw PatchException.Unprocessable($"Unexpected kind: {unknown}");
        }
    }

    private static JsonNode? Add(JsonNode? root, string[] path, JsonNode? value)
    {
        if (path.Length == 0)
        {
            return value;
        }
        switch (Parent(root, path))
        {
            case JsonObject map:
                map[path[^1]] = value;
                return root;
            case JsonArray list:
                list.Insert(path[^1] == "-" ? list.Count : Index(path[^1], list.Count + 1), value);
                return root;
            default:
                throw PatchException.Unprocessable($"there is nothing to add \"{path[^1]}\" to");
        }
    }

    private static void Remove(JsonNode? root, string[] path)
    {
        if (path.Length == 0)
        {
            throw PatchException.Unprocessable("the whole document can't be removed");
        }
        switch (Parent(root, path))
        {
            case JsonObject map when map.Remove(path[^1]):
                return;
            case JsonArray list:
                list.RemoveAt(Index(path[^1], list.Count));
                return;
            default:
                throw PatchException.Unprocessable($"there is no \"{path[^1]}\" to remove");
        }
    }

    private static void Set(JsonNode? root, string[] path, JsonNode? value)
    {
        switch (Parent(root, path))
        {
            case JsonObject map:
                map[path[^1]] = value;
                break;
            case JsonArray list:
                list[Index(path[^1], list.Count)] = value;
                break;
        }
    }

    private static JsonNode? Get(JsonNode? root, string[] path, JsonObject operation) =>
        TryGet(root, path, out var value) ? value : throw Missing(operation);

    private static bool TryGet(JsonNode? root, string[] path, out JsonNode? value)
    {
        value = root;
        foreach (var token in path)
        {
            switch (value)
            {
                case JsonObject map when map.TryGetPropertyValue(token, out var child):
                    value = child;
                    break;
                case JsonArray list:
                    value = list[Index(token, list.Count)];
                    break;
                default:
                    return false;
            }
        }
        return true;
    }

    private static JsonNode? Parent(JsonNode? root, string[] path) =>
        TryGet(root, path[..^1], out var parent) ? parent : null;

    // Digits without a leading zero, or a minus sign before them to count from the end.
    private static int Index(string token, int count)
    {
        var digits = token.AsSpan(token.StartsWith('-') ? 1 : 0);
        if ((digits.Length > 1 && digits[0] == '0')
            || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index))
        {
            throw PatchException.Unprocessable($"\"{token}\" is no array index");
        }
        if (token[0] == '-')
        {
            index = count - index;
        }
        return index >= 0 && index < count
            ? index
            : throw PatchException.Unprocessable($"array index {token} is out of bounds");
    }

    private static JsonNode? Value(JsonObject operation) =>
        operation.TryGetPropertyValue("value", out var value)
            ? value
            : throw PatchException.Unprocessable("the operation has no \"value\"");

    private static string Text(JsonObject operation, string name) =>
        operation[name] is JsonValue value && value.TryGetValue(out string? text)
            ? text
            : throw PatchException.Unprocessable($"the operation has no \"{name}\"");

    private static string[] Pointer(JsonObject operation, string name)
    {
        var pointer = Text(operation, name);
        if (pointer.Length == 0)
        {
            return [];
        }
        if (pointer[0] != '/')
        {
            throw PatchException.Unprocessable($"\"{pointer}\" is no JSON pointer");
        }
        var tokens = pointer[1..].Split('/');
        for (var i = 0; i < tokens.Length; i++)
        {
            tokens[i] = tokens[i].Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        }
        return tokens;
    }

    private static PatchException Missing(JsonObject operation) =>
        PatchException.Unprocessable($"{operation.ToJsonString()} does not apply: there is no such path");
}
