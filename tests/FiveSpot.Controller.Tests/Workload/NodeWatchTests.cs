// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text;
using FiveSpot.Controller.Workload;
using FiveSpot.Kubernetes;
using FiveSpot.Lifecycle.ClusterApi;
using FiveSpot.Lifecycle.Workload;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Controller.Tests.Workload;

/// <summary>Contract, section 6: which Node is a Machine's.</summary>
public sealed class NodeWatchTests
{
    private const string Id = "remote://1";

    [Theory]
    // The providerID decides, whatever Cluster API calls the Node, or knows of its uid.
    [InlineData(Id, null, null, NodeState.Known, "node-1")]
    [InlineData(Id, "node-1", null, NodeState.Known, "node-1")]
    [InlineData(Id, "node-1", "of another time", NodeState.Known, "node-1")]
    [InlineData(Id, "node-2", null, NodeState.Known, "node-1")]
    [InlineData("remote://2", "node-1", null, NodeState.Mismatch, "node-1")]
    [InlineData("remote://2", "node-1", "uid of node-1", NodeState.Mismatch, "node-1")]
    [InlineData("remote://2", "bare", null, NodeState.Mismatch, "bare")]
    [InlineData("remote://2", "nowhere", null, NodeState.Missing, "nowhere")]
    [InlineData("remote://2", null, null, NodeState.None, null)]
    [InlineData("remote://twin", "twin-1", null, NodeState.Mismatch, "twin-1")]
    [InlineData("remote://twin", null, null, NodeState.Mismatch, null)]
    // Without one it is name and uid together.
    [InlineData(null, "bare", "uid of bare", NodeState.Known, "bare")]
    [InlineData(null, "node-1", "uid of node-1", NodeState.Known, "node-1")]
    [InlineData(null, "bare", "another", NodeState.Mismatch, "bare")]
    [InlineData(null, "bare", null, NodeState.Mismatch, "bare")]
    [InlineData(null, "nowhere", "any", NodeState.Missing, "nowhere")]
    [InlineData(null, null, null, NodeState.None, null)]
    public async Task The_Node_is_the_one_of_the_providerID(string? providerId, string? nodeName, string? nodeUid, NodeState state, string? name)
    {
        await using var cluster = await Nodes.WatchAsync(("node-1", Id), ("bare", null), ("twin-1", "remote://twin"), ("twin-2", "remote://twin"));
        var seen = cluster.Watch.Find(Machine(providerId, nodeName, nodeUid));

        (seen.State, seen.Name).ShouldBe((state, name));
        (seen.Node?.Metadata.Name).ShouldBe(state is NodeState.Known ? name : null);
        (seen.Detail is not null).ShouldBe(state is NodeState.Mismatch or NodeState.Missing);
    }

    [Fact]
    public async Task Nodes_that_come_go_and_get_their_providerID_late_are_followed()
    {
        await using var cluster = await Nodes.WatchAsync();
        NodeState State() => cluster.Watch.Find(Machine(Id, null, null)).State;
        State().ShouldBe(NodeState.None);

        cluster.Tell("ADDED", "node-1", null, 2);
        await cluster.HeardAsync("node-1 ");
        State().ShouldBe(NodeState.None);
        cluster.Tell("MODIFIED", "node-1", Id, 3);
        await cluster.HeardAsync($"node-1 {Id}");
        State().ShouldBe(NodeState.Known);
        cluster.Tell("ADDED", "node-2", Id, 4);
        await cluster.HeardAsync($"node-2 {Id}");
        State().ShouldBe(NodeState.Mismatch);
        cluster.Tell("DELETED", "node-1", Id, 5);
        await cluster.HeardAsync("node-1 ", $"node-1 {Id}");
        State().ShouldBe(NodeState.Known);
        cluster.Watch.Has(Id).ShouldBeTrue();
        cluster.Tell("DELETED", "node-2", Id, 6);
        await cluster.HeardAsync("node-2 ", $"node-2 {Id}");
        State().ShouldBe(NodeState.None);
        cluster.Watch.Has(Id).ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_not_there_while_the_watch_is_lost_may_be_there()
    {
        await using var cluster = await Nodes.WatchAsync(("node-1", Id));
        cluster.Break();
        await cluster.LostAsync();

        cluster.Watch.Find(Machine(Id, null, null)).State.ShouldBe(NodeState.Known);
        cluster.Watch.Find(Machine("remote://2", null, null)).State.ShouldBe(NodeState.Unknown);
        cluster.Watch.Find(Machine("remote://2", "node-2", null)).State.ShouldBe(NodeState.Unknown);
    }

    [Fact]
    public async Task Of_a_Node_that_no_machine_claims_no_more_is_kept_and_once_one_does_it_is_asked_for()
    {
        await using var cluster = await Nodes.WatchAsync(isClaimed: false, ("node-1", Id), ("twin-1", "remote://twin"), ("twin-2", "remote://twin"));
        await cluster.UntilAsync(() => cluster.Requests.Count(request => request.Contains("/nodes?", StringComparison.Ordinal)) == 2); // a list and a watch
        cluster.Watch.Find(Machine("remote://twin", null, null)).State.ShouldBe(NodeState.Mismatch);
        cluster.Watch.Find(Machine("remote://2", "node-1", null)).State.ShouldBe(NodeState.Mismatch);
        cluster.Watch.Has(Id).ShouldBeTrue();

        cluster.IsClaimed = true;
        cluster.Watch.Find(Machine(Id, null, null)).State.ShouldBe(NodeState.Unknown);
        await cluster.HeardAsync($"node-1 {Id}");
        cluster.Watch.Find(Machine(Id, null, null)).Node.ShouldNotBeNull().Unschedulable.ShouldBeTrue();
        cluster.Watch.Find(Machine(Id, null, null)).State.ShouldBe(NodeState.Known);
        cluster.Requests.Count.ShouldBe(3);
        cluster.Requests.ShouldContain("/api/v1/nodes/node-1");
    }

    [Fact]
    public async Task A_Node_that_can_not_be_asked_for_is_found_by_a_list()
    {
        await using var cluster = await Nodes.WatchAsync(isClaimed: false, ("node-1", Id));
        (cluster.IsClaimed, cluster.RefusesGets) = (true, true);
        cluster.Watch.Find(Machine(Id, null, null)).State.ShouldBe(NodeState.Unknown);
        await cluster.HeardAsync($"node-1 {Id}");
        cluster.Watch.Find(Machine(Id, null, null)).State.ShouldBe(NodeState.Known);
    }

    [Fact]
    public async Task Of_very_many_that_are_claimed_at_once_a_list_tells()
    {
        var all = Enumerable.Range(0, 200).Select(i => ($"node-{i:000}", (string?)$"remote://{i}")).ToArray();
        await using var cluster = await Nodes.WatchAsync(isClaimed: false, all);
        cluster.IsClaimed = true;
        cluster.HoldsGets = true;
        for (var i = 0; i < 200; i++)
        {
            cluster.Watch.Find(Machine($"remote://{i}", null, null));
        }

        await cluster.UntilAsync(() => Enumerable.Range(0, 200).All(i => cluster.Watch.Find(Machine($"remote://{i}", null, null)).State is NodeState.Known));
        cluster.Requests.Count(request => request.Contains("/nodes/", StringComparison.Ordinal)).ShouldBe(16);
        cluster.Requests.Count(request => request.Contains("limit=", StringComparison.Ordinal)).ShouldBeLessThanOrEqualTo(3);
    }

    private static CapiMachine Machine(string? providerId, string? nodeName, string? nodeUid) => new()
    {
        ApiVersion = "cluster.x-k8s.io/v1beta1",
        ProviderId = providerId,
        NodeName = nodeName,
        NodeUid = nodeUid,
        Metadata = new ObjectMetadata { Name = "pc-1", Namespace = "default", Uid = "u", ResourceVersion = "1" },
    };

    /// <summary>A watch on Nodes that a test tells.</summary>
    private sealed class Nodes : HttpMessageHandler, IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly System.Threading.Channels.Channel<byte[]?> _events = System.Threading.Channels.Channel.CreateUnbounded<byte[]?>();
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _heard = new();
        private readonly SemaphoreSlim _moved = new(0);
        private readonly string _list;
        private readonly ApiClient _api;
        private Task _running = Task.CompletedTask;
        private bool _isBroken;

        public bool IsClaimed { get; set; } = true;

        public bool RefusesGets { get; set; }

        public bool HoldsGets { get; set; }

        public System.Collections.Concurrent.ConcurrentQueue<string> Requests { get; } = new();

        private Nodes(IEnumerable<string> items)
        {
            _list = $$"""{"kind":"NodeList","metadata":{"resourceVersion":"1"},"items":[{{string.Join(',', items)}}]}""";
            _api = new ApiClient(ClusterConnection.ForServer(new Uri("https://127.0.0.1:1")), new ApiClientOptions { WrapHandler = _ => this });
            Watch = new NodeWatch(_api, (name, id) => Hear($"{name} {id}"), () => _moved.Release(), NullLoggerFactory.Instance, (_, _) => IsClaimed);
        }

        public NodeWatch Watch { get; }

        public static Task<Nodes> WatchAsync(params (string Name, string? ProviderId)[] nodes) => WatchAsync(isClaimed: true, nodes);

        public static async Task<Nodes> WatchAsync(bool isClaimed, params (string Name, string? ProviderId)[] nodes)
        {
            var cluster = new Nodes(nodes.Select(node => Json(node.Name, node.ProviderId, 1))) { IsClaimed = isClaimed };
            cluster._running = Task.Run(() => cluster.Watch.RunAsync(cluster._stop.Token));
            await cluster.UntilAsync(() => cluster.Watch is { HasSynced: true, Trouble: null });
            cluster._heard.Clear();
            return cluster;
        }

        public void Tell(string type, string name, string? providerId, int version)
        {
            _heard.Clear();
            _events.Writer.TryWrite(Encoding.UTF8.GetBytes($$"""{"type":"{{type}}","object":{{Json(name, providerId, version)}}}""" + "\n"));
        }

        public void Break()
        {
            _isBroken = true;
            _events.Writer.TryWrite(null);
        }

        public Task HeardAsync(params string[] what) => UntilAsync(() => what.Order().SequenceEqual(_heard.Order()));

        public Task LostAsync() => UntilAsync(() => Watch.Trouble is not null);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _api.Dispose();
            _stop.Dispose();
            _moved.Dispose();
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (_isBroken)
            {
                throw new HttpRequestException(HttpRequestError.ConnectionError, "The test broke the connection.");
            }

            Requests.Enqueue(request.RequestUri!.PathAndQuery);
            _moved.Release();
            if (request.RequestUri.AbsolutePath.Split("/nodes/") is [_, var name])
            {
                if (HoldsGets)
                {
                    return new TaskCompletionSource<HttpResponseMessage>().Task.WaitAsync(cancellationToken);
                }

                var one = new StringContent(RefusesGets ? """{"kind":"Status","code":403,"reason":"Forbidden"}""" : Json(name, Id, 1).Replace("\"spec\":{", "\"spec\":{\"unschedulable\":true,", StringComparison.Ordinal));
                one.Headers.ContentType = new("application/json");
                return Task.FromResult(new HttpResponseMessage(RefusesGets ? HttpStatusCode.Forbidden : HttpStatusCode.OK) { Content = one });
            }

            HttpContent content = request.RequestUri!.Query.Contains("watch=", StringComparison.Ordinal)
                ? new StreamContent(new Events(_events.Reader))
                : new StringContent(_list);
            content.Headers.ContentType = new("application/json");
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = content });
        }

        private static string Json(string name, string? providerId, int version) => $$"""
            {"metadata":{"name":"{{name}}","uid":"uid of {{name}}","resourceVersion":"{{version}}"},"spec":{ {{(providerId is null ? "" : $"\"providerID\":\"{providerId}\"")}} } }
            """;

        private void Hear(string what)
        {
            _heard.Enqueue(what);
            _moved.Release();
        }

        public async Task UntilAsync(Func<bool> condition)
        {
            while (!condition())
            {
                (await _moved.WaitAsync(TimeSpan.FromSeconds(20))).ShouldBeTrue();
            }
        }

        private sealed class Events(System.Threading.Channels.ChannelReader<byte[]?> events) : Stream
        {
            public override bool CanRead => true;

            public override bool CanSeek => false;

            public override bool CanWrite => false;

            public override long Length => throw new NotSupportedException();

            public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

            public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
            {
                var next = await events.ReadAsync(cancellationToken) ?? throw new IOException("The test broke the connection.");
                next.CopyTo(buffer);
                return next.Length;
            }

            public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
                ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

            public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

            public override void Flush()
            {
            }

            public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

            public override void SetLength(long value) => throw new NotSupportedException();

            public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        }
    }
}
