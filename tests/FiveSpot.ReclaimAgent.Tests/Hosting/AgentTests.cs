// SPDX-License-Identifier: Apache-2.0

using System.Net;
using System.Text.Json.Nodes;
using FiveSpot.Api;
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
    private ScriptedApi _api = new();
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
        _api.Methods.ShouldAllBe(method => method == "GET");
    }

    [Fact]
    public async Task A_machine_that_does_not_know_itself_writes_nothing()
    {
        await StartAsync(machineId: null);
        _proc.Put(7, "java", "java\0");
        await CountedAsync("wrong_host", 1);
        _api.Methods.ShouldAllBe(method => method == "GET");
    }

    [Fact]
    public async Task A_node_that_says_late_whose_it_is_is_asked_again()
    {
        var time = UseFakeTime();
        _api.Node["status"]!["nodeInfo"]!["machineID"] = "m2";
        await StartAsync();
        await Wait.UntilAsync("it looks", () =>
        {
            _proc.Put(7, "java", "java\0");
            time.Advance(TimeSpan.FromMilliseconds(20));
            return Metrics.Contains("writes_total{result=\"wrong_host\"}", StringComparison.Ordinal);
        });
        _api.Node["status"]!["nodeInfo"]!["machineID"] = "m1";
        await Wait.UntilAsync("it writes", () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return _api.Reclaims > 0 && _api.Methods.Count(method => method == "PATCH") == 2;
        });
    }

    [Fact]
    public async Task A_node_that_somebody_else_wrote_meanwhile_is_read_again_at_once()
    {
        await StartAsync();
        _api.NextAfter(() => { });
        _api.Next(HttpStatusCode.Conflict, "Conflict");
        _api.NextAfter(() => _api.Node["metadata"]!["resourceVersion"] = "8");
        _proc.Put(7, "java", "java\0");
        await WrittenAsync();
        _api.Methods.ShouldBe(["GET", "PATCH", "GET", "PATCH"]);
        _api.Requests[3].Body.ShouldContain("\"resourceVersion\":\"8\"");
        Metrics.ShouldContain("fivespot_reclaim_writes_total{result=\"conflict\"} 1\n");
    }

    [Fact]
    public async Task Whatever_fails_is_tried_until_it_succeeds_though_the_program_has_ended()
    {
        await StartAsync();
        _api.Next(HttpStatusCode.Forbidden, "Forbidden");
        _api.Next(HttpStatusCode.NotFound, "NotFound");
        _api.NextFails(hangs: false);
        _api.Next(HttpStatusCode.InternalServerError, "InternalError");
        _api.NextAfter(() => { });
        _api.Next(HttpStatusCode.ServiceUnavailable, "ServiceUnavailable");
        _api.NextFails(hangs: true);
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
        await StartAsync();
        _api.NextFails(hangs: true);
        _proc.Put(7, "java", "java\0");
        await Wait.UntilAsync("it was noticed", () => _api.Requests.Count > 0);
        _api.Toml = Looking("other");
        _proc.Put(8, "other", "other\0");
        await WrittenAsync();
        _api.Requests.ShouldContain(request => request.Body.Contains("process-match: other", StringComparison.Ordinal));
        _api.Reclaims.ShouldBe(1);
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
        _api.Requests.ShouldContain(request => request.Body.Contains("process-match: idea", StringComparison.Ordinal));
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
        await StartAsync();
        _api.NextFails(hangs: true);
        _api.NextFails(hangs: true);
        _proc.Put(7, "java", "java\0");
        await Wait.UntilAsync("it was noticed", () => _api.Requests.Count > 0);
        await _stop.CancelAsync();
        await _running.WaitAsync(TimeSpan.FromSeconds(2), TimeProvider.System, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task It_says_on_its_Node_by_which_configuration_it_watches_and_takes_that_back_when_it_stops()
    {
        const string Toml = "match_commands = ['java']\npoll_interval_ms = 20";
        _api.Toml = Toml;
        await StartAsync(forget: false);
        _api.Methods.ShouldBe(["GET", "PATCH"]);
        var (_, path, body) = _api.Requests[1];
        path.ShouldBe("/api/v1/nodes/pc-1?fieldManager=5spot-reclaim-agent");
        JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse($$$"""
            {"metadata":{"uid":"u1","annotations":{"5spot.finos.org/reclaim-agent-watching":"{{{ReclaimConfigHash.Of(Toml)}}}"} } }
            """)).ShouldBeTrue(body);

        // Another configuration is said, a broken one is not: the last good one is in force.
        _api.Forget();
        _api.Toml = Looking("idea");
        await Wait.UntilAsync("it is said", () => _api.Watching == ReclaimConfigHash.Of(Looking("idea")));
        _api.Toml = "match_commands = [";
        await Wait.UntilAsync("it is counted", () => Metrics.Contains("fivespot_reclaim_config_errors_total 1\n", StringComparison.Ordinal), () => Metrics);

        await _stop.CancelAsync();
        await _running;
        _api.Methods.ShouldBe(["GET", "PATCH", "GET", "PATCH"]);
        _api.Requests[^1].Body.ShouldBe("""{"metadata":{"uid":"u1","resourceVersion":"7","annotations":{"5spot.finos.org/reclaim-agent-watching":null}}}""");
        _api.Watching.ShouldBeNull();
    }

    [Fact]
    public async Task What_its_Node_says_already_is_not_written_again()
    {
        _api.Toml = Looking("java");
        _api.Node["metadata"]!["annotations"]!["5spot.finos.org/reclaim-agent-watching"] = ReclaimConfigHash.Of(Looking("java"));
        await StartAsync(reports: false, toml: Looking("java"));
        await Wait.UntilAsync("it has looked", () => _api.Requests.Count == 1);

        // The same once more: the Node may be another one.
        var sweeps = Sweeps();
        _api.Toml = Looking("java");
        await Wait.UntilAsync("it has looked again", () => _api.Requests.Count == 2 && Sweeps() > sweeps);
        _api.Node["metadata"]!["annotations"] = new JsonObject();
        _api.Toml = Looking("java");
        await Wait.UntilAsync("it says it anew", () => _api.Methods.SequenceEqual(["GET", "GET", "GET", "PATCH"]));
    }

    [Fact]
    public async Task Without_a_configuration_what_an_agent_before_it_said_is_taken_back()
    {
        _api.Node["metadata"]!["annotations"]!["5spot.finos.org/reclaim-agent-watching"] = "0123456789abcdef";
        await StartAsync(reports: false, toml: null);
        await Wait.UntilAsync("it is taken back", () => _api.Watching is null);

        _api.Toml = Looking("java");
        await Wait.UntilAsync("it is said", () => _api.Watching is not null);
        _api.Toml = null;
        await Wait.UntilAsync("it is taken back", () => _api.Watching is null);

        // Nothing has been said: nothing to take back.
        await _stop.CancelAsync();
        await _running;
        _api.Methods.Count(method => method == "PATCH").ShouldBe(3);
    }

    [Fact]
    public async Task Where_there_is_no_Node_yet_there_is_nothing_to_take_back_and_nobody_to_tell()
    {
        var time = UseFakeTime();
        _api.Next(HttpStatusCode.NotFound, "NotFound");
        await StartAsync(reports: false, toml: null);
        await Wait.UntilAsync("it has looked", () => _api.Requests.Count == 1);
        time.Advance(TimeSpan.FromHours(1));

        _api.Next(HttpStatusCode.NotFound, "NotFound");
        _api.Toml = Looking("java");
        await Wait.UntilAsync("it has looked again", () =>
        {
            // The watch of the configuration has ended in that hour, and is begun anew after a back-off.
            time.Advance(TimeSpan.FromSeconds(1));
            return _api.Requests.Count >= 2;
        });
        await Wait.UntilAsync("it is said", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return _api.Watching is not null;
        });
        _api.Methods.ShouldBe(["GET", "GET", "GET", "PATCH"]);
    }

    [Fact]
    public async Task What_can_not_be_said_is_said_when_it_can_without_a_rush()
    {
        var time = UseFakeTime();
        for (var i = 0; i < 20; i++)
        {
            _api.Next(HttpStatusCode.Forbidden, "Forbidden");
        }

        await StartAsync(reports: false);
        var seconds = 0;
        await Wait.UntilAsync("a minute has passed", () =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return ++seconds == 60;
        });
        _api.Requests.Count.ShouldBeLessThanOrEqualTo(10);

        // News does not wait for the others.
        var requests = _api.Requests.Count;
        _api.Toml = Looking("idea");
        await Wait.UntilAsync("it tries at once", () => _api.Requests.Count > requests);
        await Wait.UntilAsync("it is said", () =>
        {
            time.Advance(TimeSpan.FromMinutes(1));
            return _api.Methods.Contains("PATCH");
        });
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

    private FakeTimeProvider UseFakeTime()
    {
        var time = new FakeTimeProvider();
        _api.Dispose();
        _api = new ScriptedApi(time);
        return time;
    }

    /// <summary>Starts the agent, and waits until it has said by which configuration it watches.</summary>
    private async Task StartAsync(
        string? machineId = "m1", string? toml = "match_commands = ['java']\npoll_interval_ms = 20", bool? reports = null, bool forget = true)
    {
        _api.Toml = toml;
        var settings = new ReclaimAgentSettings
        {
            NodeName = "pc-1",
            ProcRoot = _proc.Path,
            MachineIdPath = machineId is null ? _folder.PathOf("none") : _folder.Write("machine-id", machineId + "\n"),
            Detector = DetectorKind.Poll,
            Clock = new FakeTimeProvider(Now),
        };
        _registry = new MetricRegistry(static meter => meter.Scope is FiveSpotReclaimAgent);
        _agent = new FiveSpotReclaimAgent(_api.Client, settings, NullLoggerFactory.Instance);
        _running = _agent.RunAsync(_stop.Token);
        await _agent.Ready.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System, TestContext.Current.CancellationToken);
        if (reports ?? (toml is not null && machineId == (string?)_api.Node["status"]!["nodeInfo"]!["machineID"] && machineId != ""))
        {
            await Wait.UntilAsync("it says by what it watches", () => _api.Methods.Contains("PATCH"));
            if (forget)
            {
                _api.Forget();
            }
        }
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
