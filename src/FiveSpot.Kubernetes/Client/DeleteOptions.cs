// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>How to delete an object, and only if it is the one that is meant.</summary>
public sealed record DeleteOptions
{
    /// <summary>Delete only the object of this uid (409 otherwise); null for any.</summary>
    public string? Uid { get; init; }

    /// <summary>Delete only this version of the object (409 otherwise); null for any.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>What becomes of its dependents; null for the resource's default.</summary>
    public PropagationPolicy? PropagationPolicy { get; init; }

    /// <summary>Seconds, at least 0, that the object may take to end; null for its own default.</summary>
    public long? GracePeriodSeconds { get; init; }
}
