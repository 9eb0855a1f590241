// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>An object on the management cluster.</summary>
public sealed record TypedReference
{
    /// <summary>Group and version.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>Namespace.</summary>
    public string? Namespace { get; init; }
}
