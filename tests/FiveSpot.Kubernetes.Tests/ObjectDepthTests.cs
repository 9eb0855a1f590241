// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes.Tests;

/// <summary>What one may write whom the server trusts with no more than an object of their own hides no other.</summary>
public sealed class ObjectDepthTests
{
    private static readonly InformerOptions Quick = new() { FirstBackOff = TimeSpan.FromMilliseconds(5), LongestBackOff = TimeSpan.FromMilliseconds(20) };

    [Theory]
    [InlineData(65)]
    [InlineData(9_990)]
    public async Task An_object_nested_as_deep_as_a_server_takes_it_hides_no_other_in_a_list_nor_in_a_watch(int depth)
    {
        var nested = $",\"deep\":{new string('[', depth)}{new string(']', depth)}}}";
        var deep = Things.Json("deep", "1")[..^1] + nested;
        await using var server = await ScriptedServer.StartAsync(async context =>
        {
            if (!context.IsWatch())
            {
                await context.Json(Things.List("10", "", deep, Things.Json("a", "1")));
                return;
            }

            await context.Stream();
            await context.Send($"{{\"type\":\"MODIFIED\",\"object\":{deep}}}\n" + Things.Event("ADDED", "b", "12"));
            await context.Hold();
        });
        using var client = server.Connect();
        using var stop = new CancellationTokenSource();
        var informer = new Informer<PartialObject>(client, Things.Type, Quick, PartialObject.Decode);
        var running = informer.RunAsync(stop.Token);
        await Until.True(() => informer.Get(Things.Key("b")) is not null);
        informer.Get(Things.Key("a")).ShouldNotBeNull();
        informer.Get(Things.Key("deep")).ShouldNotBeNull();
        informer.LastError.ShouldBeNull();
        await stop.CancelAsync();
        await running;
    }

    [Fact]
    public async Task A_page_of_large_objects_is_taken_one_at_a_time()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(
            Things.List("10", "", [.. Enumerable.Range(0, 20).Select(i => Things.Json($"a{i}", "1", new string('x', 600_000)))])));
        using var client = server.Connect(new ApiClientOptions { MaxResponseBytes = 2 << 20 });
        var page = await client.ListPageAsync(Things.Type, new ListOptions(), null, PartialObject.Decode, CancellationToken.None);
        page.Items.Count.ShouldBe(20);
    }

    [Fact]
    public async Task One_object_without_end_is_cut_off()
    {
        await using var server = await ScriptedServer.StartAsync(context => context.Json(Things.List("10", "", Things.Json("a", "1", new string('x', 5 << 20)))));
        using var client = server.Connect(new ApiClientOptions { MaxResponseBytes = 2 << 20 });
        (await Should.ThrowAsync<ApiUnreachableException>(client.ListPageAsync(Things.Type, new ListOptions(), null, PartialObject.Decode, CancellationToken.None)))
            .Message.ShouldContain("one object of the answer is larger than 2097152 bytes");
    }

    [Fact]
    public void Of_a_megabyte_of_metadata_little_is_kept()
    {
        var labels = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"l{i}\":\"{new string('x', 40)}\""));
        var finalizers = string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"example.com/f{i}\""));
        var owners = string.Join(',', Enumerable.Range(0, 5_000).Select(i => $$"""{"apiVersion":"v1","kind":"Pod","name":"{{(i == 0 ? new string('n', 100_000) : $"n{i}")}}","uid":"u{{i}}"{{(i == 4_999 ? ",\"controller\":true" : "")}}}"""));
        var json = $$"""{"metadata":{"name":"a","namespace":"ns","uid":"u","resourceVersion":"1","labels":{ {{labels}} },"annotations":{"kept":"{{new string('x', 200_000)}}","small":"s"},"finalizers":[{{finalizers}}],"ownerReferences":[{{owners}}]} }""";
        var metadata = PartialObject.Decode(System.Text.Encoding.UTF8.GetBytes(json)).Metadata;

        metadata.ApproximateBytes.ShouldBeLessThan(256 << 10);
        metadata.Labels.ContainsKey("l0").ShouldBeTrue();
        metadata.Annotations.ContainsKey("small").ShouldBeTrue();
        metadata.Finalizers.Count.ShouldBe(64);
        metadata.ControllerOwner.ShouldNotBeNull().Uid.ShouldBe("u4999");
        PartialObject.Decode(System.Text.Encoding.UTF8.GetBytes(json), static key => key == "kept", static _ => false).Metadata.Annotations["kept"].ShouldBe("");
    }
}
