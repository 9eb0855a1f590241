// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer.Http;

namespace FiveSpot.ApiServer.Admission;

/// <summary>Asks webhooks over HTTPS. A failure is told as kube-apiserver, and Go beneath it, tell it.</summary>
internal sealed class WebhookClient : IDisposable
{
    private readonly ConcurrentDictionary<string, HttpClient> _clients = new(StringComparer.Ordinal);
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Makes a client; <paramref name="clock"/> is that of connections.</summary>
    public WebhookClient(TimeProvider clock) => _clock = clock;

    /// <summary>Asks, and returns what was answered.</summary>
    /// <exception cref="WebhookException">It could not be asked within its time.</exception>
    public async Task<JsonObject> AskAsync(AdmissionWebhook webhook, JsonObject review)
    {
        var http = _clients.GetOrAdd(webhook.CaBundle, Connect);
        using var timeout = new CancellationTokenSource(webhook.Timeout, _clock);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, _stopping.Token);
        using var content = new ByteArrayContent(review.ToUtf8());
        content.Headers.ContentType = new MediaTypeHeaderValue(ApiResponse.JsonType);
        try
        {
            using var response = await http.PostAsync(new Uri(webhook.Address), content, ending.Token);
            var body = await response.Content.ReadAsByteArrayAsync(ending.Token);
            return Read(response, body);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            throw Failed(webhook, "context deadline exceeded");
        }
        catch (HttpRequestException failed)
        {
            throw Failed(webhook, WhyOf(failed, new Uri(webhook.Address)));
        }
    }

    /// <summary>What a webhook is told that can't be reached at all.</summary>
    public static WebhookException Failed(AdmissionWebhook webhook, string why) => new($"failed to call webhook: Post \"{webhook.Address}\": {why}");

    public void Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
        foreach (var client in _clients.Values)
        {
            client.Dispose();
        }
    }

    private static HttpClient Connect(string caBundle)
    {
        var trusted = caBundle.Length > 0 ? Trusted(caBundle) : null;
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) };
        if (trusted is not null)
        {
            handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            handler.SslOptions.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        }

        var http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        http.DefaultRequestHeaders.UserAgent.ParseAdd("kube-apiserver-admission");
        http.DefaultRequestHeaders.Accept.ParseAdd("application/json, */*");
        return http;
    }

    private static X509Certificate2Collection Trusted(string caBundle)
    {
        var trusted = new X509Certificate2Collection();
        try
        {
            trusted.ImportFromPem(Encoding.UTF8.GetString(Convert.FromBase64String(caBundle)));
        }
        catch (CryptographicException)
        {
            trusted.Clear();
        }

        return trusted.Count > 0
            ? trusted
            : throw new WebhookException("could not get REST client: unable to load root certificates: unable to parse bytes as PEM block");
    }

    private static JsonObject Read(HttpResponseMessage response, byte[] body)
    {
        var type = response.Content.Headers.ContentType?.MediaType ?? string.Empty;
        if (!response.IsSuccessStatusCode)
        {
            throw new WebhookException($"failed to call webhook: {WhyOf(response.StatusCode, type, body)}");
        }

        if (body.Length == 0)
        {
            throw new WebhookException($"failed to call webhook: 0-length response with status code: {(int)response.StatusCode} and content type: {type}");
        }

        try
        {
            return RequestBody.AsObject(RequestBody.Parse(body));
        }
        catch (StatusException unreadable)
        {
            throw new WebhookException($"failed to call webhook: {unreadable.Message}", unreadable);
        }
    }

    private static string WhyOf(HttpStatusCode code, string type, byte[] body)
    {
        var text = Encoding.UTF8.GetString(body).Trim();
        if (text.StartsWith('{') && TryParse(body) is { } status && status.Text("kind") == "Status")
        {
            return status.Text("message") ?? string.Empty;
        }

        var told = type.StartsWith("text/", StringComparison.Ordinal) && text.Length > 0 ? text : "unknown";
        return (int)code switch
        {
            400 => "the server rejected our request for an unknown reason",
            401 => "the server has asked for the client to provide credentials",
            403 => told,
            404 => "the server could not find the requested resource",
            405 => "the server does not allow this method on the requested resource",
            409 => "the server reported a conflict",
            422 => "the server rejected our request due to an error in our request",
            429 => "the server has received too many requests and has asked us to try again later",
            503 => "the server is currently unable to handle the request",
            504 => "the server was unable to return a response in the time allotted, but may still be processing the request",
            >= 500 => $"an error on the server (\"{told}\") has prevented the request from succeeding",
            _ => $"the server responded with the status code {(int)code} but did not return more information",
        };
    }

    private static JsonNode? TryParse(byte[] body)
    {
        try
        {
            return JsonText.Parse(body);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string WhyOf(HttpRequestException failed, Uri address) => failed.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => $"dial tcp: lookup {address.Host}: no such host",
        HttpRequestError.ConnectionError when failed.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionRefused } =>
            $"dial tcp {address.Host}:{address.Port}: connect: connection refused",
        HttpRequestError.SecureConnectionError when failed.InnerException is AuthenticationException untrusted =>
            "tls: failed to verify certificate: x509: " + (untrusted.Message.Contains("NameMismatch", StringComparison.Ordinal)
                ? $"certificate is not valid for any names, but wanted to match {address.Host}"
                : "certificate signed by unknown authority"),
        _ when failed.InnerException is IOException => "EOF",
        _ => failed.Message,
    };
}
