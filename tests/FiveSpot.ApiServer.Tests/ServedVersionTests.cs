// SPDX-License-Identifier: Apache-2.0

using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ApiServer.Tests;

public sealed class ServedVersionTests : IClassFixture<ServedVersionTests.Fixture>
{
    private const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

    private static readonly TimeSpan Initialization = TimeSpan.FromMilliseconds(200);

    private readonly Fixture _api;

    public ServedVersionTests(Fixture api) => _api = api;

    [Fact]
    public async Task A_version_that_is_no_longer_served_ends_the_watches_of_all_a_second_later_and_none_can_be_resumed()
    {
        await DefineAsync("stops.test");
        _api.Clock.Advance(Initialization);
        var made = await _api.PostAsync("/apis/stops.test/v1/racks", """{"kind":"Rack","metadata":{"name":"a"}}""");
        using var older = await _api.WatchAsync($"/apis/stops.test/v1beta1/racks?watch=true&resourceVersion={made.Version}");
        using var newer = await _api.WatchAsync($"/apis/stops.test/v1/racks?watch=true&resourceVersion={made.Version}");
        await ServeAsync("stops.test", false);

        (await TextAsync("/apis/stops.test/v1beta1/racks/a")).ShouldBe((404, "text/plain; charset=utf-8", "404 page not found\n"));
        (await _api.GetAsync("/apis/stops.test/v1/racks/a")).Status.ShouldBe(200);
        await _api.MergeAsync("/apis/stops.test/v1/racks/a", """{"spec":{"x":1}}""");
        (await older.NextNameAsync()).ShouldBe("MODIFIED a");
        (await newer.NextNameAsync()).ShouldBe("MODIFIED a");
        _api.Clock.Advance(TimeSpan.FromSeconds(1));
        (await older.NextAsync()).ShouldBeNull();
        (await newer.NextAsync()).ShouldBeNull();

        using var resumed = await _api.WatchAsync($"/apis/stops.test/v1/racks?watch=true&resourceVersion={made.Version}");
        var error = (await resumed.NextAsync())!["object"]!;
        error["code"]!.GetValue<int>().ShouldBe(410);
        error["message"]!.GetValue<string>().ShouldStartWith($"too old resource version: {made.Version} (");
        (await resumed.NextAsync()).ShouldBeNull();
    }

    [Fact]
    public async Task A_version_that_begins_to_be_served_is_and_a_status_or_a_label_of_the_definition_ends_no_watch()
    {
        await DefineAsync("begins.test");
        await ServeAsync("begins.test", false);
        await ServeAsync("begins.test", true);
        _api.Clock.Advance(Initialization);
        var list = await _api.GetAsync("/apis/begins.test/v1beta1/racks");
        list.Status.ShouldBe(200);
        using var watch = await _api.WatchAsync($"/apis/begins.test/v1beta1/racks?watch=true&resourceVersion={list.Version}");
        await _api.MergeAsync($"{Definitions}/racks.begins.test", """{"metadata":{"labels":{"a":"b"}}}""");
        await _api.MergeAsync($"{Definitions}/racks.begins.test/status", """{"status":{"storedVersions":["v1","v1beta1"]}}""");
        _api.Clock.Advance(TimeSpan.FromSeconds(10));
        await _api.PostAsync("/apis/begins.test/v1beta1/racks", """{"kind":"Rack","metadata":{"name":"a"}}""");
        (await watch.NextNameAsync()).ShouldBe("ADDED a");
    }

    [Fact]
    public async Task A_storage_that_is_initialized_answers_429_to_watches_and_to_lists_that_come_from_memory()
    {
        await DefineAsync("new.test");
        string[] refusals = ["", "?resourceVersion=0", "?watch=true", "?limit=5&labelSelector=a"];
        foreach (var query in refusals)
        {
            var refused = await _api.GetAsync("/apis/new.test/v1/racks" + query);
            (refused.Status, refused.Reason, refused.Message).ShouldBe((429, "TooManyRequests", "storage is (re)initializing"));
            refused.Body["details"]!["retryAfterSeconds"]!.GetValue<int>().ShouldBe(1);
        }

        (await _api.GetAsync("/apis/new.test/v1/racks?limit=5")).Status.ShouldBe(200);
        (await _api.PostAsync("/apis/new.test/v1/racks", """{"kind":"Rack","metadata":{"name":"a"}}""")).Status.ShouldBe(201);
        (await _api.GetAsync("/apis/new.test/v1/racks/a")).Status.ShouldBe(200);
        _api.Clock.Advance(Initialization);
        (await _api.GetAsync("/apis/new.test/v1/racks")).Status.ShouldBe(200);
        await ServeAsync("new.test", false);
        (await _api.GetAsync("/apis/new.test/v1/racks")).Status.ShouldBe(429);
    }

    private async Task DefineAsync(string group) => (await _api.PostAsync(Definitions, $$$$"""
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"racks.{{{{group}}}}"},
         "spec":{"group":"{{{{group}}}}","scope":"Cluster","names":{"plural":"racks","kind":"Rack"},"versions":[
          {"name":"v1beta1","served":true,"storage":false,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}},
          {"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}
        """)).Status.ShouldBe(201);

    private async Task ServeAsync(string group, bool served) => (await _api.SendAsync(
        HttpMethod.Patch,
        $"{Definitions}/racks.{group}",
        $$"""[{"op":"replace","path":"/spec/versions/0/served","value":{{(served ? "true" : "false")}} }]""",
        "application/json-patch+json")).Status.ShouldBe(200);

    private async Task<(int Code, string? Type, string Body)> TextAsync(string path)
    {
        using var response = await _api.Http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.ToString(), await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public sealed class Fixture : ServerFixture
    {
        public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

        protected override EmbeddedApiServerOptions Options => new() { TransportClock = Clock, StorageInitialization = Initialization };
    }
}
