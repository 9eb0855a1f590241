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

    // Of what has come and is not read yet that much is kept, for each call under way. By default it grows to 16 MiB where a server
    // seems to be far away, which it can see to.
    private const int Window = 64 << 10;
    private const int TrustedWindow = 1 << 20;

    static ServerTransport() => AppContext.SetSwitch("System.Net.SocketsHttpHandler.Http2FlowControl.DisableDynamicWindowSizing", isEnabled: true);

    /// <summary>Makes the connections to one API server, and checks who is there.</summary>
    /// <param name="connection">Where, through what, by which authorities, and with which certificate of our own.</param>
    /// <param name="share">What the server may cost; null where it is trusted.</param>
    public static SocketsHttpHandler CreateHandler(ClusterConnection connection, CacheShare? share)
    {
        var check = new ServerCertificateCheck(connection.CertificateAuthorities, connection.SkipTlsVerification, namesNobody: connection.IsUntrusted);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.GZip,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = share is null ? TrustedWindow : Window,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
            PooledConnectionLifetime = TimeSpan.FromMinutes(30),
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(30),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
            UseProxy = connection.Proxy is not null || !connection.Server.IsLoopback,
            ConnectCallback = (context, cancellationToken) => ConnectAsync(connection, share, context.DnsEndPoint, cancellationToken),
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
        ClusterConnection connection, CacheShare? share, DnsEndPoint endpoint, CancellationToken cancellationToken)
    {
        var host = endpoint.Host.Trim('[', ']');
        var isServer = host == connection.Server.IdnHost.Trim('[', ']') && endpoint.Port == connection.Server.Port;
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
                // A proxy of the operator's may be anywhere.
                var ownServer = isServer || connection.Proxy is not null ? connection.OwnServer : null;
                await socket.ConnectAsync(await ResolveAsync(connection, share, host, ownServer, cancellationToken), endpoint.Port, cancellationToken);
            }
            else
            {
                await socket.ConnectAsync(endpoint, cancellationToken);
            }

            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e) when (!isServer)
        {
            socket.Dispose();
            throw new ConnectException(
                TransportFailure.ProxyFailed,
                $"{(connection.IsUntrusted ? "the proxy" : $"the proxy {endpoint.Host}:{endpoint.Port}")} on the way to it can't be reached: {ApiUnreachableException.Explain(e, connection.IsUntrusted ? null : host).Words}",
                e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // What is refused is said without the name: its author knows it, and other readers need not.
    private static async Task<IPAddress[]> ResolveAsync(
        ClusterConnection connection, CacheShare? share, string host, Uri? ownServer, CancellationToken cancellationToken)
    {
        var addresses = await LookUpAsync(connection, share, host, cancellationToken);
        if (Array.Exists(addresses, MetadataAddresses.Contains))
        {
            throw new ConnectException(
                TransportFailure.AddressRefused,
                "its name leads to a link-local or metadata address: no API server is there, and a kubeconfig from a Secret may not lead to it");
        }

        if (ownServer is not null
            && (Array.Exists(addresses, OwnAddresses.IsLoopback)
                || OwnAddresses.IsHostOf(host, ownServer)
                || await AreOfAsync(connection, share, ownServer, addresses, cancellationToken)))
        {
            throw new ConnectException(TransportFailure.AddressRefused, $"its name leads to {KubeconfigPolicy.OwnAddressesRefused}");
        }

        return addresses;
    }

    private static async Task<bool> AreOfAsync(
        ClusterConnection connection, CacheShare? share, Uri server, IPAddress[] addresses, CancellationToken cancellationToken)
    {
        try
        {
            var own = await LookUpAsync(connection, share, server.IdnHost, cancellationToken);
            return Array.Exists(addresses, address => Array.Exists(own, other => OwnAddresses.AreSame(address, other)));
        }
        catch (Exception e) when (e is SocketException or ConnectException)
        {
            return false; // It has no address now that could be meant.
        }
    }

    private static async Task<IPAddress[]> LookUpAsync(
        ClusterConnection connection, CacheShare? share, string host, CancellationToken cancellationToken)
    {
        try
        {
            return await (connection.Resolve?.Invoke(host, cancellationToken) ?? HostLookup.FindAsync(Dns.GetHostAddresses, host, share?.Lookups, cancellationToken));
        }
        catch (ArgumentException e)
        {
            throw new ConnectException(TransportFailure.NameNotResolved, "its name can't be resolved: it is none of DNS", e);
        }
    }
}
