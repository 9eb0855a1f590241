// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>An object on the management cluster.</summary>
public sealed record TypedReference
{
    /// <summary>Group and version.</summary>
    [Schema("API group and version of the object.")]
    public required string ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    [Schema("Kind of the object.")]
    public required string Kind { get; init; }

    /// <summary>Name.</summary>
    [Schema("Name of the object.")]
    public required string Name { get; init; }

    /// <summary>Namespace.</summary>
    [Schema("Namespace of the object.")]
    public string? Namespace { get; init; }
}
