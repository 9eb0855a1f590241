// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using CsCheck;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>
/// Kubeconfigs that somebody broke on purpose, by bytes, by tokens and by structure: each is a connection that a client can
/// be made of, or is refused in words; and none costs more than its size allows.
/// </summary>
public sealed class KubeconfigFuzzTests
{
    private static readonly string Authority = Pem(static () =>
    {
        using var root = TlsTests.Authority("root");
        return root.ExportCertificatePem();
    });

    private static readonly (string Certificate, string Key) Client = MakeClient();

    private static readonly string[] Valid =
    [
        $$"""
        apiVersion: v1
        kind: Config
        current-context: me@here
        preferences: {}
        contexts:
        - name: me@here
          context: {cluster: here, user: me, namespace: n}
        clusters:
        - name: here
          cluster:
            server: https://api.example:6443/prefix
            tls-server-name: api.internal
            certificate-authority-data: {{Authority}}
        users:
        - name: me
          user:
            client-certificate-data: {{Client.Certificate}}
            client-key-data: {{Client.Key}}
        """,
        $$"""
        {"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"k","user":"u"} }],
         "clusters":[{"name":"k","cluster":{"server":"https://10.0.0.1","certificate-authority-data":"{{Authority}}"} }],
         "users":[{"name":"u","user":{"token":"abc.def-ghi"} }]}
        """,
        """
        clusters: [{name: k, cluster: {server: "https://[fd00::1]:6443", proxy-url: 'http://p:1', insecure-skip-tls-verify: true}}]
        contexts: [{name: c, context: {cluster: k, user: u}}]
        current-context: c
        users:
        - name: u
          user:
            username: >-
              some
              body
            password: |
              secret
        """,
    ];

    private static readonly string[] Tokens =
    [
        "\n", "\n  ", "\n- ", ": ", ":", "- ", "? ", ", ", "[", "]", "{", "}", "'", "\"", "|", ">", "|9+", ">-", "&a ", "*a", "!!binary ",
        "!<x> ", "!a!b ", "%YAML 99999999999.1\n---\n", "%TAG ! x:\n---\n", "---\n", "...\n", "<<: ", "#", "\t", "\r\n", "\\", "\"\\U0010FFFF\"", "\"\\UFFFFFFFF\"",
        "\"\\x0d\\x0a\"", "\"\\ud800\"", "null", "~", "true", "false", "0", "''", "current-context", "contexts", "clusters", "users", "name", "cluster",
        "user", "server", "token", "exec", "proxy-url", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data",
        "client-certificate-data", "client-key-data", "username", "https://", "http://", "[::1]", "xn--", "169.254.169.254", "@", "?", ":70000", "%00", "%zz",
        "=", "==", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t", "\u0085", "\u2028", "\ufeff", "\ud83d\ude00", "\u0000",
    ];

    private static readonly Gen<Func<byte[], byte[]>> ByBytes =
        from at in Gen.Double[0, 1]
        from length in Gen.Int[0, 6]
        from bytes in Gen.Byte.Array[0, 6]
        select (Func<byte[], byte[]>)(text => Splice(text, at, length, bytes));

    private static readonly Gen<Func<byte[], byte[]>> ByTokens =
        from at in Gen.Double[0, 1]
        from length in Gen.Int[0, 20]
        from tokens in Gen.OneOf(Tokens).Array[1, 4]
        select (Func<byte[], byte[]>)(text => Splice(text, at, length, Encoding.UTF8.GetBytes(string.Concat(tokens))));

    // A piece of the text again, elsewhere, or many times.
    private static readonly Gen<Func<byte[], byte[]>> ByStructure =
        from piece in Gen.Double[0, 1]
        from length in Gen.Int[1, 200]
        from at in Gen.Double[0, 1]
        from cut in Gen.Int[0, 200]
        from times in Gen.Frequency((8, Gen.Const(1)), (2, Gen.Int[2, 50]))
        select (Func<byte[], byte[]>)(text =>
        {
            var start = (int)(piece * text.Length);
            var copied = text[start..Math.Min(text.Length, start + length)];
            return Splice(text, at, cut, [.. Enumerable.Repeat(copied, times).SelectMany(bytes => bytes)]);
        });

    // What is in base64 is data of its own: it is changed in there.
    private static readonly Gen<Func<byte[], byte[]>> ByData =
        from which in Gen.Int[0, 2]
        from at in Gen.Double[0, 1]
        from length in Gen.Int[0, 40]
        from bytes in Gen.Byte.Array[0, 40]
        from inDer in Gen.Bool
        select (Func<byte[], byte[]>)(text =>
        {
            var old = which switch { 0 => Authority, 1 => Client.Certificate, _ => Client.Key };
            return Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(text).Replace(old, Changed(old, at, length, bytes, inDer), StringComparison.Ordinal));
        });

    private static readonly Gen<byte[]> Broken =
        from valid in Gen.OneOf(Valid)
        from changes in Gen.OneOf(ByBytes, ByTokens, ByStructure, ByData).Array[1, 5]
        select changes.Aggregate(Encoding.UTF8.GetBytes(valid), (text, change) => change(text));

    [Fact]
    public void What_is_not_broken_is_a_connection()
    {
        var policy = new KubeconfigPolicy { AllowProxyUrl = true, AllowInsecureSkipTlsVerify = true };
        foreach (var valid in Valid)
        {
            ClusterConnection.FromKubeconfig(Encoding.UTF8.GetBytes(valid), "test", policy);
        }
    }

    // CsCheck_Iter in the environment asks for more.
    [Fact]
    public void What_is_broken_is_refused_in_words_and_costs_little()
    {
        var (connections, refusals) = (0, 0);
        var allowed = new KubeconfigPolicy { AllowProxyUrl = true, AllowInsecureSkipTlsVerify = true };
        Broken.Sample(
            kubeconfig =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                try
                {
                    var connection = ClusterConnection.FromKubeconfig(kubeconfig, "test", kubeconfig.Length % 2 == 0 ? allowed : null);
                    using var client = new ApiClient(connection);
                    connections++;
                }
                catch (ClusterConnectionException exception)
                {
                    exception.Message.ShouldStartWith("The kubeconfig of test can't be used: ");
                    exception.Message.Length.ShouldBeLessThan(600);
                    exception.Message.ShouldNotContain('\n');
                    refusals++;
                }

                AssertBounded(GC.GetAllocatedBytesForCurrentThread() - before, kubeconfig.Length);
            },
            iter: Math.Max(2000, Check.Iter),
            threads: 1,
            print: kubeconfig => Convert.ToBase64String(kubeconfig));
        connections.ShouldBeGreaterThan(0, "a change that changes nothing that matters is no harm");
        refusals.ShouldBeGreaterThan(0);
    }

    /// <summary>The factor is what the text is as UTF-16, as tokens and as a tree; the rest is that of an exception and of
    /// platform objects.</summary>
    internal static void AssertBounded(long allocated, int input) =>
        allocated.ShouldBeLessThan((2 << 20) + (80L * input), $"bytes allocated for {input} bytes");

    private static byte[] Splice(byte[] text, double at, int length, byte[] replacement)
    {
        var start = (int)(at * text.Length);
        return [.. text[..start], .. replacement, .. text[Math.Min(text.Length, start + length)..]];
    }

    private static string Changed(string data, double at, int length, byte[] bytes, bool inDer)
    {
        var pem = Convert.FromBase64String(data);
        if (!inDer)
        {
            return Convert.ToBase64String(Splice(pem, at, length, bytes));
        }

        var text = Encoding.ASCII.GetString(pem);
        var fields = PemEncoding.Find(text);
        var der = Splice(Convert.FromBase64String(text[fields.Base64Data]), at, length, bytes);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(PemEncoding.WriteString(text[fields.Label], der)));
    }

    private static (string Certificate, string Key) MakeClient()
    {
        using var root = TlsTests.Authority("root");
        using var own = TlsTests.Issue(root, "me", "client", IPAddress.Loopback);
        using var key = own.GetECDsaPrivateKey()!;
        return (Pem(own.ExportCertificatePem), Pem(key.ExportPkcs8PrivateKeyPem));
    }

    private static string Pem(Func<string> export) => Convert.ToBase64String(Encoding.ASCII.GetBytes(export()));
}
