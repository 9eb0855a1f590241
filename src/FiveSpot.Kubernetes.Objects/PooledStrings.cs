// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>One string instance for a text that many objects repeat: label keys, namespaces, kinds.</summary>
/// <remarks>
/// A table of fixed size in which a newcomer takes the place of whatever was in its slot: it can't grow, and a clash
/// costs an allocation and nothing else.
/// </remarks>
public static class PooledStrings
{
    private const int Slots = 8192;
    private const int LongestPooled = 96;
    private static readonly string?[] Table = new string?[Slots];

    /// <summary>Reads a string or property name, as one shared instance when it is short and has been seen lately.</summary>
    /// <param name="reader">A reader at a string, a property name or null.</param>
    /// <returns>The text; null for JSON null.</returns>
    /// <exception cref="InvalidOperationException">The token is something else.</exception>
    public static string? GetPooledString(this ref Utf8JsonReader reader)
    {
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.PropertyName)
            || reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length > LongestPooled)
        {
            return reader.GetString();
        }

        var utf8 = reader.ValueSpan;
        if (utf8.IsEmpty)
        {
            return "";
        }

        var hash = default(HashCode);
        hash.AddBytes(utf8);
        ref var slot = ref Table[hash.ToHashCode() & (Slots - 1)];
        var pooled = slot;
        if (pooled is null || !Ascii.Equals(utf8, pooled))
        {
            pooled = reader.GetString()!;
            slot = pooled;
        }

        return pooled;
    }
}
