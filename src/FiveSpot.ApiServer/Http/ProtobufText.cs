// SPDX-License-Identifier: Apache-2.0

using System.Text;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Http;

/// <summary>
/// Kubernetes' protobuf as JSON nodes, for what <see cref="ProtobufTable"/> lists. Typed Go clients, and so
/// <c>kubectl create</c>, send built-in kinds in it whatever the server answers in.
/// </summary>
internal static class ProtobufText
{
    public const string MediaType = "application/vnd.kubernetes.protobuf";

    // What is unset is nested no deeper than status.userInfo.username.
    private const int DeepestZero = 4;

    private static readonly byte[] Magic = "k8s\0"u8.ToArray();

    /// <summary>Decodes an object in its envelope.</summary>
    /// <exception cref="StatusException">400: no protobuf; 415: a kind or a field that this server takes in JSON alone.</exception>
    public static JsonObject Parse(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(Magic))
        {
            throw Refusal.BadRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
        }

        var envelope = new Reader(bytes[Magic.Length..]);
        var (apiVersion, kind) = (string.Empty, string.Empty);
        ReadOnlySpan<byte> raw = [];
        while (envelope.Next(out var number))
        {
            switch (number)
            {
                case 1:
                    (apiVersion, kind) = ReadPair(envelope.Bytes());
                    break;
                case 2:
                    raw = envelope.Bytes();
                    break;
                default:
                    // Encoding and media type of what is inside, which nobody sets.
                    envelope.Bytes();
                    break;
            }
        }

        var sent = $"{apiVersion} {kind}";
        if (!ProtobufTable.Objects.TryGetValue(kind, out var message))
        {
            throw Refusal.TakesJsonOnly(sent);
        }

        var obj = new JsonObject { ["kind"] = kind, ["apiVersion"] = apiVersion };
        ReadMessage(raw, message, obj, sent);
        return obj;
    }

    private static JsonObject ReadMessage(ReadOnlySpan<byte> bytes, ProtobufTable.Message message, JsonObject into, string sent)
    {
        var reader = new Reader(bytes);
        while (reader.Next(out var number))
        {
            if (message.Find(number) is { } field)
            {
                ReadField(ref reader, field, into, sent);
            }
            else if (!message.IsZero(number) || !reader.IsZero(DeepestZero))
            {
                throw Refusal.TakesJsonOnly($"{sent} with field {number} of {message.Name}");
            }
        }

        return into;
    }

    private static void ReadField(ref Reader reader, ProtobufTable.Field field, JsonObject into, string sent)
    {
        switch (field.Kind)
        {
            case ProtobufTable.FieldKind.Text:
                if (reader.Text() is { Length: > 0 } text)
                {
                    into[field.Name] = text;
                }

                break;
            case ProtobufTable.FieldKind.Number:
                into[field.Name] = reader.Number();
                break;
            case ProtobufTable.FieldKind.Flag:
                into[field.Name] = reader.Number() != 0;
                break;
            case ProtobufTable.FieldKind.Texts:
                List(into, field).Add(reader.Text());
                break;
            case ProtobufTable.FieldKind.TextMap:
                var (key, value) = ReadPair(reader.Bytes());
                into.Child(field.Name)[key] = value;
                break;
            case ProtobufTable.FieldKind.BytesMap:
                var (name, content) = ReadBytesPair(reader.Bytes());
                into.Child(field.Name)[name] = Convert.ToBase64String(content);
                break;
            case ProtobufTable.FieldKind.Message:
                into[field.Name] = ReadMessage(reader.Bytes(), field.Of!, [], sent);
                break;
            case ProtobufTable.FieldKind.Messages:
                List(into, field).Add(ReadMessage(reader.Bytes(), field.Of!, [], sent));
                break;
            case ProtobufTable.FieldKind.IntOrString:
                into[field.Name] = ReadIntOrString(reader.Bytes());
                break;
            default:
                throw new InvalidOperationException($"Nothing reads {field.Kind}.");
        }
    }

    private static JsonValue ReadIntOrString(ReadOnlySpan<byte> bytes)
    {
        const int IsText = 1;
        var (kind, whole, text) = (0L, 0L, string.Empty);
        var reader = new Reader(bytes);
        while (reader.Next(out var number))
        {
            switch (number)
            {
                case 1:
                    kind = reader.Number();
                    break;
                case 2:
                    whole = reader.Number();
                    break;
                default:
                    text = reader.Text();
                    break;
            }
        }

        return kind == IsText ? JsonValue.Create(text) : JsonValue.Create(whole);
    }

    private static JsonArray List(JsonObject obj, ProtobufTable.Field field)
    {
        if (obj[field.Name] is not JsonArray list)
        {
            obj[field.Name] = list = [];
        }

        return list;
    }

    private static (string First, string Second) ReadPair(ReadOnlySpan<byte> bytes)
    {
        var (first, second) = ReadBytesPair(bytes);
        return (first, Encoding.UTF8.GetString(second));
    }

    /// <summary>An entry of a map, or another message of two runs of bytes.</summary>
    private static (string First, byte[] Second) ReadBytesPair(ReadOnlySpan<byte> bytes)
    {
        var (first, second) = (string.Empty, Array.Empty<byte>());
        var reader = new Reader(bytes);
        while (reader.Next(out var number))
        {
            var part = reader.Bytes();
            (first, second) = number == 1 ? (Encoding.UTF8.GetString(part), second) : (first, part.ToArray());
        }

        return (first, second);
    }

    /// <summary>The wire format: a tag, then a number or a run of bytes.</summary>
    private ref struct Reader
    {
        private const int NumberWire = 0;
        private const int BytesWire = 2;

        private ReadOnlySpan<byte> _left;
        private int _wire;

        public Reader(ReadOnlySpan<byte> bytes) => _left = bytes;

        public bool Next(out int number)
        {
            number = 0;
            if (_left.IsEmpty)
            {
                return false;
            }

            var tag = Varint();
            number = (int)(tag >> 3);
            _wire = (int)(tag & 7);
            return true;
        }

        public long Number()
        {
            Expect(NumberWire);
            return (long)Varint();
        }

        public string Text() => Encoding.UTF8.GetString(Bytes());

        public ReadOnlySpan<byte> Bytes()
        {
            Expect(BytesWire);
            var length = Varint();
            if (length > (ulong)_left.Length)
            {
                throw Cut();
            }

            var bytes = _left[..(int)length];
            _left = _left[(int)length..];
            return bytes;
        }

        /// <summary>Reads a value; whether it is 0, empty, or a message of nothing else.</summary>
        /// <param name="depth">How deep messages may be in one another.</param>
        public bool IsZero(int depth)
        {
            if (_wire == NumberWire)
            {
                return Varint() == 0;
            }

            if (_wire != BytesWire)
            {
                return false;
            }

            var inner = new Reader(Bytes());
            while (inner.Next(out _))
            {
                if (depth == 0 || !inner.IsZero(depth - 1))
                {
                    return false;
                }
            }

            return true;
        }

        private readonly void Expect(int wire)
        {
            if (_wire != wire)
            {
                throw Refusal.BadRequest($"proto: wrong wireType = {_wire}");
            }
        }

        private ulong Varint()
        {
            var value = 0UL;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (_left.IsEmpty)
                {
                    throw Cut();
                }

                var next = _left[0];
                _left = _left[1..];
                value |= (ulong)(next & 127) << shift;
                if (next < 128)
                {
                    return value;
                }
            }

            throw Refusal.BadRequest("proto: integer overflow");
        }

        private static StatusException Cut() => Refusal.BadRequest("unexpected EOF");
    }
}
