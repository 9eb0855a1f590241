// SPDX-License-Identifier: Apache-2.0

using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ApiServer.Tests;

public sealed class WatchTests : IClassFixture<WatchTests.Fixture>
{
    private readonly Fixture _api;

    public WatchTests(Fixture api) => _api = api;

    [Fact]
    public async Task A_watch_tells_what_is_there_and_then_what_changes()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        using var watch = await _api.WatchAsync(path + "?watch=true");
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        await _api.PostAsync(path, """{"metadata":{"name":"b"}}""");
        (await watch.NextNameAsync()).ShouldBe("ADDED b");
        await _api.MergeAsync(path + "/a", """{"data":{"k":"v"}}""");
        (await watch.NextNameAsync()).ShouldBe("MODIFIED a");
        await _api.DeleteAsync(path + "/a");
        (await watch.NextNameAsync()).ShouldBe("DELETED a");
    }

    [Fact]
    public async Task An_object_that_enters_or_leaves_the_selector_is_added_or_deleted()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var made = await _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        using var watch = await _api.WatchAsync($"{path}?watch=true&labelSelector=x&resourceVersion={made.Version}");
        await _api.MergeAsync(path + "/a", """{"metadata":{"labels":{"x":"1"}}}""");
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        var left = await _api.MergeAsync(path + "/a", """{"metadata":{"labels":null}}""");
        var gone = (await watch.NextAsync())!;
        gone["type"]!.GetValue<string>().ShouldBe("DELETED");
        gone["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>().ShouldBe(left.Version);
        await _api.DeleteAsync(path + "/a");
        await _api.PostAsync(path, """{"metadata":{"name":"b","labels":{"x":"1"}}}""");
        (await watch.NextNameAsync()).ShouldBe("ADDED b");
    }

    [Fact]
    public async Task A_list_through_a_watch_ends_with_a_marked_bookmark()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        await _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        using var watch = await _api.WatchAsync(path + "?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan");
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        var end = (await watch.NextAsync())!;
        end["type"]!.GetValue<string>().ShouldBe("BOOKMARK");
        end["object"]!["metadata"]!["annotations"]!["k8s.io/initial-events-end"]!.GetValue<string>().ShouldBe("true");
        (await _api.GetAsync(path + "?watch=true&sendInitialEvents=true")).Status.ShouldBe(422);
    }

    [Fact]
    public async Task What_is_forgotten_can_not_be_watched_from()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var made = await _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        await _api.PostAsync(path, """{"metadata":{"name":"b"}}""");
        _api.Server.CompactHistory();
        using var watch = await _api.WatchAsync($"{path}?watch=true&resourceVersion={made.Version}");
        var error = (await watch.NextAsync())!;
        error["type"]!.GetValue<string>().ShouldBe("ERROR");
        error["object"]!["code"]!.GetValue<int>().ShouldBe(410);
        error["object"]!["reason"]!.GetValue<string>().ShouldBe("Expired");
        (await watch.NextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task What_is_old_is_forgotten_when_there_is_something_new()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { TransportClock = clock }, TestContext.Current.CancellationToken);
        using var http = ServerFixture.ClientFor(server);
        var before = server.ResourceVersion;
        await MakeAsync("a");
        await MakeAsync("b");
        clock.Advance(TimeSpan.FromMinutes(5) - TimeSpan.FromSeconds(1));
        var changes = server.Size.Changes;
        await MakeAsync("c");
        server.Size.Changes.ShouldBe(changes + 1);
        clock.Advance(TimeSpan.FromSeconds(1));
        await MakeAsync("d");
        server.Size.Changes.ShouldBe(changes);

        using var response = await http.GetAsync(new Uri($"/api/v1/namespaces/default/configmaps?watch=true&resourceVersion={before}", UriKind.Relative), TestContext.Current.CancellationToken);
        (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).ShouldContain($"too old resource version: {before} (");

        async Task MakeAsync(string name)
        {
            using var content = new StringContent($$$"""{"metadata":{"name":"{{{name}}}"} }""", System.Text.Encoding.UTF8, "application/json");
            using var made = await http.PostAsync(new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative), content, TestContext.Current.CancellationToken);
            ((int)made.StatusCode).ShouldBe(201);
        }
    }

    [Fact]
    public async Task Bookmarks_and_the_end_come_by_the_clock_of_the_connection()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        using var watch = await _api.WatchAsync($"{path}?watch=true&allowWatchBookmarks=true&timeoutSeconds=90&resourceVersion={_api.Server.ResourceVersion}");
        var next = watch.NextAsync();
        while (!next.IsCompleted)
        {
            _api.Clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        (await next)!["type"]!.GetValue<string>().ShouldBe("BOOKMARK");
        var ended = DrainAsync(watch);
        while (!ended.IsCompleted)
        {
            _api.Clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }

        (await ended).ShouldBeTrue();
    }

    [Fact]
    public async Task A_bookmark_that_is_asked_for_follows_all_changes_before_and_goes_to_those_who_take_it()
    {
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        using var watch = await _api.WatchAsync($"{path}?watch=true&allowWatchBookmarks=true&resourceVersion={_api.Server.ResourceVersion}");
        using var without = await _api.WatchAsync($"{path}?watch=true&resourceVersion={_api.Server.ResourceVersion}");
        await _api.PostAsync(path, """{"metadata":{"name":"a"}}""");
        var version = _api.Server.ResourceVersion;
        _api.Server.SendBookmarks();
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
        var bookmark = (await watch.NextAsync())!;
        bookmark["type"]!.GetValue<string>().ShouldBe("BOOKMARK");
        long.Parse(bookmark["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>(), System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(version);

        await _api.PostAsync(path, """{"metadata":{"name":"b"}}""");
        (await watch.NextNameAsync()).ShouldBe("ADDED b");
        (await without.NextNameAsync()).ShouldBe("ADDED a");
        (await without.NextNameAsync()).ShouldBe("ADDED b");
    }

    [Fact]
    public async Task Every_watcher_of_a_burst_sees_all_of_it_in_order()
    {
        const int Count = 500;
        var path = $"/api/v1/namespaces/{await _api.NewNamespaceAsync()}/configmaps";
        var watches = new List<WatchStream>();
        for (var i = 0; i < 4; i++)
        {
            watches.Add(await _api.WatchAsync(path + "?watch=true"));
        }

        await Parallel.ForEachAsync(Enumerable.Range(0, Count), TestContext.Current.CancellationToken, async (i, _) =>
            (await _api.PostAsync(path, $$$"""{"metadata":{"name":"n{{{i}}}"},"data":{"k":"v"}}""")).Status.ShouldBe(201));
        foreach (var watch in watches)
        {
            var (last, names) = (0L, new HashSet<string>(StringComparer.Ordinal));
            for (var i = 0; i < Count; i++)
            {
                var seen = (await watch.NextAsync())!["object"]!["metadata"]!;
                var version = long.Parse(seen["resourceVersion"]!.GetValue<string>());
                version.ShouldBeGreaterThan(last);
                last = version;
                names.Add(seen["name"]!.GetValue<string>()).ShouldBeTrue();
            }

            watch.Dispose();
        }
    }

    [Fact]
    public async Task A_watcher_that_does_not_read_falls_off_a_short_history_and_nobody_waits_for_it()
    {
        await using var server = await EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { HistoryLength = 50 }, TestContext.Current.CancellationToken);
        using var http = ServerFixture.ClientFor(server);
        var filler = new string('x', 200_000);
        var uri = new Uri("/api/v1/namespaces/default/configmaps", UriKind.Relative);
        using var request = new HttpRequestMessage(HttpMethod.Get, uri + "?watch=true");
        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var watch = new WatchStream(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        for (var i = 0; i < 300; i++)
        {
            using var content = new StringContent($$$"""{"metadata":{"name":"n{{{i}}}"},"data":{"k":"{{{filler}}}"}}""", System.Text.Encoding.UTF8, "application/json");
            using var made = await http.PostAsync(uri, content, TestContext.Current.CancellationToken);
            ((int)made.StatusCode).ShouldBe(201);
        }

        JsonObject? last = null;
        while (await watch.NextAsync() is { } next)
        {
            last = next;
            if (next["type"]!.GetValue<string>() == "ERROR")
            {
                break;
            }
        }

        last!["object"]!["code"]!.GetValue<int>().ShouldBe(410);
    }

    private static async Task<bool> DrainAsync(WatchStream watch)
    {
        while (await watch.NextAsync() is not null)
        {
        }

        return true;
    }

    public sealed class Fixture : ServerFixture
    {
        public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

        protected override EmbeddedApiServerOptions Options => new() { TransportClock = Clock };
    }
}
