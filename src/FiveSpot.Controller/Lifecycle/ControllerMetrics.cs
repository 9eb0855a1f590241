// SPDX-License-Identifier: Apache-2.0

using System.Diagnostics.Metrics;

namespace FiveSpot.Controller.Lifecycle;

/// <summary>What the controller measures of itself.</summary>
public static class ControllerMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "FiveSpot.Controller";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Histogram<double> Lag = Meter.CreateHistogram<double>(
        "fivespot_boundary_lag_seconds", "s", "From a boundary of a schedule to the machine's first API call.");

    /// <summary>The first API call for a machine leaves now, that long after the boundary that caused it.</summary>
    public static void BoundaryLag(TimeSpan lag) => Lag.Record(lag.TotalSeconds);
}
