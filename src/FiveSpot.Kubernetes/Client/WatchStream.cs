// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;

namespace FiveSpot.Kubernetes;

/// <summary>Reads the answer to a watch: one JSON object a line, for as long as the server goes on. Each is handed on in
/// place, without a copy where it came in one piece.</summary>
/// <param name="operation">The watch, for the words of a failure.</param>
/// <param name="connection">Whose answer it is.</param>
/// <param name="maxEventBytes">How large an event may be.</param>
/// <param name="onEvent">Takes each event; never called by two at once.</param>
/// <param name="share">What may be held of what the server says; null where it is trusted.</param>
/// <param name="time">The time that it is paced by.</param>
internal sealed class WatchStream(
    Operation operation, ClusterConnection connection, long maxEventBytes, WatchEventHandler onEvent, CacheShare? share, TimeProvider time)
{
    // Less than that of an event that is not whole yet is as good as nothing.
    private const int Uncounted = 64 << 10;

    private long _counted;

    /// <summary>Hands on each event until the stream ends; a last one that was cut in two is dropped.</summary>
    /// <param name="stream">The body of the answer.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ApiException">The server sent an error event, or what is none.</exception>
    /// <exception cref="InvalidDataException">An event is too large.</exception>
    public async Task ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 << 10, leaveOpen: true));
        try
        {
            var left = 0L;
            while (true)
            {
                var read = await pipe.ReadAsync(cancellationToken);
                var buffer = read.Buffer;
                var came = buffer.Length - left;
                if (share is null)
                {
                    buffer = DispatchAll(buffer, left);
                }
                else
                {
                    await share.BeginTurnAsync(cancellationToken);
                    try
                    {
                        buffer = DispatchAll(buffer, left);
                    }
                    finally
                    {
                        share.EndTurn();
                    }
                }

                if (read.IsCompleted)
                {
                    return;
                }

                left = buffer.Length;
                if (left > maxEventBytes)
                {
                    throw share is null ? new InvalidDataException($"an event is larger than {maxEventBytes} bytes") : ListStream<object>.ObjectTooLarge(left);
                }

                Count(left);
                pipe.AdvanceTo(buffer.Start, buffer.End);
                if (share?.PauseAfter(came, time) is { Ticks: > 0 } pause)
                {
                    await Task.Delay(pause, time, cancellationToken);
                }
            }
        }
        finally
        {
            Count(0);
            await pipe.CompleteAsync();
        }
    }

    /// <summary>Hands on each event that is whole.</summary>
    /// <param name="buffer">What there is.</param>
    /// <param name="searched">How much of it was there before, and has no end of an event.</param>
    /// <returns>What is left.</returns>
    private ReadOnlySequence<byte> DispatchAll(ReadOnlySequence<byte> buffer, long searched)
    {
        var end = buffer.Slice(searched).PositionOf((byte)'\n');
        while (end is { } found)
        {
            Dispatch(buffer.Slice(0, found));
            buffer = buffer.Slice(buffer.GetPosition(1, found));
            end = buffer.PositionOf((byte)'\n');
        }

        return buffer;
    }

    private void Count(long bytes)
    {
        bytes = bytes > Uncounted ? bytes : 0;
        if (share is not null && bytes != _counted)
        {
            var more = bytes - _counted;
            _counted = bytes;
            share.Change(0, more);
            if (more > 0)
            {
                share.ThrowIfExceeded();
            }
        }
    }

    private void Dispatch(ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
        {
            Dispatch(line.FirstSpan);
            return;
        }

        var length = (int)line.Length;
        var whole = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            line.CopyTo(whole);
            Dispatch(whole.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    private void Dispatch(ReadOnlySpan<byte> line)
    {
        if (line.Trim((byte)'\r').IsEmpty)
        {
            return;
        }

        if (share is not null && line.Length > CacheLimits.MaxObjectBytes)
        {
            throw ListStream<object>.ObjectTooLarge(line.Length);
        }

        WatchEventType? type = null;
        var isError = false;
        ReadOnlySpan<byte> value = default;
        try
        {
            var reader = ObjectJson.Reader(line);
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("type"u8))
                {
                    reader.Read();
                    isError = reader.ValueTextEquals("ERROR"u8);
                    type = reader.ValueTextEquals("MODIFIED"u8) ? WatchEventType.Modified
                        : reader.ValueTextEquals("ADDED"u8) ? WatchEventType.Added
                        : reader.ValueTextEquals("DELETED"u8) ? WatchEventType.Deleted
                        : reader.ValueTextEquals("BOOKMARK"u8) ? WatchEventType.Bookmark
                        : null;
                }
                else if (reader.ValueTextEquals("object"u8))
                {
                    reader.Read();
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    value = line[start..(int)reader.BytesConsumed];
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw StatusAnswer.NotJson(operation, connection, 200, "a broken watch event", line);
        }

        if (isError)
        {
            throw StatusAnswer.FromErrorEvent(operation, connection, value);
        }

        if (type is not { } known || value.IsEmpty)
        {
            throw StatusAnswer.NotJson(operation, connection, 200, "an unknown watch event", line);
        }

        share?.Charge(Math.Max(0, CacheLimits.LeastOfAnEvent - line.Length));
        onEvent(known, value);
    }
}
