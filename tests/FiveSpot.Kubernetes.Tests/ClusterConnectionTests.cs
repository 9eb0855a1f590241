// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class ClusterConnectionTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("fivespot").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static ClusterConnection Parse(string yaml, KubeconfigPolicy? policy = null) =>
        ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(yaml), "Secret ns/name", policy);

    private static string Config(string cluster = "", string user = "token: t", string context = "namespace: n") =>
        $$"""
        apiVersion: v1
        kind: Config
        current-context: me@here
        contexts:
        - name: other
          context: {cluster: other, user: other}
        - name: me@here
          context: {cluster: here, user: me, {{context}}}
        clusters:
        - name: here
          cluster: {server: "https://api.example:6443/prefix", {{cluster}}}
        users:
        - name: me
          user: { {{user}} }
        """;

    private static async Task<string> Authorization(ClusterConnection connection) =>
        (await connection.CreateCredentials!(new FakeTimeProvider()).GetAsync(null, CancellationToken.None)).ToString();

    [Fact]
    public async Task The_current_context_counts()
    {
        var connection = Parse(Config("tls-server-name: name, insecure-skip-tls-verify: true, proxy-url: 'http://proxy:3128'"),
            new KubeconfigPolicy { AllowProxyUrl = true, AllowInsecureSkipTlsVerify = true });
        connection.Server.ShouldBe(new Uri("https://api.example:6443/prefix"));
        connection.Namespace.ShouldBe("n");
        connection.TlsServerName.ShouldBe("name");
        connection.SkipTlsVerification.ShouldBeTrue();
        connection.Proxy.ShouldBe(new Uri("http://proxy:3128"));
        connection.Source.ShouldBe("kubeconfig of Secret ns/name");
        (await Authorization(connection)).ShouldBe("Bearer t");
        (await Authorization(Parse(Config(user: "username: u, password: p")))).ShouldBe("Basic dTpw");
    }

    [Fact]
    public void JSON_is_YAML() =>
        Parse("""{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":""}}],"clusters":[{"name":"k","cluster":{"server":"https://h"}}]}""")
            .Server.ShouldBe(new Uri("https://h"));

    [Theory]
    [InlineData("exec: {command: /bin/sh}", "exec")]
    [InlineData("auth-provider: {name: gcp}", "auth-provider")]
    [InlineData("tokenFile: /etc/passwd", "tokenFile")]
    [InlineData("client-certificate: /etc/passwd", "client-certificate")]
    [InlineData("client-key: /etc/passwd", "client-key")]
    [InlineData("token: t, 'client-key': /etc/passwd", "client-key")]
    public void A_stranger_may_name_no_files_and_no_programs_in_a_user(string user, string field) =>
        Should.Throw<ClusterConnectionException>(() => Parse(Config(user: user))).Message.ShouldBe(
            $"The kubeconfig of Secret ns/name can't be used: field '{field}' is refused: credentials must be in the kubeconfig itself, not in a file or a program.");

    [Fact]
    public void A_stranger_may_name_no_file_in_a_cluster_nor_in_what_is_not_used()
    {
        Should.Throw<ClusterConnectionException>(() => Parse(Config("certificate-authority: /etc/passwd")))
            .Message.ShouldContain("'certificate-authority'");
        Should.Throw<ClusterConnectionException>(() => Parse(Config() + "\n- name: unused\n  user: {exec: {command: x}}"))
            .Message.ShouldContain("'exec'");
    }

    [Theory]
    [InlineData("", "it is not one YAML mapping")]
    [InlineData("- a", "it is not one YAML mapping")]
    [InlineData("a: [", "line ")]
    [InlineData("a: &x 1\nb: *x", "alias")]
    [InlineData("a: 1", "current-context is not set")]
    [InlineData("current-context: c", "its current context is not among its contexts")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {user: u}}]", "its current context names no cluster")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]", "the cluster of its current context is not among its clusters")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k}]", "the cluster of its current context names no server")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {server: 'file:///etc'}}]", "server is not an http or https address")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://h'}}]", "the user of its current context is not among its users")]
    [InlineData("current-context: null", "current-context is not set")]
    [InlineData("current-context: c\ncontexts: [{name: c, context: {cluster: k}}, {name: c, context: {cluster: l}}]", "its current context is among its contexts twice")]
    [InlineData("a: 1\na: 2", "line ")]
    public void What_is_wrong_is_said(string yaml, string why)
    {
        var message = Should.Throw<ClusterConnectionException>(() => Parse(yaml)).Message;
        message.ShouldStartWith("The kubeconfig of Secret ns/name can't be used: ");
        message.ShouldContain(why);
    }

    [Theory]
    [InlineData("certificate-authority-data: '%%'", "token: t", "certificate-authority-data is not base64")]
    [InlineData("certificate-authority-data: aGVsbG8=", "token: t", "holds no certificate in PEM form")]
    [InlineData("", "client-certificate-data: aGVsbG8=", "needs both a certificate and a key")]
    [InlineData("", "as: admin", "impersonation (field 'as') is not supported")]
    public void Fields_that_can_not_be_used_are_said(string cluster, string user, string why) =>
        Should.Throw<ClusterConnectionException>(() => Parse(Config(cluster, user))).Message.ShouldContain(why);

    [Fact]
    public void A_nest_too_deep_and_a_text_too_long_are_refused_before_they_can_do_harm()
    {
        Should.Throw<ClusterConnectionException>(() => Parse("a: " + new string('[', 200_000)));
        Should.Throw<ClusterConnectionException>(() => Parse(string.Concat(Enumerable.Repeat("{a: ", 50_000))));
        Should.Throw<ClusterConnectionException>(() => Parse(new string(' ', 2 << 20))).Message.ShouldContain("larger than");
    }

    [Fact]
    public async Task A_client_certificate_is_shown_to_the_server()
    {
        using var root = TlsTests.Authority("root");
        using var leaf = TlsTests.Issue(root, "server", "localhost", IPAddress.Loopback);
        using var own = TlsTests.Issue(root, "somebody", "client", IPAddress.Loopback);
        using var key = own.GetECDsaPrivateKey()!;
        string? seen = null;
        await using var server = await ScriptedServer.StartAsync(
            async context =>
            {
                seen = context.Connection.ClientCertificate?.Subject;
                await context.Json(Things.Json("a", "1"));
            }, leaf, askForClientCertificate: true);
        static string Data(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));
        var connection = Parse(Config(
                $"certificate-authority-data: {Data(root.ExportCertificatePem())}",
                $"client-certificate-data: {Data(own.ExportCertificatePem())}, client-key-data: {Data(key.ExportPkcs8PrivateKeyPem())}")
            .Replace("https://api.example:6443/prefix", server.Address.AbsoluteUri, StringComparison.Ordinal));
        using var client = new ApiClient(connection);
        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, CancellationToken.None);
        seen.ShouldBe("CN=somebody");
    }

    [Fact]
    public async Task Files_of_a_trusted_kubeconfig_are_relative_to_it_and_the_first_of_several_wins()
    {
        var first = Path.Combine(_directory, "first");
        var second = Path.Combine(_directory, "second");
        await File.WriteAllTextAsync(first, "current-context: me@here\nusers: [{name: me, user: {tokenFile: token}}]");
        await File.WriteAllTextAsync(second, Config(user: "token: second"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "token"), "from-file\n");

        var connection = Kubeconfig.Load([first, Path.Combine(_directory, "missing"), second]).ToConnection();
        (await Authorization(connection)).ShouldBe("Bearer from-file");
        connection.Server.Host.ShouldBe("api.example");
        Should.Throw<ClusterConnectionException>(() => ClusterConnection.FromDefaults(Path.Combine(_directory, "missing")))
            .Message.ShouldContain("missing can't be read");
    }

    [Fact]
    public async Task A_credential_plugin_is_run_and_its_token_kept_until_it_expires()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        var runs = Path.Combine(_directory, "runs");
        var plugin = Path.Combine(_directory, "plugin");
        await File.WriteAllTextAsync(plugin,
            "echo run >> \"$RUNS\"\ncase \"$KUBERNETES_EXEC_INFO\" in *ExecCredential*) ;; *) exit 1;; esac\n"
            + "echo '{\"kind\":\"ExecCredential\",\"status\":{\"token\":\"'$1'\",\"expirationTimestamp\":\"2026-01-01T01:00:00Z\"}}'\n");
        var config = Path.Combine(_directory, "config");
        await File.WriteAllTextAsync(config, Config(
            user: $"exec: {{apiVersion: client.authentication.k8s.io/v1, command: sh, args: [{plugin}, made], env: [{{name: RUNS, value: {runs}}}]}}"));

        var credentials = ClusterConnection.FromDefaults(config).CreateCredentials!(time);
        var first = await credentials.GetAsync(null, CancellationToken.None);
        first.ToString().ShouldBe("Bearer made");
        (await credentials.GetAsync(null, CancellationToken.None)).ShouldBeSameAs(first);
        (await File.ReadAllLinesAsync(runs)).Length.ShouldBe(1);
        time.Advance(TimeSpan.FromMinutes(59.6));
        await credentials.GetAsync(null, CancellationToken.None);
        (await File.ReadAllLinesAsync(runs)).Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_credential_plugin_that_fails_is_quoted()
    {
        var config = Path.Combine(_directory, "config");
        await File.WriteAllTextAsync(config, Config(user: "exec: {command: sh, args: [-c, 'echo log in first >&2; exit 3']}"));
        var credentials = ClusterConnection.FromDefaults(config).CreateCredentials!(TimeProvider.System);
        (await Should.ThrowAsync<ClusterConnectionException>(credentials.GetAsync(null, CancellationToken.None).AsTask()))
            .Message.ShouldBe("The credential plugin sh ended with 3: log in first");
    }

    [Fact]
    public async Task A_Pod_has_its_service_account()
    {
        using var root = TlsTests.Authority("root");
        await File.WriteAllTextAsync(Path.Combine(_directory, "ca.crt"), root.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Combine(_directory, "namespace"), "spot\n");
        await File.WriteAllTextAsync(Path.Combine(_directory, "token"), "sa\n");
        var connection = ClusterConnection.InCluster("fd00::1", "6443", _directory);
        connection.Server.ShouldBe(new Uri("https://[fd00::1]:6443/"));
        connection.Namespace.ShouldBe("spot");
        connection.CertificateAuthorities!.Count.ShouldBe(1);
        (await Authorization(connection)).ShouldBe("Bearer sa");
        ClusterConnection.InCluster("10.0.0.1", null, _directory).Server.ShouldBe(new Uri("https://10.0.0.1/"));

        File.Delete(Path.Combine(_directory, "ca.crt"));
        Should.Throw<ClusterConnectionException>(() => ClusterConnection.InCluster("10.0.0.1", "443", _directory))
            .Message.ShouldContain("ca.crt");
    }
}
