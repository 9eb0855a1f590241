// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Text;

namespace FiveSpot.Controller.Reclaim;

/// <summary>Writes what a reclaim agent is to look for (contract, section 9).</summary>
public static class ReclaimToml
{
    /// <summary>How often an agent looks that can't be told by its kernel, in milliseconds.</summary>
    public const int PollIntervalMilliseconds = 250;

    /// <summary>The document for these commands.</summary>
    public static string Of(IReadOnlyList<string> commands)
    {
        var list = $"[{string.Join(", ", commands.Select(Quote))}]";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"match_commands = {list}\nmatch_argv_substrings = {list}\npoll_interval_ms = {PollIntervalMilliseconds}\n");
    }

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
