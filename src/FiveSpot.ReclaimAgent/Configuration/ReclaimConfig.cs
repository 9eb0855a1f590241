// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ReclaimAgent.Configuration;

/// <summary>What <c>reclaim.toml</c> says.</summary>
/// <param name="Commands">Names of programs.</param>
/// <param name="Substrings">Parts of command lines.</param>
/// <param name="PollInterval">How often to look, where looking is all that can be done.</param>
internal sealed record ReclaimConfig(IReadOnlyList<Pattern> Commands, IReadOnlyList<Pattern> Substrings, TimeSpan PollInterval)
{
    /// <summary>What holds while there is no ConfigMap: nothing matches.</summary>
    public static readonly ReclaimConfig Nothing = new([], [], TimeSpan.FromMilliseconds(250));

    /// <summary>Stands for the text that it was read from; null for <see cref="Nothing"/>.</summary>
    public string? Hash { get; init; }

    /// <summary>The longest pattern, in bytes.</summary>
    public int LongestCommand { get; } = Longest(Commands);

    /// <summary>The longest substring, in bytes.</summary>
    public int LongestSubstring { get; } = Longest(Substrings);

    /// <summary>Whether no process can match.</summary>
    public bool IsEmpty => Commands.Count == 0 && Substrings.Count == 0;

    /// <summary>Whether it asks for this pattern.</summary>
    public bool Contains(Pattern pattern) => Commands.Contains(pattern) || Substrings.Contains(pattern);

    private static int Longest(IReadOnlyList<Pattern> patterns) => patterns.Count == 0 ? 0 : patterns.Max(pattern => pattern.Utf8.Length);
}
