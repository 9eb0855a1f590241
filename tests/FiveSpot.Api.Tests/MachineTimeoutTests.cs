// SPDX-License-Identifier: Apache-2.0

using System.Text.RegularExpressions;
using CsCheck;
using FiveSpot.Api.Rules;

namespace FiveSpot.Api.Tests;

public sealed class MachineTimeoutTests
{
    [Theory]
    [InlineData("0s", 0)]
    [InlineData("5m", 300)]
    [InlineData("30s", 30)]
    [InlineData("1h", 3_600)]
    [InlineData("24h", 86_400)]
    [InlineData("1440m", 86_400)]
    [InlineData("86400s", 86_400)]
    [InlineData("007m", 420)]
    [InlineData("000000000000005s", 5)]
    public void Reads_what_is_allowed(string text, int seconds)
    {
        MachineTimeout.TryParse(text, out var timeout).ShouldBeTrue();
        timeout.ShouldBe(TimeSpan.FromSeconds(seconds));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("s")]
    [InlineData("5")]
    [InlineData("5d")]
    [InlineData("5M")]
    [InlineData("-5m")]
    [InlineData("+5m")]
    [InlineData("1.5h")]
    [InlineData("1h30m")]
    [InlineData(" 5m")]
    [InlineData("5m\n")]
    [InlineData("5 m")]
    [InlineData("٥m")]
    [InlineData("25h")]
    [InlineData("1441m")]
    [InlineData("86401s")]
    [InlineData("999999999999999h")]
    [InlineData("18446744073709551621s")]
    [InlineData("0000000000000005s")]
    public void Refuses_what_is_not(string? text)
    {
        MachineTimeout.TryParse(text, out var timeout).ShouldBeFalse();
        timeout.ShouldBe(TimeSpan.Zero);
    }

    [Fact]
    public void Agrees_with_the_rule_of_the_schema()
    {
        var rule = new Regex(Patterns.Duration.Replace("$", @"\z", StringComparison.Ordinal), RegexOptions.NonBacktracking);
        Gen.Select(Gen.Int[0, 100_000], Gen.Char["smhd"], Gen.String[Gen.Char["0123456789smh -"], 0, 16])
            .Sample(
                (number, unit, any) =>
                {
                    foreach (var text in new[] { $"{number}{unit}", $"0{number}{unit}", any })
                    {
                        MachineTimeout.TryParse(text, out _).ShouldBe(rule.IsMatch(text), text);
                    }
                },
                iter: 20_000);
        for (var number = 0; number < 90_000; number++)
        {
            rule.IsMatch($"{number}s").ShouldBe(number <= 86_400);
            rule.IsMatch($"{number}m").ShouldBe(number <= 1_440);
            rule.IsMatch($"{number}h").ShouldBe(number <= 24);
        }
    }
}
