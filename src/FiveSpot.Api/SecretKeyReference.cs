// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>One key of a Secret in the same namespace.</summary>
public sealed record SecretKeyReference
{
    /// <summary>Name of the Secret.</summary>
    public required string Name { get; init; }

    /// <summary>Key in the Secret's data.</summary>
    public string Key { get; init; } = "value";
}
