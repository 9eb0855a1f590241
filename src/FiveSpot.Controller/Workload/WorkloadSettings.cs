// SPDX-License-Identifier: Apache-2.0

using FiveSpot.Kubernetes;

namespace FiveSpot.Controller.Workload;

/// <summary>How workload clusters are spoken to.</summary>
public sealed record WorkloadSettings
{
    /// <summary>The clock of grace periods and back-off.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How many evictions are asked of one cluster at once: 1 or more, 32 by default.</summary>
    public int ConcurrentEvictions { get; init; } = 32;

    /// <summary>What may be held of all clusters together whose kubeconfig is from a Secret.</summary>
    public CacheBudget Caches { get; init; } = new();

    /// <summary>Where drains learn what Cluster API's rules say; null for no rules.</summary>
    public DrainRuleSource? DrainRules { get; init; }

    /// <summary>What a kubeconfig from a Secret may ask for; nothing that weakens the connection, by default.</summary>
    public KubeconfigPolicy Kubeconfigs { get; init; } = KubeconfigPolicy.Strict;
}
