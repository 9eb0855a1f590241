// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;
using FiveSpot.Api;

namespace FiveSpot.Lifecycle.Reclaim;

/// <summary>Writes what a reclaim agent is to look for (contract, section 9).</summary>
public static class ReclaimToml
{
    /// <summary>How often an agent looks that can't be told by its kernel, in milliseconds.</summary>
    public const int PollIntervalMilliseconds = 250;

    /// <summary>The document for the entries of <c>killIfCommands</c>.</summary>
    public static string Of(IReadOnlyList<string> commands)
    {
        var names = commands.Where(static command => !IsText(command));
        var texts = commands.Where(IsText).Select(static command => command[ScheduledMachineSpec.CommandLinePrefix.Length..]);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"match_commands = {List(names)}\nmatch_argv_substrings = {List(texts)}\npoll_interval_ms = {PollIntervalMilliseconds}\n");
    }

    private static bool IsText(string command) => command.StartsWith(ScheduledMachineSpec.CommandLinePrefix, StringComparison.Ordinal);

    private static string List(IEnumerable<string> texts) => $"[{string.Join(", ", texts.Select(Quote))}]";

    // A TOML "basic string": quotes, backslashes and control characters are escaped, all else stands for itself.
    private static string Quote(string text)
    {
        var quoted = new StringBuilder(text.Length + 2).Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' or '\\' => quoted.Append('\\').Append(c),
                < ' ' or '\u007f' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }
}
