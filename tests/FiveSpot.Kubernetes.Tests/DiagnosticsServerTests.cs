// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>The small server of metrics and probes, over real sockets.</summary>
public sealed class DiagnosticsServerTests : IAsyncLifetime
{
    private readonly Meter _meter;
    private readonly MetricRegistry _registry;
    private readonly DiagnosticsServer _server;
    private readonly HttpClient _http = new();
    private string? _dead;
    private string? _unready;

    public DiagnosticsServerTests()
    {
        _meter = new Meter("test", version: null, tags: null, scope: this);
        _registry = new MetricRegistry(meter => ReferenceEquals(meter.Scope, this));
        _server = Start(new IPEndPoint(IPAddress.Loopback, 0));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
        _registry.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public async Task Metrics_are_shown()
    {
        _meter.CreateCounter<long>("n").Add(7);
        using var response = await GetAsync("/metrics?x=1");
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.ToString().ShouldBe("text/plain; version=0.0.4; charset=utf-8");
        (await response.Content.ReadAsStringAsync()).ShouldBe("# TYPE n_total counter\nn_total 7\n");
    }

    [Fact]
    public async Task Probes_say_how_it_is()
    {
        foreach (var path in (string[])["/healthz", "/health", "/livez", "/readyz", "/ready"])
        {
            var (status, text) = path.Contains("ready", StringComparison.Ordinal)
                ? (HttpStatusCode.ServiceUnavailable, "The caches are being filled.\n")
                : (HttpStatusCode.InternalServerError, "The work stands still.\n");
            (_dead, _unready) = (text.TrimEnd(), text.TrimEnd());
            using var response = await GetAsync(path);
            response.StatusCode.ShouldBe(status);
            (await response.Content.ReadAsStringAsync()).ShouldBe(text);
            (_dead, _unready) = (null, null);
            (await StatusAsync(path)).ShouldBe(HttpStatusCode.OK);
        }
    }

    [Fact]
    public async Task A_page_that_is_on_another_port_is_not_here()
    {
        await using var probes = DiagnosticsServer.Start(
            new IPEndPoint(IPAddress.Loopback, 0), new DiagnosticsPages { Dead = () => null, Unready = () => null }, TimeProvider.System, NullLogger.Instance);
        using var response = await _http.GetAsync(new Uri($"http://{probes.Address}/metrics"));
        response.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await response.Content.ReadAsStringAsync()).ShouldBe("Here there is /healthz, /readyz.\n");
    }

    [Theory]
    [InlineData("POST /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 405 ")]
    [InlineData("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ")]
    [InlineData("nonsense\r\n\r\n", "HTTP/1.1 405 ")]
    [InlineData("\r\n\r\n", "HTTP/1.1 405 ")]
    public async Task What_else_is_asked_gets_an_answer_and_no_body_where_none_is_wanted(string request, string answer)
    {
        var text = await AskAsync(Encoding.ASCII.GetBytes(request));
        text.ShouldStartWith(answer);
        if (request.StartsWith("HEAD", StringComparison.Ordinal))
        {
            text.ShouldEndWith("\r\n\r\n");
        }
    }

    [Fact]
    public async Task A_request_without_end_is_cut_off()
    {
        (await AskAsync(Encoding.ASCII.GetBytes(new string('x', 8 << 10)))).ShouldBe("");
        (await StatusAsync("/healthz")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task More_clients_than_there_are_places_are_served_in_turn()
    {
        var statuses = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => StatusAsync("/healthz")));
        statuses.ShouldAllBe(status => status == HttpStatusCode.OK);
    }

    [Fact]
    public void A_port_that_is_taken_is_told_of() =>
        Should.Throw<IOException>(() => Start(_server.Address)).Message.ShouldStartWith($"{_server.Address} can't be listened on: ");

    [Fact]
    public async Task On_all_addresses_it_answers_in_both_families()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "The kernel has no IPv6.");
        await using var server = Start(new IPEndPoint(IPAddress.IPv6Any, 0));
        foreach (var host in (string[])["127.0.0.1", "[::1]"])
        {
            using var response = await _http.GetAsync(new Uri($"http://{host}:{server.Address.Port}/healthz"));
            response.StatusCode.ShouldBe(HttpStatusCode.OK, host);
        }
    }

    [Theory]
    [InlineData("::", "127.0.0.1", "::1")]
    [InlineData("0.0.0.0", "127.0.0.1", null)]
    [InlineData("127.0.0.1", "127.0.0.1", null)]
    [InlineData("::1", "::1", null)]
    public async Task It_answers_where_it_was_told_to_listen_and_nowhere_else(string address, string one, string? other)
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "The kernel has no IPv6.");
        await using var server = Start(new IPEndPoint(IPAddress.Parse(address), 0));
        foreach (var to in (string[])["127.0.0.1", "::1"])
        {
            using var client = new Socket(IPAddress.Parse(to).AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            var isThere = await Record.ExceptionAsync(() => client.ConnectAsync(IPAddress.Parse(to), server.Address.Port)) is null;
            isThere.ShouldBe(to == one || to == other, to);
        }
    }

    [Theory]
    [InlineData("::", true, "::")]
    [InlineData("::", false, "0.0.0.0")]
    [InlineData("::1", false, "::1")]
    [InlineData("0.0.0.0", true, "0.0.0.0")]
    public void Without_IPv6_all_addresses_are_those_of_IPv4(string address, bool hasIPv6, string expected) =>
        DiagnosticsServer.AsFarAsThereIs(new IPEndPoint(IPAddress.Parse(address), 8080), hasIPv6).ShouldBe(new IPEndPoint(IPAddress.Parse(expected), 8080));

    [Theory]
    [InlineData("::", "::")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("fd00::0001", "fd00::1")]
    [InlineData("fe80::1%1", "fe80::1%1")]
    [InlineData("::ffff:10.0.0.1", "10.0.0.1")]
    [InlineData("8080", null)]
    [InlineData("127.1", null)]
    [InlineData("010.0.0.1", null)]
    [InlineData("[::1]", null)]
    [InlineData("[::1]:8080", null)]
    [InlineData("10.0.0.1:8080", null)]
    [InlineData("::/0", null)]
    [InlineData("localhost", null)]
    [InlineData("", null)]
    public void An_address_of_either_family_is_read_and_nothing_else(string text, string? expected) =>
        (DiagnosticsServer.TryReadAddress(text, out var address) ? address.ToString() : null).ShouldBe(expected);

    [Fact]
    public async Task What_a_probe_says_acts_on_no_terminal()
    {
        _dead = "It says: \u001b[2J\u202e\r\nX";
        using var response = await GetAsync("/healthz");
        (await response.Content.ReadAsStringAsync()).ShouldBe("It says: [2J X\n");
    }

    private DiagnosticsServer Start(IPEndPoint address) =>
        DiagnosticsServer.Start(
            address, new DiagnosticsPages { Metrics = _registry, Dead = () => _dead, Unready = () => _unready }, TimeProvider.System, NullLogger.Instance);

    private Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(new Uri($"http://{_server.Address}{path}"));

    private async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var response = await GetAsync(path);
        return response.StatusCode;
    }

    private async Task<string> AskAsync(byte[] request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(_server.Address);
        var stream = client.GetStream();
        await stream.WriteAsync(request);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
