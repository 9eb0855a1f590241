// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Kubernetes;

namespace FiveSpot.Lifecycle.Json;

/// <summary>
/// The few moves that reading a projection takes. They forgive a value of an unexpected type by passing over it: what
/// other controllers wrote must not stop ours.
/// </summary>
internal static class JsonReading
{
    // Of names, ids and the like. Of some the server bounds nothing, and each of thousands of objects is kept.
    private const int LongestText = 4096;

    /// <summary>Moves into the object that follows; false, and past the value, when it is no object.</summary>
    public static bool EnterObject(this ref Utf8JsonReader reader) => reader.Enter(JsonTokenType.StartObject);

    /// <summary>Moves into the array that follows; false, and past the value, when it is no array.</summary>
    public static bool EnterArray(this ref Utf8JsonReader reader) => reader.Enter(JsonTokenType.StartArray);

    /// <summary>Moves to the object's next property name; false at its end.</summary>
    public static bool NextProperty(this ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Moves to the property of that name in the object, whose value follows; false, and at its end, when it has none.
    /// </summary>
    public static bool FindProperty(this ref Utf8JsonReader reader, ReadOnlySpan<byte> utf8Name)
    {
        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals(utf8Name))
            {
                return true;
            }

            reader.SkipValue();
        }

        return false;
    }

    /// <summary>The string that follows; null, and past the value, when it is no string, an empty one, or longer than any name.
    /// </summary>
    public static string? ReadText(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length > LongestText ? null : reader.Text();
    }

    /// <summary>The same of a text of any length, of which no more is to be kept than is needed.</summary>
    public static string? ReadLongText(this ref Utf8JsonReader reader)
    {
        reader.Read();
        return reader.Text();
    }

    private static string? Text(this ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.GetString() is { Length: > 0 } text ? text : null;
        }

        reader.Skip();
        return null;
    }

    /// <summary>The same, as one shared instance of a text that many objects repeat.</summary>
    public static string? ReadPooledText(this ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.String)
        {
            return reader.ValueSpan.Length <= LongestText && reader.GetPooledString() is { Length: > 0 } text ? text : null;
        }

        reader.Skip();
        return null;
    }

    /// <summary>The whole number that follows; null, and past the value, when it is none.</summary>
    public static long? ReadInteger(this ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number))
        {
            return number;
        }

        reader.Skip();
        return null;
    }

    /// <summary>Whether what follows is <c>true</c>.</summary>
    public static bool ReadTrue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        var isTrue = reader.TokenType == JsonTokenType.True;
        reader.Skip();
        return isTrue;
    }

    /// <summary>Moves past the value that follows.</summary>
    public static void SkipValue(this ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    /// <summary>Moves to the next condition of an array of them; false at its end.</summary>
    public static bool NextCondition(
        this ref Utf8JsonReader reader, out string? type, out string? status, out string? message)
    {
        (type, status, message) = (null, null, null);
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndArray)
        {
            return false;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return true;
        }

        while (reader.NextProperty())
        {
            if (reader.ValueTextEquals("type"u8))
            {
                type = reader.ReadText();
            }
            else if (reader.ValueTextEquals("status"u8))
            {
                status = reader.ReadText();
            }
            else if (reader.ValueTextEquals("message"u8))
            {
                message = reader.ReadLongText();
            }
            else
            {
                reader.SkipValue();
            }
        }

        return true;
    }

    private static bool Enter(this ref Utf8JsonReader reader, JsonTokenType start)
    {
        reader.Read();
        if (reader.TokenType == start)
        {
            return true;
        }

        reader.Skip();
        return false;
    }
}
