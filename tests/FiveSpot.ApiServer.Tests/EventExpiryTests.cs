// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ApiServer.Tests;

public sealed class EventExpiryTests : IClassFixture<EventExpiryTests.Fixture>
{
    private const int HistoryLength = 500;

    private readonly Fixture _api;

    public EventExpiryTests(Fixture api) => _api = api;

    [Fact]
    public async Task An_event_goes_an_hour_after_its_last_write_and_watchers_of_both_groups_see_it()
    {
        var space = await _api.NewNamespaceAsync();
        var (core, events) = ($"/api/v1/namespaces/{space}/events", $"/apis/events.k8s.io/v1/namespaces/{space}/events");
        (await _api.PostAsync(core, Event(space, "once"))).Status.ShouldBe(201);
        (await _api.PostAsync(core, Event(space, "again"))).Status.ShouldBe(201);
        _api.Clock.Advance(TimeSpan.FromMinutes(30));
        var again = await _api.MergeAsync(core + "/again", """{"count":2}""");
        using var one = await _api.WatchAsync($"{core}?watch=true&resourceVersion={again.Version}");
        using var other = await _api.WatchAsync($"{events}?watch=true&resourceVersion={again.Version}");

        _api.Clock.Advance(TimeSpan.FromMinutes(30) - TimeSpan.FromSeconds(1));
        (await _api.GetAsync(core)).ItemNames.ShouldBe(["again", "once"]);
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        (await _api.GetAsync(events)).ItemNames.ShouldBe(["again"]);
        (await one.NextNameAsync()).ShouldBe("DELETED once");
        (await other.NextNameAsync()).ShouldBe("DELETED once");

        _api.Clock.Advance(TimeSpan.FromMinutes(30));
        (await _api.GetAsync(core)).ItemNames.ShouldBeEmpty();
        var gone = (await one.NextAsync())!;
        gone["type"]!.GetValue<string>().ShouldBe("DELETED");
        long.Parse(gone["object"]!["metadata"]!["resourceVersion"]!.GetValue<string>()).ShouldBeGreaterThan(long.Parse(again.Version));
    }

    [Fact]
    public async Task An_event_that_was_deleted_by_somebody_and_made_again_has_its_own_hour()
    {
        var space = await _api.NewNamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/events";
        await _api.PostAsync(path, Event(space, "a"));
        _api.Clock.Advance(TimeSpan.FromMinutes(59));
        (await _api.DeleteAsync(path + "/a")).Status.ShouldBe(200);
        await _api.PostAsync(path, Event(space, "a"));
        _api.Clock.Advance(TimeSpan.FromMinutes(59));
        (await _api.GetAsync(path)).ItemNames.ShouldBe(["a"]);
        _api.Clock.Advance(TimeSpan.FromMinutes(1));
        (await _api.GetAsync(path)).ItemNames.ShouldBeEmpty();
    }

    [Fact]
    public async Task They_may_be_kept_for_longer_than_a_timer_runs()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await EmbeddedApiServer.StartAsync(
            new EmbeddedApiServerOptions { Clock = clock, EventTtl = TimeSpan.FromDays(90) }, TestContext.Current.CancellationToken);
        using var http = ServerFixture.ClientFor(server);
        var before = server.Size.Objects;
        using var content = new StringContent(Event("default", "e"), System.Text.Encoding.UTF8, "application/json");
        using var made = await http.PostAsync(new Uri("/api/v1/namespaces/default/events", UriKind.Relative), content, TestContext.Current.CancellationToken);
        ((int)made.StatusCode).ShouldBe(201);
        for (var day = 1; day < 90; day++)
        {
            clock.Advance(TimeSpan.FromDays(1));
        }

        server.Size.Objects.ShouldBe(before + 1);
        clock.Advance(TimeSpan.FromDays(1));
        server.Size.Objects.ShouldBe(before);
    }

    [Fact]
    public async Task A_year_of_events_leaves_no_more_behind_than_an_hour()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using var server = await EmbeddedApiServer.StartAsync(
            new EmbeddedApiServerOptions { Clock = clock, HistoryLength = HistoryLength }, TestContext.Current.CancellationToken);
        using var http = ServerFixture.ClientFor(server);
        var uri = new Uri("/api/v1/namespaces/default/events", UriKind.Relative);
        var (most, before) = (0, server.Size.Objects);
        for (var quarter = 0; quarter < 365 * 4; quarter++)
        {
            for (var i = 0; i < 3; i++)
            {
                using var content = new StringContent(Event("default", $"e-{quarter}-{i}"), System.Text.Encoding.UTF8, "application/json");
                using var made = await http.PostAsync(uri, content, TestContext.Current.CancellationToken);
                ((int)made.StatusCode).ShouldBe(201);
            }

            most = Math.Max(most, server.Size.Objects - before);
            clock.Advance(TimeSpan.FromHours(6));
        }

        await server.WaitForControllersAsync(TestContext.Current.CancellationToken);
        most.ShouldBe(3);
        server.Size.Objects.ShouldBe(before);
        server.Size.Changes.ShouldBeLessThanOrEqualTo(HistoryLength + before);
    }

    private static string Event(string space, string name) => $$$"""
        {"metadata":{"name":"{{{name}}}"},"involvedObject":{"kind":"Pod","namespace":"{{{space}}}","name":"p"},"reason":"Tested","message":"{{{name}}}","type":"Normal","count":1}
        """;

    public sealed class Fixture : ServerFixture
    {
        public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

        protected override EmbeddedApiServerOptions Options => new() { Clock = Clock };
    }
}
