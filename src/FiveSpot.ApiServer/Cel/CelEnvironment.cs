// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>What an expression may refer to, beside the standard library.</summary>
/// <param name="Variables">The names in scope and their types.</param>
public sealed record CelEnvironment(IReadOnlyDictionary<string, CelType> Variables)
{
    /// <summary>Functions of the host's.</summary>
    public IReadOnlyList<CelFunction> Functions { get; init; } = [];

    /// <summary>The type that the expression must have; null for any.</summary>
    public CelType? Result { get; init; }
}
