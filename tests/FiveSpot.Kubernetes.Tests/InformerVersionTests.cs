// SPDX-License-Identifier: Apache-2.0

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>An informer of a kind whose version may change while it runs.</summary>
public sealed class InformerVersionTests
{
    private static readonly ResourceType V2 = Things.Type with { Version = "v2" };

    [Fact]
    public async Task A_watch_that_ends_before_its_time_leads_to_the_version_that_is_served_now_and_every_object_is_told_anew()
    {
        var served = Things.Type;
        using var ends = new CancellationTokenSource();
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", "", Things.Json("a", "1"), Things.Json("b", "2")));
                return;
            }

            await context.Stream();
            using var either = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, IsV2(context) ? CancellationToken.None : ends.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });
        using var client = server.Connect();
        await using var run = InformerTests.Running.Start(client, Quick(() => served));
        var versions = 0;
        run.Informer.VersionChanged += () => versions++;
        await Until.True(() => run.Informer.State == InformerState.Watching);
        served = V2;

        await ends.CancelAsync();
        await Until.True(() => versions == 1 && run.Informer.State == InformerState.Watching);
        run.Informer.Type.ShouldBe(V2);
        run.Changes.Skip(2).Order().ShouldBe(["a@1→1", "b@2→2"]);
        server.Requests.Last(request => !request.Contains("watch", StringComparison.Ordinal)).ShouldStartWith("GET /apis/example.com/v2/");
    }

    [Fact]
    public async Task A_version_that_is_not_served_any_more_keeps_its_objects_until_the_other_is_read()
    {
        ResourceType? served = Things.Type;
        var isGone = false;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (isGone && !IsV2(context))
            {
                context.Response.StatusCode = 404;
                await context.Response.WriteAsync("404 page not found\n");
            }
            else if (context.IsWatch())
            {
                await context.Stream();
                if (IsV2(context))
                {
                    await context.Hold();
                }

                await Until.True(() => isGone);
            }
            else
            {
                await context.Json(Things.List("10", "", Things.Json("a", "1")));
            }
        });
        using var client = server.Connect();
        await using var run = InformerTests.Running.Start(client, Quick(() => served));
        await Until.True(() => run.Informer.State == InformerState.Watching);
        served = null;
        isGone = true;
        await Until.True(() => run.Informer is { State: InformerState.BackingOff, LastError: ApiException { IsNotServed: true } });
        run.Informer.Get(Things.Key("a")).ShouldNotBeNull();
        run.Informer.Type.ShouldBe(Things.Type);

        served = V2;
        await Until.True(() => run.Informer is { State: InformerState.Watching } && run.Informer.Type == V2);
        run.Changes.ShouldBe(["+a@1", "a@1→1"]);
    }

    [Fact]
    public async Task Discovery_is_asked_twice_more_since_it_may_learn_of_a_change_later_and_then_no_more()
    {
        var asked = 0;
        var watches = 0;
        var times = new System.Collections.Concurrent.ConcurrentQueue<string>();
        using var ends = new SemaphoreSlim(0);
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", ""));
                return;
            }

            times.Enqueue(context.Request.Query["timeoutSeconds"].ToString());
            watches++;
            await context.Stream();
            await ends.WaitAsync(context.RequestAborted);
        });
        var time = new FakeTimeProvider();
        // The clock moves while a watch is being opened, too.
        using var client = server.Connect(new ApiClientOptions { NetworkTime = time, RequestTimeout = TimeSpan.FromDays(1) });
        await using var run = InformerTests.Running.Start(client, Quick(() => Things.Type, () => asked++));
        await Until.True(() => run.Informer.State == InformerState.Watching);
        await EndAsync(after: 60);
        await EndAsync(after: 5);
        await EndAsync(after: 30);
        asked.ShouldBe(3);
        int.Parse(times.ElementAt(3), System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThanOrEqualTo(300);
        times.Skip(1).Take(2).ShouldBe(["5", "30"]);

        await EndAsync(after: int.Parse(times.ElementAt(3), System.Globalization.CultureInfo.InvariantCulture));
        asked.ShouldBe(3, "it ended when it should");

        async Task EndAsync(int after)
        {
            var before = watches;
            time.Advance(TimeSpan.FromSeconds(after));
            ends.Release();
            await Until.True(() => watches == before + 1 && run.Informer.State == InformerState.Watching);
        }
    }

    [Fact]
    public async Task However_many_are_told_that_it_is_not_served_it_is_found_out_once()
    {
        var asked = 0;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (context.IsWatch())
            {
                await context.Stream();
                await context.Hold();
            }

            await context.Json(Things.List("10", ""));
        });
        using var client = server.Connect();
        await using var run = InformerTests.Running.Start(client, Quick(() => Things.Type, () => asked++));
        await Until.True(() => run.Informer.State == InformerState.Watching);
        for (var i = 0; i < 100; i++)
        {
            run.Informer.LookForVersion();
        }

        await Until.True(() => asked == 1 && server.Requests.Count(request => request.Contains("watch", StringComparison.Ordinal)) == 2);
        run.Informer.LookForVersion();
        asked.ShouldBe(1);
    }

    private static bool IsV2(HttpContext context) => context.Request.Path.StartsWithSegments("/apis/example.com/v2", StringComparison.Ordinal);

    private static InformerOptions Quick(Func<ResourceType?> served, Action? asked = null) => new()
    {
        Namespace = "ns",
        FirstBackOff = TimeSpan.FromMilliseconds(5),
        LongestBackOff = TimeSpan.FromMilliseconds(20),
        Resolve = _ =>
        {
            asked?.Invoke();
            return Task.FromResult(served());
        },
    };
}
