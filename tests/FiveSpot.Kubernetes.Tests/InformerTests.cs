// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;

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
