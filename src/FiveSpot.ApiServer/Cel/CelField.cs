// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.ApiServer.Cel;

/// <summary>A field of an object type.</summary>
/// <param name="JsonName">The property's name in JSON, unescaped.</param>
/// <param name="Type">The type of its value.</param>
public sealed record CelField(string JsonName, CelType Type);
