// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class InformerTests
{
    private static readonly InformerOptions Quick = new()
    {
        Namespace = "ns",
        FirstBackOff = TimeSpan.FromMilliseconds(5),
        LongestBackOff = TimeSpan.FromMilliseconds(20),
    };

    [Fact]
    public async Task Lists_in_pages_then_watches_from_the_version_of_the_list()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Send(Things.Event("ADDED", "c", "11") + Things.Event("MODIFIED", "a", "12", "new"));
                await context.Send(Things.Event("DELETED", "b", "13"));
                await context.Hold();
            }
            else
            {
                await context.Json(context.Request.Query["continue"] == "next"
                    ? Things.List("10", "", Things.Json("b", "2"))
                    : Things.List("10", "next", Things.Json("a", "1")));
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick with { PageSize = 1 });
        await Until.True(() => run.Changes.Count == 5);

        run.Changes.ShouldBe(["+a@1", "+b@2", "+c@11", "a@1→12", "-b@2"]);
        run.Informer.Snapshot().Select(t => t.Key.Name).Order().ShouldBe(["a", "c"]);
        run.Informer.Get(Things.Key("a"))!.Value.ShouldBe("new");
        run.Informer.State.ShouldBe(InformerState.Watching);
        run.Informer.LastContact.ShouldNotBeNull();
        var requests = server.Requests.ToArray();
        requests[0].ShouldBe("GET /apis/example.com/v1/namespaces/ns/things?limit=1");
        requests[1].ShouldBe("GET /apis/example.com/v1/namespaces/ns/things?limit=1&continue=next");
        requests[2].ShouldStartWith("GET /apis/example.com/v1/namespaces/ns/things?watch=true&allowWatchBookmarks=true&resourceVersion=10&timeoutSeconds=");
        requests.Length.ShouldBe(3);
    }

    [Fact]
    public async Task No_memory_ends_it_and_it_says_so()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "", Things.Json("a", "1"))));
        using var client = server.Connect();
#pragma warning disable CA2201, MA0012 // As the runtime does.
        var informer = new Informer<Thing>(client, Things.Type, Quick, static _ => throw new OutOfMemoryException());
#pragma warning restore CA2201, MA0012
        await Should.ThrowAsync<OutOfMemoryException>(informer.RunAsync(CancellationToken.None));
        informer.State.ShouldBe(InformerState.Stopped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_expired_version_leads_to_a_new_list_that_tells_what_vanished(bool asEvent)
    {
        var lists = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(++lists == 1
                    ? Things.List("10", "", Things.Json("a", "1"), Things.Json("b", "2"), Things.Json("c", "3"))
                    : Things.List("20", "", Things.Json("a", "1"), Things.Json("b", "15")));
            }
            else if (context.From() == "20")
            {
                await context.Stream();
                await context.Hold();
            }
            else if (asEvent)
            {
                await context.Stream();
                await context.Send(
                    """{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}}""" + "\n");
            }
            else
            {
                await context.Status(410, "Expired", "too old resource version");
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Changes.Count == 5 && run.Informer.State == InformerState.Watching);

        run.Changes.Skip(3).ShouldBe(["-c@3", "b@2→15"]);
        run.Informer.LastError.ShouldBeNull();
    }

    [Fact]
    public async Task Only_the_first_list_is_taken_from_the_servers_cache()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                var cached = context.Request.Query["resourceVersion"] == "0";
                await context.Json(Things.List(cached ? "10" : "20", "", Things.Json("a", cached ? "1" : "15")));
            }
            else if (context.From() == "10")
            {
                await context.Status(410, "Expired", "too old resource version");
            }
            else
            {
                await context.Stream();
                await context.Send(Things.Event("MODIFIED", "a", "21"));
                await context.Hold();
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick with { BeginFromCache = true });
        await Until.True(() => run.Changes.Count == 3);

        run.Changes.ShouldBe(["+a@1", "a@1→15", "a@15→21"]);
        run.Informer.SeenVersion.ShouldBe("21");
        server.Requests.Where(request => !request.Contains("watch=true", StringComparison.Ordinal)).ShouldBe([
            "GET /apis/example.com/v1/namespaces/ns/things?limit=100&resourceVersion=0",
            "GET /apis/example.com/v1/namespaces/ns/things?limit=100",
        ]);
    }

    [Fact]
    public async Task Pages_that_expire_in_mid_list_are_taken_again_all_at_once()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.IsWatch()
            ? context.Hold()
            : context.Request.Query["continue"] == "next"
                ? context.Status(410, "Expired", "the continue token is too old")
                : context.Request.Query.ContainsKey("limit")
                    ? context.Json(Things.List("10", "next", Things.Json("a", "1")))
                    : context.Json(Things.List("11", "", Things.Json("a", "1"), Things.Json("b", "2"))));
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await run.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);

        run.Informer.Count.ShouldBe(2);
        server.Requests.Take(3).ShouldBe([
            "GET /apis/example.com/v1/namespaces/ns/things?limit=100",
            "GET /apis/example.com/v1/namespaces/ns/things?limit=100&continue=next",
            "GET /apis/example.com/v1/namespaces/ns/things"]);
    }

    [Fact]
    public async Task A_watch_that_is_cut_in_the_middle_of_a_character_goes_on_from_the_last_whole_event()
    {
        var cut = Encoding.UTF8.GetBytes(Things.Event("MODIFIED", "a", "12", "größe"));
        var middle = cut.AsSpan().IndexOf("ö"u8) + 1;
        var changes = () => 0;
        var lists = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List(++lists == 1 ? "10" : "12", "", Things.Json("a", "1")));
                return;
            }

            await context.Stream();
            switch (context.From())
            {
                case "10":
                    await context.Send(Things.Event("MODIFIED", "a", "11", "first"));

                    // What is not read yet when a connection is reset, is never read.
                    await Until.True(() => changes() == 2);
                    await context.Send(cut.AsMemory(0, middle));
                    context.Abort();
                    break;
                case "11":
                    // The same event in two pieces, cut at the same place.
                    await context.Send(cut.AsMemory(0, middle));
                    await context.Send(cut.AsMemory(middle));
                    await context.Hold();
                    break;
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        changes = () => run.Changes.Count;
        await Until.True(() => run.Changes.Count == 3);

        run.Changes.ShouldBe(["+a@1", "a@1→11", "a@11→12"]);
        run.Informer.Get(Things.Key("a"))!.Value.ShouldBe("größe");
        server.Requests.Count(r => r.EndsWith("limit=100", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task An_event_larger_than_any_buffer_arrives_whole()
    {
        var large = new string('x', 300_000);
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", ""));
                return;
            }

            await context.Stream();
            await context.Send(Things.Event("ADDED", "a", "11", large) + Things.Event("ADDED", "b", "12"));
            await context.Hold();
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Informer.Count == 2);
        run.Informer.Get(Things.Key("a"))!.Value.ShouldBe(large);
    }

    [Fact]
    public async Task A_bookmark_moves_the_version_on_and_changes_nothing()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", "", Things.Json("a", "1")));
                return;
            }

            await context.Stream();
            if (context.From() == "10")
            {
                await context.Send(Things.Bookmark("50"));
            }
            else
            {
                await context.Hold();
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => server.Requests.Any(r => r.Contains("resourceVersion=50", StringComparison.Ordinal)));
        run.Changes.ShouldBe(["+a@1"]);
    }

    [Fact]
    public async Task A_watch_that_the_server_ends_goes_on_without_a_pause_or_a_list()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", ""));
                return;
            }

            await context.Stream();
            if (context.From() != "13")
            {
                var next = int.Parse(context.From()) + 1;
                await context.Send(Things.Event("ADDED", $"n{next}", $"{next}"));
                return;
            }

            await context.Hold();
        });

        // A back-off of a minute would not end in time.
        using var client = server.Connect();
        await using var run = Running.Start(client, new InformerOptions
        {
            Namespace = "ns",
            FirstBackOff = TimeSpan.FromMinutes(1),
            LongestBackOff = TimeSpan.FromMinutes(1),
        });
        await Until.True(() => run.Informer.Count == 3);
        server.Requests.Count(r => !r.Contains("watch", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Fact]
    public async Task A_server_that_ends_every_watch_at_once_is_not_asked_in_a_loop()
    {
        var time = new FakeTimeProvider();
        await using var server = await ScriptedServer.StartAsync(context =>
            context.IsWatch() ? context.Stream() : context.Json(Things.List("10", "")));
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time });
        await using var run = Running.Start(client, new InformerOptions { Namespace = "ns" });

        // Back-off 0.5, 1, 2, 4 … s, each between half of it and all of it: in 20 s no more than 7 watches.
        for (var i = 0; i < 200; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        server.Requests.Count.ShouldBeInRange(2, 8);
    }

    [Fact]
    public async Task A_stalled_watch_is_given_up_a_little_after_the_server_should_have_ended_it()
    {
        var time = new FakeTimeProvider();
        var watches = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                Interlocked.Increment(ref watches);
                await context.Stream();
                await context.Hold();
            }

            await context.Json(Things.List("10", ""));
        });
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time });
        await using var run = Running.Start(client, Quick with
        {
            WatchTimeout = TimeSpan.FromSeconds(60),
            StallGrace = TimeSpan.FromSeconds(5),
        });
        await Until.True(() => run.Informer.State == InformerState.Watching);
        time.Advance(TimeSpan.FromSeconds(64));
        run.Informer.LastError.ShouldBeNull();
        time.Advance(TimeSpan.FromSeconds(62));
        await Until.True(() => run.Informer.LastError is ApiUnreachableException { Failure: TransportFailure.TimedOut });
        time.Advance(TimeSpan.FromSeconds(1));
        await Until.True(() => Volatile.Read(ref watches) == 2);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Retry_After_is_honoured(int code)
    {
        var time = new FakeTimeProvider();
        var asked = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Hold();
            }
            else if (Interlocked.Increment(ref asked) == 1)
            {
                context.Response.Headers.RetryAfter = "12";
                await context.Status(code, "", "not now");
            }
            else
            {
                await context.Json(Things.List("10", ""));
            }
        });
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time });
        var began = time.GetUtcNow();
        await using var run = Running.Start(client, new InformerOptions { Namespace = "ns" });
        await Until.True(() => run.Informer.State == InformerState.BackingOff);
        await Until.True(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(250));
            return run.Informer.HasSynced;
        });
        (time.GetUtcNow() - began).ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(12));
        await Until.True(() => run.Informer.LastError is null);
    }

    [Theory]
    [InlineData(500, "application/json", "{}")]
    [InlineData(200, "text/html", "<html><title>Sign in</title></html>")]
    [InlineData(502, "text/html", "<html>bad gateway</html>")]
    [InlineData(200, "application/json", "{\"kind\":\"ThingList\",\"items\":[{\"meta")]
    public async Task Whatever_comes_in_place_of_a_list_is_an_error_that_passes(int code, string contentType, string body)
    {
        var asked = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Hold();
            }
            else if (Interlocked.Increment(ref asked) <= 2)
            {
                context.Response.StatusCode = code;
                context.Response.ContentType = contentType;
                await context.Send(body);
            }
            else
            {
                await context.Json(Things.List("10", "", Things.Json("a", "1")));
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        var errors = new ConcurrentQueue<Exception?>();
        run.Informer.StateChanged += () => errors.Enqueue(run.Informer.LastError);
        await Until.True(() => run.Informer is { Count: 1, State: InformerState.Watching, LastError: null });
        errors.OfType<ApiException>().ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_broken_event_ends_the_watch_and_not_the_informer()
    {
        var watches = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", ""));
                return;
            }

            await context.Stream();
            await context.Send(Interlocked.Increment(ref watches) == 1 ? "<html>\n" : Things.Event("ADDED", "a", "11"));
            await context.Hold();
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Informer.Count == 1);
    }

    [Fact]
    public async Task An_object_that_can_not_be_decoded_is_counted_and_keeps_its_last_state()
    {
        var lists = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(++lists == 1
                    ? Things.List("10", "", Things.Json("a", "1"), Things.Json("x", "2", "undecodable"))
                    : Things.List("30", "", Things.Json("a", "29", "undecodable"), Things.Json("b", "12")));
                return;
            }

            await context.Stream();
            if (context.From() == "10")
            {
                await context.Send(Things.Event("MODIFIED", "a", "11", "undecodable") + Things.Event("ADDED", "b", "12"));
                await context.Send(Things.Event("DELETED", "gone", "13", "undecodable"));
            }
            else if (context.From() == "13")
            {
                await context.Send("""{"type":"ERROR","object":{"kind":"Status","code":410}}""" + "\n");
            }
            else
            {
                await context.Send(Things.Event("DELETED", "a", "31", "undecodable"));
                await context.Hold();
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Changes.Count == 3);

        run.Changes.ShouldBe(["+a@1", "+b@12", "-a@1"]);
        run.Informer.DecodeFailures.ShouldBe(5);
    }

    [Fact]
    public async Task The_answer_to_our_own_write_is_in_the_cache_at_once_and_causes_one_event()
    {
        var go = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", "", Things.Json("a", "9")));
                return;
            }

            await context.Stream();
            await go.Task;
            await context.Send(
                Things.Event("MODIFIED", "a", "11", "others") + Things.Event("MODIFIED", "a", "12", "ours")
                + Things.Event("ADDED", "made", "13") + Things.Event("DELETED", "made", "14") + Things.Event("ADDED", "end", "15"));
            await context.Hold();
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await run.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);

        run.Informer.Observe(new Thing(Things.Key("a"), "uid-a", "12", "ours"));
        run.Informer.Observe(new Thing(Things.Key("made"), "uid-made", "13", ""));
        run.Informer.Observe(new Thing(Things.Key("a"), "uid-a", "8", "stale"));
        run.Informer.Get(Things.Key("a"))!.Value.ShouldBe("ours");
        go.SetResult();
        await Until.True(() => run.Informer.Get(Things.Key("end")) is not null);

        // An answer that comes later than the news that the object is gone does not bring it back.
        run.Informer.Observe(new Thing(Things.Key("made"), "uid-made", "13", "ghost"));
        run.Changes.ShouldBe(["+a@9", "a@9→12", "+made@13", "-made@13", "+end@15"]);
    }

    [Fact]
    public async Task What_was_written_during_a_list_survives_it()
    {
        var listing = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Hold();
            }

            listing.TrySetResult();
            await go.Task;
            await context.Json(Things.List("10", "", Things.Json("a", "9")));
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await listing.Task;
        run.Informer.Observe(new Thing(Things.Key("a"), "uid-a", "11", "ours"));
        run.Informer.Observe(new Thing(Things.Key("made"), "uid-made", "12", ""));
        run.Informer.Observe(new Thing(Things.Key("gone"), "uid-gone", "7", ""));
        go.SetResult();
        await run.Informer.WaitForSyncAsync(TestContext.Current.CancellationToken);

        run.Informer.Snapshot().Select(t => $"{t.Key.Name}@{t.ResourceVersion}").Order().ShouldBe(["a@11", "made@12"]);
    }

    [Fact]
    public async Task A_list_of_a_restored_server_replaces_what_has_higher_numbers()
    {
        var lists = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(++lists == 1
                    ? Things.List("1000", "", Things.Json("a", "900", "after"))
                    : Things.List("500", "", Things.Json("a", "400", "before")));
            }
            else if (context.From() == "1000")
            {
                await context.Status(504, "Timeout", "Too large resource version: 1000, current: 500");
            }
            else
            {
                await context.Stream();
                await context.Send(Things.Event("MODIFIED", "a", "501", "new"));
                await context.Hold();
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Changes.Count == 3);
        run.Changes.ShouldBe(["+a@900", "a@900→400", "a@400→501"]);
    }

    [Theory]
    [InlineData("500", new[] { "+a@900", "a@900→400", "a@400→501" })]
    [InlineData("1000", new[] { "+a@900", "a@900→1001" })]
    public async Task A_server_that_was_away_is_asked_whether_it_is_older_before_it_is_watched_on(string version, string[] changes)
    {
        var (lists, watches) = (0, 0);
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(++lists == 1 ? Things.List("1000", "", Things.Json("a", "900", "after")) : Things.List(version, "", Things.Json("a", "400", "before")));
                return;
            }

            await context.Stream();
            if (++watches == 1)
            {
                // It goes away in the midst of an answer.
                await context.Send("{");
                context.Abort();
                return;
            }

            // As etcd has it: nothing is said of what is older than what was asked for.
            if (context.From() == version)
            {
                await context.Send(Things.Event("MODIFIED", "a", $"{int.Parse(version) + 1}", "new"));
            }

            await context.Hold();
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Changes.Count == changes.Length);
        run.Changes.ShouldBe(changes);

        // Otherwise one small question is all.
        server.Requests.Count(request => request.EndsWith("limit=1", StringComparison.Ordinal)).ShouldBe(1);
        server.Requests.Count(request => request.EndsWith("limit=100", StringComparison.Ordinal)).ShouldBe(version == "1000" ? 1 : 2);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_server_that_was_away_for_longer_is_listed_anew_whatever_its_version(int? saidInItsPlace)
    {
        var (lists, watches, refusals) = (0, 0, 0);
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                if (++watches == 1)
                {
                    await AwayAsync(context);
                    return;
                }

                await context.Stream();
                await context.Hold();
            }
            else if (++lists == 1)
            {
                await context.Json(Things.List("1000", "", Things.Json("a", "900"), Things.Json("b", "901")));
            }
            else if (++refusals == 1)
            {
                await AwayAsync(context);
            }
            else
            {
                // Restored, and written to since.
                await context.Json(Things.List("2000", "", Things.Json("a", "400")));
            }
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Changes.Count == 4);
        run.Changes.Skip(2).ShouldBe(["-b@901", "a@900→400"]);

        Task AwayAsync(HttpContext context)
        {
            if (saidInItsPlace is { } code)
            {
                return context.Status(code, "", "no healthy upstream");
            }

            context.Abort();
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task An_object_made_again_under_its_name_is_another_one()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", "", Things.Json("a", "9")));
                return;
            }

            await context.Stream();
            await context.Send(Things.Event("DELETED", "a", "11") + Things.Event("ADDED", "a", "12", "", "other"));
            await context.Hold();
        });
        using var client = server.Connect();
        await using var run = Running.Start(client, Quick);
        await Until.True(() => run.Changes.Count == 3);
        run.Informer.Get(Things.Key("a"))!.Uid.ShouldBe("other");
    }

    [Fact]
    public async Task A_handler_that_throws_stops_nothing()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Hold();
            }

            await context.Json(Things.List("10", "", Things.Json("a", "1"), Things.Json("b", "2")));
        });
        using var client = server.Connect();
        var informer = new Informer<Thing>(client, Things.Type, Quick, Things.Decode);
        informer.Changed += _ => throw new InvalidOperationException("no");
        using var stop = new CancellationTokenSource();
        var run = informer.RunAsync(stop.Token);
        await Until.True(() => informer is { Count: 2, State: InformerState.Watching });
        await stop.CancelAsync();
        await run;
        informer.State.ShouldBe(InformerState.Stopped);
    }

    [Fact]
    public async Task Metadata_alone_is_asked_for_by_the_Accept_header()
    {
        var accepts = new ConcurrentQueue<string>();
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            accepts.Enqueue(context.Request.Headers.Accept.ToString());
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Hold();
            }

            await context.Json(Things.List("10", "", Things.Json("a", "1")));
        });
        using var client = server.Connect();
        var informer = new Informer<PartialObject>(
            client, Things.Type, new InformerOptions { MetadataOnly = true, LabelSelector = "a=b,c", FieldSelector = "metadata.name=a" },
            PartialObject.Decode);
        using var stop = new CancellationTokenSource();
        var run = informer.RunAsync(stop.Token);
        await Until.True(() => accepts.Count == 2);
        await stop.CancelAsync();
        await run;
        accepts.ShouldBe([
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"]);
        server.Requests.First().ShouldBe(
            "GET /apis/example.com/v1/things?labelSelector=a%3Db%2Cc&fieldSelector=metadata.name%3Da&limit=100");
    }

    internal sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _task;

        private Running(ApiClient client, InformerOptions options)
        {
            Informer = new Informer<Thing>(client, Things.Type, options, Things.Decode);
            Informer.Changed += change => Changes.Enqueue(change switch
            {
                { Old: null, New: { } added } => $"+{added.Key.Name}@{added.ResourceVersion}",
                { Old: { } gone, New: null } => $"-{gone.Key.Name}@{gone.ResourceVersion}",
                _ => $"{change.Key.Name}@{change.Old!.ResourceVersion}→{change.New!.ResourceVersion}",
            });
            _task = Informer.RunAsync(_stop.Token);
        }

        public Informer<Thing> Informer { get; }

        public ConcurrentQueue<string> Changes { get; } = new();

        public static Running Start(ApiClient client, InformerOptions options) => new(client, options);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _task;
            _stop.Dispose();
        }
    }
}
