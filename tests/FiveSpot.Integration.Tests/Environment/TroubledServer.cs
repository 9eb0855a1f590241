// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace FiveSpot.Integration.Tests.Environment;

/// <summary>
/// Stands in front of an API server, on loopback, and has whatever trouble the scenario wants it to have; else it lets
/// everything through, so that the same address is a healthy cluster before and after.
/// </summary>
internal sealed partial class TroubledServer : IAsyncDisposable
{
    private readonly ConcurrentDictionary<TcpClient, bool> _open = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly X509Certificate2 _authority = Authority("troubled-ca");
    private readonly X509Certificate2 _sound;
    private readonly X509Certificate2 _expired;
    private readonly X509Certificate2 _elsewhere;
    private readonly X509Certificate2 _unknown;
    private readonly IPEndPoint _behind;
    private readonly IPEndPoint _address;
    private TcpListener _listener;
    private Task _accepting;
    private Socket? _keepsPort;
    private volatile Trouble _trouble;
    private int _unanswered;

    public TroubledServer(string behind)
    {
        using var nobody = Authority("nobody");
        _sound = Issue(_authority, "127.0.0.1");
        _expired = Issue(_authority, "127.0.0.1", expired: true);
        _elsewhere = Issue(_authority, "192.0.2.1");
        _unknown = Issue(nobody, "127.0.0.1");
        _behind = IPEndPoint.Parse(behind);
        _listener = Listen(0);
        _address = (IPEndPoint)_listener.LocalEndpoint;
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Address and port.</summary>
    public string Address => _address.ToString();

    /// <summary>When the expired certificate did.</summary>
    public DateTimeOffset Expired => new(_expired.NotAfter);

    /// <summary>How many requests were taken to be never answered.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>The kubeconfig of the server behind, with this address; it trusts this server's authority too.</summary>
    public string Kubeconfig(string ofBehind)
    {
        var pem = Encoding.ASCII.GetString(Convert.FromBase64String(AuthorityData().Match(ofBehind).Groups[1].Value));
        var both = Convert.ToBase64String(Encoding.ASCII.GetBytes($"{pem.TrimEnd()}\n{_authority.ExportCertificatePem()}\n"));
        return AuthorityData().Replace(ofBehind, $"certificate-authority-data: {both}").Replace(_behind.ToString(), Address, StringComparison.Ordinal);
    }

    /// <summary>From now on; connections that are open break.</summary>
    public async Task BeginAsync(Trouble trouble)
    {
        _trouble = trouble;
        if (trouble is Trouble.Down)
        {
            // Bound and not listening: refuses, and nobody else gets the port meanwhile.
            _keepsPort = new Socket(_address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _keepsPort.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            _keepsPort.Bind(_address);
            _listener.Dispose();
            await _accepting;
        }

        Break();
    }

    /// <summary>All is well again.</summary>
    public async Task EndAsync()
    {
        if (_trouble is Trouble.Down)
        {
            _listener = Listen(_address.Port);
            _accepting = AcceptAsync(_listener);
            _keepsPort?.Dispose();
        }

        await BeginAsync(Trouble.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        _keepsPort?.Dispose();
        await _accepting;
        Break();
        foreach (var certificate in (X509Certificate2[])[_authority, _sound, _expired, _elsewhere, _unknown])
        {
            certificate.Dispose();
        }

        _stop.Dispose();
    }

    private static TcpListener Listen(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Start();
        return listener;
    }

    private void Break()
    {
        foreach (var client in _open.Keys)
        {
            client.Dispose();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(_stop.Token);
                _ = ServeAsync(client, _trouble, _stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Told to stop listening.
        }
    }

    private async Task ServeAsync(TcpClient client, Trouble trouble, CancellationToken stop)
    {
        _open[client] = true;
        try
        {
            if (trouble is Trouble.None)
            {
                await LetThroughAsync(client, stop);
            }
            else if (trouble is Trouble.NoTls)
            {
                await AnswerAsync(client.GetStream(), "400 Bad Request", "text/plain", "no TLS here", stop);
            }
            else if (trouble is not (Trouble.ClosesAtOnce or Trouble.Down))
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = CertificateFor(trouble) }, stop);
                await TroubleAsync(tls, trouble, stop);
            }
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client went away, or was sent away.
        }
        finally
        {
            _open.TryRemove(client, out _);
            client.Dispose();
        }
    }

    private X509Certificate2 CertificateFor(Trouble trouble) => trouble switch
    {
        Trouble.ExpiredCertificate => _expired,
        Trouble.CertificateOfAnotherHost => _elsewhere,
        Trouble.CertificateOfAnUnknownAuthority => _unknown,
        _ => _sound,
    };

    private async Task TroubleAsync(SslStream tls, Trouble trouble, CancellationToken stop)
    {
        var request = new byte[16 << 10];
        if (await tls.ReadAsync(request, stop) == 0)
        {
            return;
        }

        switch (trouble)
        {
            case Trouble.Slow:
                Interlocked.Increment(ref _unanswered);
                while (await tls.ReadAsync(request, stop) > 0)
                {
                    // Listens, and says nothing.
                }

                break;
            case Trouble.Unauthorized:
                await AnswerAsync(tls, "401 Unauthorized", "application/json", Status(401, "Unauthorized", "Unauthorized"), stop);
                break;
            case Trouble.Forbidden:
                await AnswerAsync(
                    tls,
                    "403 Forbidden",
                    "application/json",
                    Status(403, "Forbidden", "nodes is forbidden: User \\\"tenant\\\" cannot list resource \\\"nodes\\\" in API group \\\"\\\" at the cluster scope"),
                    stop);
                break;
            default:
                await AnswerAsync(tls, "200 OK", "text/html; charset=utf-8", "<!doctype html><html><head><title>Sign in</title></head><body>secret</body></html>", stop);
                break;
        }
    }

    private async Task LetThroughAsync(TcpClient client, CancellationToken stop)
    {
        using var behind = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        await behind.ConnectAsync(_behind, stop);
        var (near, far) = (client.GetStream(), behind.GetStream());
        await await Task.WhenAny(near.CopyToAsync(far, stop), far.CopyToAsync(near, stop));
    }

    private static async Task AnswerAsync(Stream stream, string status, string mediaType, string body, CancellationToken stop) =>
        await stream.WriteAsync(
            Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: {mediaType}\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\nConnection: close\r\n\r\n{body}"), stop);

    private static string Status(int code, string reason, string message) =>
        $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","code":{{code}},"reason":"{{reason}}","message":"{{message}}"}""";

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string address, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=troubled", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        names.AddDnsName("troubled.example");
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.Create(authority, now.AddDays(-1), now.AddHours(expired ? -1 : 24), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    [GeneratedRegex("certificate-authority-data: \"?([A-Za-z0-9+/=]+)\"?")]
    private static partial Regex AuthorityData();
}
