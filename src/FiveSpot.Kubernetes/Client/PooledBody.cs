// SPDX-License-Identifier: Apache-2.0

using System.Buffers;

namespace FiveSpot.Kubernetes;

/// <summary>The whole body of an answer, in memory that goes back to the pool.</summary>
internal struct PooledBody : IDisposable
{
    private byte[]? _buffer;
    private int _length;

    public readonly ReadOnlySpan<byte> Span => _buffer.AsSpan(0, _length);

    /// <summary>Reads to the end.</summary>
    /// <exception cref="InvalidDataException">The body is larger than <paramref name="max"/>.</exception>
    public static async ValueTask<PooledBody> ReadAsync(
        HttpContent content, int max, bool cutAtMax, CancellationToken cancellationToken)
    {
        var expected = Math.Min(content.Headers.ContentLength ?? 8192, max);
        var buffer = ArrayPool<byte>.Shared.Rent((int)expected + 1);
        var length = 0;
        try
        {
            await using var stream = await content.ReadAsStreamAsync(cancellationToken);
            int read;
            while ((read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken)) > 0)
            {
                length += read;
                if (length > max)
                {
                    length = cutAtMax ? max : throw new InvalidDataException($"the answer is larger than {max} bytes");
                    break;
                }

                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return new PooledBody { _buffer = buffer, _length = length };
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    public void Dispose()
    {
        if (_buffer is { } buffer)
        {
            _buffer = null;
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
