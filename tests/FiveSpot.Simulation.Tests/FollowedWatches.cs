// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;

namespace FiveSpot.Simulation.Tests;

/// <summary>
/// What a client has under way, and how far its watches have come: what was read of them before is dealt with once more is asked
/// for. So it is known, and not guessed after a while, that nothing is on its way to it any more.
/// </summary>
internal sealed partial class FollowedWatches
{
    private readonly ConcurrentDictionary<Followed, bool> _open = new();
    private int _underWay;

    /// <summary>The server whose versions these are; what a client asks of others is not followed.</summary>
    public string? Authority { get; set; }

    public HttpMessageHandler Follow(HttpMessageHandler inner) => new Handler(this, inner);

    /// <summary>Whether no request is under way, and every watch has dealt with a bookmark of a version or a later one.</summary>
    public bool AreAt(long version) => Volatile.Read(ref _underWay) == 0 && _open.Keys.All(watch => watch.DealtWith >= version);

    [GeneratedRegex("\"resourceVersion\":\"([0-9]+)\"", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VersionPattern();

    private sealed class Handler(FollowedWatches watches, HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Authority != watches.Authority)
            {
                return await base.SendAsync(request, cancellationToken);
            }

            Interlocked.Increment(ref watches._underWay);
            try
            {
                var answer = await base.SendAsync(request, cancellationToken);
                if (answer.IsSuccessStatusCode && request.RequestUri!.Query.Contains("watch=true", StringComparison.Ordinal))
                {
                    var followed = new StreamContent(new Followed(watches, await answer.Content.ReadAsStreamAsync(cancellationToken)));
                    foreach (var (name, values) in answer.Content.Headers)
                    {
                        followed.Headers.TryAddWithoutValidation(name, values);
                    }

                    answer.Content = followed;
                }

                return answer;
            }
            finally
            {
                Interlocked.Decrement(ref watches._underWay);
            }
        }
    }

    private sealed class Followed : Stream
    {
        private readonly FollowedWatches _watches;
        private readonly Stream _inner;
        private readonly MemoryStream _line = new();
        private long _read;
        private long _dealtWith;

        public Followed(FollowedWatches watches, Stream inner)
        {
            (_watches, _inner) = (watches, inner);
            watches._open[this] = true;
        }

        /// <summary>The version of the last bookmark that nothing of which is left to do.</summary>
        public long DealtWith => Interlocked.Read(ref _dealtWith);

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Exchange(ref _dealtWith, _read);
            try
            {
                var count = await _inner.ReadAsync(buffer, cancellationToken);
                Note(buffer.Span[..count]);
                if (count == 0)
                {
                    _watches._open.TryRemove(this, out _);
                }

                return count;
            }
            catch
            {
                _watches._open.TryRemove(this, out _);
                throw;
            }
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            _watches._open.TryRemove(this, out _);
            _inner.Dispose();
            base.Dispose(disposing);
        }

        private void Note(ReadOnlySpan<byte> came)
        {
            for (var end = came.IndexOf((byte)'\n'); end >= 0; end = came.IndexOf((byte)'\n'))
            {
                _line.Write(came[..end]);
                came = came[(end + 1)..];
                var line = _line.GetBuffer().AsSpan(0, (int)_line.Length);
                if (line.StartsWith("{\"type\":\"BOOKMARK\""u8) && VersionPattern().Match(System.Text.Encoding.UTF8.GetString(line)) is { Success: true } version)
                {
                    _read = long.Parse(version.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
                }

                _line.SetLength(0);
            }

            _line.Write(came);
        }
    }
}
