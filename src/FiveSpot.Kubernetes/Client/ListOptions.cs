// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>Which objects to list.</summary>
public sealed record ListOptions
{
    /// <summary>One namespace; null or empty for all.</summary>
    public string? Namespace { get; init; }

    /// <summary>A label selector, or null.</summary>
    public string? LabelSelector { get; init; }

    /// <summary>A field selector, or null.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Asks the server for metadata alone.</summary>
    public bool MetadataOnly { get; init; }

    /// <summary>Objects a page; 0 for all at once.</summary>
    public int PageSize { get; init; } = 500;
}
