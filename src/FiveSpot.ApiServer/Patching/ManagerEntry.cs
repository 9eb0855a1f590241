// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Patching;

/// <summary>One entry of <c>metadata.managedFields</c>.</summary>
/// <param name="ApiVersion">The version in which the fields are named.</param>
/// <param name="Time">When the manager last changed something, RFC 3339; null if not known.</param>
/// <param name="Fields">The fields that are owned.</param>
internal sealed record ManagerEntry(string ApiVersion, string? Time, FieldSet Fields)
{
    private const string FieldsType = "FieldsV1";

    /// <summary>The time as kube-apiserver writes it.</summary>
    public static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public long Seconds => Time is not null
        && DateTimeOffset.TryParse(Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time.ToUnixTimeSeconds()
            : 0;

    /// <summary>Reads all entries; a key that is there twice counts once, the last one.</summary>
    /// <exception cref="FormatException">One is invalid.</exception>
    public static Dictionary<ManagerKey, ManagerEntry> Decode(JsonNode? managedFields)
    {
        var result = new Dictionary<ManagerKey, ManagerEntry>();
        if (managedFields is null)
        {
            return result;
        }
        var list = managedFields as JsonArray ?? throw new FormatException("managedFields is not a list");
        for (var i = 0; i < list.Count; i++)
        {
            var entry = list[i] as JsonObject ?? throw new FormatException($"managed fields entry {i} is not an object");
            var operation = Text(entry, "operation");
            if (operation is not ("Apply" or "Update"))
            {
                throw new FormatException("operation must be `Apply` or `Update`");
            }
            var apiVersion = Text(entry, "apiVersion");
            if (apiVersion.Length == 0)
            {
                throw new FormatException("apiVersion must not be empty");
            }
            var fieldsType = Text(entry, "fieldsType");
            if (fieldsType != FieldsType)
            {
                throw new FormatException(fieldsType.Length == 0
                    ? $"missing fieldsType in managed fields entry {i}"
                    : $"invalid fieldsType \"{fieldsType}\" in managed fields entry {i}");
            }
            var time = Text(entry, "time");
            var key = new ManagerKey(Text(entry, "manager"), operation, operation == "Apply" ? "" : apiVersion, Text(entry, "subresource"));
            result[key] = new ManagerEntry(
                apiVersion,
                time.Length > 0 ? time : null,
                entry["fieldsV1"] switch
                {
                    null => FieldSet.Empty,
                    JsonObject fields => FieldSet.FromFieldsV1(fields),
                    _ => throw new FormatException($"fieldsV1 is not an object in managed fields entry {i}"),
                });
        }
        return result;
    }

    /// <summary>Writes all entries, in the order of kube-apiserver.</summary>
    public static JsonArray Encode(Dictionary<ManagerKey, ManagerEntry> managers)
    {
        var ordered = managers
            .OrderBy(static entry => entry.Key.Operation, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Value.Seconds)
            .ThenBy(static entry => entry.Key.Manager, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Value.ApiVersion, StringComparer.Ordinal)
            .ThenBy(static entry => entry.Key.Subresource, StringComparer.Ordinal);
        return [.. ordered.Select(static entry => entry.Value.Encode(entry.Key))];
    }

    private JsonObject Encode(ManagerKey key)
    {
        var result = new JsonObject();
        if (key.Manager.Length > 0)
        {
            result["manager"] = key.Manager;
        }
        result["operation"] = key.Operation;
        result["apiVersion"] = ApiVersion;
        if (Time is not null)
        {
            result["time"] = Time;
        }
        result["fieldsType"] = FieldsType;
        result["fieldsV1"] = Fields.ToFieldsV1();
        if (key.Subresource.Length > 0)
        {
            result["subresource"] = key.Subresource;
        }
        return result;
    }

    private static string Text(JsonObject entry, string name) => entry[name] switch
    {
        null => "",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => throw new FormatException($"{name} is not a string"),
    };
}
