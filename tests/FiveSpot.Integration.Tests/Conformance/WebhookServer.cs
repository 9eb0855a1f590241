// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using FiveSpot.ApiServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace FiveSpot.Integration.Tests.Conformance;

/// <summary>
/// Admission webhooks for tests, over HTTPS on loopback: the path says what one answers. <c>/echo</c> refuses with what it was
/// asked, so that the answers to two servers can be compared by it.
/// </summary>
internal sealed class WebhookServer : IAsyncDisposable
{
    private static readonly string[] OfNoTwoServers = ["uid", "creationTimestamp", "resourceVersion", "managedFields", "selfLink", "namespace"];

    private readonly WebApplication _web;

    private WebhookServer(WebApplication web)
    {
        _web = web;
        var bound = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Address = $"https://127.0.0.1:{new Uri(bound).Port.ToString(CultureInfo.InvariantCulture)}";
    }

    /// <summary><c>https://127.0.0.1:port</c>.</summary>
    public string Address { get; }

    /// <summary>The certificates to trust, as <c>caBundle</c> has them.</summary>
    public static string CaBundle { get; } = Convert.ToBase64String(Encoding.UTF8.GetBytes(ServerCertificate.Instance.AuthorityPem));

    /// <summary>What was asked, in this order: the path, and the request.</summary>
    public ConcurrentQueue<(string Path, JsonObject Request)> Asked { get; } = new();

    /// <summary>Makes one refuse what it is asked; null for what its path says.</summary>
    public Func<string, JsonObject, string?>? Refuses { get; set; }

    public static async Task<WebhookServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                listen.UseHttps(ServerCertificate.Instance.Certificate);
            }));
        var web = builder.Build();
        WebhookServer? server = null;
        ((IApplicationBuilder)web).Run(http => server!.HandleAsync(http));
        await web.StartAsync(TestContext.Current.CancellationToken);
        return server = new WebhookServer(web);
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    /// <summary>One webhook of a configuration. <paramref name="more"/> are fields of its own, each with a comma before it.</summary>
    public static string Webhook(string name, string url, string rules, string more = "", string trusted = "${ca}") => $$$"""
        {"name":"{{{name}}}.${ns}.example.com","clientConfig":{"url":"{{{url}}}","caBundle":"{{{trusted}}}"},"rules":{{{rules}}},
         "sideEffects":"None","admissionReviewVersions":["v1"]{{{more}}} }
        """;

    private async Task HandleAsync(HttpContext http)
    {
        var path = http.Request.Path.Value!;
        var review = await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted);
        var request = review!["request"]!.AsObject();
        Asked.Enqueue((path, request));
        var uid = request["uid"]!.DeepClone();
        if (Refuses?.Invoke(path, request) is { } why)
        {
            await AnswerAsync(http, Response(uid, new JsonObject { ["allowed"] = false, ["status"] = new JsonObject { ["message"] = why } }));
            return;
        }

        switch (path)
        {
            case "/slow":
                var never = new TaskCompletionSource();
                await using (http.RequestAborted.Register(never.SetResult))
                {
                    await never.Task;
                }

                return;
            case "/cut":
                http.Abort();
                return;
            case "/broken":
                http.Response.StatusCode = 500;
                await AnswerAsync(http, "it broke", "text/plain");
                return;
            case "/not-found":
                http.Response.StatusCode = 404;
                await AnswerAsync(http, "404 page not found\n", "text/plain");
                return;
            case "/forbidden":
                http.Response.StatusCode = 403;
                await AnswerAsync(http, "not for you", "text/plain");
                return;
            case "/status":
                http.Response.StatusCode = 500;
                await AnswerAsync(http, """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"as the Status says","code":500}""");
                return;
            case "/empty":
                await AnswerAsync(http, string.Empty);
                return;
            case "/other-uid":
                await AnswerAsync(http, Response("another", new JsonObject { ["allowed"] = true }));
                return;
            case "/no-kind":
                await AnswerAsync(http, "{}");
                return;
            case "/no-response":
                await AnswerAsync(http, """{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}""");
                return;
            default:
                await AnswerAsync(http, Response(uid, Verdict(path, request)));
                return;
        }
    }

    private static JsonObject Verdict(string path, JsonObject request) => path switch
    {
        "/allow" => new JsonObject { ["allowed"] = true },
        "/deny" => new JsonObject { ["allowed"] = false },
        "/message" => Denied("""{"message":"not like this"}"""),
        "/reason" => Denied("""{"code":403,"reason":"Forbidden"}"""),
        "/code" => Denied("""{"code":422,"reason":"Invalid","message":"not like this","details":{"name":"x"}}"""),
        "/low-code" => Denied("""{"code":200,"status":"Success","message":"not like this"}"""),
        "/warn" => new JsonObject { ["allowed"] = true, ["warnings"] = new JsonArray("one \"quoted\"", "two") },
        "/warn-and-deny" => new JsonObject { ["allowed"] = false, ["warnings"] = new JsonArray("one"), ["status"] = new JsonObject { ["message"] = "and no" } },
        "/untyped-patch" => new JsonObject { ["allowed"] = true, ["patch"] = "W10=" },
        "/mend" => Patched("""[{"op":"add","path":"/spec/n","value":1}]"""),
        "/spoil" => Patched("""[{"op":"add","path":"/spec/n","value":"one"}]"""),
        "/junk" => Patched("""[{"op":"add","path":"/spec/junk","value":1}]"""),
        "/undefault" => Patched("""[{"op":"remove","path":"/spec/d"}]"""),
        "/misfit" => Patched("""[{"op":"add","path":"/nowhere/at/all","value":1}]"""),
        ['/', 'a', 'p', 'p', 'e', 'n', 'd', '-', .. var letter] => Patched($$"""[{"op":"add","path":"/spec/a","value":"{{request["object"]!["spec"]!["a"]}}{{letter}}"}]"""),
        "/echo" => new JsonObject { ["allowed"] = false, ["status"] = new JsonObject { ["message"] = Echo(request) } },
        _ => throw new ArgumentException($"No webhook is at {path}.", nameof(path)),
    };

    private static JsonObject Denied(string status) => new() { ["allowed"] = false, ["status"] = JsonNode.Parse(status) };

    private static JsonObject Patched(string patch) => new()
    {
        ["allowed"] = true,
        ["patchType"] = "JSONPatch",
        ["patch"] = Convert.ToBase64String(Encoding.UTF8.GetBytes(patch)),
    };

    /// <summary>What it was asked, without what no two servers have alike.</summary>
    private static string Echo(JsonObject request)
    {
        var copy = request.DeepClone().AsObject();
        copy.Remove("uid");
        copy.Remove("userInfo");
        foreach (var name in (string[])["object", "oldObject"])
        {
            if (copy[name]?["metadata"] is JsonObject metadata)
            {
                foreach (var field in OfNoTwoServers)
                {
                    metadata.Remove(field);
                }
            }
        }

        if (copy["object"]?["metadata"]?["generateName"] is not null && copy["name"] is not null)
        {
            copy["name"] = "<random>";
            copy["object"]!["metadata"]!["name"] = "<random>";
        }

        return Sorted(copy)!.ToJsonString();
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => KeyValuePair.Create(pair.Key, Sorted(pair.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        _ => node?.DeepClone(),
    };

    private static string Response(JsonNode uid, JsonObject response)
    {
        response["uid"] = uid;
        return new JsonObject { ["apiVersion"] = "admission.k8s.io/v1", ["kind"] = "AdmissionReview", ["response"] = response }.ToJsonString();
    }

    private static async Task AnswerAsync(HttpContext http, string body, string type = "application/json")
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        http.Response.ContentType = type;
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }
}
