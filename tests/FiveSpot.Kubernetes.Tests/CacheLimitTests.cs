// SPDX-License-Identifier: Apache-2.0

using System.IO.Compression;
using System.Text;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>Contract, section 6: what a server that a stranger chose may cost.</summary>
public sealed class CacheLimitTests
{
    private static readonly CacheLimits Small = new() { WatchObjects = 1000, ServerObjects = 1500, ServerBytes = 32 << 20, TotalBytes = 48 << 20 };

    private static readonly InformerOptions Quick = new() { FirstBackOff = TimeSpan.FromMilliseconds(5), LongestBackOff = TimeSpan.FromMilliseconds(20) };

    [Fact]
    public async Task Pages_without_end_are_given_up_with_the_numbers_and_nothing_of_them_is_held()
    {
        var page = 0;
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "next", Page(page++))));
        var budget = new CacheBudget(Small);
        var e = await FailAsync(server, budget);

        (e.Found, e.Allowed).ShouldBe((1001, 1000));
        e.Message.ShouldBe("It has more than 1,000 things.example.com, which is as many as a watch may tell of (--workload-watch-objects).");
        budget.Bytes.ShouldBe(0);
        server.Requests.Count.ShouldBe(11);
    }

    [Fact]
    public async Task Pages_with_nothing_in_them_are_given_up_too()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "next")));
        (await FailAsync(server, new CacheBudget(Small))).Message.ShouldContain("has more than 26 pages");
    }

    [Fact]
    public async Task The_same_object_without_end_is_given_up_too()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "next", Things.Json("a", "1"), Things.Json("a", "2"))));
        (await FailAsync(server, new CacheBudget(Small with { WatchObjects = 10 }))).Message.ShouldContain("more than 10 things");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task One_list_is_at_most_8_MiB_inflated(bool isInflated)
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            if (isInflated)
            {
                context.Response.Headers.ContentEncoding = "gzip";
                await using var gzip = new GZipStream(context.Response.Body, CompressionLevel.Fastest);
                await WriteAsync(gzip);
            }
            else
            {
                await WriteAsync(context.Response.Body);
            }
        });
        var budget = new CacheBudget(Small with { WatchObjects = 1_000_000, ServerObjects = 1_000_000, ServerBytes = 1L << 30, TotalBytes = 1L << 30 });
        var e = await FailAsync(server, budget);
        e.Message.ShouldBe("One answer is larger than 8 MiB, which is the most that is taken of a workload cluster.");
        e.IsOneAnswer.ShouldBeTrue();
        budget.Bytes.ShouldBe(0);

        static async Task WriteAsync(Stream stream)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes("""{"metadata":{"resourceVersion":"1"},"items":["""));
            for (var i = 0; i < 60; i++)
            {
                await stream.WriteAsync(Encoding.UTF8.GetBytes((i == 0 ? "" : ",") + Things.Json($"a{i}", "1", new string('x', 1 << 20))));
            }

            await stream.WriteAsync("]}"u8.ToArray());
        }
    }

    [Fact]
    public async Task A_list_of_nothing_is_not_millions_of_objects()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(
            $$"""{"metadata":{"resourceVersion":"1"},"items":[{{string.Join(',', Enumerable.Repeat("{}", 2_000_000))}}]}"""));
        (await FailAsync(server, new CacheBudget(Small))).Message.ShouldContain("more than 1,000 things");
    }

    [Fact]
    public async Task One_object_is_at_most_2_MiB()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "", Things.Json("a", "1", new string('x', 3 << 20)))));
        (await FailAsync(server, new CacheBudget(Small))).Message.ShouldBe("One object is larger than 2 MiB, which is the most that is taken of a workload cluster.");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_event_is_no_larger_whether_it_ends_or_not(bool ends)
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", ""));
                return;
            }

            await context.Stream();
            var large = Things.Event("ADDED", "a", "11", new string('x', 5 << 20));
            for (var i = 0; !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Send(ends ? large : i == 0 ? large[..100] : new string('x', 1 << 20));
            }
        });
        var budget = new CacheBudget(Small);
        (await FailAsync(server, budget)).Message.ShouldContain("larger than 2 MiB");
        budget.Bytes.ShouldBe(0);
    }

    [Fact]
    public async Task A_watch_of_ADDED_without_end_is_given_up()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", ""));
                return;
            }

            await context.Stream();
            for (var i = 0; !context.RequestAborted.IsCancellationRequested; i++)
            {
                await context.Send(Things.Event("ADDED", $"a{i}", $"{11 + i}"));
            }
        });
        var budget = new CacheBudget(Small);
        var e = await FailAsync(server, budget);
        e.Message.ShouldContain("more than 1,000 things");
        budget.Bytes.ShouldBe(0);
    }

    [Fact]
    public async Task A_name_of_absurd_length_is_given_up()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "", Things.Json(new string('a', 10_000), "1"))));
        (await FailAsync(server, new CacheBudget(Small))).Message.ShouldContain("10,004 characters; 512 are allowed");
    }

    [Fact]
    public async Task When_all_together_are_too_large_the_largest_goes_and_no_other()
    {
        var budget = new CacheBudget(new CacheLimits { TotalBytes = 10_000 });
        using var honest = budget.Open();
        using var greedy = budget.Open();
        honest.Take(1, 3_000);
        greedy.Take(1, 6_000);
        honest.Take(1, 2_000);

        honest.Excess.ShouldBeNull();
        greedy.Exceeded.IsCancellationRequested.ShouldBeTrue();
        greedy.Excess.ShouldNotBeNull().Message.ShouldContain("and of this one the most");
        Should.Throw<TooLargeException>(() => greedy.Take(1, 1)).Found.ShouldBe(11_000);
        (honest.Bytes, greedy.Bytes, budget.Bytes).ShouldBe((5_000, 0, 5_000));
        greedy.Change(-1, -6_000);
        budget.Bytes.ShouldBe(5_000, "what was taken from it is not given back again");
        await Task.CompletedTask;
    }

    [Fact]
    public void Many_small_ones_of_one_tenant_do_not_push_out_the_large_one_of_another()
    {
        var budget = new CacheBudget(new CacheLimits { TotalBytes = 10_000 });
        using var honest = budget.Open("honest");
        honest.Take(1, 3_000);
        var many = Enumerable.Range(0, 100).Select(_ => budget.Open("greedy")).ToList();
        many.ForEach(static one => one.Change(1, 100));
        many.ForEach(static one => one.Change(1, 100));

        honest.Excess.ShouldBeNull();
        many.Count(static one => one.Excess is not null).ShouldBeInRange(30, 65);
        budget.Bytes.ShouldBeLessThanOrEqualTo(10_000);
        many.ForEach(static one => one.Dispose());
    }

    [Fact]
    public void Servers_without_number_are_too_large_though_they_say_nothing_and_nobody_else_is_concerned()
    {
        var budget = new CacheBudget();
        using var honest = budget.Open("honest");
        honest.Take(1, 8 << 20);
        var many = Enumerable.Range(0, 2_000).Select(_ => budget.Open("greedy")).ToList();
        many.ForEach(static one => one.Change(0, CacheLimits.LeastOfAServer));

        honest.Excess.ShouldBeNull();
        many.Count(static one => one.Excess is null).ShouldBeInRange(800, 1_024);
        many.ForEach(static one => one.Dispose());
    }

    [Fact]
    public async Task A_server_that_gives_all_at_once_from_its_cache_is_asked_for_pages()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Hold();
            }
            else if (context.Request.Query.ContainsKey("resourceVersion"))
            {
                await context.Json(Things.List("10", "", [.. Enumerable.Range(0, 10).Select(i => Things.Json($"a{i}", "1", new string('x', 1 << 20)))]));
            }
            else
            {
                await context.Json(Things.List("10", "", Things.Json("a", "1")));
            }
        });
        var budget = new CacheBudget(Small);
        using var share = budget.Open();
        using var client = server.Connect(new ApiClientOptions { Share = share });
        using var stop = new CancellationTokenSource();
        var informer = new Informer<Thing>(client, Things.Type, Quick with { BeginFromCache = true }, Things.Decode);
        var running = informer.RunAsync(stop.Token);
        await informer.WaitForSyncAsync(stop.Token);
        informer.Count.ShouldBe(1);
        share.Objects.ShouldBe(1);
        await stop.CancelAsync();
        await running;
        share.Objects.ShouldBe(0, "what has ended holds nothing");
    }

    [Fact]
    public async Task What_is_held_follows_what_comes_and_goes()
    {
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", "", Page(0)));
                return;
            }

            await context.Stream();
            for (var i = 0; i < 5000; i++)
            {
                await context.Send(Things.Event("ADDED", "b", $"{11 + (2 * i)}") + Things.Event("DELETED", "b", $"{12 + (2 * i)}"));
            }

            await context.Send(Things.Event("ADDED", "last", "99999"));
            await context.Hold();
        });
        var budget = new CacheBudget(Small);
        using var share = budget.Open();
        using var client = server.Connect(new ApiClientOptions { Share = share });
        using var stop = new CancellationTokenSource();
        var informer = new Informer<Thing>(client, Things.Type, Quick, Things.Decode);
        var running = informer.RunAsync(stop.Token);
        await Until.True(() => informer.Get(Things.Key("last")) is not null);
        share.Objects.ShouldBe(101);
        share.Bytes.ShouldBe(101 * 2048);
        await stop.CancelAsync();
        await running;
    }

    private static string[] Page(int page) => [.. Enumerable.Range(page * 100, 100).Select(i => Things.Json($"a{i}", "1"))];

    private static async Task<TooLargeException> FailAsync(ScriptedServer server, CacheBudget budget)
    {
        using var share = budget.Open();
        using var client = server.Connect(new ApiClientOptions { Share = share });
        var informer = new Informer<Thing>(client, Things.Type, Quick, Things.Decode);
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        var e = await Should.ThrowAsync<TooLargeException>(informer.RunAsync(late.Token));
        informer.State.ShouldBe(InformerState.Stopped);
        informer.Count.ShouldBe(0);
        share.Exceeded.IsCancellationRequested.ShouldBeTrue();
        return e;
    }
}
