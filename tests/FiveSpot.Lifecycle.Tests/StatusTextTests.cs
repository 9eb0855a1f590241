// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Tests;

/// <summary>Each text of a status, found by its type: one that is added later is looked at as well.</summary>
public sealed class StatusTextTests
{
    private static readonly string Hostile = "a\u001b[2J\u202eb\r\n\0\u0085c\u2028\u200b\ufeff" + new string('x', 10_000);

    [Fact]
    public void Every_text_of_a_status_is_cleaned_and_cut()
    {
        var hostile = Filled(ApiJsonContext.Default.ScheduledMachineStatus, Hostile).Deserialize(ApiJsonContext.Default.ScheduledMachineStatus)!;
        var texts = Texts(Json(StatusText.Clean(hostile))).ToList();
        texts.Count.ShouldBeGreaterThan(20);
        foreach (var (path, text) in texts)
        {
            text.EnumerateRunes().ShouldAllBe(rune => !IsForbidden(rune), $"{path}: {text}");
            text.Length.ShouldBeLessThan(5000, path);
        }
    }

    [Fact]
    public void What_is_clean_stays_as_it_is()
    {
        var plain = Filled(ApiJsonContext.Default.ScheduledMachineStatus, "RemoteMachine of pc-1.example.com/x:y, Zürich → 3").Deserialize(ApiJsonContext.Default.ScheduledMachineStatus)!;
        var clean = StatusText.Clean(plain);
        JsonNode.DeepEquals(Json(clean), Json(plain)).ShouldBeTrue("else it would be written again and again");
    }

    [Fact]
    public void Cleaned_twice_it_is_the_same()
    {
        var once = StatusText.Clean(Filled(ApiJsonContext.Default.ScheduledMachineStatus, Hostile).Deserialize(ApiJsonContext.Default.ScheduledMachineStatus)!);
        JsonNode.DeepEquals(Json(StatusText.Clean(once)), Json(once)).ShouldBeTrue();
    }

    private static JsonNode Json(ScheduledMachineStatus status) => JsonSerializer.SerializeToNode(status, ApiJsonContext.Default.ScheduledMachineStatus)!;

    private static JsonNode Filled(JsonTypeInfo type, string text) => type.Kind switch
    {
        JsonTypeInfoKind.Object => new JsonObject(type.Properties.Where(property => property.Get is not null).Select(property =>
            KeyValuePair.Create<string, JsonNode?>(property.Name, Filled(type.Options.GetTypeInfo(property.PropertyType), text)))),
        JsonTypeInfoKind.Enumerable => new JsonArray(Filled(type.Options.GetTypeInfo(type.ElementType!), text)),
        _ => (Nullable.GetUnderlyingType(type.Type) ?? type.Type) switch
        {
            var scalar when scalar == typeof(string) => text,
            var scalar when scalar == typeof(bool) => true,
            var scalar when scalar == typeof(DateTimeOffset) => "2026-01-05T09:00:00Z",
            _ => 1,
        },
    };

    private static IEnumerable<(string Path, string Text)> Texts(JsonNode? node) => node switch
    {
        JsonObject fields => fields.SelectMany(field => Texts(field.Value)),
        JsonArray items => items.SelectMany(Texts),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [(value.GetPath(), (string)value!)],
        _ => [],
    };

    private static bool IsForbidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
