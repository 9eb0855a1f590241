// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes.Tests;

/// <summary>A client that may write only while somebody says so.</summary>
public sealed class WritingAllowedTests
{
    private static readonly ReadOnlyMemory<byte> Json = "{}"u8.ToArray();

    [Fact]
    public async Task Who_may_not_write_sends_no_write_and_may_read_and_ask_what_it_might()
    {
        await using var server = await ScriptedServer.StartAsync(static context => context.Json(Things.Json("a", "2")));
        using var client = server.Connect(new ApiClientOptions { WritingAllowed = static () => new CancellationToken(canceled: true) });
        var key = Things.Key("a");

        foreach (var write in (Func<Task>[])
        [
            () => client.CreateAsync(Things.Type, "ns", Json, "me", Things.Decode, default),
            () => client.ReplaceAsync(Things.Type, key, Json, "me", null, Things.Decode, default),
            () => client.ApplyAsync(Things.Type, key, Json, "me", true, null, Things.Decode, default),
            () => client.MergePatchAsync(Things.Type, key, Json, "me", null, Things.Decode, default),
            () => client.JsonPatchAsync(Things.Type, key, Json, "me", null, Things.Decode, default),
            () => client.DeleteAsync(Things.Type, key, null, default),
            () => client.PostAsync(Things.Type, key, "eviction", Json, default),
        ])
        {
            var refused = await Should.ThrowAsync<ApiUnreachableException>(write);
            refused.Failure.ShouldBe(TransportFailure.NotLeading);
            refused.Message.ShouldEndWith(": this process does not lead, or may not any more: nothing is written.");
        }

        server.Requests.ShouldBeEmpty();
        await client.GetAsync(Things.Type, key, Things.Decode, default);
        await AccessReview.IsAllowedAsync(client, "create", Things.Type, "ns", default);
        server.Requests.Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_write_under_way_is_given_up_and_a_read_is_not()
    {
        using var allowed = new CancellationTokenSource();
        var arrived = new SemaphoreSlim(0);
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            arrived.Release();
            await answer.Task.WaitAsync(context.RequestAborted);
            await context.Json(Things.Json("a", "2"));
        });
        using var client = server.Connect(new ApiClientOptions { WritingAllowed = () => allowed.Token });
        var write = client.CreateAsync(Things.Type, "ns", Json, "me", Things.Decode, default);
        var read = client.GetAsync(Things.Type, Things.Key("a"), Things.Decode, default);
        await arrived.WaitAsync();
        await arrived.WaitAsync();
        await allowed.CancelAsync();

        (await Should.ThrowAsync<ApiUnreachableException>(() => write)).Failure.ShouldBe(TransportFailure.NotLeading);
        read.IsCompleted.ShouldBeFalse();
        answer.SetResult();
        (await read).ResourceVersion.ShouldBe("2");
        arrived.Dispose();
    }
}
