// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>A server on loopback that answers as the test says.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ScriptedServer(WebApplication app, Uri address) => (_app, Address) = (app, address);

    public Uri Address { get; }

    /// <summary>What was asked so far: method, path and query.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<ScriptedServer> StartAsync(
        Func<HttpContext, Task> answer, X509Certificate2? certificate = null, bool askForClientCertificate = false)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, endpoint =>
            {
                endpoint.Protocols = certificate is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
                if (certificate is not null)
                {
                    endpoint.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate;
                        if (askForClientCertificate)
                        {
                            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                            https.AllowAnyClientCertificate();
                        }
                    });
                }
            });
        });
        var app = builder.Build();
        ScriptedServer? server = null;
        app.Run(async context =>
        {
            server!.Requests.Enqueue($"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
            try
            {
                await answer(context);
            }
            catch (OperationCanceledException)
            {
                // The client went away.
            }
        });
        await app.StartAsync();
        server = new ScriptedServer(app, new Uri(app.Urls.First()));
        return server;
    }

    public ApiClient Connect(ApiClientOptions? options = null, string? token = null) =>
        new(ClusterConnection.ForServer(Address, token), options);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero, TimeProvider.System);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}

internal static class Answers
{
    public static async Task Json(this HttpContext context, string json, int code = 200)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }

    public static Task Status(this HttpContext context, int code, string reason, string message, string details = "{}") =>
        context.Json(
            $$"""{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{{message}}","reason":"{{reason}}","details":{{details}},"code":{{code}}}""",
            code);

    /// <summary>Begins a watch.</summary>
    public static Task Stream(this HttpContext context)
    {
        context.Response.ContentType = "application/json";
        return context.Response.Body.FlushAsync();
    }

    public static Task Send(this HttpContext context, string text) => context.Send(Encoding.UTF8.GetBytes(text));

    public static async Task Send(this HttpContext context, ReadOnlyMemory<byte> bytes)
    {
        await context.Response.Body.WriteAsync(bytes);
        await context.Response.Body.FlushAsync();
    }

    /// <summary>Holds the answer open until the client goes away.</summary>
    public static Task Hold(this HttpContext context) =>
        Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);

    public static bool IsWatch(this HttpContext context) => context.Request.Query["watch"] == "true";

    public static string From(this HttpContext context) => context.Request.Query["resourceVersion"].ToString();
}

internal static class Until
{
    /// <summary>Waits for a condition; fails with its text after half a minute.</summary>
    public static async Task True(
        Func<bool> condition,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string what = "")
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30), TimeProvider.System);
        while (!condition())
        {
            deadline.IsCancellationRequested.ShouldBeFalse($"not within 30 s: {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(2), TimeProvider.System);
        }
    }
}

/// <summary>Objects of the tests: a name, a version, and a value.</summary>
internal static class Things
{
    public static readonly ResourceType Type = new("example.com", "v1", "things", "Thing", true);

    public static ObjectKey Key(string name) => new("ns", name);

    public static string Json(string name, string version, string value = "", string? uid = null) =>
        $$"""{"apiVersion":"example.com/v1","kind":"Thing","metadata":{"name":"{{name}}","namespace":"ns","uid":"{{uid ?? "uid-" + name}}","resourceVersion":"{{version}}"},"value":"{{value}}"}""";

    public static string Event(string type, string name, string version, string value = "", string? uid = null) =>
        $"{{\"type\":\"{type}\",\"object\":{Json(name, version, value, uid)}}}\n";

    public static string Bookmark(string version) =>
        $$$$"""{"type":"BOOKMARK","object":{"kind":"Thing","metadata":{"resourceVersion":"{{{{version}}}}","creationTimestamp":null}}}""" + "\n";

    public static string List(string version, string next, params string[] items) =>
        $$"""{"kind":"ThingList","apiVersion":"example.com/v1","metadata":{"resourceVersion":"{{version}}","continue":"{{next}}","remainingItemCount":3},"items":[{{string.Join(',', items)}}]}""";

    public static Thing Decode(ReadOnlySpan<byte> json)
    {
        var partial = PartialObject.Decode(json);
        var reader = new System.Text.Json.Utf8JsonReader(json);
        using var document = System.Text.Json.JsonDocument.ParseValue(ref reader);
        var value = document.RootElement.TryGetProperty("value", out var v) ? v.GetString()! : "";
        return value == "undecodable"
            ? throw new FormatException("undecodable")
            : new Thing(partial.Key, partial.Uid, partial.ResourceVersion, value);
    }
}

internal sealed record Thing(ObjectKey Key, string Uid, string ResourceVersion, string Value) : IKubernetesObject;
