// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>How objects are read: as deep as an API server stores them. One that is nested deeper than a reader goes by default
/// would end the list or the watch that it comes in, and with it that of all others, again and again.</summary>
public static class ObjectJson
{
    // Kubernetes' own decoder goes down 10,000 levels; a list or an event around the object has a few more.
    private const int MaxDepth = 10_100;

    /// <summary>What a reader of objects, or of lists and events with objects in them, is made with.</summary>
    public static JsonReaderOptions Options { get; } = new() { MaxDepth = MaxDepth };

    /// <summary>A reader at the beginning of an object.</summary>
    public static Utf8JsonReader Reader(ReadOnlySpan<byte> utf8Json) => new(utf8Json, Options);
}
