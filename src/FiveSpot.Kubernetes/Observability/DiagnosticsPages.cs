// SPDX-License-Identifier: Apache-2.0

namespace FiveSpot.Kubernetes;

/// <summary>What a <see cref="DiagnosticsServer"/> shows; what is null is not there.</summary>
public sealed record DiagnosticsPages
{
    /// <summary>What <c>/metrics</c> shows.</summary>
    public MetricRegistry? Metrics { get; init; }

    /// <summary>Asked by <c>/healthz</c>: null while the process can go on, else a sentence that says why it must be started
    /// anew.</summary>
    public Func<string?>? Dead { get; init; }

    /// <summary>Asked by <c>/readyz</c>: null when the process does its work, else a sentence that says what it waits for.
    /// </summary>
    public Func<string?>? Unready { get; init; }

    /// <summary>The paths, for people.</summary>
    public override string ToString() => string.Join(
        ", ",
        new[] { Metrics is null ? null : "/metrics", Dead is null ? null : "/healthz", Unready is null ? null : "/readyz" }.Where(path => path is not null));
}
