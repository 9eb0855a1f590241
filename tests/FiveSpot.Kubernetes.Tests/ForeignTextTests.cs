// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FiveSpot.Kubernetes.Tests;

/// <summary>Text of strangers, and what it passes through on its way to people.</summary>
public sealed class ForeignTextTests
{
    private const string Hostile = "a\u001b[2J\u202eb\r\n\0\u0085c\u2028\u2029\u200b\ufeff\ud800d\U000e0041";

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Char.Array[0, 30].Select(chars => new string(chars)),
        Gen.OneOf<string>("a", " ", "  ", "ä", "😀", "…", "\n", "\0", "\u001b", "\u202e", "\u200b", "\ud800", "\udc00", "\u2028", "\u00a0").Array[0, 30].Select(string.Concat));

    [Fact]
    public void Whatever_it_is_it_becomes_one_short_line_on_which_no_terminal_acts() =>
        Gen.Select(Text, Gen.Int[1, 40]).Sample((text, max) =>
        {
            var line = ForeignText.Line(text, max);
            ShouldBeHarmless(line);
            line.Length.ShouldBeLessThanOrEqualTo(max + 1);
            ForeignText.Line(line, max).ShouldBe(line);
            ForeignText.Line(text.AsSpan(), max).ShouldBe(line);
        });

    [Theory]
    [InlineData("")]
    [InlineData("Cluster API reports the Machine ready as Node pc-1.")]
    public void What_is_plain_is_left_as_it_is_and_costs_nothing(string text) => ForeignText.Line(text, 100).ShouldBeSameAs(text);

    [Theory]
    [InlineData(null, "")]
    [InlineData(" a  b ", "a b")]
    [InlineData("a\u202eb", "a b")]
    [InlineData("Zürich → 東京 😀", "Zürich → 東京 😀")]
    public void What_is_not_is_cleaned(string? text, string line) => ForeignText.Line(text, 100).ShouldBe(line);

    [Fact]
    public void Half_a_character_is_none() => ForeignText.Line("a\ud800", 100).ShouldBe("a\ufffd");

    [Fact]
    public void Lines_stay_lines() => ForeignText.Lines("a\u001b[2J\r\n  b\u202e\nc", 100).ShouldBe("a [2J\nb\nc");

    [Fact]
    public void A_log_line_for_people_holds_nothing_that_was_smuggled_in()
    {
        var formatter = new TextLineFormatter(new FakeTimeProvider(new DateTimeOffset(2026, 1, 5, 9, 0, 0, 250, TimeSpan.Zero)));
        Written(formatter, "3 done", null).ShouldBe("09:00:00.250 warn: Test[7] 3 done\n");
        var line = Written(formatter, Hostile, new IOException(Hostile + new string('x', 100_000)));
        line.ShouldStartWith("09:00:00.250 warn: Test[7] a [2J b c");
        line.ShouldEndWith("…\n");
        line.Length.ShouldBeLessThan(17 << 10);
        ShouldBeHarmless(line[..^1]);
    }

    [Fact]
    public void A_log_line_for_programs_holds_nothing_that_was_smuggled_in()
    {
        var line = Written(new JsonLineFormatter(new FakeTimeProvider()), Hostile, new IOException(Hostile + new string('x', 100_000)));
        line.ShouldEndWith("}\n");
        ShouldBeHarmless(line[..^1]);
        var fields = JsonNode.Parse(line)!.AsObject();
        ShouldBeHarmless((string)fields["message"]!);
        ShouldBeHarmless((string)fields["who"]!);
        ((string)fields["exception"]!).Split('\n').ShouldAllBe(part => IsHarmless(part));
        ((string)fields["exception"]!).Length.ShouldBeLessThan(9 << 10);
    }

    [Fact]
    public void A_label_of_a_metric_holds_nothing_that_was_smuggled_in()
    {
        using var meter = new Meter("words", version: null, tags: null, scope: this);
        using var registry = new MetricRegistry(other => ReferenceEquals(other.Scope, this));
        meter.CreateCounter<long>("n").Add(1, new KeyValuePair<string, object?>("name", Hostile + "\"" + new string('x', 100_000)));
        var text = registry.Render();
        text.Split('\n').ShouldAllBe(line => IsHarmless(line));
        text.Length.ShouldBeLessThan(500);
        text.ShouldContain("name=\"a [2J b c");
    }

    private static string Written(Microsoft.Extensions.Logging.Console.ConsoleFormatter formatter, string message, Exception? exception)
    {
        using var text = new StringWriter();
        IReadOnlyList<KeyValuePair<string, object?>> state = [new("Who", message)];
        formatter.Write(new LogEntry<IReadOnlyList<KeyValuePair<string, object?>>>(LogLevel.Warning, "Test", 7, state, exception, (_, _) => message), null, text);
        return text.ToString();
    }

    private static void ShouldBeHarmless(string text) => IsHarmless(text).ShouldBeTrue(text);

    private static bool IsHarmless(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!Rune.TryGetRuneAt(text, i, out var rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
            {
                return false;
            }

            i += rune.Utf16SequenceLength - 1;
        }

        return true;
    }
}
