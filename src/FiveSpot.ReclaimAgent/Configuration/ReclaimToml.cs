// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using FiveSpot.Kubernetes;
using Tomlyn;
using Tomlyn.Serialization;

namespace FiveSpot.ReclaimAgent.Configuration;

/// <summary>Reads <c>reclaim.toml</c>. A key of ours with a value that it can't have breaks the file; a key that is not
/// ours is passed over and named, for a newer controller may write more than this agent knows.</summary>
internal static class ReclaimToml
{
    /// <summary>How many patterns a list may have, and characters a pattern: those of <c>killIfCommands</c>.</summary>
    public const int MostPatterns = 100;

    /// <inheritdoc cref="MostPatterns"/>
    public const int LongestPattern = 256;

    private const string Commands = "match_commands";
    private const string Substrings = "match_argv_substrings";
    private const string Interval = "poll_interval_ms";
    private const int LeastInterval = 10;
    private const int MostInterval = 60_000;

    /// <summary>Reads the file's contents.</summary>
    /// <param name="text">The contents.</param>
    /// <param name="unknown">Keys that are not ours, as <c>line N: key</c>.</param>
    /// <returns>What it says; what it leaves out is as in <see cref="ReclaimConfig.Nothing"/>.</returns>
    /// <exception cref="ReclaimConfigException">It is broken.</exception>
    public static ReclaimConfig Read(string text, out IReadOnlyList<string> unknown)
    {
        try
        {
            return Read(TomlReader.Create(text), out unknown);
        }
        catch (TomlException exception)
        {
            throw new ReclaimConfigException($"It is no TOML: {Words(exception)}.");
        }
        catch (ArgumentException)
        {
            // What Tomlyn 2.10 throws when the file ends in the middle of an escape sequence.
            throw new ReclaimConfigException("It is no TOML: a string is not ended.");
        }
    }

    private static ReclaimConfig Read(TomlReader toml, out IReadOnlyList<string> unknown)
    {
        List<string> passedOver = [];
        IReadOnlyList<Pattern>? commands = null, substrings = null;
        TimeSpan? interval = null;
        toml.Read();
        toml.Read();
        toml.Read();
        while (toml.TokenType == TomlTokenType.PropertyName)
        {
            var (key, line) = (toml.PropertyName!, toml.Line);
            toml.Read();
            switch (key)
            {
                case Commands:
                    Once(key, line, commands is null);
                    commands = ReadPatterns(toml, key, line);
                    break;
                case Substrings:
                    Once(key, line, substrings is null);
                    substrings = ReadPatterns(toml, key, line);
                    break;
                case Interval:
                    Once(key, line, interval is null);
                    interval = ReadInterval(toml, line);
                    break;
                default:
                    passedOver.Add(Invariant($"line {line}: {Short(key)}"));
                    toml.Skip();
                    break;
            }
        }

        unknown = passedOver;
        return new ReclaimConfig(commands ?? [], substrings ?? [], interval ?? ReclaimConfig.Nothing.PollInterval);
    }

    private static List<Pattern> ReadPatterns(TomlReader toml, string key, int line)
    {
        if (toml.TokenType != TomlTokenType.StartArray)
        {
            throw new ReclaimConfigException(Invariant($"Line {line}: {key} takes a list of strings, such as [\"java\", \"idea\"]."));
        }

        var patterns = new List<Pattern>();
        while (toml.Read() && toml.TokenType != TomlTokenType.EndArray)
        {
            // Where a value has no place of its own, that of the key will do.
            var at = toml.Line > 0 ? toml.Line : line;
            if (toml.TokenType != TomlTokenType.String)
            {
                throw new ReclaimConfigException(Invariant($"Line {at}: {key} takes strings and nothing else."));
            }

            var pattern = toml.GetString();
            if (LengthOf(pattern) is var length and (0 or > LongestPattern))
            {
                throw new ReclaimConfigException(Invariant($"Line {at}: an entry of {key} has {length} characters; 1 to {LongestPattern} are allowed."));
            }

            if (pattern.Contains('\0'))
            {
                throw new ReclaimConfigException(Invariant($"Line {at}: an entry of {key} has a NUL in it, which no process can have."));
            }

            if (patterns.Count == MostPatterns)
            {
                throw new ReclaimConfigException(Invariant($"Line {at}: {key} has more than {MostPatterns} entries."));
            }

            patterns.Add(new Pattern(pattern));
        }

        toml.Read();
        return patterns;
    }

    // In code points, as the API server counts.
    private static int LengthOf(string text) => text.Length <= 2 * LongestPattern ? text.EnumerateRunes().Count() : text.Length;

    private static TimeSpan ReadInterval(TomlReader toml, int line)
    {
        if (toml.TokenType != TomlTokenType.Integer || toml.GetInt64() is not (>= LeastInterval and <= MostInterval and var milliseconds))
        {
            throw new ReclaimConfigException(Invariant($"Line {line}: {Interval} takes a whole number of milliseconds from {LeastInterval} to {MostInterval}."));
        }

        toml.Read();
        return TimeSpan.FromMilliseconds(milliseconds);
    }

    private static void Once(string key, int line, bool isFirst)
    {
        if (!isFirst)
        {
            throw new ReclaimConfigException(Invariant($"Line {line}: {key} is there twice."));
        }
    }

    // The first of what may be many, each with its place in front.
    private static string Words(TomlException exception)
    {
        var first = exception.Message.Split('\n', 2)[0].Trim();
        var cause = first.IndexOf(" : error : ", StringComparison.Ordinal) is var at and >= 0 ? first[(at + " : error : ".Length)..] : first;
        return Invariant($"line {exception.Line ?? 1}: {Short(cause.TrimEnd('.'))}");
    }

    // Keys, and what the parser quotes, are as long as the author likes, and of what characters they like.
    private static string Short(string text) => ForeignText.Line(text, 120);

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
