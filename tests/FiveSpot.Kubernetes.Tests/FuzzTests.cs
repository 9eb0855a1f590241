// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;
using FiveSpot.Fuzzing;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>What an API server answers that may be a stranger's. Kubeconfigs have <see cref="KubeconfigFuzzTests"/> besides, which break them by structure.</summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private static readonly ClusterConnection Stranger = new(new Uri("https://h"), "test") { IsUntrusted = true };

    [Fact]
    public void Watch_events() => Tell(Fuzz.Feed(
        [
            """{"type":"ADDED","object":{"kind":"Node","metadata":{"name":"a","uid":"u","resourceVersion":"1","labels":{"a":"b"}}}}""" + "\n",
            """{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"2"}}}""" + "\n" + """{"object":{"metadata":{"name":"b"}},"type":"DELETED"}""" + "\r\n",
            """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"m","details":{"retryAfterSeconds":5,"causes":[{"field":"f","reason":"r","message":"m"}]}}}""" + "\n",
        ],
        ["\"type\":", "\"object\":", "\"ADDED\"", "\"ERROR\"", "\"BOOKMARK\"", "\"metadata\":", "\"kind\":\"Status\"", "\"details\":", "\"causes\":"],
        static input =>
        {
            try
            {
                new WatchStream(new Operation("watch", Things.Type, default), Stranger, 4096, static (type, value) =>
                {
                    try
                    {
                        _ = PartialObject.Decode(value);
                    }
                    catch (Exception expected) when (expected is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
                    {
                        // In words, by the informer.
                    }
                }, share: null, TimeProvider.System).ReadAsync(new MemoryStream(input), CancellationToken.None).GetAwaiter().GetResult();
            }
            catch (ApiException said)
            {
                said.Message.ShouldNotContain('\u001b');
                said.Message.Length.ShouldBeLessThan(2000);
            }
            catch (InvalidDataException)
            {
                // Larger than an event may be.
            }
        }));

    [Fact]
    public void Kubeconfigs() => Tell(Fuzz.Feed(
        [
            "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: 'https://10.0.0.1:6443'}}]\nusers: [{name: u, user: {token: t}}]\n",
            "apiVersion: v1\nkind: Config\ncurrent-context: me@here\ncontexts:\n- name: me@here\n  context:\n    cluster: here\n    user: me\nclusters:\n- name: here\n  cluster:\n    server: https://[fd00::1]/p\n    tls-server-name: a.b\nusers:\n- name: me\n  user:\n    username: a\n    password: |\n      b\n",
            """{"current-context":"c","contexts":[{"name":"c","context":{"cluster":"k"}}],"clusters":[{"name":"k","cluster":{"server":"https://h:1","insecure-skip-tls-verify":false}}]}""",
        ],
        ["\n- ", "\n  ", "? ", "&a ", "*a", "!!binary ", "---\n", "...\n", "<<: ", "|", ">-", "'", "server: ", "exec: ", "proxy-url: ", "https://", "169.254.169.254", "xn--", "%00"],
        static input =>
        {
            try
            {
                _ = ClusterConnection.FromKubeconfig(input, "test");
            }
            catch (ClusterConnectionException refused)
            {
                refused.Message.Length.ShouldBeLessThan(600);
                refused.Message.ShouldNotContain('\n');
            }
        }));

    private void Tell(long inputs) => output.WriteLine($"{inputs} inputs");
}
