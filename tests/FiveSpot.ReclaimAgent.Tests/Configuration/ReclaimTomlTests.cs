// SPDX-License-Identifier: Apache-2.0

using CsCheck;
using FiveSpot.ReclaimAgent.Configuration;

namespace FiveSpot.ReclaimAgent.Tests.Configuration;

/// <summary>What <c>reclaim.toml</c> may say, and the words for what it may not.</summary>
public sealed class ReclaimTomlTests
{
    [Fact]
    public void The_file_of_the_contract_is_read()
    {
        var config = ReclaimToml.Read(
            """
            match_commands = ["java", "idea"]  # equals comm, or the base name of argv[0], of the executable, or of a whole argument
            match_argv_substrings = ["-jar x"] # a substring of argv joined by spaces
            poll_interval_ms = 250
            """,
            out var unknown);
        config.Commands.Select(pattern => pattern.Text).ShouldBe(["java", "idea"]);
        config.Substrings.Select(pattern => pattern.Text).ShouldBe(["-jar x"]);
        config.PollInterval.ShouldBe(TimeSpan.FromMilliseconds(250));
        config.IsEmpty.ShouldBeFalse();
        unknown.ShouldBeEmpty();
    }

    [Fact]
    public void What_is_left_out_is_as_without_a_file()
    {
        var config = ReclaimToml.Read("", out _);
        config.IsEmpty.ShouldBeTrue();
        config.PollInterval.ShouldBe(ReclaimConfig.Nothing.PollInterval);
        ReclaimToml.Read("match_commands = []", out _).IsEmpty.ShouldBeTrue();
    }

    [Theory]
    [InlineData(""" "a\"b" """, "a\"b")]
    [InlineData(""" 'C:\x' """, "C:\\x")]
    [InlineData(""" "tab\tnew\nline" """, "tab\tnew\nline")]
    [InlineData(""" "\u00e9\U0001F600" """, "é😀")]
    [InlineData("\"\"\"\ntwo\nlines\"\"\"", "two\nlines")]
    public void Strings_are_those_of_TOML(string toml, string text) =>
        ReclaimToml.Read($"match_commands = [\n  {toml},\n]", out _).Commands.ShouldHaveSingleItem().Text.ShouldBe(text);

    [Fact]
    public void Keys_that_are_not_ours_are_named_and_passed_over()
    {
        var config = ReclaimToml.Read(
            "match_users = [[1, {a = 2026-01-01}], 2.5]\nmatch_commands = ['java']\n[future.table]\nmatch_commands = ['not this']\n[[more]]\nx = true", out var unknown);
        config.Commands.ShouldHaveSingleItem().Text.ShouldBe("java");
        unknown.ShouldBe(["line 1: match_users", "line 3: future", "line 5: more"]);
    }

    [Theory]
    [InlineData("match_commands = [\"java\"", "It is no TOML: line 1: Unexpected end-of-file while parsing array.")]
    [InlineData("\n\nmatch_commands = \"java", "It is no TOML: line 3: ")]
    [InlineData("java", "It is no TOML: line 1: Expected `=` after key but was `Eof`.")]
    [InlineData("match_commands = \"java\"", "Line 1: match_commands takes a list of strings, such as [\"java\", \"idea\"].")]
    [InlineData("\nmatch_commands = [\n\"java\",\n5]", "Line 4: match_commands takes strings and nothing else.")]
    [InlineData("match_argv_substrings = [[\"java\"]]", "Line 1: match_argv_substrings takes strings and nothing else.")]
    [InlineData("match_argv_substrings = [\"\"]", "Line 1: an entry of match_argv_substrings has 0 characters; 1 to 256 are allowed.")]
    [InlineData("match_commands = [\"\\u0000\"]", "Line 1: an entry of match_commands has a NUL in it, which no process can have.")]
    [InlineData("match_commands = []\nmatch_commands = []", "Line 2: match_commands is there twice.")]
    [InlineData("poll_interval_ms = 250\npoll_interval_ms = 250", "Line 2: poll_interval_ms is there twice.")]
    [InlineData("poll_interval_ms = 0", "Line 1: poll_interval_ms takes a whole number of milliseconds from 10 to 60000.")]
    [InlineData("poll_interval_ms = -250", "Line 1: poll_interval_ms takes a whole number of milliseconds from 10 to 60000.")]
    [InlineData("poll_interval_ms = 60001", "Line 1: poll_interval_ms takes a whole number of milliseconds from 10 to 60000.")]
    [InlineData("poll_interval_ms = 2.5", "Line 1: poll_interval_ms takes a whole number of milliseconds from 10 to 60000.")]
    [InlineData("poll_interval_ms = \"250\"", "Line 1: poll_interval_ms takes a whole number of milliseconds from 10 to 60000.")]
    [InlineData("poll_interval_ms = 99999999999999999999", "It is no TOML: line 1: Unable to parse integer `99999999999999999999`.")]
    [InlineData("match_commands = [\"java\\", "It is no TOML: a string is not ended.")]
    public void A_broken_file_is_refused_with_line_and_cause(string toml, string words) =>
        Should.Throw<ReclaimConfigException>(() => ReclaimToml.Read(toml, out _)).Message.ShouldStartWith(words);

    [Fact]
    public void Sizes_are_bounded()
    {
        static string List(int entries, int length) => $"match_commands = [{string.Join(',', Enumerable.Repeat($"'{new string('j', length)}'", entries))}]";
        ReclaimToml.Read(List(100, 256), out _).Commands.Count.ShouldBe(100);
        Should.Throw<ReclaimConfigException>(() => ReclaimToml.Read(List(101, 1), out _)).Message.ShouldBe("Line 1: match_commands has more than 100 entries.");
        Should.Throw<ReclaimConfigException>(() => ReclaimToml.Read(List(1, 257), out _)).Message
            .ShouldBe("Line 1: an entry of match_commands has 257 characters; 1 to 256 are allowed.");

        // Characters are counted as the API server counts those of killIfCommands.
        ReclaimToml.Read($"match_commands = ['{string.Concat(Enumerable.Repeat("😀", 256))}']", out _).Commands.Count.ShouldBe(1);
        Should.Throw<ReclaimConfigException>(() => ReclaimToml.Read("a = " + new string('[', 500_000), out _)).Message.Length.ShouldBeLessThan(250);
        Should.Throw<ReclaimConfigException>(() => ReclaimToml.Read(new string('x', 1 << 20), out _)).Message.Length.ShouldBeLessThan(250);
    }

    [Fact]
    public void What_is_quoted_of_it_can_do_nothing_to_a_terminal()
    {
        Should.Throw<ReclaimConfigException>(() => ReclaimToml.Read("match_commands = [\"ja\\u00\u001b[2J\"]", out _)).Message.ShouldNotContain('\u001b');
        ReclaimToml.Read("\"\\u001b[2J\\u202e\\n\" = 1", out var unknown);
        unknown.ShouldBe(["line 1: [2J"]);
    }

    [Fact]
    public void No_file_does_anything_but_be_read_or_refused() => Gen.OneOf(
        Gen.String,
        Gen.String[Gen.Char["match_coands=[]\"'\\\n #{}.,0123-poll_interval"], 0, 80],
        Gen.Select(Gen.Int[0, 120], Gen.Char, (at, character) =>
        {
            const string Sound = "match_commands = [\"java\", 'idea'] # x\nmatch_argv_substrings = [\"\"\"a\"\"\"]\n\npoll_interval_ms = 250\n[t]\nx = {a = [1]}";
            var place = at % Sound.Length;
            return Sound[..place] + character + Sound[(place + 1)..];
        })).Sample(toml =>
    {
        try
        {
            var config = ReclaimToml.Read(toml, out _);
            config.PollInterval.ShouldBeInRange(TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        }
        catch (ReclaimConfigException exception)
        {
            exception.Message.ShouldEndWith(".");
        }
    }, iter: 20_000);
}
