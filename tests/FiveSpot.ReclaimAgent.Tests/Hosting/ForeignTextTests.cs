// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FiveSpot.Integration.Tests.Environment;
using FiveSpot.Kubernetes;
using FiveSpot.ReclaimAgent.Detection;
using FiveSpot.ReclaimAgent.Hosting;
using FiveSpot.ReclaimAgent.Tests.Environment;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.ReclaimAgent.Tests.Hosting;

/// <summary>Text that would act on a terminal, in all that an agent reads, and all that comes out of it: its log, what it writes on its Node, its metrics.</summary>
public sealed partial class ForeignTextTests : IAsyncLifetime
{
    // Clears a screen, turns the order of what follows, ends a line, and more of the kind.
    private const string Hostile = "A\u001b[2J\u202eB\r\n\u0085C\u2028\u200b\ufeff";

    // What says nothing of anybody else.
    private static readonly string[] OwnWords = ["Polling for processes:", "More processes started", "There are no metrics and probes:"];

    private readonly FakeProc _proc = new();
    private readonly Folder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly FakeTimeProvider _time = new();
    private readonly LogLines _lines = new();
    private readonly MetricRegistry _registry = new(static meter => meter.Scope is FiveSpotReclaimAgent || meter.Name == RuntimeMetrics.MeterName);
    private readonly ILoggerFactory _loggers;
    private readonly ScriptedApi _api;
    private FiveSpotReclaimAgent? _agent;
    private Task _running = Task.CompletedTask;

    public ForeignTextTests()
    {
        _api = new ScriptedApi(_time);
        _loggers = LoggerFactory.Create(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(_lines));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running;
        _agent?.Dispose();
        _registry.Dispose();
        _loggers.Dispose();
        _lines.Dispose();
        _api.Dispose();
        _proc.Dispose();
        _folder.Dispose();
        _stop.Dispose();
    }

    [Fact]
    public async Task Hostile_text_of_programs_a_configuration_a_Node_and_a_server_reaches_no_log_line_no_annotation_and_no_metric()
    {
        // Of a Node that is another machine's.
        _api.Node["status"]!["nodeInfo"]!["machineID"] = Hostile + new string('m', 4096);
        _api.Toml = Toml("first", 256);
        Start();
        await ToldAsync("passes over", "looking for", "it says to be machine");
        _api.Node["status"]!["nodeInfo"]!["machineID"] = "m1";
        await ToldAsync("says by which configuration");

        // Of programs, and of a server that refuses: all of it, and once more than the reporter may take for itself.
        Refuse(2);
        PutPrograms("first", 10);
        await ToldAsync("can't be requested on Node", "Its reclaim is requested");
        _api.Node["metadata"]!["annotations"]!["5spot.finos.org/reclaim-requested"] = null;

        // Of what is no TOML.
        foreach (var broken in (string[])[$"{Hostile} = ", $"match_commands = [\"{Hostile}", $"{Quoted(Hostile)} = [", $"match_commands = [{Quoted(Hostile)}]\n{Quoted(Hostile)}{Hostile} = 1"])
        {
            var before = Count("can't be used");
            _api.Toml = broken;
            await Wait.UntilAsync("it is refused", () => Pass() && Count("can't be used") > before, () => string.Join('\n', _lines.Texts));
        }

        Refuse(2);
        _api.Toml = Toml("second", 256);
        await ToldAsync("can't be told by which configuration");

        // Of a program that is not asked for any more.
        Refuse(6);
        PutPrograms("second", 100);
        await ToldAsync("reclaim can't be requested on Node");
        _api.Toml = Toml("third", 1);
        await ToldAsync("is not asked for any more");
        _api.Toml = null;
        await ToldAsync("is gone: nothing is looked for");

        // Of a file of the machine's.
        _folder.Write("machine-id", Hostile + new string('m', 4096));
        _api.Toml = Toml("fourth", 1);
        await ToldAsync("it says to be machine \"m1\", and this one is ");
        File.Delete(_folder.PathOf("machine-id"));
        await ToldAsync("which machine this is can't be read");
        _folder.Write("machine-id", "m1");

        Refuse(10);
        await _stop.CancelAsync();
        await _running;
        ShouldBeTold("goes on saying that this agent watches");
        ShouldAllBeTold();

        foreach (var line in _lines.Read())
        {
            ShouldBeHarmless(line, 8193);
        }

        foreach (var line in _lines.Texts)
        {
            line.ShouldEndWith("\n");
            ShouldBeHarmless(line[..^1], 17 << 10);
        }

        foreach (var line in _registry.Render().Split('\n'))
        {
            ShouldBeHarmless(line, 300);
        }

        var written = _api.Requests.Where(request => request.Method == "PATCH").ToList();
        written.ShouldContain(request => request.Body.Contains("process-match: first", StringComparison.Ordinal));
        foreach (var (_, path, body) in _api.Requests)
        {
            ShouldBeHarmless(path, 300);
            ShouldBeHarmless(body.Length > 0 ? JsonNode.Parse(body) : null, 300);
        }
    }

    private void Start()
    {
        var settings = new ReclaimAgentSettings
        {
            NodeName = "pc-1",
            ProcRoot = _proc.Path,
            MachineIdPath = _folder.Write("machine-id", "m1\n"),
            Detector = DetectorKind.Poll,
        };
        _agent = new FiveSpotReclaimAgent(_api.Client, settings, _loggers);
        _running = _agent.RunAsync(_stop.Token);
    }

    // By all that a program is known by, and with names that no kernel gives: bytes that are no text, and 4 KiB of them.
    private void PutPrograms(string word, int first)
    {
        byte[] raw = [0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x1b, (byte)'[', (byte)'2', (byte)'J', 0xe2, 0x80, 0xae, (byte)'\r', (byte)'\n'];
        byte[] longName = [.. Enumerable.Repeat(raw, 4096 / raw.Length).SelectMany(part => part)];
        var pattern = Encoding.UTF8.GetBytes(word + Hostile);
        var hostile = word + Hostile;
        _proc.Put(first, [.. pattern, (byte)'\n'], raw, exe: "/opt/" + Hostile, stat: $"{first} ({Hostile}) S 1 1 1 0 -1 0 0 0\n", cgroup: $"0::/user.slice/{Hostile}\n");
        _proc.Put(first + 1, longName, [.. raw, 0, .. Encoding.UTF8.GetBytes("/bin/"), .. pattern, 0, .. longName]);
        _proc.Put(first + 2, raw, [.. longName, .. pattern, .. longName]);
        _proc.Put(first + 3, longName, [], exe: "/" + hostile.Replace("/", "", StringComparison.Ordinal));
        _proc.Put(first + 4, longName, longName, exe: "/" + new string('\u001b', 4000), stat: new string('\u001b', 4096), cgroup: new string('\u001b', 4096));
    }

    private static string Toml(string word, int length) => $"""
        match_commands = [{Quoted(word + Hostile)}, {Quoted((word + Hostile).PadRight(length, '\u001b'))}]
        match_argv_substrings = [{Quoted(word + Hostile)}]
        poll_interval_ms = 20
        {Quoted(Hostile + new string('k', 4096))} = 1

        """;

    private static string Quoted(string text) => $"\"{string.Concat(text.Select(c => c is < ' ' or > '~' ? $"\\u{(int)c:x4}" : $"{c}"))}\"";

    private void Refuse(int times)
    {
        for (var i = 0; i < times; i++)
        {
            _api.Next(HttpStatusCode.Forbidden, Hostile + new string('r', 4096), Hostile + new string('m', 4096));
        }
    }

    private Task ToldAsync(params string[] words) => Wait.UntilAsync(
        string.Join(", ", words), () => Pass() && words.All(word => Count(word) > 0), () => string.Join('\n', _lines.Texts));

    private bool Pass()
    {
        _time.Advance(TimeSpan.FromMilliseconds(500));
        return true;
    }

    private int Count(string words) => _lines.Texts.Count(line => line.Contains(words, StringComparison.Ordinal));

    private void ShouldBeTold(string words) => Count(words).ShouldBeGreaterThan(0, string.Join('\n', _lines.Texts));

    // Whatever it may say was said, but for what is its own.
    private void ShouldAllBeTold()
    {
        var messages = typeof(FiveSpotReclaimAgent).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.NonPublic | BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()?.Message).OfType<string>()
            .Where(message => !OwnWords.Any(words => message.StartsWith(words, StringComparison.Ordinal))).ToList();
        messages.Count.ShouldBeGreaterThan(10);
        foreach (var message in messages)
        {
            var told = new Regex(Place().Replace(Regex.Escape(message), ".*"), RegexOptions.None, TimeSpan.FromSeconds(10));
            _lines.Read().ShouldContain(line => told.IsMatch((string)line["message"]!), message);
        }
    }

    [GeneratedRegex(@"\\\{\w+\}", RegexOptions.None, 1000)]
    private static partial Regex Place();

    private static void ShouldBeHarmless(JsonNode? node, int longest)
    {
        switch (node)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields)
                {
                    ShouldBeHarmless(name, longest);
                    ShouldBeHarmless(value, longest);
                }

                break;
            case JsonValue value when value.GetValueKind() == System.Text.Json.JsonValueKind.String:
                ShouldBeHarmless((string)value!, longest);
                break;
        }
    }

    private static void ShouldBeHarmless(string text, int longest)
    {
        text.Length.ShouldBeLessThanOrEqualTo(longest, text);
        foreach (var rune in text.EnumerateRunes())
        {
            (Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
                .ShouldBeFalse($"U+{rune.Value:X4} in: {text}");
        }
    }
}
