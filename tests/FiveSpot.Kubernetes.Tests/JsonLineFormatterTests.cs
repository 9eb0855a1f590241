// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

public sealed class JsonLineFormatterTests
{
    private readonly LoggerExternalScopeProvider _scopes = new();
    private readonly JsonLineFormatter _formatter = new(new FakeTimeProvider(new DateTimeOffset(2026, 1, 5, 9, 0, 0, 250, TimeSpan.FromHours(1))));

    [Fact]
    public void A_line_says_when_how_bad_who_and_what()
    {
        Line([new("Count", 3), new("Took", 0.25), new("Whole", 1L << 40), new("Ok", true), new("Nothing", null)], "3 done")
            .ShouldBe("""{"time":"2026-01-05T08:00:00.250Z","level":"info","logger":"Test","message":"3 done","count":3,"took":0.25,"whole":1099511627776,"ok":true,"nothing":null}""" + "\n");
    }

    [Theory]
    [InlineData(LogLevel.Trace, "trace")]
    [InlineData(LogLevel.Debug, "debug")]
    [InlineData(LogLevel.Information, "info")]
    [InlineData(LogLevel.Warning, "warn")]
    [InlineData(LogLevel.Error, "error")]
    [InlineData(LogLevel.Critical, "critical")]
    public void Levels_are_words(LogLevel level, string word) =>
        ((string?)Parse(Line([], "", level))["level"]).ShouldBe(word);

    [Fact]
    public void Names_become_snake_case_and_the_template_is_left_out()
    {
        var line = Parse(Line([new("BoundaryLag", "1 s"), new("{OriginalFormat}", "lag {BoundaryLag}")], "lag 1 s"));
        line.Select(field => field.Key).ShouldBe(["time", "level", "logger", "message", "boundary_lag"]);
    }

    [Theory]
    [InlineData("Machine")]
    [InlineData("Lease")]
    public void A_key_is_a_namespace_and_a_name(string field)
    {
        var line = Parse(Line([new(field, new ObjectKey("office", "pc-1"))], ""));
        ((string?)line["namespace"], (string?)line["name"], line.Count).ShouldBe(("office", "pc-1", 6));
    }

    [Fact]
    public void What_scopes_say_is_in_each_of_their_lines_and_counts_before_what_the_message_says()
    {
        using (_scopes.Push(new KeyValuePair<string, object?>[] { new("Machine", new ObjectKey("office", "pc-1")), new("reconcile_id", "0f") }))
        {
            var line = Line([new("Pod", new ObjectKey("web", "web-1")), new("Step", "Drain")], "");
            line.ShouldEndWith("""
                "namespace":"office","name":"pc-1","reconcile_id":"0f","step":"Drain"}
                """ + "\n");
        }

        Parse(Line([], "")).ContainsKey("reconcile_id").ShouldBeFalse();
    }

    [Fact]
    public void No_field_can_take_the_place_of_the_formatters_own()
    {
        var line = Parse(Line([new("Message", "another"), new("Level", "another"), new("Time", "another"), new("Exception", "another"), new("TraceId", "another")], "the message"));
        ((string?)line["message"], (string?)line["level"], line.Count).ShouldBe(("the message", "info", 4));
    }

    [Theory]
    [InlineData("two\nlines\r\n\tand \"quotes\" \\ \u2028 \u0000 \u001b[31m", "two lines and \"quotes\" \\ [31m", "two\nlines\nand \"quotes\" \\\n[31m")]
    [InlineData("grün → ✓ 🖥", "grün → ✓ 🖥", "grün → ✓ 🖥")]
    public void Whatever_is_said_is_one_line_and_one_object(string text, string written, string inException)
    {
        var line = Line([new("Text", text)], text, exception: new InvalidOperationException(text));
        line.Count(character => character is '\n' or '\r').ShouldBe(1);
        line.ShouldEndWith("}\n");
        var parsed = Parse(line);
        ((string?)parsed["message"], (string?)parsed["text"]).ShouldBe((written, written));
        ((string?)parsed["exception"])!.ShouldStartWith($"System.InvalidOperationException: {inException}");
    }

    [Fact]
    public void Half_a_character_is_told_as_such()
    {
        // As an exception's message may have it that was cut.
        ((string?)Parse(Line([], $"half: {'\ud83d'}"))["message"]).ShouldBe("half: \ufffd");
    }

    [Theory]
    [InlineData(double.NaN, "NaN")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    public void A_number_that_JSON_does_not_have_is_a_word(double number, string word) =>
        ((string?)Parse(Line([new("Number", number)], ""))["number"]).ShouldBe(word);

    [Fact]
    public void A_trace_that_is_recorded_is_named()
    {
        Parse(Line([], "")).ContainsKey("trace_id").ShouldBeFalse();
        using var activity = new Activity("test") { IsAllDataRequested = true }.Start();
        ((string?)Parse(Line([], ""))["trace_id"]).ShouldBe(activity.TraceId.ToHexString());
    }

    private static JsonObject Parse(string line) => JsonNode.Parse(line)!.AsObject();

    private string Line(IReadOnlyList<KeyValuePair<string, object?>> state, string message, LogLevel level = LogLevel.Information, Exception? exception = null)
    {
        var text = new StringWriter();
        _formatter.Write(new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(level, "Test", 0, state, exception, (_, _) => message), _scopes, text);
        return text.ToString();
    }
}
