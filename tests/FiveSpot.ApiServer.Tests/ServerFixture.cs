// SPDX-License-Identifier: Apache-2.0

using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace FiveSpot.ApiServer.Tests;

/// <summary>One server for a test class, and a client that trusts it.</summary>
public class ServerFixture : IAsyncLifetime
{
    public EmbeddedApiServer Server { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    protected virtual EmbeddedApiServerOptions Options => new();

    public static HttpClient ClientFor(EmbeddedApiServer server, bool withToken = true)
    {
        var authority = X509Certificate2.CreateFromPem(server.CaPem);
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { authority },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        var client = new HttpClient(handler) { BaseAddress = server.Address, Timeout = TimeSpan.FromSeconds(30) };
        client.DefaultRequestHeaders.UserAgent.ParseAdd("tests/1.0");
        if (withToken)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", server.Token);
        }

        return client;
    }

    protected virtual void Clean()
    {
    }

    public async ValueTask InitializeAsync()
    {
        Server = await EmbeddedApiServer.StartAsync(Options, TestContext.Current.CancellationToken);
        Http = ClientFor(Server);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Server.DisposeAsync();
        Clean();
        GC.SuppressFinalize(this);
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, string? body = null, string type = "application/json", string? accept = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        }

        if (accept is not null)
        {
            request.Headers.Accept.ParseAdd(accept);
        }

        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var json = text.StartsWith('{') ? JsonNode.Parse(text)!.AsObject() : [];
        return new Answer((int)response.StatusCode, json, response.Headers.TryGetValues("Warning", out var warnings) ? string.Join('\n', warnings) : string.Empty);
    }

    public Task<Answer> GetAsync(string path, string? accept = null) => SendAsync(HttpMethod.Get, path, accept: accept);

    public Task<Answer> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<Answer> PutAsync(string path, JsonNode body) => SendAsync(HttpMethod.Put, path, body.ToJsonString());

    public Task<Answer> MergeAsync(string path, string patch) => SendAsync(HttpMethod.Patch, path, patch, "application/merge-patch+json");

    public Task<Answer> ApplyAsync(string path, string body) => SendAsync(HttpMethod.Patch, path, body, "application/apply-patch+yaml");

    public Task<Answer> DeleteAsync(string path, string? options = null) => SendAsync(HttpMethod.Delete, path, options);

    public async Task<string> NewNamespaceAsync()
    {
        var made = await PostAsync("/api/v1/namespaces", """{"metadata":{"generateName":"t-"}}""");
        made.Status.ShouldBe(201);
        return made.Name;
    }

    public async Task<WatchStream> WatchAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return new WatchStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }
}

/// <summary>An answer as the tests look at it.</summary>
public sealed record Answer(int Status, JsonObject Body, string Warnings)
{
    public string Name => Body["metadata"]!["name"]!.GetValue<string>();

    public string Uid => Body["metadata"]!["uid"]!.GetValue<string>();

    public string Version => Body["metadata"]!["resourceVersion"]!.GetValue<string>();

    public string? Reason => Body["reason"]?.GetValue<string>();

    public string? Message => Body["message"]?.GetValue<string>();

    public IReadOnlyList<string> ItemNames => [.. Body["items"]!.AsArray().Select(item => item!["metadata"]!["name"]!.GetValue<string>())];
}

/// <summary>The events of a watch, each within a deadline.</summary>
public sealed class WatchStream : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _reader;

    public WatchStream(HttpResponseMessage response, Stream stream)
    {
        _response = response;
        _reader = new StreamReader(stream);
    }

    /// <summary>Null when the server ended the watch.</summary>
    public async Task<JsonObject?> NextAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        var line = await _reader.ReadLineAsync(deadline.Token);
        return line is null ? null : JsonNode.Parse(line)!.AsObject();
    }

    /// <summary><c>TYPE name</c> of the next event.</summary>
    public async Task<string> NextNameAsync()
    {
        var next = (await NextAsync())!;
        return $"{next["type"]} {next["object"]!["metadata"]!["name"]}";
    }

    public void Dispose()
    {
        _reader.Dispose();
        _response.Dispose();
    }
}
