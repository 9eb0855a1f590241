// SPDX-License-Identifier: Apache-2.0

using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace FiveSpot.ApiServer.Http;

/// <summary>One request of this process and its answer, which the client reads while the server writes it.</summary>
#pragma warning disable CA1001 // A CancellationTokenSource that has no timer holds nothing to dispose of.
internal sealed class InProcessExchange : IHttpResponseBodyFeature, IHttpRequestLifetimeFeature
#pragma warning restore CA1001
{
    // A watch is written at the pace of its changes: a slow reader holds nobody up.
    private readonly Pipe _pipe = new(new PipeOptions(pauseWriterThreshold: 0, useSynchronizationContext: false));
    private readonly TaskCompletionSource _began = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _aborted = new();
    private readonly AnsweringWriter _writer;

    public InProcessExchange()
    {
        _writer = new AnsweringWriter(_pipe.Writer, _began);
        Body = new AnswerStream(this, _pipe.Reader.AsStream());
        RequestAborted = _aborted.Token;
    }

    /// <summary>Done when the head of the answer is there.</summary>
    /// <exception cref="IOException">There is no answer.</exception>
    public Task Began => _began.Task;

    /// <summary>The body of the answer, for the client; whoever disposes of it wants no more.</summary>
    public Stream Body { get; }

    public CancellationToken RequestAborted { get; set; }

    public Stream Stream => _writer.AsStream();

    public PipeWriter Writer => _writer;

    /// <summary>Has the server answer.</summary>
    public void Run(RequestDelegate server, HttpContext context) => _ = RunAsync(server, context);

    /// <summary>Ends it as a broken connection does.</summary>
    public void Abort()
    {
        var broken = new IOException("The connection is broken.");
        _began.TrySetException(broken);
        _pipe.Writer.Complete(broken);
        _aborted.Cancel();
    }

    public Task StartAsync(CancellationToken cancellationToken = default)
    {
        _began.TrySetResult();
        return Task.CompletedTask;
    }

    public Task CompleteAsync()
    {
        _began.TrySetResult();
        _pipe.Writer.Complete();
        return Task.CompletedTask;
    }

    public void DisableBuffering()
    {
        // There is none.
    }

    public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException("The server has no files.");

    private async Task RunAsync(RequestDelegate server, HttpContext context)
    {
        try
        {
            await server(context);
            await CompleteAsync();
        }
        catch (Exception broken)
        {
            _began.TrySetException(new IOException("The server failed.", broken));
            await _pipe.Writer.CompleteAsync(broken);
        }
    }

    /// <summary>With the first byte that leaves, the head of the answer has left too.</summary>
    private sealed class AnsweringWriter(PipeWriter inner, TaskCompletionSource began) : PipeWriter
    {
        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            began.TrySetResult();
            return inner.FlushAsync(cancellationToken);
        }
    }

    /// <summary>What the client reads.</summary>
    private sealed class AnswerStream(InProcessExchange exchange, Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

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
                inner.Dispose();
                exchange._aborted.Cancel();
            }

            base.Dispose(disposing);
        }
    }
}
