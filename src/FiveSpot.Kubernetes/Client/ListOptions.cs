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

    /// <summary>
    /// Takes what the server's watch cache holds, however old, which spares the store a read of all objects of the type, as
    /// servers before 1.31 make it for each field selector. A server that answers from its cache may answer all at once,
    /// whatever <see cref="PageSize"/>.
    /// </summary>
    public bool FromCache { get; init; }
}
