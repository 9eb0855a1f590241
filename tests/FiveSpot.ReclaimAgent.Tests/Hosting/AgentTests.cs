// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.Json.Nodes;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using FiveSpot.ReclaimAgent.Tests.Environment;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ReclaimAgent.Tests.Hosting;

/// <summary>A whole agent over a directory that looks like <c>/proc</c>, and an API server that answers as it is told.</summary>
public sealed class AgentTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 1, 5, 7, 30, 0, 250, TimeSpan.Zero);

    private readonly FakeProc _proc = new();
    private readonly Folder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ScriptedApi _api = new();
    private FiveSpotReclaimAgent? _agent;
    private MetricRegistry? _registry;
    private Task _running = Task.CompletedTask;

    private string Metrics => _registry!.Render();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _agent?.Dispose();
        _registry?.Dispose();
        _api.Dispose();
        _proc.Dispose();
        _folder.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task A_match_requests_the_reclaim_with_three_annotations_on_this_version_of_this_node()
    {
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await WrittenAsync();
        _api.Methods.ShouldBe(["GET", "PATCH"]);
        var (_, path, body) = _api.Requests[1];
        path.ShouldBe("/api/v1/nodes/pc-1?fieldManager=5spot-reclaim-agent");
        JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse("""
            {"metadata":{"uid":"u1","resourceVersion":"7","annotations":{
             "5spot.finos.org/reclaim-requested":"true","5spot.finos.org/reclaim-reason":"process-match: java",
             "5spot.finos.org/reclaim-requested-at":"2026-01-05T07:30:00.250Z"} } }
            """)).ShouldBeTrue(body);
        Metrics.ShouldContain("fivespot_reclaim_writes_total{result=\"written\"} 1\n");
    }

    [Fact]
    public async Task A_request_that_is_there_is_kept()
    {
        _api.Node["metadata"]!["annotations"]!["5spot.finos.org/reclaim-requested"] = "true";
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await CountedAsync("already", 1);
        _api.Methods.ShouldBe(["GET"]);
    }

    [Theory]
    [InlineData("True")]
    [InlineData("false")]
    [InlineData("")]
    public async Task Only_the_value_true_is_a_request(string value)
    {
        _api.Node["metadata"]!["annotations"]!["5spot.finos.org/reclaim-requested"] = value;
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await WrittenAsync();
    }

    [Theory]
    [InlineData("m2")]
    [InlineData("")]
    [InlineData(null)]
    public async Task On_another_machines_node_nothing_is_written(string? machineId)
    {
        _api.Node["status"]!["nodeInfo"]!["machineID"] = machineId;
        await StartAsync(machineId: machineId == "" ? "" : "m1");
        _proc.Put(7, "java", "java\0");
        await CountedAsync("wrong_host", 1);
        _api.Methods.ShouldBe(["GET"]);
    }

    [Fact]
    public async Task A_machine_that_does_not_know_itself_writes_nothing()
    {
        await StartAsync(machineId: null);
        _proc.Put(7, "java", "java\0");
        await CountedAsync("wrong_host", 1);
        _api.Methods.ShouldBe(["GET"]);
    }

    [Fact]
    public async Task A_node_that_says_late_whose_it_is_is_asked_again()
    {
        var time = new FakeTimeProvider();
        using var api = new ScriptedApi(time) { Toml = Looking("java") };
        api.Node["status"]!["nodeInfo"]!["machineID"] = "m2";
        await StartAsync(api);
        await Wait.UntilAsync("it looks", () =>
        {
            _proc.Put(7, "java", "java\0");
            time.Advance(TimeSpan.FromMilliseconds(20));
            return api.Requests.Count > 0;
        });
        api.Node["status"]!["nodeInfo"]!["machineID"] = "m1";
        await Wait.UntilAsync("it writes", () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return api.Methods.Contains("PATCH");
        });
    }

    [Fact]
    public async Task A_node_that_somebody_else_wrote_meanwhile_is_read_again_at_once()
    {
        _api.NextAfter(() => { });
        _api.Next(HttpStatusCode.Conflict, "Conflict");
        _api.NextAfter(() => _api.Node["metadata"]!["resourceVersion"] = "8");
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await WrittenAsync();
        _api.Methods.ShouldBe(["GET", "PATCH", "GET", "PATCH"]);
        _api.Requests[3].Body.ShouldContain("\"resourceVersion\":\"8\"");
        Metrics.ShouldContain("fivespot_reclaim_writes_total{result=\"conflict\"} 1\n");
    }

    [Fact]
    public async Task Whatever_fails_is_tried_until_it_succeeds_though_the_program_has_ended()
    {
        _api.Next(HttpStatusCode.Forbidden, "Forbidden");
        _api.Next(HttpStatusCode.NotFound, "NotFound");
        _api.NextFails(hangs: false);
        _api.Next(HttpStatusCode.InternalServerError, "InternalError");
        _api.NextAfter(() => { });
        _api.Next(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable");
        _api.NextFails(hangs: true);
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await Wait.UntilAsync("it was noticed", () => _api.Requests.Count > 0);
        _proc.Remove(7);
        await WrittenAsync();
        _api.Methods.ShouldBe(["GET", "GET", "GET", "GET", "GET", "PATCH", "GET", "GET", "PATCH"]);
        Metrics.ShouldContain("fivespot_reclaim_writes_total{result=\"failed\"} 6\n");
    }

    [Fact]
    public async Task Many_matches_are_one_request_and_no_more_than_a_look_a_second()
    {
        await StartAsync();
        for (var pid = 10; pid < 60; pid++)
        {
            _proc.Put(pid, "java", "java\0");
        }

        await WrittenAsync();
        await Wait.UntilAsync("all are noticed", () => Total("fivespot_reclaim_matches_total") == 50, () => Metrics);
        _api.Methods.Count(method => method == "PATCH").ShouldBe(1);
        _api.Methods.Count(method => method == "GET").ShouldBeLessThan(5);
    }

    [Fact]
    public async Task Once_the_request_is_cleared_a_program_that_starts_requests_it_again()
    {
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await WrittenAsync();
        _api.Node["metadata"]!["annotations"] = new JsonObject();
        await StartedUntilCountedAsync("java");
    }

    [Fact]
    public async Task A_wish_for_what_is_not_asked_for_any_more_is_dropped()
    {
        _api.NextFails(hangs: true);
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await Wait.UntilAsync("it was noticed", () => _api.Requests.Count > 0);
        _api.Toml = Looking("other");
        _proc.Put(8, "other", "other\0");
        await WrittenAsync();
        _api.Requests[^1].Body.ShouldContain("process-match: other");
        _api.Methods.Count(method => method == "PATCH").ShouldBe(1);
    }

    [Fact]
    public async Task A_changed_config_map_takes_effect_at_once_and_a_broken_one_leaves_the_last_good_one()
    {
        await StartAsync();
        _proc.Put(7, "idea", "idea\0");
        _api.Toml = "match_commands = [";
        await Wait.UntilAsync("it is counted", () => Metrics.Contains("fivespot_reclaim_config_errors_total 1\n", StringComparison.Ordinal), () => Metrics);
        _api.Toml = "none";
        await Wait.UntilAsync("it is counted", () => Metrics.Contains("fivespot_reclaim_config_errors_total 2\n", StringComparison.Ordinal), () => Metrics);
        _api.Requests.ShouldBeEmpty();
        _proc.Put(8, "java", "java\0");
        await CountedAsync("written", 1);
        _api.Node["metadata"]!["annotations"] = new JsonObject();
        _api.Toml = Looking("idea");
        await StartedUntilCountedAsync("idea");
        _api.Requests[^1].Body.ShouldContain("process-match: idea");
    }

    [Fact]
    public async Task Without_a_config_map_nothing_matches()
    {
        _api.Toml = null;
        await StartAsync(toml: null);
        _proc.Put(7, "java", "java\0");
        var sweeps = Sweeps();
        _api.Toml = Looking("java");
        await WrittenAsync();

        // Written in mid-sweep, which is counted when it is over.
        await Wait.UntilAsync("there is one", () => Sweeps() > sweeps);
        sweeps = Sweeps();
        _api.Toml = null;
        await Wait.UntilAsync("it is gone", () => Sweeps() > sweeps);
        _proc.Put(8, "java", "java\0");
        _api.Toml = Looking("idea");
        await Wait.UntilAsync("there is one again", () => Sweeps() > sweeps + 1);
        Metrics.ShouldContain("fivespot_reclaim_matches_total{noticed_by=\"poll\"} 0\n");
    }

    [Fact]
    public async Task It_stops_when_told_to_though_the_server_hangs()
    {
        _api.NextFails(hangs: true);
        await StartAsync();
        _proc.Put(7, "java", "java\0");
        await Wait.UntilAsync("it was noticed", () => _api.Requests.Count > 0);
        await _stop.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void A_directory_of_processes_that_is_not_there_is_an_error() =>
        Should.Throw<IOException>(() => new FiveSpotReclaimAgent(
            _api.Client, new ReclaimAgentSettings { NodeName = "pc-1", ProcRoot = "/nowhere", Detector = DetectorKind.Poll }, NullLoggerFactory.Instance))
            .Message.ShouldStartWith("/nowhere can't be opened: ");

    private static string Looking(string command) => $"match_commands = ['{command}']\npoll_interval_ms = 20";

    private int Sweeps() => Total("fivespot_reclaim_sweeps_total");

    private int Total(string name) => Metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal))
        .Sum(line => int.Parse(line.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));

    private async Task StartAsync(ScriptedApi? api = null, string? machineId = "m1", string? toml = "match_commands = ['java']\npoll_interval_ms = 20")
    {
        if (api is null)
        {
            _api.Toml = toml;
        }

        var settings = new ReclaimAgentSettings
        {
            NodeName = "pc-1",
            ProcRoot = _proc.Path,
            MachineIdPath = machineId is null ? _folder.PathOf("none") : _folder.Write("machine-id", machineId + "\n"),
            Detector = DetectorKind.Poll,
            Clock = new FakeTimeProvider(Now),
        };
        _registry = new MetricRegistry(static meter => meter.Scope is FiveSpotReclaimAgent);
        _agent = new FiveSpotReclaimAgent((api ?? _api).Client, settings, NullLoggerFactory.Instance);
        _running = _agent.RunAsync(_stop.Token);
        await _agent.Ready.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    // What is noticed within a second of a request is of that one.
    private async Task StartedUntilCountedAsync(string command)
    {
        var pid = 100;
        await Wait.UntilAsync("a second request", () =>
        {
            _proc.Put(pid++, command, command + "\0");
            return Metrics.Contains("writes_total{result=\"written\"} 2\n", StringComparison.Ordinal);
        });
    }

    private Task WrittenAsync() => CountedAsync("written", 1);

    private Task CountedAsync(string result, int count) => Wait.UntilAsync(
        $"{count} {result}",
        () => Metrics.Contains($"fivespot_reclaim_writes_total{{result=\"{result}\"}} {count}\n", StringComparison.Ordinal),
        () => Metrics);
}
