// SPDX-License-Identifier: Apache-2.0

using System.Collections.Frozen;
using System.Text;
using System.Text.Json.Nodes;

namespace FiveSpot.Sandbox.ApiServer.Http;

/// <summary>
/// Kubernetes' protobuf as JSON nodes. Typed Go clients, and so <c>kubectl create</c>, send built-in kinds in it whatever the
/// server answers in.
/// </summary>
internal static class ProtobufText
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    private static readonly byte[] Magic = "k8s\0"u8.ToArray();

    private static readonly Lazy<FrozenDictionary<string, FrozenDictionary<int, Field>>> Messages = new(ReadMessages);

    // Structs that JSON has in line.
    private static readonly FrozenSet<string> Inline =
        FrozenSet.Create(StringComparer.Ordinal, "volumeSource", "localObjectReference", "handler", "ephemeralContainerCommon");

    // Go writes fields that are no pointers even when they are zero; of these the zero is a value.
    private static readonly FrozenSet<string> MeaningfulZeros = FrozenSet.Create(
        StringComparer.Ordinal,
        "replicas", "partition", "gracePeriodSeconds", "terminationGracePeriodSeconds", "deletionGracePeriodSeconds", "defaultMode", "mode", "runAsUser",
        "runAsGroup", "fsGroup", "activeDeadlineSeconds", "revisionHistoryLimit", "tolerationSeconds", "leaseTransitions", "priority",
        "automountServiceAccountToken", "enableServiceLinks", "controller", "blockOwnerDeletion", "orphanDependents", "allowPrivilegeEscalation",
        "privileged", "runAsNonRoot", "readOnlyRootFilesystem", "immutable", "optional", "shareProcessNamespace", "hostUsers", "incomplete");

    private static readonly FrozenSet<string> MeaningfulEmpties =
        FrozenSet.Create(StringComparer.Ordinal, "emptyDir", "selector", "podSelector", "namespaceSelector", "securityContext", "spec", "metadata");

    /// <summary>Decodes an object in its envelope.</summary>
    /// <exception cref="StatusException">400: no protobuf; 415: a kind that is not known in it.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic))
        {
            throw Refusal.BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        try
        {
            var envelope = new Reader(bytes[Magic.Length..]);
            var (apiVersion, kind) = (string.Empty, string.Empty);
            ReadOnlySpan<byte> raw = [];
            while (envelope.Next(out var number))
            {
                switch (number)
                {
                    case 1:
                        var type = new Reader(envelope.Bytes());
                        while (type.Next(out var part))
                        {
                            var text = Encoding.UTF8.GetString(type.Bytes());
                            (apiVersion, kind) = part == 1 ? (text, kind) : (apiVersion, text);
                        }

                        break;
                    case 2:
                        raw = envelope.Bytes();
                        break;
                    default:
                        envelope.Skip();
                        break;
                }
            }

            var message = apiVersion.StartsWith("events.k8s.io/", StringComparison.Ordinal) ? "events." + kind : kind;
            if (!Messages.Value.ContainsKey(message))
            {
                throw Refusal.UnsupportedMediaType($"{MediaType} of {apiVersion} {kind}", "application/json, application/yaml");
            }

            var obj = new JsonObject { ["kind"] = kind, ["apiVersion"] = apiVersion };
            ReadMessage(raw, message, obj);
            return obj;
        }
        catch (Exception broken) when (broken is IndexOutOfRangeException or ArgumentOutOfRangeException)
        {
            throw Refusal.BadRequest("unexpected EOF");
        }
    }

    private static void ReadMessage(ReadOnlySpan<byte> bytes, string message, JsonObject into)
    {
        var fields = Messages.Value[message];
        var reader = new Reader(bytes);
        while (reader.Next(out var number))
        {
            if (!fields.TryGetValue(number, out var field))
            {
                throw Refusal.UnsupportedMediaType($"{MediaType} with field {number} of {message}", "application/json, application/yaml");
            }

            if (field.IsMap)
            {
                var (key, value) = ReadEntry(reader.Bytes(), field.Type);
                into.Child(field.Name)[key] = value;
            }
            else if (field.IsRepeated)
            {
                if (into[field.Name] is not JsonArray list)
                {
                    into[field.Name] = list = [];
                }

                list.Add(ReadValue(ref reader, field.Type));
            }
            else if (Inline.Contains(field.Name))
            {
                ReadMessage(reader.Bytes(), field.Type, into);
            }
            else if (ReadValue(ref reader, field.Type) is { } value && !IsUnset(field.Name, value))
            {
                into[field.Name] = value;
            }
        }
    }

    private static bool IsUnset(string name, JsonNode value) => value switch
    {
        JsonObject map => map.Count == 0 && !MeaningfulEmpties.Contains(name),
        JsonArray => false,
        _ when value.Text() is { } text => text.Length == 0,
        _ => (value.Number() == 0 || value.Flag() == false) && !MeaningfulZeros.Contains(name),
    };

    private static (string Key, JsonNode? Value) ReadEntry(ReadOnlySpan<byte> bytes, string type)
    {
        var reader = new Reader(bytes);
        var key = string.Empty;
        JsonNode? value = type == "s" || type == "y" ? string.Empty : null;
        while (reader.Next(out var number))
        {
            if (number == 1)
            {
                key = Encoding.UTF8.GetString(reader.Bytes());
            }
            else
            {
                value = ReadValue(ref reader, type);
            }
        }

        return (key, value);
    }

    private static JsonNode? ReadValue(ref Reader reader, string type)
    {
        switch (type)
        {
            case "s":
                return Encoding.UTF8.GetString(reader.Bytes());
            case "i":
                return reader.Number();
            case "b":
                return reader.Number() != 0;
            case "y":
                return Convert.ToBase64String(reader.Bytes());
            case "Time" or "MicroTime":
                return ReadTime(reader.Bytes(), isMicro: type == "MicroTime");
            case "IntOrString":
                return ReadIntOrString(reader.Bytes());
            case "Quantity" or "FieldsV1" or "RawExtension":
                var inner = new Reader(reader.Bytes());
                var content = inner.Next(out _) ? inner.Bytes() : [];
                return type == "Quantity" ? Encoding.UTF8.GetString(content) : content.Length == 0 ? null : RequestBody.Parse(content);
            case "ExtraValue":
                var extra = new JsonObject();
                ReadMessage(reader.Bytes(), type, extra);
                return extra["items"]?.DeepClone() ?? new JsonArray();
            default:
                var child = new JsonObject();
                ReadMessage(reader.Bytes(), type, child);
                return child;
        }
    }

    private static JsonNode? ReadTime(ReadOnlySpan<byte> bytes, bool isMicro)
    {
        var reader = new Reader(bytes);
        var (seconds, nanos) = (0L, 0L);
        while (reader.Next(out var number))
        {
            (seconds, nanos) = number == 1 ? (reader.Number(), nanos) : (seconds, reader.Number());
        }

        // The zero of Go's time is long before any other.
        if (bytes.IsEmpty || seconds < -62_000_000_000)
        {
            return null;
        }

        var time = DateTimeOffset.FromUnixTimeSeconds(seconds).AddTicks(nanos / 100);
        return isMicro
            ? time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", System.Globalization.CultureInfo.InvariantCulture)
            : time.ToKubernetesTime();
    }

    private static JsonNode ReadIntOrString(ReadOnlySpan<byte> bytes)
    {
        var reader = new Reader(bytes);
        var (isText, number, text) = (false, 0L, string.Empty);
        while (reader.Next(out var field))
        {
            switch (field)
            {
                case 1:
                    isText = reader.Number() == 1;
                    break;
                case 2:
                    number = reader.Number();
                    break;
                default:
                    text = Encoding.UTF8.GetString(reader.Bytes());
                    break;
            }
        }

        return isText ? JsonValue.Create(text) : JsonValue.Create(number);
    }

    private static FrozenDictionary<string, FrozenDictionary<int, Field>> ReadMessages()
    {
        using var stream = typeof(ProtobufText).Assembly.GetManifestResourceStream("protobuf-fields.txt")!;
        using var reader = new StreamReader(stream);
        var messages = new Dictionary<string, FrozenDictionary<int, Field>>(StringComparer.Ordinal);
        while (reader.ReadLine() is { } line)
        {
            if (line is ['#', ..] or [])
            {
                continue;
            }

            var mark = line.IndexOf('=', StringComparison.Ordinal);
            messages[line[..mark]] = line[(mark + 1)..].Split(';', StringSplitOptions.RemoveEmptyEntries)
                .Select(static field => field.Split(' '))
                .ToFrozenDictionary(static parts => int.Parse(parts[0]), static parts => Field.Of(parts[1], parts[2]));
        }

        return messages.ToFrozenDictionary(StringComparer.Ordinal);
    }

    private readonly record struct Field(string Name, string Type, bool IsMap, bool IsRepeated)
    {
        public static Field Of(string name, string type) => type switch
        {
            ['m', ':', .. var inner] => new(name, inner, true, false),
            ['r', ':', .. var inner] => new(name, inner, false, true),
            _ => new(name, type, false, false),
        };
    }

    /// <summary>The wire format: a tag, then a number or a run of bytes.</summary>
    private ref struct Reader
    {
        private ReadOnlySpan<byte> _left;
        private int _wireType;

        public Reader(ReadOnlySpan<byte> bytes) => _left = bytes;

        public bool Next(out int number)
        {
            number = 0;
            if (_left.IsEmpty)
            {
                return false;
            }

            var tag = Number();
            number = (int)(tag >> 3);
            _wireType = (int)(tag & 7);
            return true;
        }

        public long Number()
        {
            var (value, shift) = (0UL, 0);
            while (true)
            {
                var next = _left[0];
                _left = _left[1..];
                value |= (ulong)(next & 127) << shift;
                if (next < 128)
                {
                    return (long)value;
                }

                shift += 7;
            }
        }

        public ReadOnlySpan<byte> Bytes()
        {
            var length = checked((int)Number());
            var bytes = _left[..length];
            _left = _left[length..];
            return bytes;
        }

        public void Skip()
        {
            switch (_wireType)
            {
                case 0:
                    Number();
                    break;
                case 1:
                    _left = _left[8..];
                    break;
                case 5:
                    _left = _left[4..];
                    break;
                default:
                    Bytes();
                    break;
            }
        }
    }
}
