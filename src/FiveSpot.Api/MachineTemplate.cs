// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Api;

/// <summary>What the Cluster API Machine carries besides its references.</summary>
public sealed record MachineTemplate
{
    /// <summary>Labels for the Machine.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Annotations for the Machine.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>Kubernetes version of the Machine.</summary>
    public string? Version { get; init; }

    /// <summary>Failure domain of the Machine.</summary>
    public string? FailureDomain { get; init; }
}
