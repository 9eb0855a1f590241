// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>A Node of the workload cluster.</summary>
public sealed record NodeReference
{
    /// <summary>Always <c>v1</c>.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Always <c>Node</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Name of the Node.</summary>
    public required string Name { get; init; }

    /// <summary>Uid of the Node, where it is known; tells a Node from a later one of the same name.</summary>
    public string? Uid { get; init; }
}
