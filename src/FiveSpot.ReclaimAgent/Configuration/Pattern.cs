// SPDX-License-Identifier: Apache-2.0

using System.Text;

namespace FiveSpot.ReclaimAgent.Configuration;

/// <summary>A text to look for in the processes of the machine, which are bytes.</summary>
internal sealed record Pattern(string Text)
{
    /// <summary>The text as processes have it.</summary>
    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(Text);

    public bool Equals(Pattern? other) => other?.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}
