// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FiveSpot.Kubernetes.Tests;

public sealed class TlsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_certificate_of_our_authority_is_trusted_and_HTTP_2_is_spoken()
    {
        using var root = Authority("root");
        using var leaf = Issue(root, "server", "localhost", IPAddress.Loopback);
        var protocol = "";
        await using var server = await ScriptedServer.StartAsync(
            context =>
            {
                protocol = context.Request.Protocol;
                return context.Json(Things.Json("a", "1"));
            }, leaf);
        using var client = Client(server, root);
        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);
        protocol.ShouldBe("HTTP/2");
    }

    [Fact]
    public async Task An_authority_that_is_itself_issued_by_another_is_enough()
    {
        using var root = Authority("root");
        using var intermediate = Authority("intermediate", root);
        using var leaf = Issue(intermediate, "server", "localhost", IPAddress.Loopback);
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.Json("a", "1")), leaf);
        using var client = Client(server, intermediate);
        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);
    }

    [Fact]
    public async Task A_self_signed_certificate_is_refused_in_words()
    {
        using var self = SelfSigned("selfish");
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), self);
        var e = await Refused(server, null);
        e.Message.ShouldEndWith(
            "can't be reached: the server's certificate ('CN=selfish') is not trusted: it is signed by itself and not among the authorities that this system trusts");
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused_in_words()
    {
        using var ours = Authority("ours");
        using var others = Authority("others");
        using var leaf = Issue(others, "server", "localhost", IPAddress.Loopback);
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        (await Refused(server, ours)).Message.ShouldContain(
            "it is issued by 'CN=others', which does not lead to the certificate authority of the configuration");
    }

    [Fact]
    public async Task A_certificate_of_our_authority_for_another_host_is_refused_in_words()
    {
        using var root = Authority("root");
        using var leaf = Issue(root, "server", "elsewhere.example", IPAddress.Parse("10.0.0.1"));
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        (await Refused(server, root)).Message.ShouldContain("it is for elsewhere.example, 10.0.0.1, not for 127.0.0.1");
    }

    [Fact]
    public async Task An_expired_certificate_is_refused_in_words()
    {
        using var root = Authority("root");
        using var leaf = Issue(root, "server", "localhost", IPAddress.Loopback, expired: true);
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        (await Refused(server, root)).Message.ShouldEndWith($"is not trusted: it expired at {leaf.NotAfter.ToUniversalTime():u}");
    }

    [Fact]
    public async Task An_authority_that_was_made_anew_is_said_to_be_so()
    {
        using var old = Authority("kubernetes");
        using var made = Authority("kubernetes");
        using var leaf = Issue(made, "server", "localhost", IPAddress.Loopback);
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        (await Refused(server, old)).Message.ShouldEndWith("it is not signed by the 'CN=kubernetes' of the configuration, but by another one of that name");
    }

    [Fact]
    public async Task An_issuer_that_has_expired_is_named()
    {
        using var root = Authority("root", expired: true);
        using var leaf = Issue(root, "server", "localhost", IPAddress.Loopback, expired: true);
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        (await Refused(server, root)).Message.ShouldEndWith($"; its issuer 'CN=root' expired at {root.NotAfter.ToUniversalTime():u}");
    }

    [Fact]
    public async Task Of_a_certificate_with_many_names_a_few_are_shown()
    {
        using var root = Authority("root");
        using var leaf = Issue(root, "server", "elsewhere.example", IPAddress.Parse("10.0.0.1"), more: [.. Enumerable.Range(0, 300).Select(i => $"{new string('x', 60)}.{new string('y', 60)}.n{i}.example")]);
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        var e = await Refused(server, root);
        e.Message.ShouldContain("… and 297 more, not for 127.0.0.1");
        e.Message.Length.ShouldBeLessThan(1000);
    }

    [Fact]
    public async Task A_server_without_TLS_is_said_to_be_so()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"));
        using var client = new ApiClient(ClusterConnection.ForServer(new UriBuilder(server.Address) { Scheme = "https" }.Uri));
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Message.ShouldContain("can't be reached: TLS failed: ");
    }

    [Fact]
    public void A_server_that_accepts_and_says_nothing_is_given_a_time() =>
        ApiUnreachableException.From(
            new Operation("get", Things.Type, Things.Key("a")), ClusterConnection.ForServer(new Uri("https://h")), TimeSpan.FromSeconds(30), timedOut: false,
            new TaskCanceledException("…", new TimeoutException("A connection could not be established within the configured ConnectTimeout.")))
            .Message.ShouldEndWith("https://h can't be reached: no connection, with TLS, within 10 s");

    [Fact]
    public async Task A_kubeconfig_can_name_the_server_that_the_certificate_is_for()
    {
        using var root = Authority("root");
        using var leaf = Issue(root, "server", "elsewhere.example", IPAddress.Parse("10.0.0.1"));
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.Json("a", "1")), leaf);
        using var client = new ApiClient(new ClusterConnection(server.Address, "test")
        {
            CertificateAuthorities = [root],
            TlsServerName = "elsewhere.example",
        });
        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);
    }

    [Fact]
    public async Task Verification_can_be_switched_off()
    {
        using var self = SelfSigned("selfish");
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.Json("a", "1")), self);
        using var client = new ApiClient(new ClusterConnection(server.Address, "test") { SkipTlsVerification = true });
        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);
    }

    internal static X509Certificate2 Authority(string name, X509Certificate2? issuer = null, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var (from, to) = Validity(expired);
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, to);
        }

        using var certificate = request.Create(issuer, from, to.AddMinutes(-1), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    internal static X509Certificate2 Issue(
        X509Certificate2 authority, string name, string dns, IPAddress address, bool expired = false, IEnumerable<string>? more = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(dns);
        foreach (var other in more ?? [])
        {
            names.AddDnsName(other);
        }

        names.AddIpAddress(address);
        request.CertificateExtensions.Add(names.Build());
        var (from, to) = Validity(expired);
        using var certificate = request.Create(authority, from, to.AddMinutes(-2), RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        var (from, to) = Validity(false);
        return request.CreateSelfSigned(from, to);
    }

    private static (DateTimeOffset From, DateTimeOffset To) Validity(bool expired)
    {
        var now = TimeProvider.System.GetUtcNow();
        return (now.AddDays(-2), expired ? now.AddDays(-1) : now.AddDays(1));
    }

    private static ApiClient Client(ScriptedServer server, X509Certificate2? authority) =>
        new(ClusterConnection.ForServer(server.Address, null, authority is null ? null : [authority]));

    private static async Task<ApiUnreachableException> Refused(ScriptedServer server, X509Certificate2? authority)
    {
        using var client = Client(server, authority);
        var e = await Should.ThrowAsync<ApiUnreachableException>(
            client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Failure.ShouldBe(TransportFailure.CertificateNotTrusted);
        return e;
    }
}
