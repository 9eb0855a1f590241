// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>A kubeconfig that a tenant wrote: what it may not say, and what its author may not learn.</summary>
public sealed class UntrustedKubeconfigTests
{
    private const string Refusal = "The kubeconfig of Secret ns/name can't be used: ";

    private static readonly KubeconfigPolicy Both = new() { AllowProxyUrl = true, AllowInsecureSkipTlsVerify = true };

    private static string Config(string cluster = "", string user = "token: t", string server = "https://api.example:6443", string more = "") =>
        $$"""
        current-context: c
        contexts: [{name: c, context: {cluster: k, user: u} }]
        clusters: [{name: k, cluster: {server: "{{server}}", {{cluster}} } }]
        users: [{name: u, user: { {{user}} } }]
        {{more}}
        """;

    private static ClusterConnection Parse(string yaml, KubeconfigPolicy? policy = null) => Parse(Encoding.UTF8.GetBytes(yaml), policy);

    private static ClusterConnection Parse(byte[] yaml, KubeconfigPolicy? policy = null) =>
        ClusterConnection.FromKubeconfig(yaml, "Secret ns/name", policy);

    private static string Refused(string yaml, KubeconfigPolicy? policy = null) => Refused(Encoding.UTF8.GetBytes(yaml), policy);

    private static string Refused(byte[] yaml, KubeconfigPolicy? policy = null)
    {
        var message = Should.Throw<ClusterConnectionException>(() => Parse(yaml, policy)).Message;
        message.ShouldStartWith(Refusal);
        message.Length.ShouldBeLessThan(600, "it goes into a status");
        message.ShouldNotContain('\n');
        return message[Refusal.Length..];
    }

    [Theory]
    [InlineData("proxy-url: 'http://proxy:3128'", "proxy-url")]
    [InlineData("proxy-url: ''", "proxy-url")]
    [InlineData("Proxy-URL: 'socks5://proxy:3128'", "proxy-url")]
    [InlineData("insecure-skip-tls-verify: true", "insecure-skip-tls-verify")]
    [InlineData("insecure-skip-tls-verify: 'True'", "insecure-skip-tls-verify")]
    [InlineData("insecure-skip-tls-verify: [false]", "insecure-skip-tls-verify")]
    public void What_weakens_the_connection_is_refused_and_the_flag_is_named(string field, string name)
    {
        var message = Refused(Config(field));
        message.ShouldContain($"field '{name}' is refused", Case.Sensitive);
        message.ShouldEndWith($"or the operator starts the controller with --allow-kubeconfig-{name}.");
        Parse(Config(field), Both);
        Should.Throw<ClusterConnectionException>(() => Parse(Config(field), Both with
        {
            AllowProxyUrl = name != KubeconfigPolicy.ProxyUrl,
            AllowInsecureSkipTlsVerify = name != KubeconfigPolicy.InsecureSkipTlsVerify,
        })).Message.ShouldBe(Refusal + message);
    }

    [Fact]
    public void It_is_refused_where_it_is_not_used_too_and_false_is_no_harm()
    {
        Refused(Config(more: "extra: [{cluster: {proxy-url: 'http://p'}}]")).ShouldContain("'proxy-url' is refused");
        Parse(Config("insecure-skip-tls-verify: false")).SkipTlsVerification.ShouldBeFalse();
    }

    [Fact]
    public void Http_is_refused_since_the_token_would_be_read_on_the_way()
    {
        Refused(Config(server: "http://api.example")).ShouldBe(
            "server is refused: over http the credentials would be sent in clear, to whoever answers; allowed is https, or the operator starts the controller with --allow-kubeconfig-insecure-skip-tls-verify.");
        Parse(Config(server: "http://api.example"), Both).Server.Scheme.ShouldBe("http");
    }

    [Theory]
    [InlineData("https://169.254.169.254")]
    [InlineData("https://0xa9fea9fe/latest")]
    [InlineData("https://2852039166")]
    [InlineData("https://169.254.1.1:6443")]
    [InlineData("https://[fe80::1]")]
    [InlineData("https://[::ffff:169.254.169.254]")]
    [InlineData("https://[64:ff9b::a9fe:a9fe]")]
    [InlineData("https://[64:ff9b:1::a9fe:a9fe]")]
    [InlineData("https://[64:ff9b:1:a9fe:a9:fe00::]")]
    [InlineData("https://[64:ff9b:1:a9:fe:a9fe::]")]
    [InlineData("https://[64:ff9b:1:ffff:a9:fea9:fe00:0]")]
    [InlineData("https://[64:ff9b::6464:64c8]")]
    [InlineData("https://[::169.254.169.254]")]
    [InlineData("https://[::ffff:0:169.254.169.254]")]
    [InlineData("https://[2002:a9fe:a9fe::]")]
    [InlineData("https://[2002:a9fe:a9fe::1]:6443")]
    [InlineData("https://[2002:a83f:8110::1]")]
    [InlineData("https://[fd00:ec2::254]")]
    [InlineData("https://[fd20:ce::254]")]
    [InlineData("https://168.63.129.16")]
    [InlineData("https://100.100.100.200")]
    public void A_metadata_address_is_refused_however_it_is_written(string server)
    {
        Refused(Config(server: server)).ShouldBe("server is refused: no API server is at a link-local or metadata address.");
        Refused(Config(server: server), Both).ShouldContain("metadata address");
    }

    [Theory]
    [InlineData("https://10.0.0.1")]
    [InlineData("https://192.168.254.169")]
    [InlineData("https://[fd00::1]:6443")]
    [InlineData("https://[64:ff9b::a00:1]")]
    [InlineData("https://[64:ff9b:1::a00:1]")]
    [InlineData("https://[2002:a00:1::1]")]
    [InlineData("https://[::10.0.0.1]")]
    [InlineData("https://127.0.0.1:6443")]
    public void Where_clusters_are_is_not(string server) => Parse(Config(server: server)).Server.ShouldBe(new Uri(server));

    [Theory]
    [InlineData("https://h/latest/meta-data?x=")]
    [InlineData("https://h/any/path#")]
    [InlineData("https://h/any/path#x")]
    [InlineData("https://user:password@h")]
    public void An_address_can_not_choose_the_path_of_requests(string server) =>
        Refused(Config(server: server)).ShouldContain("is more than an address: allowed is https://host");

    [Theory]
    [InlineData("nonsense")]
    [InlineData("https://")]
    [InlineData("https://h:70000")]
    [InlineData("https://h:0")]
    [InlineData("https://h:-1")]
    [InlineData("ftp://h")]
    [InlineData("//h")]
    [InlineData("https://a b")]
    [InlineData("https://a_very_long_label_a_very_long_label_a_very_long_label_a_very_long_label_a_very_long_label.a_very_long_label_a_very_long_label_a_very_long_label_a_very_long_label.a_very_long_label_a_very_long_label_a_very_long_label.a_very_long_label_a_very_long_label_a_very_long_label")]
    public void What_is_no_address_is_refused(string server) => Refused(Config(server: server)).ShouldContain("is not an http or https address, such as https://");

    [Fact]
    public void An_address_is_not_quoted()
    {
        Refused(Config(server: "https://" + new string('x', 100_000))).ShouldBe("server is not an http or https address, such as https://192.0.2.1:6443.");
    }

    [Theory]
    [InlineData(@"token: ""a\r\nHost: elsewhere""", "token has a character at position 2 that no credentials have: allowed")]
    [InlineData(@"token: ""a\n""", "at position 2")]
    [InlineData("token: 'two words'", "at position 4")]
    [InlineData(@"token: ""\u0000""", "at position 1")]
    [InlineData(@"token: ""ä""", "at position 1")]
    public void A_token_can_not_add_headers(string user, string why) => Refused(Config(user: user)).ShouldContain(why);

    [Fact]
    public void Credentials_longer_than_servers_take_are_refused()
    {
        Refused(Config(user: $"token: {new string('t', 16385)}")).ShouldStartWith("token is longer than 16384 characters");
        Refused(Config(user: $"username: {new string('t', 16385)}")).ShouldStartWith("username and password is longer than");
        Parse(Config(user: @"username: ""a\r\nb"", password: ""p\n"""));
    }

    [Theory]
    [InlineData(@"tls-server-name: ""a\r\nX: y""")]
    [InlineData("tls-server-name: 'two words'")]
    [InlineData("tls-server-name: höher")]
    public void A_server_name_can_not_add_headers(string cluster) => Refused(Config(cluster)).ShouldContain("is not a host name");

    [Fact]
    public void What_is_no_text_is_refused()
    {
        Refused([.. "a: "u8, 0xff, 0xfe]).ShouldBe("it is not text in UTF-8, from byte 4 on.");
        Refused(Encoding.Unicode.GetBytes("a: 1")).ShouldBe("it is not text: it has a control character (U+0000).");
        Refused([.. Encoding.UTF8.GetBytes(Config()), 0, .. "users: []"u8]).ShouldContain("control character");
        Parse([.. Encoding.UTF8.Preamble, .. Encoding.UTF8.GetBytes(Config())]).Server.Host.ShouldBe("api.example");
    }

    [Fact]
    public void Thousands_of_contexts_are_refused()
    {
        var contexts = string.Concat(Enumerable.Range(0, 4000).Select(i => $"- {{name: c{i}, context: {{cluster: k, user: u}}}}\n"));
        Refused($"current-context: c1\ncontexts:\n{contexts}").ShouldBe(
            "it has more than 20000 YAML nodes: one context, with its cluster and user, is enough.");
    }

    [Theory]
    [InlineData("aliases", "it uses a YAML alias ('*'): allowed is plain YAML, in which everything is written out.")]
    [InlineData("brackets", "it is nested more than 32 levels deep; a kubeconfig is six.")]
    [InlineData("braces", "it is nested more than 32 levels deep; a kubeconfig is six.")]
    [InlineData("dashes", "it is nested more than 32 levels deep; a kubeconfig is six.")]
    [InlineData("questions", "it is nested more than 32 levels deep; a kubeconfig is six.")]
    [InlineData("commas", "it has more than 20000 YAML nodes")]
    [InlineData("documents", "")]
    [InlineData("directives", "")]
    [InlineData("scalar", "current-context is not set")]
    [InlineData("quoted", "current-context is not set")]
    [InlineData("folded", "current-context is not set")]
    [InlineData("comment", "current-context is not set")]
    [InlineData("tag", "")]
    [InlineData("anchors", "it has more than 20000 YAML nodes")]
    [InlineData("key", "")]
    [InlineData("colons", "")]
    [InlineData("openQuote", "")]
    [InlineData("escapes", "current-context is not set")]
    [InlineData("certificates", "the certificate authority holds more than 256 certificates.")]
    [InlineData("beginnings", "the certificate authority holds more than 256 certificates.")]
    [InlineData("pem", "holds no certificate in PEM form")]
    [InlineData("keys", "it has more than 20000 YAML nodes")]
    [InlineData("tags", "")]
    public void A_megabyte_of_one_thing_costs_little(string kind, string why)
    {
        const int Size = (1 << 20) - 1000;
        static string Many(string what) => string.Concat(Enumerable.Repeat(what, Size / what.Length));
        static string Data(string what) => Convert.ToBase64String(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(what, Size * 3 / 4 / what.Length))));
        var yaml = Encoding.UTF8.GetBytes(kind switch
        {
            "aliases" => "a: &a [x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(0, 26).Select(i => $"{(char)('b' + i)}: &{(char)('b' + i)} [*{(char)('a' + i)},*{(char)('a' + i)}]\n")),
            "brackets" => "a: " + Many("["),
            "braces" => Many("{a: "),
            "dashes" => Many("- "),
            "questions" => Many("? "),
            "commas" => "a: [" + Many("a,") + "]",
            "documents" => Many("---\n"),
            "directives" => Many("%A b\n"),
            "scalar" => "a: " + Many("x"),
            "quoted" => "a: \"" + Many("x") + "\"",
            "folded" => "a: >\n" + Many("  x\n"),
            "comment" => "a: 1\n" + Many("#\n"),
            "tag" => "a: !<" + Many("x") + "> 1",
            "anchors" => "a: [" + Many("&a 1,") + "]",
            "key" => Many("x") + ": 1",
            "colons" => Many(":"),
            "openQuote" => "a: \"" + Many("\\\n"),
            "escapes" => "a: \"" + Many("\\u0041") + "\"",
            "certificates" => Config($"certificate-authority-data: {Data("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n")}"),
            "beginnings" => Config($"certificate-authority-data: {Data("-----BEGIN ")}"),
            "pem" => Config($"certificate-authority-data: {Data("-----")}"),
            "keys" => string.Concat(Enumerable.Range(0, 40_000).Select(i => $"? [{i % 10},{i / 10}]\n: {{x: {i}}}\n")),
            "tags" => string.Concat(Enumerable.Range(0, 50_000).Select(i => $"%TAG !a{i}! x:\n")) + "--- a",
            _ => throw new ArgumentOutOfRangeException(nameof(kind)),
        });
        yaml.Length.ShouldBeLessThanOrEqualTo(1 << 20);
        Refused(yaml); // Once for what is made once.
        var watch = Stopwatch.StartNew();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refused(yaml).ShouldContain(why);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(30), "a hundredth of that is what the worst one takes; what is not linear takes minutes");
        KubeconfigFuzzTests.AssertBounded(GC.GetAllocatedBytesForCurrentThread() - before, yaml.Length);
    }

    [Theory]
    [InlineData("%%")]
    [InlineData("a")]
    public void What_is_not_base64_is_said(string data) =>
        Refused(Config($"certificate-authority-data: '{data}'")).ShouldStartWith("certificate-authority-data is not base64");

    [Fact]
    public void Certificates_and_keys_that_are_none_are_refused()
    {
        using var root = TlsTests.Authority("root");
        using var own = TlsTests.Issue(root, "somebody", "client", IPAddress.Loopback);
        using var other = RSA.Create(2048);
        var der = own.RawData;
        Refused(Config($"certificate-authority-data: {Pem("CERTIFICATE", [1, 2, 3])}")).ShouldStartWith("the certificate authority is broken: ");
        Refused(Config($"certificate-authority-data: {Pem("CERTIFICATE", der[..^9])}")).ShouldStartWith("the certificate authority is broken: ");
        Refused(Config($"certificate-authority-data: {Convert.ToBase64String(der)}")).ShouldBe("the certificate authority holds no certificate in PEM form.");
        Refused(Config(user: $"client-certificate-data: {Pem("CERTIFICATE", der)}, client-key-data: {Pem("PRIVATE KEY", other.ExportPkcs8PrivateKey())}"))
            .ShouldStartWith("the client certificate and its key don't make a pair: ");
        Refused(Config(user: $"client-certificate-data: {Pem("CERTIFICATE", der)}, client-key-data: {Pem("EC PRIVATE KEY", [0x30, 0x80])}"))
            .ShouldStartWith("the client certificate and its key don't make a pair: ");
    }

    [Fact]
    public void A_key_of_absurd_size_is_refused_before_anybody_computes_with_it()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var certificate = new CertificateRequest("CN=a", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(200));
        Refused(Config(user: $"client-certificate-data: {Pem("CERTIFICATE", certificate.RawData)}, client-key-data: {Pem("RSA PRIVATE KEY", new byte[200_000])}"))
            .ShouldBe("the client key is longer than 8192 characters, in which an RSA key of 8192 bits has room.");
    }

    [Fact]
    public async Task A_name_that_leads_to_a_metadata_address_is_not_connected_to()
    {
        // Past the reader, as a name is that leads there.
        using var client = new ApiClient(new ClusterConnection(new Uri("https://169.254.169.254:6443"), "test") { IsUntrusted = true });
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None));
        e.Failure.ShouldBe(TransportFailure.AddressRefused);
        e.Message.ShouldEndWith("the server of the test can't be reached: its name leads to a link-local or metadata address: no API server is there, and a kubeconfig from a Secret may not lead to it");
    }

    /// <summary>Of what a cluster's author wrote, each name is one that nobody else need read: a message may reach others.</summary>
    [Theory]
    [InlineData("current-context: SECRET", "its current context is not among its contexts.")]
    [InlineData("current-context: SECRET\ncontexts: [{name: SECRET, context: {cluster: SECRET2}}]", "the cluster of its current context is not among its clusters.")]
    [InlineData("current-context: SECRET\ncontexts: [{name: SECRET, context: {user: SECRET2}}]", "its current context names no cluster.")]
    [InlineData("current-context: SECRET\ncontexts: [{name: SECRET, context: {}}, {name: SECRET}]", "its current context is among its contexts twice.")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: SECRET}}]\nclusters: [{name: SECRET}]", "the cluster of its current context names no server.")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k, user: SECRET}}]\nclusters: [{name: k, cluster: {server: 'https://h'}}]", "the user of its current context is not among its users.")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'ftp://SECRET'}}]", "server is not an http or https address, such as https://192.0.2.1:6443.")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'http://SECRET'}}]", "server is refused: over http")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'https://SECRET?SECRET'}}]", "server is more than an address")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'https://h', tls-server-name: 'SECRET SECRET'}}]", "tls-server-name is not a host name.")]
    [InlineData("a: !SECRET!b 1", "line 1 is not YAML.")]
    [InlineData("SECRET: 1\nSECRET: 2", "line 2 is not YAML.")]
    [InlineData("a: 'SECRET", "line 1 is not YAML.")]
    [InlineData("a: {ExEc: SECRET}", "field 'exec' is refused")]
    public void Nothing_of_its_text_is_said(string yaml, string why)
    {
        var message = Refused(yaml);
        message.ShouldStartWith(why, Case.Sensitive);
        message.ShouldNotContain("SECRET", Case.Insensitive);
    }

    [Fact]
    public async Task Where_nobody_answers_the_address_is_not_said()
    {
        var nobody = "127.0.0.1:1";
        (await UnreachableAsync(Config(server: $"https://{nobody}"))).ShouldBe("get things.example.com ns/a: the server of the kubeconfig of Secret ns/name can't be reached: connection refused");
        (await UnreachableAsync(Config(server: "https://nobody.invalid"))).ShouldBe("get things.example.com ns/a: the server of the kubeconfig of Secret ns/name can't be reached: its name can't be resolved");
        (await UnreachableAsync(Config($"proxy-url: 'http://{nobody}'"))).ShouldBe(
            "get things.example.com ns/a: the server of the kubeconfig of Secret ns/name can't be reached: the proxy on the way to it can't be reached: connection refused");
    }

    [Theory]
    [InlineData("https://[::1]:{0}")]
    [InlineData("https://[0:0:0:0:0:0:0:1]:{0}")]
    [InlineData("https://[::ffff:127.0.0.1]:{0}")]
    public async Task An_IPv6_address_that_nobody_answers_at_is_no_proxy(string server) =>
        (await UnreachableAsync(Config(server: string.Format(System.Globalization.CultureInfo.InvariantCulture, server, 1)))).ShouldNotContain("proxy");

    [Theory]
    [InlineData("https://127.0.0.1:6443")]
    [InlineData("https://127.1.2.3")]
    [InlineData("https://localhost")]
    [InlineData("https://LOCALHOST.")]
    [InlineData("https://[::1]")]
    [InlineData("https://[::ffff:127.0.0.1]")]
    [InlineData("https://[::127.0.0.1]")]
    [InlineData("https://[64:ff9b:1::7f00:1]")]
    [InlineData("https://[2002:7f00:1::]")]
    [InlineData("https://0.0.0.0:6443")]
    [InlineData("https://[::]:6443")]
    [InlineData("https://0:6443")]
    [InlineData("https://10.96.0.1")]
    [InlineData("https://10.96.0.1:2379")]
    [InlineData("https://[::ffff:10.96.0.1]")]
    public void Addresses_of_our_own_take_a_flag(string server)
    {
        var policy = new KubeconfigPolicy { OwnServer = new Uri("https://10.96.0.1:443") };
        Refused(Config(server: server), policy).ShouldBe(
            "server leads to this machine itself or to the management cluster's API server: allowed is the address of another server, or the operator starts the controller with --allow-kubeconfig-own-addresses.");
        Parse(Config(server: server), policy with { AllowOwnAddresses = true });
        Parse(Config(server: server));
        Parse(Config(), policy);
    }

    [Fact]
    public void The_name_of_our_own_server_takes_a_flag_too() =>
        Refused(Config(server: "https://KUBERNETES.default.svc."), new KubeconfigPolicy { OwnServer = new Uri("https://kubernetes.default.svc:443") }).ShouldStartWith("server leads to");

    /// <summary>The name was none of our own when the kubeconfig was read: it is looked at again when it is connected to.</summary>
    [Fact]
    public async Task A_name_that_leads_to_an_address_of_our_own_is_not_connected_to()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.Json("a", "1")));
        var here = new UriBuilder(server.Address) { Host = "localhost", Scheme = "https" }.Uri;
        foreach (var own in (Uri[])[new("https://192.0.2.1"), here])
        {
            using var client = new ApiClient(new ClusterConnection(here, "test") { IsUntrusted = true, OwnServer = own });
            var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None));
            e.Failure.ShouldBe(TransportFailure.AddressRefused);
            e.Message.ShouldContain("its name leads to this machine itself or to the management cluster's API server");
            e.Message.ShouldNotContain("localhost");
        }
    }

    /// <summary>DNS rebinding: a name that leads to a harmless address when it is looked at, and elsewhere when it is asked again.</summary>
    [Fact]
    public async Task The_address_that_was_looked_at_is_the_one_that_is_connected_to()
    {
        var asked = 0;
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.Json("a", "1")));
        using var client = new ApiClient(new ClusterConnection(new UriBuilder(server.Address) { Host = "rebinding.example" }.Uri, "test")
        {
            IsUntrusted = true,
            Resolve = (name, _) =>
            {
                name.ShouldBe("rebinding.example");
                return Task.FromResult<IPAddress[]>([asked++ == 0 ? IPAddress.Loopback : IPAddress.Parse("169.254.169.254")]);
            },
        });

        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None);
        asked.ShouldBe(1, "the second answer would have led elsewhere");
    }

    [Fact]
    public async Task A_name_with_one_bad_address_among_good_ones_is_not_connected_to()
    {
        using var client = new ApiClient(new ClusterConnection(new Uri("https://rebinding.example"), "test")
        {
            IsUntrusted = true,
            Resolve = (_, _) => Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("169.254.169.254")]),
        });
        (await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None)))
            .Failure.ShouldBe(TransportFailure.AddressRefused);
    }

    [Theory]
    [InlineData(true, "it is for another host")]
    [InlineData(false, "its issuer does not lead to the certificate authority of the configuration")]
    public async Task Whose_certificate_it_is_is_not_told_to_who_chose_the_address(bool ofThisAuthority, string why)
    {
        using var root = TlsTests.Authority("internal-root");
        using var other = TlsTests.Authority("other-root");
        using var leaf = TlsTests.Issue(root, "internal-server", "vault.internal", IPAddress.Parse("10.1.2.3"));
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{}"), leaf);
        var message = await UnreachableAsync(Config(
            $"certificate-authority-data: {Pem("CERTIFICATE", (ofThisAuthority ? root : other).RawData)}", server: server.Address.AbsoluteUri), KubeconfigPolicy.Strict);
        message.ShouldContain("can't be reached: the server's certificate is not trusted: ");
        message.ShouldContain(why);
        foreach (var told in (string[])["internal", "vault", "10.1.2.3", "127.0.0.1"])
        {
            message.ShouldNotContain(told);
        }
    }

    private static async Task<string> UnreachableAsync(string yaml, KubeconfigPolicy? policy = null)
    {
        using var client = new ApiClient(Parse(yaml, policy ?? Both));
        return (await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None))).Message;
    }

    [Theory]
    [InlineData(200, "text/plain", "AKIAEXAMPLESECRET", "get things.example.com ns/a: {0} does not answer as a Kubernetes API server, but 200 with text/plain")]
    [InlineData(200, "application/octet-stream", "AKIAEXAMPLESECRET", "get things.example.com ns/a: {0} does not answer as a Kubernetes API server, but 200 with application/octet-stream")]
    [InlineData(500, "text/plain", "AKIAEXAMPLESECRET", "get things.example.com ns/a: {0} answered 500 with text/plain")]
    [InlineData(500, "application/json", "{\"AKIAEXAMPLESECRET\":1}", "get things.example.com ns/a: {0} answered 500 with application/json")]
    [InlineData(200, "application/json", "[\"AKIAEXAMPLESECRET\"]", "")]
    [InlineData(200, "application/json", "AKIAEXAMPLESECRET", "")]
    [InlineData(200, "text/html", "<html><TITLE>Sign\n in</TITLE><body>AKIAEXAMPLESECRET", "get things.example.com ns/a: {0} does not answer as a Kubernetes API server, but 200 with text/html, titled \"Sign in\"")]
    [InlineData(200, "text/html", "<title>never ends AKIAEXAMPLESECRET", "get things.example.com ns/a: {0} does not answer as a Kubernetes API server, but 200 with text/html")]
    public async Task What_another_server_answers_is_not_shown_to_who_chose_it(int code, string mediaType, string body, string message)
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            context.Response.StatusCode = code;
            context.Response.ContentType = mediaType;
            return context.Response.WriteAsync(body);
        });
        using var client = new ApiClient(Parse(Config(server: server.Address.AbsoluteUri), Both));
        var e = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None));
        e.Message.ShouldNotContain("AKIA");
        if (message.Length > 0)
        {
            e.Message.ShouldBe(string.Format(System.Globalization.CultureInfo.InvariantCulture, message, "the server of the kubeconfig of Secret ns/name"));
        }
    }

    [Fact]
    public async Task Where_another_server_redirects_to_is_shown_without_what_it_carries()
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            context.Response.Redirect("https://elsewhere.example/login?code=AKIAEXAMPLESECRET");
            return Task.CompletedTask;
        });
        using var client = new ApiClient(Parse(Config(server: server.Address.AbsoluteUri), Both));
        var e = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None));
        e.Message.ShouldEndWith("answered 302, redirecting to https://elsewhere.example/login, with no content type");
    }

    [Fact]
    public async Task A_long_Status_is_shown_in_part_and_on_one_line()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Status(403, "Forbidden", "no\\u001b[31m\\nway " + new string('x', 20_000)));
        using var client = new ApiClient(Parse(Config(server: server.Address.AbsoluteUri), Both));
        var e = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None));
        e.Message.ShouldStartWith("get things.example.com ns/a: no [31m way xxx");
        e.Message.ShouldEndWith("xxx… (403 Forbidden)");
        e.Message.Length.ShouldBeLessThan(1100);
    }

    private static string Pem(string label, byte[] der) => Convert.ToBase64String(Encoding.UTF8.GetBytes(PemEncoding.WriteString(label, der)));
}
