// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>Reads the answer to a list as it comes: no more of it is in memory than the object that is being decoded.</summary>
/// <typeparam name="T">The projection.</typeparam>
/// <param name="maxBytes">How large the answer may be; where the server is trusted, one object in it.</param>
/// <param name="decode">Decodes one object.</param>
/// <param name="share">What may be held of what the server says; null where it is trusted.</param>
/// <param name="time">The time that it is paced by.</param>
internal sealed class ListStream<T>(int maxBytes, DecodeObject<T> decode, CacheShare? share, TimeProvider time)
{
    private const int FirstBuffer = 64 << 10;

    // What is larger is rare, and the pool would keep it.
    private const int LargestPooled = 1 << 20;

    private readonly List<T> _items = [];
    private string? _resourceVersion;
    private string? _continue;
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private Place _place;
    private JsonReaderState _state = new(ObjectJson.Options);

    private enum Place
    {
        Before,
        List,
        Items,
        After,
    }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="InvalidDataException">The answer is too large.</exception>
    /// <exception cref="TooLargeException">The same, of a server that is not trusted.</exception>
    /// <exception cref="JsonException">It is no list.</exception>
    public async Task<ListPage<T>> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        _buffer = Rent(FirstBuffer);
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancellationToken);
            var total = 0L;
            for (var isEnded = false; !isEnded;)
            {
                // An object that comes in drops is not begun to be read with each of them.
                var wanted = (2 * (_end - _start)) + 1;
                var before = total;
                while (_end - _start < wanted && !isEnded)
                {
                    MakeRoom();
                    var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
                    isEnded = read == 0;
                    _end += read;
                    total += read;
                    ThrowIfTooLarge(total);
                }

                await DecodeAsync(isEnded, total - before, cancellationToken);
            }

            return new ListPage<T>(
                _items, _resourceVersion ?? throw new JsonException("it is no list"), string.IsNullOrEmpty(_continue) ? null : _continue);
        }
        finally
        {
            Return(_buffer);
        }
    }

    // However large a page is whose objects a tenant made as large as the server takes them, no more than one is in memory: who is
    // trusted must not be lost of sight for it.
    private void ThrowIfTooLarge(long total)
    {
        if (share is null && _end - _start > maxBytes)
        {
            throw new InvalidDataException($"one object of the answer is larger than {maxBytes} bytes");
        }

        if (share is not null && total > maxBytes)
        {
            throw new TooLargeException(
                Words.Line($"One answer is larger than {Words.Mebibytes(maxBytes)} MiB, which is the most that is taken of a workload cluster."), total, maxBytes)
            {
                IsOneAnswer = true,
            };
        }
    }

    private async ValueTask DecodeAsync(bool isEnded, long bytes, CancellationToken cancellationToken)
    {
        if (share is null)
        {
            Decode(isEnded);
            return;
        }

        await share.BeginTurnAsync(cancellationToken);
        try
        {
            Decode(isEnded);
        }
        finally
        {
            share.EndTurn();
        }

        if (share.PauseAfter(bytes, time) is { Ticks: > 0 } pause)
        {
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private void Decode(bool isEnded)
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), isEnded, _state);
        var consumed = 0L;
        while (_place is not Place.After && Step(ref reader))
        {
            _state = reader.CurrentState;
            consumed = reader.BytesConsumed;
        }

        // What follows the list is nothing to us, but is read to its end, so that the connection can serve again.
        _start = _place is Place.After ? _end : _start + (int)consumed;
        if (isEnded && _place is not Place.After)
        {
            throw new JsonException("it ends in the middle");
        }
    }

    /// <summary>Reads one member of the list, or one item; the reader's state counts only if it is all there.</summary>
    private bool Step(ref Utf8JsonReader reader)
    {
        if (!reader.Read())
        {
            return false;
        }

        switch (_place)
        {
            case Place.Before:
                _place = reader.TokenType is JsonTokenType.StartObject ? Place.List : throw new JsonException("it is no list");
                return true;

            case Place.List when reader.TokenType is JsonTokenType.EndObject:
            case Place.Items when reader.TokenType is JsonTokenType.EndArray:
                _place = _place is Place.List ? Place.After : Place.List;
                return true;

            case Place.List:
                return ReadMember(ref reader);

            default:
                return ReadItem(ref reader);
        }
    }

    private bool ReadMember(ref Utf8JsonReader reader)
    {
        var isMetadata = reader.ValueTextEquals("metadata"u8);
        var isItems = reader.ValueTextEquals("items"u8);
        if (!reader.Read())
        {
            return false;
        }

        if (isItems && reader.TokenType is JsonTokenType.StartArray)
        {
            _place = Place.Items;
            return true;
        }

        var start = (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
        {
            return false;
        }

        if (isMetadata)
        {
            ReadMetadata(_buffer.AsSpan(_start + start, (int)reader.BytesConsumed - start));
        }

        return true;
    }

    private bool ReadItem(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        if (!reader.TrySkip())
        {
            return false;
        }

        var item = _buffer.AsSpan(_start + start, (int)reader.BytesConsumed - start);
        if (share is not null && item.Length > CacheLimits.MaxObjectBytes)
        {
            throw ObjectTooLarge(item.Length);
        }

        _items.Add(decode(item));
        return true;
    }

    internal static TooLargeException ObjectTooLarge(long bytes) => new(
        Words.Line($"One object is larger than {Words.Mebibytes(CacheLimits.MaxObjectBytes)} MiB, which is the most that is taken of a workload cluster."), bytes, CacheLimits.MaxObjectBytes);

    private void ReadMetadata(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isVersion = reader.ValueTextEquals("resourceVersion"u8);
            var isContinue = reader.ValueTextEquals("continue"u8);
            reader.Read();
            if (isVersion)
            {
                _resourceVersion = reader.GetString();
            }
            else if (isContinue)
            {
                _continue = reader.GetString();
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void MakeRoom()
    {
        if (_end < _buffer.Length)
        {
            return;
        }

        var length = _end - _start;
        if (length > _buffer.Length / 2)
        {
            var larger = Rent(_buffer.Length * 2);
            _buffer.AsSpan(_start, length).CopyTo(larger);
            Return(_buffer);
            _buffer = larger;
        }
        else
        {
            _buffer.AsSpan(_start, length).CopyTo(_buffer);
        }

        (_start, _end) = (0, length);
    }

    private byte[] Rent(int length)
    {
        share?.Take(0, length);
        return length > LargestPooled ? GC.AllocateUninitializedArray<byte>(length) : ArrayPool<byte>.Shared.Rent(length);
    }

    private void Return(byte[] buffer)
    {
        if (buffer.Length == 0)
        {
            return;
        }

        share?.Change(0, -buffer.Length);
        if (buffer.Length <= LargestPooled)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
