// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>A taint for the Node. Its identity is <c>(key, effect)</c>.</summary>
public sealed record NodeTaint
{
    /// <summary>Qualified name.</summary>
    public required string Key { get; init; }

    /// <summary>At most 63 characters.</summary>
    public string? Value { get; init; }

    /// <summary><c>NoSchedule</c>, <c>PreferNoSchedule</c> or <c>NoExecute</c>.</summary>
    public required string Effect { get; init; }
}
