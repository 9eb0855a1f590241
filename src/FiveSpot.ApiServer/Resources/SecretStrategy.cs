// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Schemas;

namespace FiveSpot.ApiServer.Resources;

/// <summary>Secrets: <c>stringData</c> becomes <c>data</c>, the type never changes.</summary>
internal sealed class SecretStrategy : ResourceStrategy
{
    private static readonly SearchValues<char> Base64Letters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    public override IReadOnlyList<string> SelectableFields => ["type"];

    public override void ApplyDefaults(JsonObject obj)
    {
        obj.Default("type", "Opaque");
        if (obj.Map("stringData") is { } plain)
        {
            foreach (var (key, value) in plain)
            {
                obj.Child("data")[key] = Convert.ToBase64String(Encoding.UTF8.GetBytes(value.Text() ?? string.Empty));
            }
        }

        obj.Remove("stringData");
    }

    public override void Validate(JsonObject obj, JsonObject? old, List<FieldError> errors)
    {
        DataRules.CheckKeys(obj, "data", errors);
        foreach (var (_, value) in obj.Map("data") ?? [])
        {
            if (value is not null && !IsBase64(value.Text()))
            {
                throw Refusal.BadRequest($"Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte {FirstIllegal(value.Text() ?? string.Empty)}");
            }
        }

        if (old is not null)
        {
            Immutable(obj, old, errors, "type");
        }

        if (old.Flag("immutable") == true)
        {
            DataRules.CheckUnchanged(obj, old!, errors, "data");
        }
    }

    private static int FirstIllegal(string text)
    {
        var index = text.AsSpan().IndexOfAnyExcept(Base64Letters);
        return index < 0 ? text.Length : index;
    }

    private static bool IsBase64(string? text) =>
        text is not null && Convert.TryFromBase64String(text, new byte[text.Length], out _);
}
