// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class ApiClientTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static async Task<string> Body(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        return await reader.ReadToEndAsync();
    }

    [Fact]
    public async Task Each_call_is_the_request_that_the_API_asks_for()
    {
        var bodies = new List<string>();
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            bodies.Add($"{context.Request.ContentType} {await Body(context)}");
            await context.Json(Things.Json("a", "2"));
        });
        using var client = server.Connect(token: "secret");
        var key = Things.Key("a");
        ReadOnlyMemory<byte> json = "{}"u8.ToArray();

        (await client.GetAsync(Things.Type, key, Things.Decode, None)).ResourceVersion.ShouldBe("2");
        await client.CreateAsync(Things.Type, "ns", json, "me", Things.Decode, None);
        await client.CreateAsync(Things.Type, "ns", json, "me", new CreateOptions { StrictFieldValidation = true }, Things.Decode, None);
        await client.CreateAsync(Things.Type, "ns", json, "me", new CreateOptions { DryRun = true, StrictFieldValidation = true }, Things.Decode, None);
        await client.ReplaceAsync(Things.Type, key, json, "me", null, Things.Decode, None);
        await client.ApplyAsync(Things.Type, key, json, "me & you", true, "status", Things.Decode, None);
        await client.MergePatchAsync(Things.Type, key, json, "me", null, Things.Decode, None);
        await client.JsonPatchAsync(Things.Type, key, json, "me", "status", Things.Decode, None);
        await client.DeleteAsync(
            Things.Type, key,
            new DeleteOptions { Uid = "u", ResourceVersion = "2", PropagationPolicy = PropagationPolicy.Background, GracePeriodSeconds = 0 },
            None);
        await client.PostAsync(Things.Type, key, "eviction", json, None);

        const string path = "/apis/example.com/v1/namespaces/ns/things";
        server.Requests.ShouldBe([
            $"GET {path}/a",
            $"POST {path}?fieldManager=me",
            $"POST {path}?fieldManager=me&fieldValidation=Strict",
            $"POST {path}?fieldManager=me&dryRun=All&fieldValidation=Strict",
            $"PUT {path}/a?fieldManager=me",
            $"PATCH {path}/a/status?fieldManager=me%20%26%20you&force=true",
            $"PATCH {path}/a?fieldManager=me",
            $"PATCH {path}/a/status?fieldManager=me",
            $"DELETE {path}/a",
            $"POST {path}/a/eviction"]);
        bodies.ShouldBe([
            " ",
            "application/json {}",
            "application/json {}",
            "application/json {}",
            "application/json {}",
            "application/apply-patch+yaml {}",
            "application/merge-patch+json {}",
            "application/json-patch+json {}",
            """application/json {"apiVersion":"v1","kind":"DeleteOptions","preconditions":{"uid":"u","resourceVersion":"2"},"propagationPolicy":"Background","gracePeriodSeconds":0}""",
            "application/json {}"]);
    }

    [Theory]
    [InlineData(404, "NotFound", nameof(ApiException.IsNotFound))]
    [InlineData(409, "Conflict", nameof(ApiException.IsConflict))]
    [InlineData(409, "AlreadyExists", nameof(ApiException.IsAlreadyExists))]
    [InlineData(401, "Unauthorized", nameof(ApiException.IsUnauthorized))]
    [InlineData(403, "Forbidden", nameof(ApiException.IsForbidden))]
    [InlineData(422, "Invalid", nameof(ApiException.IsInvalid))]
    [InlineData(410, "Expired", nameof(ApiException.IsGone))]
    [InlineData(429, "TooManyRequests", nameof(ApiException.IsTooManyRequests))]
    public async Task A_refusal_says_what_the_server_said(int code, string reason, string property)
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Status(
            code, reason, "the server's words", """{"causes":[{"field":"spec.a","reason":"FieldValueInvalid","message":"too long"}],"retryAfterSeconds":3}"""));
        using var client = server.Connect();
        var refusal = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));

        refusal.Code.ShouldBe(code);
        refusal.Reason.ShouldBe(reason);
        refusal.Message.ShouldBe($"get things.example.com ns/a: the server's words ({code} {reason})");
        refusal.Causes.ShouldBe([new StatusCause("spec.a", "FieldValueInvalid", "too long")]);
        refusal.RetryAfter.ShouldBe(TimeSpan.FromSeconds(3));
        refusal.IsTransient.ShouldBe(code == 429);
        var flags = new Dictionary<string, bool>
        {
            [nameof(ApiException.IsNotFound)] = refusal.IsNotFound,
            [nameof(ApiException.IsConflict)] = refusal.IsConflict,
            [nameof(ApiException.IsAlreadyExists)] = refusal.IsAlreadyExists,
            [nameof(ApiException.IsUnauthorized)] = refusal.IsUnauthorized,
            [nameof(ApiException.IsForbidden)] = refusal.IsForbidden,
            [nameof(ApiException.IsInvalid)] = refusal.IsInvalid,
            [nameof(ApiException.IsGone)] = refusal.IsGone,
            [nameof(ApiException.IsTooManyRequests)] = refusal.IsTooManyRequests,
        };
        flags.Where(f => f.Value).Select(f => f.Key).ShouldBe([property]);
        server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Not_found_is_null_for_those_who_ask_so()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Status(404, "NotFound", "no"));
        using var client = server.Connect();
        (await client.TryGetAsync(Things.Type, Things.Key("a"), Things.Decode, None)).ShouldBeNull();
        (await client.TryGetMetadataAsync(Things.Type, Things.Key("a"), None)).ShouldBeNull();
    }

    [Theory]
    [InlineData(503, "text/html", "<html>\n<b>Bad</b>", " does not answer as a Kubernetes API server, but 503 with text/html: \"<html> <b>Bad</b>\"")]
    [InlineData(200, "text/html", "<html>Sign in</html>", " does not answer as a Kubernetes API server, but 200 with text/html: \"<html>Sign in</html>\"")]
    [InlineData(429, "text/plain", "slow down", " answered 429 with text/plain: \"slow down\"")]
    [InlineData(500, "application/json", "[]", " answered 500 with application/json: \"[]\"")]
    [InlineData(502, "text/plain", "", " answered 502 with text/plain: an empty body")]
    public async Task What_is_no_answer_of_Kubernetes_is_shown(int code, string contentType, string body, string message)
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            context.Response.StatusCode = code;
            context.Response.ContentType = contentType;
            return context.Response.WriteAsync(body);
        });
        using var client = server.Connect();
        var e = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Message.ShouldBe($"get things.example.com ns/a: {server.Address.GetLeftPart(UriPartial.Authority)}{message}");
    }

    [Fact]
    public async Task A_redirect_is_not_followed_with_our_credentials()
    {
        await using var server = await ScriptedServer.StartAsync(context =>
        {
            context.Response.Redirect("https://elsewhere.example/login");
            return Task.CompletedTask;
        });
        using var client = server.Connect(token: "secret");
        var e = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Code.ShouldBe(302);
        e.Message.ShouldContain("redirecting to https://elsewhere.example/login");
        server.Requests.Count.ShouldBe(1);
    }

    [Fact]
    public async Task An_answer_that_can_not_be_decoded_is_said_to_be_so()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json("{\"metadata\":{\"name\":"));
        using var client = server.Connect();
        var e = await Should.ThrowAsync<ApiException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Reason.ShouldBe(ApiException.UndecodableReason);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_slow_answer_times_out(bool afterItsHead)
    {
        var time = new FakeTimeProvider();
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (afterItsHead)
            {
                await context.Stream();
            }

            await context.Hold();
        });
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time });
        var call = client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);
        await Until.True(() => !server.Requests.IsEmpty);
        time.Advance(TimeSpan.FromSeconds(29.999));
        await Task.Yield();
        call.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromMilliseconds(1));
        var e = await Should.ThrowAsync<ApiUnreachableException>(call);
        e.Failure.ShouldBe(TransportFailure.TimedOut);
        e.Message.ShouldBe($"get things.example.com ns/a: {server.Address.GetLeftPart(UriPartial.Authority)} can't be reached: no answer within 30 s");
    }

    [Fact]
    public async Task The_callers_token_is_the_callers()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Hold());
        using var client = server.Connect();
        using var cancel = new CancellationTokenSource();
        var call = client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, cancel.Token);
        await Until.True(() => !server.Requests.IsEmpty);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(call);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_said_to_have_broken()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            await context.Stream();
            await context.Send("{\"metadata\"");
            context.Abort();
        });
        using var client = server.Connect();
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Failure.ShouldBe(TransportFailure.ConnectionLost);
    }

    [Fact]
    public async Task A_port_where_nobody_listens_refuses()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        using var client = new ApiClient(ClusterConnection.ForServer(new Uri($"http://127.0.0.1:{port}")));
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Failure.ShouldBe(TransportFailure.ConnectionRefused);
        e.Message.ShouldBe($"get things.example.com ns/a: http://127.0.0.1:{port} can't be reached: connection refused");
    }

    [Fact]
    public async Task A_name_that_nobody_has_is_named()
    {
        using var client = new ApiClient(new ClusterConnection(new Uri("https://nobody.invalid:6443"), "test"));
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Failure.ShouldBe(TransportFailure.NameNotResolved);
        e.Message.ShouldEndWith("https://nobody.invalid:6443 can't be reached: the name 'nobody.invalid' can't be resolved");
    }

    [Fact]
    public async Task An_answer_without_end_is_cut_off()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            await context.Stream();
            var chunk = new byte[64 << 10];
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await context.Send(chunk);
            }
        });
        using var client = server.Connect(new ApiClientOptions { MaxResponseBytes = 1 << 20 });
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Message.ShouldContain("the answer is larger than 1048576 bytes");
        e = await Should.ThrowAsync<ApiUnreachableException>(client.WatchAsync(
            Things.Type, new WatchOptions { ResourceVersion = "1" }, (_, _) => { }, None));
        e.Message.ShouldContain("an event is larger than 1048576 bytes");
    }

    [Fact]
    public async Task A_list_that_expires_between_pages_starts_over_without_pages()
    {
        await using var server = await ScriptedServer.StartAsync(context =>
            context.Request.Query["continue"] == "next" ? context.Status(410, "Expired", "too old")
            : context.Request.Query.ContainsKey("limit") ? context.Json(Things.List("10", "next", Things.Json("a", "1")))
            : context.Json(Things.List("12", "", Things.Json("a", "1"), Things.Json("b", "2"))));
        using var client = server.Connect();
        var page = await client.ListAsync(Things.Type, new ListOptions { PageSize = 1 }, Things.Decode, None);
        page.Items.Count.ShouldBe(2);
        page.ResourceVersion.ShouldBe("12");
    }

    [Fact]
    public async Task An_empty_list_may_say_null()
    {
        await using var server = await ScriptedServer.StartAsync(context =>
            context.Json("""{"metadata":{"resourceVersion":"7"},"items":null}"""));
        using var client = server.Connect();
        (await client.ListAsync(Things.Type, new ListOptions(), Things.Decode, None)).ShouldSatisfyAllConditions(
            page => page.Items.ShouldBeEmpty(), page => page.ResourceVersion.ShouldBe("7"));
    }

    [Fact]
    public async Task A_token_that_rotates_on_disk_is_read_again_when_it_is_refused_or_a_minute_old()
    {
        var time = new FakeTimeProvider();
        var path = Path.GetTempFileName();
        try
        {
            var good = "one";
            var tokens = new List<string>();
            await using var server = await ScriptedServer.StartAsync(context =>
            {
                var token = context.Request.Headers.Authorization.ToString();
                tokens.Add(token);
                return token == $"Bearer {good}" ? context.Json(Things.Json("a", "1")) : context.Status(401, "Unauthorized", "who are you");
            });
            using var client = new ApiClient(
                new ClusterConnection(server.Address, "test") { CreateCredentials = t => new FileCredentials(path, t) },
                new ApiClientOptions { NetworkTime = time });
            Task Call() => client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);

            await File.WriteAllTextAsync(path, "one\n");
            await Call();

            // Refused: read again at once, and sent once more.
            await File.WriteAllTextAsync(path, "two");
            good = "two";
            await Call();
            tokens.ShouldBe(["Bearer one", "Bearer one", "Bearer two"]);

            // Not refused: read again after a minute.
            tokens.Clear();
            await File.WriteAllTextAsync(path, "three");
            await Call();
            time.Advance(TimeSpan.FromMinutes(1));
            good = "three";
            await Call();
            tokens.ShouldBe(["Bearer two", "Bearer three"]);

            // Refused for good: nothing is gained by sending the same again.
            tokens.Clear();
            good = "other";
            (await Should.ThrowAsync<ApiException>(Call())).IsUnauthorized.ShouldBeTrue();
            tokens.ShouldBe(["Bearer three"]);

            // While the file is away the last token is used.
            good = "three";
            File.Delete(path);
            time.Advance(TimeSpan.FromMinutes(2));
            await Call();
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_token_file_that_is_not_there_is_a_reason_that_names_it()
    {
        using var client = new ApiClient(new ClusterConnection(new Uri("http://127.0.0.1:1"), "test")
        {
            CreateCredentials = t => new FileCredentials("/nowhere/token", t),
        });
        var e = await Should.ThrowAsync<ApiUnreachableException>(client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None));
        e.Failure.ShouldBe(TransportFailure.NoCredentials);
        e.Message.ShouldContain("/nowhere/token");
    }

    [Fact]
    public async Task The_handler_can_be_wrapped()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.Json("a", "1")));
        var counter = new Counter();
        using var client = server.Connect(new ApiClientOptions
        {
            WrapHandler = inner =>
            {
                counter.InnerHandler = inner;
                return counter;
            },
        });
        await client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, None);
        counter.Count.ShouldBe(1);
    }

    private sealed class Counter : DelegatingHandler
    {
        public int Count { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Count++;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
