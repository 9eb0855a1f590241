// SPDX-License-Identifier: Apache-2.0

using System.Text.Json;

namespace FiveSpot.Api;

/// <summary>An object of a Cluster API provider that 5-Spot creates, without its name.</summary>
public sealed record ObjectTemplate
{
    /// <summary>Group and version.</summary>
    public required string ApiVersion { get; init; }

    /// <summary>Kind.</summary>
    public required string Kind { get; init; }

    /// <summary>Labels and annotations for the object.</summary>
    public TemplateMetadata? Metadata { get; init; }

    /// <summary>The provider's own fields, kept as they are.</summary>
    public required JsonElement Spec { get; init; }
}
