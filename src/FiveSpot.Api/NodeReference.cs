// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Api.Schema;

namespace FiveSpot.Api;

/// <summary>A Node of the workload cluster.</summary>
public sealed record NodeReference
{
    /// <summary>Always <c>v1</c>.</summary>
    [Schema("Always v1.")]
    public required string ApiVersion { get; init; }

    /// <summary>Always <c>Node</c>.</summary>
    [Schema("Always Node.")]
    public required string Kind { get; init; }

    /// <summary>Name of the Node.</summary>
    [Schema("Name of the Node on the workload cluster.")]
    public required string Name { get; init; }

    /// <summary>Uid of the Node, where it is known; tells a Node from a later one of the same name.</summary>
    [Schema("Uid of the Node, where it is known; it tells the Node from a later one of the same name.")]
    public string? Uid { get; init; }
}
