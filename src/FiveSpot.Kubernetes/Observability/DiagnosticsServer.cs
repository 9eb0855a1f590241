// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Kubernetes;

/// <summary>
/// Answers <c>GET</c> of <c>/metrics</c>, <c>/healthz</c> (also <c>/health</c>, <c>/livez</c>) and <c>/readyz</c> (also
/// <c>/ready</c>). No web server: a few small requests a minute do not warrant the memory of one.
/// </summary>
public sealed partial class DiagnosticsServer : IAsyncDisposable
{
    private const int LongestRequest = 8 << 10;
    private const int MostAtOnce = 16;
    private const string PlainText = "text/plain; charset=utf-8";

    // Of a whole request and its answer: who is slower is not served.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly TcpListener _listener;
    private readonly DiagnosticsPages _pages;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _places = new(MostAtOnce);
    private readonly Task _accepting;

    private DiagnosticsServer(TcpListener listener, DiagnosticsPages pages, TimeProvider time, ILogger logger)
    {
        (_listener, _pages, _time, _logger) = (listener, pages, time, logger);
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>Starts to listen.</summary>
    /// <param name="address">Where; with port 0 the system chooses one.</param>
    /// <param name="pages">What there is to be seen.</param>
    /// <param name="time">Real time.</param>
    /// <param name="logger">Is told of what fails.</param>
    /// <returns>The server; disposing it stops it.</returns>
    /// <exception cref="IOException">The port can't be had; the message says why.</exception>
    public static DiagnosticsServer Start(IPEndPoint address, DiagnosticsPages pages, TimeProvider time, ILogger logger)
    {
        var listener = new TcpListener(address);
        try
        {
            listener.Start();
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new IOException($"{address} can't be listened on: {exception.Message}", exception);
        }

        return new DiagnosticsServer(listener, pages, time, logger);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
        _places.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new HashSet<Task>();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await _places.WaitAsync(_stop.Token);
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                serving.RemoveWhere(served => served.IsCompleted);
                serving.Add(ServeAsync(client));
            }
            catch (OperationCanceledException)
            {
                // Told to stop.
            }
            catch (SocketException exception)
            {
                // Of one client; a listener that is done for throws something else.
                _places.Release();
                LogFailed(exception.Message);
            }
        }

        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var patience = new CancellationTokenSource(Patience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, _stop.Token);
            using (client)
            {
                var stream = client.GetStream();
                if (await ReadRequestLineAsync(stream, either.Token) is { } request)
                {
                    await stream.WriteAsync(Answer(request), either.Token);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // Gone, or too slow.
        }
        catch (Exception exception)
        {
            LogFailed(exception.Message);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>Reads a request to the end of its head.</summary>
    /// <returns>Its first line; null if there is no such thing.</returns>
    private static async Task<string?> ReadRequestLineAsync(NetworkStream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestRequest];
        var length = 0;
        while (length < buffer.Length)
        {
            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return null;
            }

            length += read;
            if (buffer.AsSpan(0, length).IndexOf("\r\n\r\n"u8) >= 0)
            {
                return Encoding.ASCII.GetString(buffer, 0, buffer.AsSpan(0, length).IndexOf("\r\n"u8));
            }
        }

        return null;
    }

    private byte[] Answer(string requestLine)
    {
        var words = requestLine.Split(' ');
        var (status, mediaType, body) = words is ["GET" or "HEAD", _, _]
            ? Page(words[1].Split('?')[0])
            : ("405 Method Not Allowed", PlainText, "GET and HEAD are what there is\n");
        var content = Encoding.UTF8.GetBytes(body);
        var head = Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status}\r\nContent-Type: {mediaType}\r\nContent-Length: {content.Length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
        return words[0] == "HEAD" ? head : [.. head, .. content];
    }

    private (string Status, string MediaType, string Body) Page(string path) => path switch
    {
        "/metrics" when _pages.Metrics is { } metrics => ("200 OK", MetricRegistry.MediaType, metrics.Render()),
        "/healthz" or "/health" or "/livez" when _pages.Dead is { } dead => Probe(dead(), "500 Internal Server Error"),
        "/readyz" or "/ready" when _pages.Unready is { } unready => Probe(unready(), "503 Service Unavailable"),
        _ => ("404 Not Found", PlainText, $"Here there is {_pages}.\n"),
    };

    private static (string Status, string MediaType, string Body) Probe(string? trouble, string status) =>
        trouble is null ? ("200 OK", PlainText, "ok\n") : (status, PlainText, $"{trouble}\n");

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request for metrics or health failed: {Problem}")]
    private partial void LogFailed(string problem);
}
