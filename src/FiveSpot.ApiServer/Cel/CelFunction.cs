// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A function of the host's, beside the standard ones.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsMember">Whether it is called on its first parameter: <c>a.name(b)</c>.</param>
/// <param name="Parameters">The types of its parameters, the target first.</param>
/// <param name="Result">The type of its result.</param>
/// <param name="Body">What it does; gets values of the kinds that <paramref name="Parameters"/> names.</param>
/// <param name="Cost">What a call costs, beyond its arguments.</param>
public sealed record CelFunction(
    string Name,
    bool IsMember,
    IReadOnlyList<CelType> Parameters,
    CelType Result,
    Func<IReadOnlyList<CelValue>, CelValue> Body,
    long Cost = 1);
