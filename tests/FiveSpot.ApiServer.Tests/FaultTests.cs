// SPDX-License-Identifier: Apache-2.0

using System.Collections.Concurrent;
using System.Net.Sockets;

namespace FiveSpot.ApiServer.Tests;

public sealed class FaultTests : IClassFixture<ServerFixture>
{
    private const string Path = "/api/v1/namespaces/default/configmaps";

    private readonly ServerFixture _api;

    public FaultTests(ServerFixture api) => _api = api;

    [Fact]
    public async Task Requests_fail_before_or_after_they_take_effect()
    {
        Inject("create", RequestStage.Before, RequestFault.Fail(503, "ServiceUnavailable", "not now", 1));
        var before = await _api.PostAsync(Path, """{"metadata":{"name":"before"}}""");
        before.Status.ShouldBe(503);
        before.Reason.ShouldBe("ServiceUnavailable");
        Inject("create", RequestStage.After, RequestFault.Fail(500, "InternalError", "lost"));
        (await _api.PostAsync(Path, """{"metadata":{"name":"after"}}""")).Status.ShouldBe(500);
        Inject("create", RequestStage.After, RequestFault.Abort);
        await Should.ThrowAsync<HttpRequestException>(() => _api.PostAsync(Path, """{"metadata":{"name":"aborted"}}"""));
        _api.Server.FaultInjector = null;
        (await _api.GetAsync(Path + "/before")).Status.ShouldBe(404);
        (await _api.GetAsync(Path + "/after")).Status.ShouldBe(200);
        (await _api.GetAsync(Path + "/aborted")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Every_request_is_observed_twice()
    {
        var seen = new ConcurrentQueue<ObservedRequest>();
        _api.Server.RequestObserver = seen.Enqueue;
        await _api.GetAsync(Path + "/nothing?x=y");
        _api.Server.RequestObserver = null;
        seen.Select(request => (request.Stage, request.Status)).ShouldBe([(RequestStage.Before, null), (RequestStage.After, 404)]);
        var first = seen.First().Request;
        (first.Verb, first.Path, first.Query, first.UserAgent).ShouldBe(("get", Path + "/nothing", "?x=y", "tests/1.0"));
    }

    [Fact]
    public async Task Watches_can_be_cut()
    {
        using var watch = await _api.WatchAsync($"{Path}?watch=true&resourceVersion={_api.Server.ResourceVersion}");
        var next = watch.NextAsync();
        _api.Server.AbortWatches();
        await Should.ThrowAsync<IOException>(() => next);
        using var again = await _api.WatchAsync($"{Path}?watch=true&resourceVersion={_api.Server.ResourceVersion}");
        await _api.PostAsync(Path, """{"metadata":{"name":"seen-again"}}""");
        (await again.NextNameAsync()).ShouldBe("ADDED seen-again");
    }

    [Fact]
    public async Task A_port_in_use_is_said_so()
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(() =>
            EmbeddedApiServer.StartAsync(new EmbeddedApiServerOptions { Name = "second", Port = _api.Server.Address.Port }, TestContext.Current.CancellationToken));
        refused.Message.ShouldBe($"The embedded API server 'second' can't listen on 127.0.0.1:{_api.Server.Address.Port}: the port is in use.");
    }

    [Fact]
    public async Task A_server_that_is_gone_does_not_listen()
    {
        var server = await EmbeddedApiServer.StartAsync(cancellation: TestContext.Current.CancellationToken);
        await server.DisposeAsync();
        using var socket = new TcpClient();
        await Should.ThrowAsync<SocketException>(() => socket.ConnectAsync("127.0.0.1", server.Address.Port));
    }

    private void Inject(string verb, RequestStage at, RequestFault fault) => _api.Server.FaultInjector =
        (request, stage, _) => ValueTask.FromResult(request.Verb == verb && stage == at ? fault : null);
}
