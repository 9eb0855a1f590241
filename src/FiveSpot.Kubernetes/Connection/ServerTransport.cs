// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace FiveSpot.Kubernetes;

/// <summary>How an API server is reached: sockets, TLS, proxy, and for how long connections are kept.</summary>
internal static class ServerTransport
{
    /// <summary>The longest that a connection may take to be made, with TLS.</summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Makes the connections to one API server, and checks who is there.</summary>
    /// <param name="connection">Where, through what, by which authorities, and with which certificate of our own.</param>
    public static SocketsHttpHandler CreateHandler(ClusterConnection connection)
    {
        var check = new ServerCertificateCheck(connection.CertificateAuthorities, connection.SkipTlsVerification);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.GZip,
            EnableMultipleHttp2Connections = true,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            UseProxy = connection.Proxy is not null || !connection.Server.IsLoopback,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(connection, context.DnsEndPoint, cancellationToken),
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = ServerCertificateCheck.PolicyFor(connection.CertificateAuthorities),
                RemoteCertificateValidationCallback = check.Validate,
            },
        };
        if (connection.Proxy is { } proxy)
        {
            handler.Proxy = new WebProxy(proxy);
        }

        if (connection.ClientCertificates is { } own)
        {
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(own[0], own, offline: true);
        }

        return handler;
    }

    // TCP keep-alive: HTTP/1.1 has no pings, and a watch on a dead connection looks like a quiet one.
    private static async ValueTask<Stream> ConnectAsync(
        ClusterConnection connection, DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 30);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 10);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
            if (connection.IsUntrusted)
            {
                // What was looked at is what is connected to: a name can lead elsewhere the next time.
                await socket.ConnectAsync(await ResolveAsync(endpoint.Host, cancellationToken), endpoint.Port, cancellationToken);
            }
            else
            {
                await socket.ConnectAsync(endpoint, cancellationToken);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e) when (endpoint.Host != connection.Server.IdnHost || endpoint.Port != connection.Server.Port)
        {
            socket.Dispose();
            throw new ConnectException(
                TransportFailure.ProxyFailed,
                $"the proxy {endpoint.Host}:{endpoint.Port} on the way to it can't be reached: {ApiUnreachableException.Explain(e, endpoint.Host).Words}",
                e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static async Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        IPAddress[] addresses;
        try
        {
            addresses = await Dns.GetHostAddressesAsync(host, cancellationToken);
        }
        catch (ArgumentException e)
        {
            throw new ConnectException(TransportFailure.NameNotResolved, $"the name '{host}' can't be resolved: it is none of DNS", e);
        }

        return Array.Exists(addresses, MetadataAddresses.Contains)
            ? throw new ConnectException(
                TransportFailure.AddressRefused,
                $"'{host}' leads to a link-local or metadata address: no API server is there, and a kubeconfig from a Secret may not lead to it")
            : addresses;
    }
}
