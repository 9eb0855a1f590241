// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Text;

namespace FiveSpot.ApiServer.Tables;

/// <summary>One column of the Table form.</summary>
/// <remarks>
/// <paramref name="Priority"/>: 0 shows always, more only with <c>-o wide</c>.
/// <paramref name="Cell"/>: The value for a stored object at an instant.
/// </remarks>
internal sealed record TableColumn(
    string Name, string Type, string Format, string Description, int Priority, Func<JsonObject, DateTimeOffset, JsonNode?> Cell)
{
    private const string NameDescription = "Name must be unique within a namespace.";
    private const string AgeDescription = "CreationTimestamp is a timestamp representing the server time when this object was created.";

    public static readonly TableColumn ObjectName =
        new("Name", "string", "name", NameDescription, 0, static (obj, _) => obj.Text("metadata", "name"));

    public static readonly TableColumn Age =
        new("Age", "string", string.Empty, AgeDescription, 0, static (obj, now) => HumanDuration.Since(obj.Text("metadata", "creationTimestamp"), now));

    public static readonly IReadOnlyList<TableColumn> Default = [ObjectName, Age];

    public static TableColumn Text(string name, Func<JsonObject, string?> cell, int priority = 0) =>
        new(name, "string", string.Empty, string.Empty, priority, (obj, _) => cell(obj) ?? string.Empty);

    public static TableColumn Count(string name, Func<JsonObject, long?> cell, int priority = 0) =>
        new(name, "integer", string.Empty, string.Empty, priority, (obj, _) => cell(obj) ?? 0);

    /// <summary>A count that is declared as text, as some of the older columns are.</summary>
    public static TableColumn CountAsText(string name, Func<JsonObject, long?> cell) => Count(name, cell) with { Type = "string" };

    /// <summary>The columns of one version of a CustomResourceDefinition.</summary>
    public static IReadOnlyList<TableColumn> FromDefinition(JsonObject version)
    {
        var columns = new List<TableColumn> { ObjectName };
        foreach (var printed in version.Objects("additionalPrinterColumns"))
        {
            var path = JsonPath.Parse(printed.Text("jsonPath") ?? string.Empty);
            var type = printed.Text("type") ?? "string";
            columns.Add(new TableColumn(
                printed.Text("name") ?? string.Empty,
                type,
                printed.Text("format") ?? string.Empty,
                printed.Text("description") ?? $"Custom resource definition column (in JSONPath format): {printed.Text("jsonPath")}",
                (int)(printed.Number("priority") ?? 0),
                (obj, now) => CellOf(path.First(obj), type, now)));
        }

        if (columns.Count == 1)
        {
            columns.Add(Age);
        }

        return columns;
    }

    private static JsonNode? CellOf(JsonNode? value, string type, DateTimeOffset now) => (type, value) switch
    {
        (_, null) => null,
        ("date", _) => HumanDuration.Since(value.Text(), now),
        ("integer", _) => value.Number(),
        ("number", _) => value.DeepClone(),
        ("boolean", _) => value.Flag(),
        (_, JsonObject or JsonArray) => GoText.Json(value),
        _ => value.Print(),
    };
}
