// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Kubernetes;

/// <summary>
/// Answers <c>GET</c> of <c>/metrics</c>, <c>/healthz</c> (also <c>/health</c>, <c>/livez</c>) and <c>/readyz</c> (also
/// <c>/ready</c>). No web server: a few small requests a minute do not warrant the memory of one.
/// </summary>
/// <remarks>
/// Whoever comes is served at once: nobody waits for a place, and who keeps the server waiting loses theirs to who comes later. So
/// nobody keeps the kubelet from its answer, which asks as soon as it has come, and reads as soon as it is answered.
/// </remarks>
public sealed partial class DiagnosticsServer : IAsyncDisposable
{
    private const int LongestRequest = 8 << 10;
    private const int KernelBuffer = 64 << 10;
    private const int MostOfRest = 16;
    private const int LongestTrouble = 4 << 10;
    private const string PlainText = "text/plain; charset=utf-8";

    private static readonly TimeSpan RequestTime = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly TcpListener _listener;
    private readonly DiagnosticsPages _pages;
    private readonly SharedRendering? _metrics;
    private readonly ArrayPool<byte> _buffers;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();

    // Of those who have not asked yet, and of those who have not read the answer. Answers cost more.
    private readonly DiagnosticsPlaces _asking = new(256, 64);
    private readonly DiagnosticsPlaces _reading = new(16, 4);
    private readonly Task _accepting;

    private DiagnosticsServer(TcpListener listener, DiagnosticsPages pages, ArrayPool<byte> buffers, TimeProvider time, ILogger logger)
    {
        (_listener, _pages, _buffers, _time, _logger) = (listener, pages, buffers, time, logger);
        _metrics = pages.Metrics is { } metrics ? new SharedRendering(metrics, time) : null;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndpoint;

    /// <summary>In words, what <see cref="TryReadAddress"/> takes.</summary>
    public const string Addresses = "an IP address, such as 127.0.0.1, fd00::1, 0.0.0.0 (all of IPv4) or :: (all of both families)";

    /// <summary>Reads an address to listen on, of either family, without a port.</summary>
    /// <param name="text">The address. What may be a number by itself, such as a port, is none.</param>
    /// <param name="address">The address; one of IPv4 in the form of IPv6 is that of IPv4.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryReadAddress(string text, out IPAddress address)
    {
        if (!IPAddress.TryParse(text, out address!) || text.StartsWith('['))
        {
            return false;
        }

        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return text.Contains(':', StringComparison.Ordinal) || address.ToString() == text;
    }

    /// <summary>Starts to listen.</summary>
    /// <param name="address">Where; <c>::</c> is all addresses of both families, as far as the kernel has them. With port 0 the
    /// system chooses one.</param>
    /// <param name="pages">What there is to be seen.</param>
    /// <param name="time">Real time.</param>
    /// <param name="logger">Is told of what fails.</param>
    /// <returns>The server; disposing it stops it.</returns>
    /// <exception cref="IOException">The port can't be had; the message says why.</exception>
    public static DiagnosticsServer Start(IPEndPoint address, DiagnosticsPages pages, TimeProvider time, ILogger logger) =>
        Start(address, pages, ArrayPool<byte>.Shared, time, logger);

    /// <summary>The same; requests are read into <paramref name="buffers"/>.</summary>
    internal static DiagnosticsServer Start(IPEndPoint address, DiagnosticsPages pages, ArrayPool<byte> buffers, TimeProvider time, ILogger logger)
    {
        address = AsFarAsThereIs(address, Socket.OSSupportsIPv6);
        var listener = new TcpListener(address);
        try
        {
            if (address.Address.Equals(IPAddress.IPv6Any))
            {
                listener.Server.DualMode = true;
            }

            // Connections have theirs from here. What the kernel keeps for them counts as the process's memory.
            (listener.Server.SendBufferSize, listener.Server.ReceiveBufferSize) = (KernelBuffer, KernelBuffer);
            listener.Start();
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new IOException($"{address} can't be listened on: {exception.Message}", exception);
        }

        return new DiagnosticsServer(listener, pages, buffers, time, logger);
    }

    /// <summary>All addresses are those of IPv4, where the kernel has no others.</summary>
    internal static IPEndPoint AsFarAsThereIs(IPEndPoint address, bool hasIPv6) =>
        !hasIPv6 && address.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.Any, address.Port) : address;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new HashSet<Task>();
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var served = ServeAsync(await _listener.AcceptSocketAsync(_stop.Token));
                if (!served.IsCompleted)
                {
                    serving.RemoveWhere(static other => other.IsCompleted);
                    serving.Add(served);
                }
            }
            catch (OperationCanceledException)
            {
                // Told to stop.
            }
            catch (SocketException exception)
            {
                // Of one client, or there are too many files; a listener that is done for throws something else.
                LogFailed(exception.Message);
                await Task.Delay(AfterFailure, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        _asking.Close();
        _reading.Close();
        await Task.WhenAll(serving);
    }

    private async Task ServeAsync(Socket socket)
    {
        using var ends = socket;
        try
        {
            using var client = new DiagnosticsClient(socket, _time, RequestTime);
            try
            {
                await ServeAsync(client);
            }
            finally
            {
                _asking.Leave(client);
                _reading.Leave(client);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Gone, too slow, or in the way of another.
        }
        catch (Exception exception)
        {
            LogFailed(exception.Message);
        }
    }

    private async Task ServeAsync(DiagnosticsClient client)
    {
        // Who has asked already needs no place.
        var there = client.WaitAsync();
        if (!there.IsCompleted)
        {
            _asking.Enter(client);
        }

        await there;
        if (await ReadRequestLineAsync(client) is { } request)
        {
            _asking.Leave(client);
            client.Expect(AnswerTime);
            await WriteAsync(client, await AnswerAsync(client, request));
            client.Finish();
            await ReadRestAsync(client);
        }
    }

    /// <summary>Reads a request to the end of its head.</summary>
    /// <returns>Its first line; null if there is no such thing.</returns>
    private async Task<string?> ReadRequestLineAsync(DiagnosticsClient client)
    {
        var buffer = _buffers.Rent(LongestRequest);
        try
        {
            var length = 0;
            while (length < LongestRequest)
            {
                var reading = client.ReadAsync(buffer.AsMemory(length, LongestRequest - length));
                if (!reading.IsCompleted)
                {
                    _asking.Enter(client);
                }

                var read = await reading;
                if (read == 0)
                {
                    return null;
                }

                var from = Math.Max(0, length - 3);
                length += read;
                if (buffer.AsSpan(from..length).IndexOf("\r\n\r\n"u8) >= 0)
                {
                    return Encoding.ASCII.GetString(buffer, 0, buffer.AsSpan(0, length).IndexOf("\r\n"u8));
                }
            }

            return null;
        }
        finally
        {
            _buffers.Return(buffer);
        }
    }

    private async Task WriteAsync(DiagnosticsClient client, ReadOnlyMemory<byte>[] answer)
    {
        foreach (var part in answer)
        {
            for (var written = 0; written < part.Length;)
            {
                var writing = client.WriteAsync(part[written..]);
                if (!writing.IsCompleted)
                {
                    _reading.Enter(client);
                }

                written += await writing;
            }
        }
    }

    // Until it has the answer and closes. What it has sent besides is thrown away: closed with that unread, a connection takes back
    // its answer. And what is closed before it is read the kernel keeps, out of anybody's sight.
    private async Task ReadRestAsync(DiagnosticsClient client)
    {
        var scratch = new byte[1024];
        for (var i = 0; i < MostOfRest; i++)
        {
            var reading = client.ReadAsync(scratch);
            if (!reading.IsCompleted)
            {
                _reading.Enter(client);
            }

            if (await reading == 0)
            {
                return;
            }
        }

        client.Drop();
    }

    private async Task<ReadOnlyMemory<byte>[]> AnswerAsync(DiagnosticsClient client, string requestLine)
    {
        var words = requestLine.Split(' ');
        var (status, mediaType, content) = words is not ["GET" or "HEAD", _, _]
            ? ("405 Method Not Allowed", PlainText, "GET and HEAD are what there is\n"u8.ToArray())
            : await PageAsync(client, words[1].Split('?')[0]);
        var head = Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {status}\r\nContent-Type: {mediaType}\r\nContent-Length: {content.Length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
        return words[0] == "HEAD" ? [head] : [head, content];
    }

    private async ValueTask<(string Status, string MediaType, byte[] Content)> PageAsync(DiagnosticsClient client, string path)
    {
        if (path == "/metrics" && _metrics is not null)
        {
            _reading.Enter(client);
            return ("200 OK", MetricRegistry.MediaType, await _metrics.RenderAsync().WaitAsync(_stop.Token));
        }

        var (status, body) = path switch
        {
            "/healthz" or "/health" or "/livez" when _pages.Dead is { } dead => Probe(dead(), "500 Internal Server Error"),
            "/readyz" or "/ready" when _pages.Unready is { } unready => Probe(unready(), "503 Service Unavailable"),
            _ => ("404 Not Found", $"Here there is {_pages}."),
        };
        return (status, PlainText, Encoding.UTF8.GetBytes($"{body}\n"));
    }

    private static (string Status, string Body) Probe(string? trouble, string status) => trouble is null ? ("200 OK", "ok") : (status, ForeignText.Line(trouble, LongestTrouble));

    [LoggerMessage(Level = LogLevel.Warning, Message = "A request for metrics or health failed: {Problem}")]
    private partial void LogFailed(string problem);
}
