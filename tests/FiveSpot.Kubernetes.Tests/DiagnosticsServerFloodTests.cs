// SPDX-License-Identifier: Apache-2.0

using System.Buffers;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>Clients who mean no good, at the server of metrics and probes. Its clock stands: nobody is served because others' time is up.</summary>
public sealed class DiagnosticsServerFloodTests : IAsyncLifetime
{
    // What a kubelet waits, unless it is told otherwise.
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _time = new();
    private readonly Meter _meter;
    private readonly MetricRegistry _registry;
    private readonly CountingPool _buffers = new();
    private readonly DiagnosticsServer _server;
    private readonly List<Socket> _strangers = [];

    public DiagnosticsServerFloodTests()
    {
        _meter = new Meter("flood", version: null, tags: null, scope: this);
        _registry = new MetricRegistry(meter => ReferenceEquals(meter.Scope, this));
        _server = DiagnosticsServer.Start(
            new IPEndPoint(IPAddress.Loopback, 0), new DiagnosticsPages { Metrics = _registry, Dead = () => null, Unready = () => null }, _buffers, _time, NullLogger.Instance);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _strangers.ForEach(stranger => stranger.Dispose());
        await _server.DisposeAsync();
        _registry.Dispose();
        _meter.Dispose();
    }

    /// <summary>What they send, and then nothing more.</summary>
    public static TheoryData<int, int, string> Floods => new()
    {
        { 48, 1, "" },
        { 48, 48, "" },
        { 1000, 1, "" },
        { 1000, 1000, "" },
        { 400, 400, "G" },
        { 400, 400, "GET /healthz HTTP/1.1\r\nHost: " },
        { 400, 400, "GET /metrics HTTP/1.1\r\n\r\n" },
        { 400, 400, new string('x', 8191) },
        { 400, 400, new string('x', 100_000) },
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task Whoever_else_is_there_every_probe_is_answered_within_its_second(int connections, int addresses, string sent)
    {
        _meter.CreateObservableGauge("large", () => Enumerable.Range(0, 50_000).Select(i => new Measurement<int>(i, new KeyValuePair<string, object?>("i", i))));
        for (var i = 0; i < connections; i++)
        {
            await ComeAsync(i % addresses, sent);
            if (i % 40 == 0)
            {
                (await ProbeAsync()).ShouldStartWith("HTTP/1.1 200 ");
            }
        }

        for (var i = 0; i < 10; i++)
        {
            (await ProbeAsync()).ShouldStartWith("HTTP/1.1 200 ");
        }
    }

    [Fact]
    public async Task Who_sends_a_request_byte_by_byte_keeps_no_probe_from_its_answer()
    {
        for (var i = 0; i < 400; i++)
        {
            await ComeAsync(i, "GET /");
        }

        foreach (var letter in "healthz")
        {
            foreach (var stranger in _strangers)
            {
                await TrySendAsync(stranger, letter.ToString());
            }

            (await ProbeAsync()).ShouldStartWith("HTTP/1.1 200 ");
        }
    }

    [Fact]
    public async Task Who_has_not_asked_within_a_second_is_not_waited_for()
    {
        var silent = await ComeAsync(0, "");
        var slow = await ComeAsync(1, "GET /healthz HTTP/1.1\r\n");
        await ProbeAsync();
        _time.Advance(TimeSpan.FromMilliseconds(999));
        await ProbeAsync();
        (silent.Available, silent.Poll(0, SelectMode.SelectRead), slow.Poll(0, SelectMode.SelectRead)).ShouldBe((0, false, false));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        (await EndOf(silent)).ShouldBe("");
        (await EndOf(slow)).ShouldBe("");
    }

    [Fact]
    public async Task Of_those_who_are_waited_for_the_oldest_goes_when_there_are_too_many()
    {
        for (var i = 0; i < 257; i++)
        {
            await ComeAsync(i, "");
        }

        (await EndOf(_strangers[0])).ShouldBe("");
        foreach (var waiting in _strangers.Skip(1))
        {
            (await AskAsync(waiting, "GET /healthz HTTP/1.1\r\n\r\n")).ShouldStartWith("HTTP/1.1 200 ");
        }
    }

    [Fact]
    public async Task One_address_has_a_share_of_the_places_and_pushes_nobody_out_but_its_own()
    {
        var other = await ComeAsync(1, "");
        for (var i = 0; i < 200; i++)
        {
            await ComeAsync(2, "");
            await ProbeAsync();
        }

        for (var i = 1; i <= 136; i++)
        {
            (await EndOf(_strangers[i])).ShouldBe("");
        }

        (await AskAsync(_strangers[137], "GET /healthz HTTP/1.1\r\n\r\n")).ShouldStartWith("HTTP/1.1 200 ");
        (await AskAsync(other, "GET /healthz HTTP/1.1\r\n\r\n")).ShouldStartWith("HTTP/1.1 200 ");
    }

    [Fact]
    public async Task Where_both_families_are_served_each_address_of_IPv4_has_its_own_share()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "The kernel has no IPv6.");
        await using var server = DiagnosticsServer.Start(
            new IPEndPoint(IPAddress.IPv6Any, 0), new DiagnosticsPages { Dead = () => null }, _time, NullLogger.Instance);
        var other = await ComeAsync(1, "", server);
        for (var i = 0; i < 100; i++)
        {
            await ComeAsync(2, "", server);
        }

        for (var i = 1; i <= 36; i++)
        {
            (await EndOf(_strangers[i])).ShouldBe("");
        }

        (await AskAsync(other, "GET /healthz HTTP/1.1\r\n\r\n")).ShouldStartWith("HTTP/1.1 200 ");
    }

    [Theory]
    [InlineData("10.0.0.1", "10.0.0.1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("2001:db8:1:2:aaaa:bbbb:cccc:dddd", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2::")]
    [InlineData("2001:db8:1:3::1", "2001:db8:1:3::")]
    [InlineData("fe80::1%2", "fe80::")]
    [InlineData("::1", "::")]
    public void One_of_IPv6_is_a_network_and_one_of_IPv4_an_address_in_whatever_form(string address, string expected) =>
        DiagnosticsClient.Of(IPAddress.Parse(address)).ShouldBe(IPAddress.Parse(expected));

    [Fact]
    public async Task Who_does_not_read_the_answer_is_not_waited_for()
    {
        _meter.CreateObservableGauge("large", () => Enumerable.Range(0, 50_000).Select(i => new Measurement<int>(i, new KeyValuePair<string, object?>("i", new string('x', 100) + i))));
        var stranger = await ComeAsync(0, "GET /metrics HTTP/1.1\r\n\r\n");
        using var deadline = new CancellationTokenSource(Deadline);
        await stranger.ReceiveAsync(new byte[1], deadline.Token);
        await ProbeAsync();
        _time.Advance(TimeSpan.FromSeconds(5));
        (await EndOf(stranger)).Length.ShouldBeInRange(1, 2 << 20);
    }

    [Fact]
    public async Task Who_asks_twice_gets_the_first_answer_whole()
    {
        var asked = string.Concat(Enumerable.Repeat("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", 20));
        (await AskAsync(await ComeAsync(0, ""), asked)).ShouldEndWith("\r\n\r\nok\n");
    }

    [Fact]
    public async Task Who_has_asked_and_says_no_more_is_answered_and_who_has_not_is_let_go()
    {
        var asked = await ComeAsync(0, "GET /healthz HTTP/1.1\r\n\r\n");
        asked.Shutdown(SocketShutdown.Send);
        (await EndOf(asked)).ShouldEndWith("\r\n\r\nok\n");
        var silent = await ComeAsync(0, "GET /healthz HTTP/1.1\r\n");
        silent.Shutdown(SocketShutdown.Send);
        (await EndOf(silent)).ShouldBe("");
    }

    [Fact]
    public async Task Many_who_ask_for_metrics_at_once_share_the_work()
    {
        var rendered = 0;
        _meter.CreateObservableGauge("rendered", () => Interlocked.Increment(ref rendered));
        for (var i = 0; i < 60; i++)
        {
            await ComeAsync(i, "GET /metrics HTTP/1.1\r\n\r\n");
        }

        await ProbeAsync();
        Volatile.Read(ref rendered).ShouldBeLessThan(3);
    }

    [Fact]
    public async Task Nobody_costs_a_buffer_before_they_have_sent_something()
    {
        for (var i = 0; i < 250; i++)
        {
            await ComeAsync(i, "");
        }

        // Whoever came before it has been looked at when it is answered; its own buffer is the only one that there ever was.
        await ProbeAsync();
        _buffers.MostAtOnce.ShouldBe(1);

        await ComeAsync(250, "GET");
        using var deadline = new CancellationTokenSource(Deadline);
        while (_buffers.InUse == 0)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await ProbeAsync();
        }
    }

    private async Task<Socket> ComeAsync(int address, string sent, DiagnosticsServer? to = null)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        _strangers.Add(socket);
        socket.Bind(new IPEndPoint(new IPAddress([127, 0, (byte)(1 + (address / 250)), (byte)(1 + (address % 250))]), 0));
        using var deadline = new CancellationTokenSource(Deadline);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, (to ?? _server).Address.Port), deadline.Token);
        await TrySendAsync(socket, sent);
        return socket;
    }

    // It may have been let go already.
    private static async Task TrySendAsync(Socket socket, string text)
    {
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            await socket.SendAsync(Encoding.ASCII.GetBytes(text), deadline.Token);
        }
        catch (SocketException)
        {
        }
    }

    private async Task<string> ProbeAsync()
    {
        using var kubelet = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var timeout = new CancellationTokenSource(ProbeTimeout);
        await kubelet.ConnectAsync(_server.Address, timeout.Token);
        await kubelet.SendAsync("GET /healthz HTTP/1.1\r\nHost: x\r\nUser-Agent: kube-probe/1.36\r\n\r\n"u8.ToArray(), timeout.Token);
        return await ReadAsync(kubelet, timeout.Token);
    }

    private static async Task<string> AskAsync(Socket socket, string request)
    {
        await socket.SendAsync(Encoding.ASCII.GetBytes(request));
        return await EndOf(socket);
    }

    private static async Task<string> EndOf(Socket socket)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        return await ReadAsync(socket, deadline.Token);
    }

    private static async Task<string> ReadAsync(Socket socket, CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer, cancellationToken) is > 0 and var read)
            {
                text.Append(Encoding.ASCII.GetString(buffer, 0, read));
            }
        }
        catch (SocketException)
        {
            // Let go without a farewell.
        }

        return text.ToString();
    }

    /// <summary>Counts the buffers that are in use.</summary>
    private sealed class CountingPool : ArrayPool<byte>
    {
        private readonly Lock _lock = new();
        private int _inUse;

        public int MostAtOnce { get; private set; }

        public int InUse => Volatile.Read(ref _inUse);

        public override byte[] Rent(int minimumLength)
        {
            lock (_lock)
            {
                MostAtOnce = Math.Max(MostAtOnce, ++_inUse);
            }

            return Shared.Rent(minimumLength);
        }

        public override void Return(byte[] array, bool clearArray = false)
        {
            lock (_lock)
            {
                _inUse--;
            }

            Shared.Return(array, clearArray);
        }
    }
}
