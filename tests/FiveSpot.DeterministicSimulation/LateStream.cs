// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.DeterministicSimulation;

/// <summary>What a watch tells, as late as the network is; it may break.</summary>
internal sealed class LateStream(Stream inner, TimeProvider time, Life life, Func<TimeSpan> delay, Action<LateStream> closed) : Stream
{
    private readonly CancellationTokenSource _cut = new();

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Breaks it.</summary>
    public void Cut() => _cut.Cancel();

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cut.Token);
        try
        {
            var read = await inner.ReadAsync(buffer, either.Token);
            await Task.Delay(delay(), time, either.Token);
            if (life.IsDead)
            {
                await life.NeverAsync();
            }

            return read;
        }
        catch (OperationCanceledException cut) when (_cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new IOException("The connection was reset.", cut);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Only asynchronously.");

    public override void Flush()
    {
        // Nothing is written here.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            closed(this);
            inner.Dispose();
            _cut.Dispose();
        }

        base.Dispose(disposing);
    }
}
