// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>Labels and annotations of a template.</summary>
public sealed record TemplateMetadata
{
    /// <summary>Labels for the object.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations for the object.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
}
